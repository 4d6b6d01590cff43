// Single keys, mod+k and the two dialogs. Keys are inert in inputs and can be switched off.
import { commands, places } from "./commands.js"

const mac = /Mac|iPhone|iPad/.test(navigator.platform)
const label = (key) => key.replace("mod+", mac ? "\u2318" : "Ctrl ").replace("Enter", "\u21b5")
const switchedOn = () => !("noKeys" in document.body.dataset) && localStorage.getItem("kept-keys") !== "off"
const typing = (element) => element.closest("input, textarea, select, [contenteditable], dialog")
let chosen = 0
let found = []
let asking = null

function line(command, index) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "sheet__line"
  button.id = `command-${index}`
  button.setAttribute("role", "option")
  button.setAttribute("aria-selected", String(index === chosen))
  button.append(command.name)
  if (command.about) button.append(Object.assign(document.createElement("span"), { className: "faintly", textContent: command.about }))
  if (command.key) button.append(Object.assign(document.createElement("kbd"), { textContent: label(command.key) }))
  button.addEventListener("click", () => run(command))
  return button
}

function run(command) {
  document.querySelector("[data-palette]").close()
  command.run()
}

function matching(words) {
  const wanted = words.trim().toLowerCase()
  const number = wanted.match(/^#?(\d+)$/)
  const open = number ? [{ name: `Open ticket ${number[1]}`, run: () => location.assign(`/tickets/${number[1]}`) }] : []
  const named = [...commands, ...places()].filter((command) =>
    !command.quiet && command.can() && command.name.toLowerCase().includes(wanted))
  const everything = wanted.length > 1
    ? [{ name: `Search for "${words.trim()}"`, run: () => location.assign(`/search?${new URLSearchParams({ q: words.trim() })}`) }] : []
  return [...open, ...named, ...found, ...everything]
}

// Tickets and customers come from the desk itself, a moment after the last letter.
function ask(find, list) {
  clearTimeout(asking)
  found = []
  const words = find.value.trim()
  if (words.length < 2) return
  asking = setTimeout(async () => {
    const answer = await fetch(`/search/suggestions?${new URLSearchParams({ q: words })}`)
    if (!answer.ok || find.value.trim() !== words) return
    found = (await answer.json()).found.map((one) => ({ ...one, run: () => location.assign(one.href) }))
    fill(find, list)
  }, 150)
}

function fill(find, list) {
  const shown = matching(find.value)
  chosen = Math.max(0, Math.min(chosen, shown.length - 1))
  list.replaceChildren(...shown.map(line))
  if (!shown.length) list.textContent = "No command, view, ticket or customer by that name."
  find.setAttribute("aria-activedescendant", shown.length ? `command-${chosen}` : "")
  list.children[chosen]?.scrollIntoView({ block: "nearest" })
  return shown
}

function keepPalette(palette) {
  const find = palette.querySelector("[data-palette-find]")
  const list = palette.querySelector("[data-palette-list]")
  find.addEventListener("input", () => { chosen = 0; ask(find, list); fill(find, list) })
  palette.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by) { event.preventDefault(); chosen += by; fill(find, list) }
    if (event.key === "Enter") {
      event.preventDefault()
      const command = fill(find, list)[chosen]
      if (command) run(command)
    }
  })
  new MutationObserver(() => {
    if (palette.open) { find.value = ""; found = []; chosen = 0; fill(find, list); find.focus() }
  }).observe(palette, { attributes: true, attributeFilter: ["open"] })
}

function keepSheet(sheet) {
  sheet.querySelector("[data-keys-list]").replaceChildren(
    ...commands.filter((command) => command.key).map((command) => {
      const item = document.createElement("li")
      item.className = "sheet__line"
      item.append(command.name, Object.assign(document.createElement("kbd"), { textContent: label(command.key) }))
      return item
    }))
  const toggle = sheet.querySelector("[data-keys-switch]")
  toggle.checked = switchedOn()
  toggle.addEventListener("change", () => localStorage.setItem("kept-keys", toggle.checked ? "on" : "off"))
}

function onKey(event) {
  const mod = event.metaKey || event.ctrlKey
  if (mod && event.key.toLowerCase() === "k") {
    event.preventDefault()
    document.querySelector("[data-palette]").showModal()
    return
  }
  if (mod || event.altKey || event.defaultPrevented || typing(event.target) || !switchedOn()) return
  const command = commands.find((one) => one.key === event.key)
  if (!command || !command.can()) return
  if (command.native && event.target !== document.body) return
  event.preventDefault()
  command.run()
}

export function keepKeys() {
  const palette = document.querySelector("[data-palette]"), sheet = document.querySelector("[data-keys]")
  if (!palette || !sheet) return
  keepPalette(palette)
  keepSheet(sheet)
  document.addEventListener("keydown", onKey)
}
