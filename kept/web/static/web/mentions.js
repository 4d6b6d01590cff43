// @ in a note offers the colleagues of the desk; what is chosen is their handle, plain text.
const NAMED = /(^|[\s(])@([\w.+-]{0,40})$/
let list = null
let box = null

const isNote = (area) => area.form?.querySelector('[name="kind"][value="note"]')?.checked

function close() {
  list?.remove()
  list = null
}

function take(handle) {
  const before = box.value.slice(0, box.selectionStart).replace(NAMED, `$1@${handle} `)
  const after = box.value.slice(box.selectionStart)
  box.value = before + after
  box.setSelectionRange(before.length, before.length)
  box.dispatchEvent(new Event("input", { bubbles: true }))
  close()
  box.focus()
}

function show(people) {
  close()
  if (!people.length) return
  list = document.createElement("ul")
  list.className = "naming"
  list.setAttribute("aria-label", "Colleagues")
  for (const person of people) {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = `${person.name} @${person.handle}`
    button.addEventListener("click", () => take(person.handle))
    const item = document.createElement("li")
    item.append(button)
    list.append(item)
  }
  box.after(list)
}

async function ask(area) {
  const letters = area.value.slice(0, area.selectionStart).match(NAMED)
  if (!letters || !isNote(area)) return close()
  box = area
  const desk = document.querySelector("[data-desk]")?.dataset.desk ?? ""
  const answer = await fetch(`/colleagues?${new URLSearchParams({ desk, q: letters[2] })}`)
  if (answer.ok) show((await answer.json()).found)
  return undefined
}

export function keepMentions() {
  document.addEventListener("input", ({ target, isTrusted }) => {
    if (isTrusted && target.matches("textarea[data-draft]")) ask(target)
  })
  document.addEventListener("keydown", (event) => {
    if (!list) return
    if (event.key === "Escape") { event.stopPropagation(); close(); box.focus() }
    const buttons = [...list?.querySelectorAll("button") ?? []]
    if (event.key === "ArrowDown" && event.target === box && buttons[0]) {
      event.preventDefault()
      buttons[0].focus()
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && buttons.includes(event.target)) {
      event.preventDefault()
      const by = event.key === "ArrowDown" ? 1 : -1
      ;(buttons[buttons.indexOf(event.target) + by] ?? box).focus()
    } else if (event.key === "Tab" && event.target === box && buttons[0] && !event.shiftKey) {
      event.preventDefault()
      buttons[0].click()
    }
  }, true)
}
