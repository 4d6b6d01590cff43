"""/notices: what somebody was told, newest first; seen, acknowledged, and by what means."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.desk_pages import notices_of
from kept.records.queries.views import NoticeView
from kept.records.queries.yours import after_ending, chosen_means
from kept.services import choices, notices
from kept.web.deeds import sentence
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

MEANS = (("bell", "the bell"), ("email", "the bell and e-mail"), ("none", "not at all"))
AFTER = (
    ("stay", "stay on the ticket"), ("next", "go on to the next of the view"),
    ("queue", "go back to the queue"),
)  # fmt: skip
PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def all_notices(request: HttpRequest) -> HttpResponse:
    """Show one's notifications and how one wants to hear of them."""
    who, now = agent_id(request), clock.now()
    if request.method == "POST":
        _done(request, who)
        return redirect(reverse("notices"))
    chosen = chosen_means(who)
    reader = me(request)
    rows = notices_of(who, limit=PAGE)
    context = {
        "me": reader,
        "zones": {desk.slug: desk.zone for desk in reader.desks},
        "rows": tuple((row, words_of(row)) for row in rows),
        "unseen": sum(row.seen_at is None for row in rows),
        "kinds": tuple(
            (kind, title, choices.means_of(chosen, kind)) for kind, title in choices.KINDS.items()
        ),
        "means": MEANS,
        "after": AFTER,
        "after_ending": after_ending(who),
        "now": now,
    }
    return render(request, "queue/notices.html", context)


def words_of(row: NoticeView) -> str:
    """Return what is told without the ticket's number and subject: they stand beside it."""
    words = row.about
    for opening in (f"Ticket {row.ticket}: ", f"{row.subject[:200]}: "):
        words = words.removeprefix(opening)
    return words if row.ticket else sentence(words)


def _done(request: HttpRequest, who: int) -> None:
    now = clock.now()
    match request.POST.get("do", ""):
        case "seen":
            notices.mark_all_seen(by=who, at=now)
        case "acknowledge":
            told = request.POST.get("notice", "")
            number = int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
            notices.acknowledge(number, by=who, at=now)
        case "choose":
            kinds = {kind: request.POST[kind] for kind in choices.KINDS if kind in request.POST}
            choices.choose_means(kinds, by=who)
            if request.POST.get("after_ending"):
                choices.choose_after_ending(request.POST["after_ending"], by=who)
