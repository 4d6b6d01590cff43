// The teams' talk beside a ticket: lines come in by themselves, the box keeps what one types.
const $ = (selector, root = document) => root.querySelector(selector)

export async function refreshRoom(ticket) {
  const room = $("[data-room]")
  if (!room || (ticket && room.dataset.ticket !== String(ticket))) return
  const seen = !document.hidden && room.closest("details")?.open
  const answer = await fetch(`${room.dataset.room}${seen ? "?seen=1" : ""}`)
  if (!answer.ok || answer.redirected) return
  const place = $("[data-room-place]", room)
  place.innerHTML = await answer.text()
  const lines = $("[data-room-lines]", place), unread = Number(lines.dataset.unread)
  lines.scrollTop = lines.scrollHeight
  $("[data-room-unread]", room)?.remove()
  if (unread) {
    const told = Object.assign(document.createElement("p"), { className: "room__unread", textContent: `${unread} new line${unread === 1 ? "" : "s"}` })
    told.dataset.roomUnread = ""
    room.prepend(told)
  }
}

async function say(form) {
  const text = $("[name=text]", form)
  if (!text.value.trim() || form.dataset.busy) return
  form.dataset.busy = "1"
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true", "HX-Target": "ticket" } })
    if (answer.ok && !answer.redirected) {
      text.value = ""
      $("[name=key]", form).value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
    }
    await refreshRoom()
  } catch { /* the words stay in the box */ }
  delete form.dataset.busy
}

export function keepRoom() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-room-say]")) return
    event.preventDefault()
    say(event.target)
  })
  const seen = () => { if ($("[data-room-unread]")) refreshRoom() }
  document.addEventListener("focusin", ({ target }) => { if (target.closest("[data-room]")) seen() })
  const toEnd = () => { const lines = $("[data-room-lines]"); if (lines) lines.scrollTop = lines.scrollHeight }
  toEnd()
  document.addEventListener("htmx:afterSettle", toEnd)
}
