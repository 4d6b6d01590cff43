// Swaps between panes: which ticket is open, which proof, what a template says; keeps focus.
const $ = (selector, root = document) => root.querySelector(selector)
let focused = null

function showOpenTicket() {
  const ticket = $("#ticket[data-ticket]")
  const workspace = $(".workspace")
  if (!workspace || !ticket) return
  workspace.classList.replace("workspace--queue", "workspace--ticket")
  for (const row of document.querySelectorAll(".row")) {
    if (!row.dataset.ticket) continue
    const open = row.dataset.ticket === ticket.dataset.ticket
    row.classList.toggle("row--open", open)
    $(".row__link", row).toggleAttribute("aria-current", open)
    if (open) {
      row.classList.remove("row--changed")
      row.scrollIntoView({ block: "nearest" })
    }
  }
}

function showProof(lane) {
  for (const other of document.querySelectorAll(".lane")) {
    other.setAttribute("aria-expanded", String(other === lane))
  }
}

function closeProof() {
  const place = $("#proof")
  if (!place?.childElementCount) return false
  const lane = $(".lane[aria-expanded='true']")
  place.replaceChildren()
  showProof(null)
  lane?.focus()
  return true
}

function onChange({ target }) {
  if (target.matches(".queue__filters [data-at-once]")) target.form.requestSubmit()
}

export function unfold(details) {
  for (let one = details; one; one = one.parentElement?.closest("details")) one.open = true
}

function openAct(name) {
  const act = $(`[data-act="${CSS.escape(name)}"]`)
  if (act) unfold(act)
  const place = act ? $("input:not([type=hidden]), select, textarea, .button", act) : $("#override, #text")
  place?.scrollIntoView({ block: "center" })
  place?.focus()
  return Boolean(place)
}

function onClick(event) {
  const opens = event.target.closest("[data-opens]")
  if (opens && openAct(opens.dataset.opens)) event.preventDefault()
  const close = event.target.closest("[data-close-proof]")
  if (close && closeProof()) event.preventDefault()
  const toggle = event.target.closest("[data-toggle]")
  if (toggle) {
    event.preventDefault()
    toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"))
  }
}

function afterSwap({ detail }) {
  const place = detail.target?.id ?? detail.elt?.id
  // A group of details closes the newcomer while its predecessor is still in the page.
  for (const act of document.querySelectorAll("[data-opened]")) act.open = true
  if (place?.startsWith("act-")) openAct(place.slice(4))
  if (place === "ticket") {
    showOpenTicket()
    const wrong = $(".ticket__notices [role='alert'], .field--wrong :is(input, select, textarea)")
    if (wrong) wrong.focus()
    else if (innerWidth < 900) scrollTo(0, 0)
  }
  if (place === "proof") {
    showProof(detail.requestConfig?.elt)
    $("#proof h2")?.focus({ preventScroll: true })
    $("#proof").scrollIntoView({ block: "nearest" })
  }
  if (focused && !document.activeElement?.id) document.getElementById(focused)?.focus()
}

export function say(words) {
  const toast = $("[data-toast]")
  toast.textContent = words
  setTimeout(() => { if (toast.textContent === words) toast.textContent = "" }, 6000)
}

// What is left empty has no place in the address of a view.
function onFormData({ target, formData }) {
  if (!target.matches(".queue__filters")) return
  for (const [name, value] of [...formData]) if (value === "" || (name === "order" && value === "due")) formData.delete(name)
}

export function keepPanes() {
  addEventListener("formdata", onFormData)
  addEventListener("change", onChange)
  addEventListener("click", onClick)
  addEventListener("keydown", (event) => { if (event.key === "Escape") closeProof() })
  document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement?.id })
  document.addEventListener("htmx:afterSwap", afterSwap)
  document.addEventListener("htmx:responseError", ({ detail }) =>
    say(`The desk answered ${detail.xhr.status}. Nothing was changed; reload the page to go on.`))
  document.addEventListener("htmx:sendError", () =>
    say("No answer from the desk. What you typed is kept here; try again in a moment."))
}
