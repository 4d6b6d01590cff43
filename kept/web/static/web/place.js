// Coming back to a queue finds it where it was left: its scroll, and the row that had the focus.
const key = () => `kept-place-${location.search}`
const list = () => document.querySelector(".queue")
const phone = () => innerWidth < 900

function leave() {
  if (!list() || (phone() && location.pathname !== "/")) return
  const row = document.activeElement.closest?.(".row") ?? document.querySelector(".row--open")
  const at = { scroll: phone() ? scrollY : list().scrollTop, row: row?.id ?? "" }
  sessionStorage.setItem(key(), JSON.stringify(at))
}

function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(key()) ?? "null")
  if (!kept || !list() || (phone() && location.pathname !== "/")) return
  if (document.activeElement === document.body) {
    document.querySelector(`#${CSS.escape(kept.row || "none")} .row__link`)?.focus({ preventScroll: true })
  }
  if (phone()) scrollTo(0, kept.scroll)
  else list().scrollTop = kept.scroll
}

export function keepPlace() {
  comeBack()
  addEventListener("pagehide", leave)
  document.addEventListener("htmx:beforeRequest", leave)
}

// From the search box the arrows lead to the hits, and from the first one back.
export function keepSearch() {
  const box = document.querySelector("[data-search]")
  document.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const hits = [...document.querySelectorAll("[data-hit]")]
    const here = hits.indexOf(document.activeElement)
    if (!box || !by || (document.activeElement !== box && here < 0)) return
    event.preventDefault()
    ;(hits[here + by] ?? (by < 0 ? box : hits.at(-1)))?.focus()
  })
}
