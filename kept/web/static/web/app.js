// Starts what enhances the page. Each part finds its HTML by data-* and may run again after a swap.
import { keepArranging } from "./arrange.js"
import { keepBulk } from "./bulk.js"
import { keepDues } from "./due.js"
import { keepComposer } from "./composer.js"
import { keepDrafts } from "./drafts.js"
import { keepFiles } from "./files.js"
import { keepKeys } from "./keys.js"
import { keepLeaving } from "./leaving.js"
import { keepLive } from "./live.js"
import { keepMentions } from "./mentions.js"
import { keepNewer } from "./newer.js"
import { keepPanels } from "./panels.js"
import { keepPanes } from "./panes.js"
import { keepPlace, keepSearch } from "./place.js"
import { keepPresent } from "./present.js"
import { keepRemarks } from "./remarks.js"
import { keepRoom } from "./room.js"
import { keepTexts } from "./texts.js"

keepDues()
keepPanes()
keepPanels()
keepDrafts()
keepComposer()
keepTexts()
keepNewer()
keepLeaving()
keepFiles()
keepRemarks()
keepRoom()
keepPresent()
keepKeys()
keepLive()
keepBulk()
keepArranging()
keepMentions()
keepPlace()
keepSearch()
