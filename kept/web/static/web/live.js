// Live updates: what changed slides in, what one is reading stays where it is.
import { foldPanels } from "./panels.js"
import { refresh, setClock } from "./due.js"
import { tellNewer } from "./newer.js"
import { beat } from "./present.js"
import { refreshRoom } from "./room.js"
import { say } from "./panes.js"

const PATIENCE = 1500
let waiting = null
let arrived = null

const typed = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((one) => one.value !== one.defaultValue)
const busy = (part) =>
  part.contains(document.activeElement) || Boolean(part.querySelector("details.act[open]")) || typed(part)

function patchRows(list, fresh) {
  const now = new Map([...fresh.children].map((row) => [row.id, row]))
  for (const row of [...list.children]) {
    const next = now.get(row.id)
    if (!next || next.innerHTML === row.innerHTML) continue
    const link = row.querySelector(".row__link"), nextLink = next.querySelector(".row__link")
    if (nextLink.textContent !== link.textContent) row.classList.add("row--changed")
    link.replaceChildren(...nextLink.childNodes)
  }
  const ids = (one) => [...one.children].map((row) => row.id).join()
  const reading = list.closest(".queue").scrollTop > 40 || list.matches(":hover, :focus-within")
  const moved = ids(list) !== ids(fresh)
  if (moved && !reading) list.replaceChildren(...fresh.children)
  arrived = moved && reading ? fresh : null
  document.querySelector("[data-news]").hidden = !arrived
}

function patchPart(part, next) {
  if (!next || next.innerHTML === part.innerHTML || busy(part)) return
  // The wall pulses once for a new miss; the words beside it say the same.
  const misses = (one) => Number(one.querySelector("[data-misses]")?.dataset.misses ?? 0)
  const isWorse = misses(next) > misses(part)
  part.innerHTML = next.innerHTML
  window.htmx?.process(part)
  if (!isWorse) return
  part.classList.remove("board--fresh")
  void part.offsetWidth
  part.classList.add("board--fresh")
}

// Panel by panel, so that one in use holds up only itself; `data-still` ones keep themselves fresh.
function patchPanels(side, fresh) {
  if (!side || !fresh) return
  let before = null
  for (const next of fresh.querySelectorAll("[data-panel]")) {
    const panel = document.getElementById(next.id)
    if (!panel) before ? before.after(next) : side.prepend(next)
    else if (!("still" in panel.dataset)) patchPart(panel, next)
    before = panel ?? next
  }
  for (const panel of side.querySelectorAll("[data-panel]")) {
    if (!fresh.querySelector(`#${panel.id}`) && !busy(panel)) panel.remove()
  }
}

export const lookAgain = () => { waiting ??= setTimeout(update, PATIENCE) }

async function update() {
  waiting = null
  const answer = await fetch(location.href, { headers: { "X-Live": "1" } })
  if (answer.redirected) return say("You are signed out. Open the desk again to sign in.")
  if (!answer.ok) return undefined
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  if (page.body.dataset.now) setClock(page.body.dataset.now)
  const list = document.querySelector("[data-rows]"), fresh = page.querySelector("[data-rows]")
  if (list && fresh) patchRows(list, fresh)
  for (const part of document.querySelectorAll("[data-live-part]")) {
    patchPart(part, page.getElementById(part.id))
  }
  patchPanels(document.querySelector("#side"), page.querySelector("#side"))
  document.body.dispatchEvent(new CustomEvent("kept:changed"))
  foldPanels()
  refresh()
  tellNewer()
  return undefined
}

export function keepLive() {
  const source = document.body.dataset.live
  if (!source) return
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-show-news]") || !arrived) return
    const list = document.querySelector("[data-rows]")
    list.replaceChildren(...arrived.children)
    window.htmx?.process(list)
    document.querySelector("[data-news]").hidden = true
    list.querySelector(".row__link")?.focus()
  })
  const stream = new EventSource(source)
  const ours = ({ data }) => JSON.parse(data).ticket === Number(document.querySelector("#ticket")?.dataset.ticket)
  stream.addEventListener("seen", (event) => { if (ours(event)) beat() })
  stream.addEventListener("room", (event) => { if (ours(event)) refreshRoom(JSON.parse(event.data).ticket) })
  stream.addEventListener("changed", lookAgain)
  stream.addEventListener("notice", lookAgain)
  // After a gap in the line nobody knows what was missed: look once.
  let broken = false
  stream.addEventListener("error", () => { broken = true })
  stream.addEventListener("open", () => { if (broken) lookAgain() })
  stream.addEventListener("signed-out", () => {
    stream.close()
    say("You are signed out. Open the desk again to sign in.")
  })
  addEventListener("pagehide", () => stream.close())
}
