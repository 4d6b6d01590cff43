// Starts what enhances the page. Each part finds its HTML by data-* and may run again after a swap.
import { keepDues } from "./due.js"
import { keepDrafts } from "./drafts.js"
import { keepKeys } from "./keys.js"
import { keepLive } from "./live.js"
import { keepPanels } from "./panels.js"
import { keepPanes } from "./panes.js"

keepDues()
keepPanes()
keepPanels()
keepDrafts()
keepKeys()
keepLive()
