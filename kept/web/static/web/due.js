// Keeps "in 12 min" fresh between swaps. Display only: misses are decided on the server.
const MINUTE = 60, HOUR = 3600, DAY = 86400

export function duration(seconds) {
  const whole = Math.floor(Math.abs(seconds))
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`
  const hours = Math.floor(whole / HOUR), minutes = Math.floor((whole % HOUR) / MINUTE)
  if (whole < 10 * HOUR) return minutes ? `${hours} h ${String(minutes).padStart(2, "0")}` : `${hours} h`
  if (whole < 2 * DAY) return `${hours} h`
  return `${Math.floor(whole / DAY)} days`
}

export function remaining(dueAt, now) {
  const seconds = (dueAt - now) / 1000
  return seconds >= 0 ? `in ${duration(seconds)}` : `${duration(seconds)} late`
}

export function countdown(dueAt, now) {
  const seconds = Math.floor(Math.abs(dueAt - now) / 1000), sign = dueAt < now ? "+" : ""
  if (seconds >= 10 * HOUR) return sign + duration(seconds)
  const parts = seconds >= HOUR
    ? [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE]
    : [Math.floor(seconds / MINUTE), seconds % MINUTE]
  return sign + parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":")
}

function paint(time, now) {
  const at = Date.parse(time.dateTime)
  const words = "countdown" in time.dataset ? countdown(at, now) : remaining(at, now)
  if (time.textContent !== words) time.textContent = words
}

// The server's clock counts: a wrong clock on this machine must not show a wrong promise.
let ahead = 0

export function setClock(iso) {
  ahead = Date.parse(iso) - Date.now()
}

export function refresh(root = document, now = Date.now() + ahead) {
  for (const time of root.querySelectorAll("time[data-due]")) paint(time, now)
}

export function keepDues() {
  if (document.body.dataset.now) setClock(document.body.dataset.now)
  setInterval(() => document.hidden || refresh(), 1000)
  document.addEventListener("visibilitychange", () => document.hidden || refresh())
}
