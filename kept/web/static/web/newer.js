// A message that came while one was writing: told beside the box, gone once it was looked at.
const $ = (selector) => document.querySelector(selector)
const letters = (ours = "") => [...document.querySelectorAll(`[data-letter]${ours}`)]

export function tellNewer() {
  const box = $("textarea[data-draft]"), news = $("[data-news-here]")
  if (!box || !news) return
  if (!box.value.trim()) return markSeen()
  const seen = Number(box.form.elements.seen.value)
  const last = letters(":not([data-ours])").filter((one) => Number(one.dataset.letter) > seen).at(-1)
  news.hidden = !last
  if (!last) return
  $("[data-news-words]").textContent = `${last.dataset.who} wrote while you were writing.`
  $("[data-news-look]").href = `#${last.id}`
}

function markSeen() {
  const seen = $("[data-composer] [name=seen]")
  seen.value = Math.max(Number(seen.value), ...letters().map((one) => Number(one.dataset.letter)))
  $("[data-news-here]").hidden = true
}

export function keepNewer() {
  document.addEventListener("click", ({ target }) => { if (target.closest("[data-news-look]")) markSeen() })
}
