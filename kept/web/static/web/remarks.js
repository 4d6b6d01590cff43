// Remarks while typing: the server reads the text a moment after the last key.
const QUIET = 700
let timer = null

async function ask(box) {
  const composer = box.closest("[data-composer]")
  const place = composer?.querySelector("[data-remarks]")
  if (!place) return
  const fields = box.form.elements, form = new FormData()
  form.append("csrfmiddlewaretoken", fields.csrfmiddlewaretoken.value)
  form.append("text", box.value)
  form.append("kind", fields.kind.value)
  form.append("template", fields.template?.value ?? "")
  try {
    const answer = await fetch(`${composer.dataset.at}/remarks`, { method: "POST", body: form })
    if (!answer.ok || answer.redirected || !place.isConnected) return
    const promised = fields.promise.value
    place.innerHTML = await answer.text()
    const offer = place.querySelector("[data-promise]")
    if (offer && offer.dataset.promise === promised) offer.checked = true
    else fields.promise.value = ""
  } catch { /* remarks are only help */ }
}

export function keepRemarks() {
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea[data-draft]")) return
    clearTimeout(timer)
    timer = setTimeout(() => ask(target), QUIET)
  })
}
