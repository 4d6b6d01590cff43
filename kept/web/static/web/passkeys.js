// Passkeys: asks the server for its question, the browser for the answer, and hands it back.
// Buttons stay hidden where the browser knows no passkeys.
const headers = (form) => ({
  "Accept": "application/json",
  "Content-Type": "application/json",
  "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value,
})

async function ask(form, address, body) {
  const answer = await fetch(address, { method: "POST", headers: headers(form), body: JSON.stringify(body ?? {}) })
  const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {}
  if (!answer.ok) throw new Error(told.problem ?? "The desk did not answer; try once more.")
  return told
}

function say(form, problem) {
  const place = form.querySelector("[data-passkey-problem]") ?? document.querySelector("[data-passkey-problem]")
  place.hidden = !problem
  place.querySelector("p").textContent = problem
}

const words = (error) => error.name === "NotAllowedError" ? "Nothing was chosen. Try again when you are ready." : error.message

async function signIn(button) {
  const question = await ask(button.form, button.dataset.passkeySignIn)
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question)
  const credential = await navigator.credentials.get({ publicKey })
  const told = await ask(button.form, button.dataset.passkeyAnswer, credential.toJSON())
  const next = button.form.querySelector("[name=next]")?.value
  location.assign(next?.startsWith("/") && !next.startsWith("//") ? next : told.to)
}

async function add(button) {
  const question = await ask(button.form, button.dataset.passkeyAdd)
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question)
  const credential = await navigator.credentials.create({ publicKey })
  const name = button.form.querySelector("[name=name]").value
  const told = await ask(button.form, button.form.action, { name, credential: credential.toJSON() })
  if (!told.codes.length) return location.assign("/account?done=passkey")
  const shown = document.querySelector("[data-passkey-codes]")
  shown.hidden = false
  shown.querySelector("ol").replaceChildren(...told.codes.map((code) =>
    Object.assign(document.createElement("li"), { textContent: code })))
  shown.querySelector("a").focus()
}

function keep(button, act) {
  button.hidden = false
  button.addEventListener("click", async () => {
    say(button.form, "")
    button.setAttribute("aria-busy", "true")
    try { await act(button) } catch (error) { say(button.form, words(error)) }
    button.removeAttribute("aria-busy")
  })
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  document.querySelectorAll("[data-passkey-sign-in]").forEach((button) => keep(button, signIn))
  document.querySelectorAll("[data-passkey-add]").forEach((button) => keep(button, add))
}
