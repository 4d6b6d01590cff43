// "Sent. Undo" goes when the reply has left; then the page looks once what became of it.
import { lookAgain } from "./live.js"

export function keepLeaving() {
  setInterval(() => {
    for (const bar of document.querySelectorAll("[data-leaves]:not([hidden])")) {
      if (Date.parse(bar.dataset.leaves) > Date.now()) continue
      bar.hidden = true
      lookAgain()
    }
  }, 500)
}
