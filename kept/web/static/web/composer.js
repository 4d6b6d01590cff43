// The composer's own hands: reply or note, a promise that was offered, send and leave by key.
import { keepNow } from "./drafts.js"

// Each kind has its own draft; where the other is empty the words go along.
function turnTo(kind) {
  const composer = document.querySelector("[data-composer]")
  const text = composer.querySelector("textarea[data-draft]")
  const before = composer.classList.contains("composer--note") ? "note" : "public"
  if (before === kind) return
  composer.classList.toggle("composer--note", kind === "note")
  text.placeholder = kind === "note" ? "Note for us" : "Reply"
  if (text.dataset[kind]?.trim()) {
    text.dataset[before] = text.value
    text.value = text.dataset[kind]
  }
  text.dataset[kind] = ""
  keepNow(text)
}

function onKey(event) {
  const form = event.target.form, text = event.target.closest?.("textarea[data-draft]")
  if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && form) {
    event.preventDefault()
    form.requestSubmit(form.querySelector("[data-send]") ?? undefined)
  }
  if (event.key === "Escape" && text) {
    text.closest("[data-composer]").removeAttribute("data-open")
    text.blur()
  }
}

// On a phone the keyboard covers what is fixed to the bottom: stay above it.
function aboveKeyboard() {
  const view = window.visualViewport, composer = document.querySelector("[data-composer]")
  if (!view || !composer || innerWidth >= 900) return
  const covered = Math.max(0, innerHeight - view.height - view.offsetTop)
  composer.style.setProperty("inset-block-end", `${covered}px`)
}

// What one just said is where one looks.
function showSaid({ detail }) {
  if (detail.target?.id !== "ticket" || !/\/(messages|macro-runs)\b/.test(detail.requestConfig?.path ?? "")) return
  if (detail.xhr.status < 300) [...document.querySelectorAll(".letter")].at(-1)?.scrollIntoView({ block: "nearest" })
}

export function keepComposer() {
  document.addEventListener("htmx:afterSettle", showSaid)
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-kind]")) turnTo(target.value)
    if (target.matches("[data-promise]")) {
      document.querySelector("[data-write] [name=promise]").value = target.checked ? target.dataset.promise : ""
    }
  })
  document.addEventListener("keydown", onKey)
  window.visualViewport?.addEventListener("resize", aboveKeyboard)
  window.visualViewport?.addEventListener("scroll", aboveKeyboard)
}
