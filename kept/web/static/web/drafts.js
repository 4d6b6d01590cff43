// Keeps what is being written: on this machine at once, on the server a moment later.
import { say } from "./panes.js"

const QUIET = 1000
const key = (box) => `kept-draft-${box.dataset.draft}-${kindOf(box)}`
export const kindOf = (box) => box.form.elements.kind.value || "public"
const boxes = () => document.querySelectorAll("textarea[data-draft]")
let timer = null

// What this machine knows and the server does not (the line was cut, the session over) comes back.
function restore() {
  for (const box of boxes()) {
    if (box.dataset.restored) continue
    box.dataset.restored = "1"
    const kept = localStorage.getItem(key(box))
    if (kept && !box.value) {
      box.value = kept
      box.dispatchEvent(new Event("input", { bubbles: true }))
    }
  }
}

const tell = (box, words) => {
  const place = box.closest("[data-composer]")?.querySelector("[data-saved]")
  if (place) place.textContent = words
}

async function save(box) {
  if (!box.isConnected) return undefined
  const form = new FormData(), kind = kindOf(box), words = box.value
  const fields = box.form.elements
  for (const [name, value] of Object.entries({
    csrfmiddlewaretoken: fields.csrfmiddlewaretoken.value, text: words, kind, key: fields.key.value,
    template: fields.template?.value ?? "", base: box.dataset[kind === "note" ? "baseNote" : "basePublic"] ?? "",
  })) form.append(name, value)
  try {
    const answer = await fetch(`${box.closest("[data-composer]").dataset.at}/drafts`, { method: "POST", body: form })
    if (answer.redirected) return tell(box, "Kept on this machine: you are signed out")
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {}
    if (answer.status === 409) return elsewhere(box, kind, told)
    if (!answer.ok) return tell(box, "Kept on this machine only")
    box.dataset[kind === "note" ? "baseNote" : "basePublic"] = told.saved_at
    if (box.value === words && kindOf(box) === kind) localStorage.removeItem(key(box))
    return tell(box, words.trim() ? "Draft kept" : "Drafts")
  } catch {
    return tell(box, "Offline: kept on this machine")
  }
}

// Another machine of the same person wrote on: neither text is lost, the writer chooses.
function elsewhere(box, kind, told) {
  box.dataset[kind === "note" ? "baseNote" : "basePublic"] = told.saved_at
  tell(box, "Changed on another machine: the next word you type here counts")
  say("This draft was changed on another machine. What you type here replaces it; reload to see it.")
}

export function keepNow(box) {
  localStorage.setItem(key(box), box.value)
  clearTimeout(timer)
  timer = setTimeout(() => save(box), QUIET)
}

export function forget(form) {
  const box = form?.querySelector?.("textarea[data-draft]")
  if (!box) return
  clearTimeout(timer)
  localStorage.removeItem(key(box))
}

export function keepDrafts() {
  restore()
  document.addEventListener("htmx:afterSettle", restore)
  document.addEventListener("input", ({ target }) => {
    if (target.matches("textarea[data-draft]")) keepNow(target)
  })
  document.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-write]") && !window.htmx) forget(target)
  })
  // The server has the words now: said, put aside or given back. What was refused stays here too.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const composer = detail.requestConfig.elt?.closest("[data-composer]")
    const taken = detail.xhr.status < 300 || detail.serverResponse?.includes(" data-said")
    if (composer && taken && detail.requestConfig.verb === "post") forget(composer.querySelector("[data-write]"))
  })
  addEventListener("online", () => { for (const box of boxes()) if (box.value.trim()) save(box) })
}
