// Keeps what is being written on this machine until the server has taken it.
const key = (box) => `kept-draft-${box.dataset.draft}`

function restore() {
  for (const box of document.querySelectorAll("textarea[data-draft]")) {
    if (!box.value) box.value = localStorage.getItem(key(box)) ?? ""
  }
}

export function keepDrafts() {
  restore()
  document.addEventListener("htmx:afterSettle", restore)
  document.addEventListener("input", ({ target }) => {
    if (target.matches("textarea[data-draft]")) localStorage.setItem(key(target), target.value)
  })
  const taken = (form) => {
    const box = form.querySelector?.("textarea[data-draft]")
    if (box) localStorage.removeItem(key(box))
  }
  document.addEventListener("submit", ({ target }) => {
    if (!target.hasAttribute("hx-post")) taken(target)
  })
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status < 300 && detail.requestConfig.verb === "post") taken(detail.elt)
  })
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && event.target.form) {
      event.preventDefault()
      event.target.form.requestSubmit()
    }
  })
}
