// Who is here: a beat every few seconds while the ticket is open, at once when one starts to write.
const EVERY = 5000
const STILL_WRITING = 8000
let wroteAt = 0
let here = null

const composer = () => document.querySelector("[data-composer]")
const intent = () => (Date.now() - wroteAt < STILL_WRITING ? "writing" : "viewing")

function form(wanted) {
  const made = new FormData()
  made.append("csrfmiddlewaretoken", composer()?.querySelector("[name=csrfmiddlewaretoken]").value ?? "")
  made.append("intent", wanted)
  return made
}

export async function beat() {
  const open = composer()
  if (!open || document.hidden) return
  here = open.dataset.at
  try {
    const answer = await fetch(`${here}/presence`, { method: "POST", body: form(intent()) })
    const place = document.querySelector("[data-present]")
    if (!answer.ok || answer.redirected || !place) return
    const told = await answer.text()
    if (place.innerHTML.trim() !== told.trim()) place.innerHTML = told
  } catch { /* the next beat tries again */ }
}

function leave() {
  if (here && composer()) navigator.sendBeacon(`${here}/presence`, form("left"))
}

export function keepPresent() {
  beat()
  setInterval(beat, EVERY)
  document.addEventListener("htmx:afterSettle", ({ detail }) => { if (detail.target?.id === "ticket" || detail.target?.id === "content") beat() })
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea[data-draft]")) return
    const news = intent() !== "writing"
    wroteAt = Date.now()
    if (news) beat()
  })
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : beat()))
  addEventListener("pagehide", leave)
}
