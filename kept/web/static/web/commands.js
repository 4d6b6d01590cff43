// The one registry of commands: keys, palette and the sheet behind "?" all read it.
import { canPick, chosen, pick } from "./bulk.js"
import { unfold } from "./panes.js"

const $ = (selector) => document.querySelector(selector)
const rows = () => [...document.querySelectorAll(".row__link")]

function step(by) {
  const all = rows()
  const here = all.findIndex((row) => row === document.activeElement)
  const open = all.findIndex((row) => row.hasAttribute("aria-current"))
  const from = here >= 0 ? here : open
  const next = all[Math.min(all.length - 1, Math.max(0, from + by))]
  next?.focus()
  next?.scrollIntoView({ block: "nearest" })
}

function openFirst() {
  const row = rows().find((link) => link === document.activeElement) ?? rows()[0]
  row?.click()
}

function write(kind) {
  const choice = $(`[data-kind][value="${kind}"]`)
  choice.checked = true
  choice.dispatchEvent(new Event("change", { bubbles: true }))
  $("[data-draft]").focus()
}

const press = (key) => () => $(`[data-press="${key}"]`).click()
const presses = (key) => () => Boolean($(`[data-press="${key}"]`))
const link = (selector) => () => $(selector).click()
const there = (selector) => () => Boolean($(selector))

const act = (name) => () => {
  const details = $(`[data-act="${name}"]`)
  unfold(details)
  details.scrollIntoView({ block: "nearest" })
  ;(details.querySelector("input:not([type=hidden]), select, textarea, button") ?? details).focus()
}

function opened(selector) {
  const details = $(selector)
  details.open = true
  details.querySelector("input:not([type=hidden]), select").focus()
}

function search() {
  const box = $("[data-search]")
  if (box) box.focus()
  else location.assign("/search")
}

const has = (name) => () => Boolean($(`[data-act="${name}"]`))
const writing = () => Boolean($("[data-draft]"))
const always = () => true

export const commands = [
  { key: "j", name: "Next ticket", can: () => rows().length, run: () => step(1) },
  { key: "k", name: "Ticket before", can: () => rows().length, run: () => step(-1) },
  { key: "Enter", name: "Open the ticket (the next due, where none is chosen)", can: () => rows().length, run: openFirst, native: true },
  { key: "]", name: "Next ticket of the view", can: there("[data-walk=next]"), run: link("[data-walk=next]") },
  { key: "[", name: "Ticket of the view before", can: there("[data-walk=before]"), run: link("[data-walk=before]") },
  { key: "u", name: "Back to the queue", can: there("[data-back]"), run: link("[data-back]") },
  { key: "m", name: "Choose the row for an act on several", can: canPick, run: () => pick(false) },
  { key: "M", name: "Choose every row from the last chosen to this", can: canPick, run: () => pick(true) },
  { key: "b", name: "Act on the chosen tickets", can: chosen, run: () => $("#bulk-act").focus() },
  { key: "f", name: "Follow the ticket", can: presses("f"), run: press("f") },
  { key: "z", name: "Snooze the ticket", can: has("snooze"), run: act("snooze") },
  { key: "r", name: "Reply to the customer", can: writing, run: () => write("public") },
  { key: "n", name: "Write a note", can: writing, run: () => write("note") },
  { key: "e", name: "Escalate", can: has("escalate"), run: act("escalate") },
  { key: "w", name: "Wait on the customer", can: has("wait"), run: act("wait") },
  { key: "p", name: "Promise a time", can: has("promise"), run: act("promise") },
  { key: "s", name: "Do the next step", can: has("step"), run: act("step") },
  { key: "x", name: "Resolve", can: has("resolve"), run: act("resolve") },
  { key: "/", name: "Search tickets, notes and customers", can: always, run: search },
  { key: ".", name: "Narrow the queue by words", can: there("#find"), run: () => $("#find").focus() },
  { key: "?", name: "Show the keys", can: always, run: () => $("[data-keys]").showModal() },
  { key: "mod+k", name: "Commands", can: always, run: () => $("[data-palette]").showModal(), quiet: true },
  { name: "Unfollow the ticket", can: presses("unfollow"), run: press("unfollow") },
  { name: "Wake the ticket", can: presses("wake"), run: press("wake") },
  { name: "Save this view", can: there("[data-save-view]"), run: () => opened("[data-save-view]") },
  { name: "More filters", can: there("[data-filters]"), run: () => opened("[data-filters]") },
  { name: "Triage", can: has("triage"), run: act("triage") },
  { name: "Change the owner", can: has("assign"), run: act("assign") },
  { name: "Confirm that it is solved", can: has("confirm"), run: act("confirm") },
  { name: "Close the ticket", can: has("close"), run: act("close") },
  { name: "Reopen the ticket", can: has("reopen"), run: act("reopen") },
]

export function places() {
  return [...document.querySelectorAll("[data-place]")].map((link) => ({
    name: `Go to ${link.dataset.place}`, can: always, run: () => link.click(),
  }))
}
