// Rows chosen for an act on several: by click, shift-range and keys; kept when rows slide.
const $ = (selector) => document.querySelector(selector)
const boxes = () => [...document.querySelectorAll("[data-pick]")]
const picked = new Set()
let last = null

export const canPick = () => boxes().length > 0
export const chosen = () => picked.size > 0

function show() {
  const bar = $("[data-bulk]")
  if (!bar) return
  const all = bar.elements.all?.checked
  bar.classList.toggle("bulk--quiet", !picked.size && !all)
  $("[data-bulk-count]").textContent = all ? "All of this view" : `${picked.size} chosen`
  $("[data-bulk-none]").hidden = !picked.size
}

function set(box, on) {
  box.checked = on
  if (on) picked.add(box.value)
  else picked.delete(box.value)
}

function range(to) {
  const all = boxes(), from = all.findIndex((box) => box.value === last), here = all.indexOf(to)
  if (from < 0) return
  for (const box of all.slice(Math.min(from, here), Math.max(from, here) + 1)) set(box, true)
}

export function pick(whole) {
  const row = document.activeElement.closest(".row") ?? $(".row--open") ?? $(".row[data-ticket]")
  const box = row?.querySelector("[data-pick]")
  if (!box) return
  if (whole) range(box)
  else set(box, !box.checked)
  last = box.value
  row.querySelector(".row__link").focus()
  show()
}

function again() {
  const there = new Set(boxes().map((box) => box.value))
  for (const value of picked) if (!there.has(value)) picked.delete(value)
  for (const box of boxes()) box.checked = picked.has(box.value)
  show()
}

export function keepBulk() {
  if (!$("[data-bulk]")) return
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-pick]")
    if (box) {
      set(box, box.checked)
      if (event.shiftKey) range(box)
      last = box.value
      show()
    }
    if (event.target.closest?.("[data-bulk-none]")) {
      picked.clear()
      again()
    }
  })
  document.addEventListener("change", ({ target }) => { if (target.name === "all") show() })
  const list = $("[data-rows]")
  if (list) new MutationObserver(again).observe(list, { childList: true })
  document.addEventListener("htmx:afterSwap", again)
  again()
}
