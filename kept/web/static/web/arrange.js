// Views put in order by dragging; without it the arrows beside each do the same.
let held = null

function drop(list) {
  const order = [...list.children].map((one) => one.dataset.view).join()
  const token = list.querySelector("[name=csrfmiddlewaretoken]").value
  fetch(list.dataset.arrange, {
    method: "POST",
    body: new URLSearchParams({ order, csrfmiddlewaretoken: token }),
  })
}

export function keepArranging() {
  const list = document.querySelector("[data-arrange]")
  if (!list) return
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest("[data-view]")
    event.dataTransfer.effectAllowed = "move"
  })
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-view]")
    if (!held || !over || over === held) return
    event.preventDefault()
    const box = over.getBoundingClientRect()
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](held)
  })
  list.addEventListener("drop", (event) => event.preventDefault())
  list.addEventListener("dragend", () => { if (held) drop(list); held = null })
}
