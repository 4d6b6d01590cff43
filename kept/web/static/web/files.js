// Files for a message: chosen, dropped or pasted, on the server before anything is sent.
import { say } from "./panes.js"

async function take(composer, files) {
  if (!files.length) return
  composer.setAttribute("data-open", "")
  const form = new FormData()
  form.append("csrfmiddlewaretoken", composer.querySelector("[name=csrfmiddlewaretoken]").value)
  for (const file of files) form.append("upload", file, file.name || "screenshot.png")
  const list = composer.querySelector("[data-files]")
  list.setAttribute("aria-busy", "true")
  try {
    const answer = await fetch(`${composer.dataset.at}/uploads`, { method: "POST", body: form })
    if (answer.redirected) say("You are signed out. The files were not taken; what you wrote is kept.")
    else if (answer.status === 201 || answer.status === 422) list.innerHTML = await answer.text()
    else say("The desk did not take the files. Try again in a moment.")
  } catch {
    say("No answer from the desk: the files were not taken. What you wrote is kept.")
  }
  list.removeAttribute("aria-busy")
}

async function remove(button) {
  const form = new FormData()
  form.append("csrfmiddlewaretoken", button.form.elements.csrfmiddlewaretoken.value)
  const answer = await fetch(button.dataset.remove, { method: "POST", body: form })
  if (answer.ok || answer.status === 404) button.closest("li").remove()
}

const named = (file, number) => file.name && file.name !== "image.png"
  ? file : new File([file], `screenshot-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}${number || ""}.png`, { type: file.type })

export function keepFiles() {
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-upload]")) return
    take(target.closest("[data-composer]"), [...target.files])
    target.value = ""
  })
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]")
    if (!button) return
    event.preventDefault()
    remove(button)
  })
  document.addEventListener("paste", (event) => {
    const composer = event.target.closest?.("[data-composer]")
    const files = [...(event.clipboardData?.files ?? [])]
    if (!composer || !files.length) return
    event.preventDefault()
    take(composer, files.map(named))
  })
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const composer = event.target.closest?.("[data-composer]")
      if (!composer || !event.dataTransfer?.types.includes("Files")) return
      event.preventDefault()
      composer.classList.toggle("composer--over", name === "dragover")
      if (name === "drop") take(composer, [...event.dataTransfer.files])
    })
  }
}
