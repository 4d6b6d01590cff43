// Panels and the navigation's groups stay folded as their reader left them, after swaps too.
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
    const panel = target.closest("[data-panel] > summary")?.parentElement
    if (panel) localStorage.setItem(key(panel), panel.open ? "folded" : "open")
  })
}
