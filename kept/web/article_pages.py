"""GET /knowledge/N and its versions, POST /knowledge/N/NOUN: read an article, act on it."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries import article as queries
from kept.records.queries.article import ArticleView, TextView
from kept.records.queries.views import DeskView
from kept.services import article_reviews, article_use, articles
from kept.services.errors import DeskError
from kept.web.article_text import shown
from kept.web.attachments import as_picture
from kept.web.knowledge import KIND_WORDS, may, policy_of, whole_number
from kept.web.me import Me, me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

LONGEST_DIFF = 2000
LANGUAGE_WORDS = {
    "en": "English", "hi": "Hindi", "kn": "Kannada", "es": "Spanish", "fr": "French",
    "de": "German", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "other": "Another",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a comparison: `sign` is +, - or a space."""

    sign: str
    words: str


@require_safe
@signed_in
def article(request: HttpRequest, number: int) -> HttpResponse:
    """Show an article as it was published, or as it stands before that."""
    view, reader, desk = seen(request, number)
    if request.method == "GET":
        article_use.note_read(number, at=clock.now())
    return _page(request, view, reader, desk)


@require_safe
@signed_in
def version(request: HttpRequest, number: int, which: str) -> HttpResponse:
    """Show one version, or the draft, against the one before it or another."""
    view, reader, desk = seen(request, number)
    every = queries.versions(reader.id, number)
    texts = {str(one.number): one.text for one in every}
    draft = queries.draft_of(reader.id, number)
    if draft is not None:
        texts["draft"] = draft.text
    if which not in texts:
        raise Http404
    before = str(view.version if which == "draft" else int(which) - 1)
    against = request.GET.get("against", before)
    context = {
        "me": reader, "desk": desk, "article": view, "which": which, "text": texts[which],
        "against": against if against in texts else "", "versions": every, "draft": draft,
        "html": markup(texts[which].body), "kinds": KIND_WORDS, "languages": LANGUAGE_WORDS,
        "lines": compared(texts[against], texts[which]) if against in texts else (),
        "publishes": may(desk, "publish_article"), "writes": may(desk, "write_article"),
    }  # fmt: skip
    return render(request, "knowledge/version.html", context)


@require_http_methods(["POST"])
@signed_in
def act(request: HttpRequest, number: int, noun: str) -> HttpResponse:
    """Do one act on an article; a refusal shows the article with its sentence."""
    view, reader, desk = seen(request, number)
    if noun not in ACTS:
        raise Http404
    posted = request.POST.copy()
    try:
        ACTS[noun](number, posted, reader.id, clock.now())
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        return _page(request, view, reader, desk, problem=error.sentence, status=error.status)
    if noun == "restorations":
        return redirect("article-version", number, "draft")
    return redirect("article", number)


@require_safe
@signed_in
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """Show a picture of an article to its desk."""
    found = queries.picture(agent_id(request), token)
    if found is None:
        raise Http404
    return as_picture(*found)


def seen(request: HttpRequest, number: int) -> tuple[ArticleView, Me, DeskView]:
    """Return an article, its reader and its desk; to others it does not exist."""
    reader = me(request)
    view = queries.article(reader.id, number)
    if view is None:
        raise Http404
    return view, reader, next(one for one in reader.desks if one.id == view.desk_id)


def markup(body: str) -> Any:
    """Return an article's text for our own people."""
    return shown(body, f"{reverse('knowledge')}/", f"{reverse('knowledge')}/pictures/")


def compared(old: TextView, new: TextView) -> tuple[DiffLine, ...]:
    """Return two texts line by line, with what stayed the same around each change."""
    one, two = (_lines(text)[:LONGEST_DIFF] for text in (old, new))
    found = difflib.unified_diff(one, two, n=2, lineterm="")
    return tuple(
        DiffLine(sign=line[:1], words=line[1:])
        for line in found
        if not line.startswith(("---", "+++"))
    )


def _lines(text: TextView) -> list[str]:
    head = (
        text.title, f"For: {text.audience}. Kind: {KIND_WORDS.get(text.kind, text.kind)}.",
        f"Clauses: {', '.join(text.clauses) or 'none'}. Tags: {', '.join(text.tags) or 'none'}.",
    )  # fmt: skip
    return [*head, *text.body.splitlines()]


def _page(
    request: HttpRequest,
    view: ArticleView,
    reader: Me,
    desk: DeskView,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    policy = policy_of(desk)
    context = {
        "me": reader, "desk": desk, "article": view, "html": markup(view.text.body),
        "draft": queries.draft_of(reader.id, view.id), "uses": queries.uses(reader.id, view.id),
        "versions": queries.versions(reader.id, view.id), "whys": queries.whys(reader.id, view.id),
        "kinds": KIND_WORDS, "languages": LANGUAGE_WORDS, "problem": problem,
        "publishes": may(desk, "publish_article"), "writes": may(desk, "write_article"),
        "clause_words": {
            one: policy.clauses[one].text if policy and one in policy.clauses else ""
            for one in view.text.clauses
        },
        "posted": request.POST,
    }  # fmt: skip
    return render(request, "knowledge/article.html", context, status=status)


Doing = Callable[[int, QueryDict, int, datetime], object]


def _publish(number: int, told: QueryDict, by: int, at: datetime) -> object:
    revision = whole_number(told.get("revision", ""))
    return articles.publish(number, by=by, at=at, revision=revision, note=told.get("note", ""))


def _vote(number: int, told: QueryDict, by: int, at: datetime) -> object:
    article_use.vote(
        number, by=by, at=at, is_useful=told.get("vote") == "useful", why=told.get("why", "")
    )
    return None


def _restore(number: int, told: QueryDict, by: int, at: datetime) -> object:
    articles.restore(number, whole_number(told.get("version", "")) or 0, by=by, at=at)
    return None


ACTS: dict[str, Doing] = {
    "submissions": lambda number, told, by, at: articles.submit(number, by=by, at=at),
    "returns": lambda number, told, by, at: articles.send_back(
        number, by=by, at=at, why=told.get("why", "")),
    "publications": _publish,
    "restorations": _restore,
    "discards": lambda number, told, by, at: articles.drop_draft(number, by=by, at=at),
    "retirements": lambda number, told, by, at: articles.retire(number, by=by, at=at),
    "returns-to-use": lambda number, told, by, at: articles.bring_back(number, by=by, at=at),
    "reviews": lambda number, told, by, at: article_reviews.review(number, by=by, at=at),
    "votes": _vote,
}  # fmt: skip
