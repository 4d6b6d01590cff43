// Panels beside a ticket stay folded as their reader left them, on every ticket and after swaps.
const key = (panel) => `kept-panel-${panel.dataset.panel}`

export function foldPanels() {
  for (const panel of document.querySelectorAll("[data-panel]")) {
    const kept = localStorage.getItem(key(panel))
    if (kept && !panel.querySelector("[data-opened]")) panel.open = kept === "open"
  }
}

export function keepPanels() {
  foldPanels()
  document.addEventListener("htmx:afterSettle", foldPanels)
  document.addEventListener("click", ({ target }) => {
    const panel = target.closest(".panel__title")?.parentElement
    if (panel) localStorage.setItem(key(panel), panel.open ? "folded" : "open")
  })
}
