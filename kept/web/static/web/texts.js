// Texts of the desk put into the box: templates, macros, `;shortcuts`, the note of a delay; their blanks.
import { kindOf } from "./drafts.js"

const $ = (selector, root = document) => root.querySelector(selector)
const box = () => $("textarea[data-draft]")

function put(words, { whole = false } = {}) {
  const text = box()
  if (whole) text.value = words
  else text.setRangeText(words, text.selectionStart, text.selectionEnd, "end")
  text.dispatchEvent(new Event("input", { bubbles: true }))
  text.focus()
}

function blankField({ name, label }) {
  const field = Object.assign(document.createElement("div"), { className: "field" })
  const words = Object.assign(document.createElement("label"), { htmlFor: `blank-${name}`, textContent: label })
  const input = Object.assign(document.createElement("input"), { id: `blank-${name}`, name: `given-${name}` })
  input.dataset.blank = name
  field.append(words, input)
  return field
}

function pick(kind) {
  if (kind !== kindOf(box())) $(`[data-kind][value="${kind}"]`).click()
}

function show(told) {
  const text = box()
  if (told.kind) pick(told.kind)
  $("[data-blanks]").replaceChildren(...told.blanks.map(blankField))
  const whole = !text.value.trim() || text.value === text.dataset.filled
  if (told.text || whole) put(told.text, { whole })
  if (whole) text.dataset.filled = text.value
  ;($("[data-blank]") ?? text).focus()
}

async function fetched(query) {
  const answer = await fetch(`${$("[data-composer]").dataset.at}/texts?${new URLSearchParams(query)}`)
  return answer.ok && !answer.redirected ? answer.json() : null
}

async function useTemplate(select) {
  const told = select.value ? await fetched({ template: select.value }) : { text: "", blanks: [] }
  if (told && (select.value || box().value === box().dataset.filled)) show(told)
}

async function useMacro(select) {
  const told = select.value ? await fetched({ macro: select.value }) : null
  $("[data-macro-acts]").textContent = told?.acts.length ? `Run also does: ${told.acts.join(", ")}.` : ""
  if (told) show(told)
}

// `;shortcut` and a space becomes the macro's text.
async function expand(text) {
  const before = text.value.slice(0, text.selectionStart)
  const found = before.match(/(?:^|\s);([a-z0-9_-]{1,40})\s$/)
  const told = found && (await fetched({ shortcut: found[1] }))
  if (!told) return
  text.setSelectionRange(before.length - found[1].length - 2, before.length)
  $("[data-blanks]").append(...told.blanks.map(blankField))
  put(told.text)
}

function fillBlank(input) {
  const text = box(), open = `[${input.dataset.blank}]`, was = input.dataset.was || open
  text.value = text.value.replaceAll(was, input.value || open)
  input.dataset.was = input.value
  text.dispatchEvent(new Event("input", { bubbles: true }))
}

async function tellDelay({ dataset }) {
  const told = dataset.delayTemplate ? await fetched({ template: dataset.delayTemplate }) : null
  const names = [...dataset.delayWords.matchAll(/\[(\w+)\]/g)].map(([, name]) => ({ name, label: name.replace("_", " ") }))
  if (told) $("[data-template]").value = dataset.delayTemplate
  show(told ?? { kind: "public", text: dataset.delayWords, blanks: names })
}

export function keepTexts() {
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-template]")) useTemplate(target)
    if (target.matches("[data-macro]")) useMacro(target)
    if (target.matches("[data-blank]")) fillBlank(target)
  })
  document.addEventListener("input", ({ target, data }) => {
    if (target.matches("textarea[data-draft]") && data === " ") expand(target)
  })
  document.addEventListener("click", (event) => {
    const insert = event.target.closest("[data-insert]"), delay = event.target.closest("[data-delay]")
    if (insert && box()) {
      event.preventDefault()
      if (insert.dataset.insertKind) pick(insert.dataset.insertKind)
      const before = box().value.slice(0, box().selectionStart).trim()
      put((before ? "\n\n" : "") + insert.dataset.insert)
    }
    if (delay) tellDelay(delay)
  })
}
