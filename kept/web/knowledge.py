"""GET /knowledge: a desk's articles, found by words, kind, clause, owner or what is due.

Words that found nothing are counted for those who lead, without who looked.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.policy import Policy, rights
from kept.records.compiled import policy_by_hash
from kept.records.queries.article import misses
from kept.records.queries.articles import PAGE, ArticleFilter, articles, counts
from kept.records.queries.people import colleagues_of
from kept.records.queries.views import DeskView
from kept.services import article_use
from kept.services.article_wording import KINDS
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

KIND_WORDS = {
    "solution": "Solution", "procedure": "Procedure", "practice": "Best practice",
    "training": "Training", "policy": "Policy",
}  # fmt: skip
SHOWS = (
    ("current", "Published"), ("drafts", "Drafts"), ("overdue", "Review overdue"),
    ("check", "Clause changed"), ("retired", "Retired"),
)  # fmt: skip
DEEPEST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The list as its address asks for it; every link keeps what else was asked."""

    desk: str
    filter: ArticleFilter
    after: int = 0

    def link(self, **changes: str | int) -> str:
        told: dict[str, str | int] = {
            "desk": self.desk, "words": self.filter.words, "kind": self.filter.kind,
            "clause": self.filter.clause, "owner": self.filter.owner or "", "tag": self.filter.tag,
            "show": self.filter.show if self.filter.show != "current" else "",
        }  # fmt: skip
        told |= changes
        return f"{reverse('knowledge')}?{urlencode({k: v for k, v in told.items() if v})}"


@require_safe
@signed_in
def knowledge(request: HttpRequest) -> HttpResponse:
    """Show the articles of one desk."""
    reader, now = me(request), clock.now()
    desk = desk_asked(request, reader.desks)
    asked = _asked(request, desk)
    page = articles(reader.id, desk.id, asked.filter, at=now, after=asked.after)
    words = asked.filter.words
    nothing = bool(words) and not page.lines and not asked.after
    everywhere = asked == Asked(desk=desk.slug, filter=ArticleFilter(words=words))
    if nothing and everywhere and request.method == "GET":
        article_use.note_miss(desk.id, words, at=now)
    leads = may(desk, "publish_article")
    context = {
        "me": reader, "desk": desk, "page": page, "asked": asked, "counts": counts(
            reader.id, desk.id, at=now), "kinds": KIND_WORDS, "shows": SHOWS,
        "people": colleagues_of(desk.id, now), "may_write": may(desk, "write_article"),
        "misses": misses(reader.id, desk) if leads else (), "leads": leads, "page_size": PAGE,
    }  # fmt: skip
    return render(request, "knowledge/page.html", context, parts=PARTS)


PARTS = {"articles": "knowledge/_list.html"}


@require_POST
@signed_in
def settled_misses(request: HttpRequest) -> HttpResponse:
    """Put words aside for which no article is wanted."""
    number = whole_number(request.POST.get("miss", ""))
    if number is None:
        raise Http404
    article_use.settle_miss(number, by=agent_id(request), at=clock.now())
    return redirect(f"{reverse('knowledge')}?desk={request.POST.get('desk', '')[:60]}")


def desk_asked(request: HttpRequest, desks: tuple[DeskView, ...]) -> DeskView:
    """Return the desk that is asked for, or one's first; a foreign one does not exist."""
    slug = request.POST.get("desk") or request.GET.get("desk")
    found = next((one for one in desks if slug in (None, "", one.slug)), None)
    if found is None:
        raise Http404
    return found


def policy_of(desk: DeskView) -> Policy | None:
    return policy_by_hash(desk.policy_hash) if desk.policy_hash else None


def may(desk: DeskView, act: str) -> bool:
    """Return whether the reader's roles on a desk include an act, to spare them a refusal."""
    policy = policy_of(desk)
    return policy is not None and rights.may(policy, desk.roles, act)


def whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _asked(request: HttpRequest, desk: DeskView) -> Asked:
    told = request.GET
    kind, show = told.get("kind", ""), told.get("show", "")
    after = whole_number(told.get("after", "")) or 0
    return Asked(
        desk=desk.slug,
        after=min(after, DEEPEST),
        filter=ArticleFilter(
            words=" ".join(told.get("words", "").replace("\0", "").split())[:400],
            kind=kind if kind in KINDS else "",
            clause=told.get("clause", "").replace("\0", "").strip()[:200],
            owner=whole_number(told.get("owner", "")),
            tag=told.get("tag", "").replace("\0", "").strip()[:40],
            show=show if show in dict(SHOWS) else "current",
        ),
    )
