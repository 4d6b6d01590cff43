"""GET and POST /knowledge/new and /knowledge/N/edit: write an article, preview it, picture it."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries import article as queries
from kept.records.queries.article import ArticleView, DraftView, TextView
from kept.records.queries.people import colleagues_of
from kept.records.queries.views import DeskView
from kept.services import article_pictures, articles, from_ticket
from kept.services.article_wording import AUDIENCES, LONGEST, Wording, checked
from kept.services.errors import DeskError
from kept.services.unnaming import Covered
from kept.web.article_pages import LANGUAGE_WORDS, markup, seen
from kept.web.knowledge import KIND_WORDS, desk_asked, may, policy_of, whole_number
from kept.web.me import Me, me
from kept.web.render import render
from kept.web.sign_in import signed_in

PARTS = {"preview": "knowledge/_preview.html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """An edit page: whose, of what, with what in its fields."""

    reader: Me
    desk: DeskView
    wording: Wording
    article: ArticleView | None = None
    draft: DraftView | None = None
    revision: str = ""
    ticket: int | None = None
    covered: tuple[Covered, ...] = ()
    problem: str = ""
    theirs: TextView | None = None
    """The draft that somebody saved meanwhile."""
    preview: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Begin an article, from nothing, from words that were missed or from a ticket."""
    reader = me(request)
    if request.method == "POST":
        return _posted(request, Editing(
            reader=reader, desk=desk_asked(request, reader.desks), wording=_told(request),
            ticket=whole_number(request.POST.get("ticket", "")),
        ))  # fmt: skip
    ticket = whole_number(request.GET.get("ticket", ""))
    if ticket is not None:
        begun = from_ticket.begin_from(ticket, by=reader.id, at=clock.now())
        desk = next(one for one in reader.desks if one.slug == begun.desk)
        wording = Wording(title=begun.title, body=begun.body, language=begun.language)
        return _page(request, Editing(
            reader=reader, desk=desk, wording=wording, ticket=ticket, covered=begun.covered,
        ))  # fmt: skip
    desk = desk_asked(request, reader.desks)
    title = request.GET.get("title", "").replace("\0", "")[:200]
    return _page(request, Editing(reader=reader, desk=desk, wording=Wording(title=title)))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Go on with an article: with its draft, or with the published text."""
    view, reader, desk = seen(request, number)
    draft = queries.draft_of(reader.id, number)
    here = Editing(
        reader=reader, desk=desk, article=view, draft=draft,
        wording=_of_text(draft.text if draft else view.text, view),
        revision=str(draft.revision) if draft else "",
    )  # fmt: skip
    if request.method != "POST":
        return _page(request, here)
    told = replace(here, wording=_told(request), revision=request.POST.get("revision", ""))
    return _posted(request, told)


def _posted(request: HttpRequest, here: Editing) -> HttpResponse:
    """Preview, save, or take a picture in, as the pressed button says."""
    doing = request.POST.get("do", "save")
    try:
        if doing == "preview":
            policy = policy_of(here.desk)
            if policy is not None:
                checked(policy, here.wording)
            return _page(request, replace(here, preview=True))
        if doing == "picture" and here.article is not None:
            return _page(request, replace(here, wording=_with_picture(request, here)))
        number = articles.write(
            here.wording, by=here.reader.id, at=clock.now(), desk=here.desk.slug,
            article=here.article.id if here.article else None,
            revision=whole_number(here.revision),
        )  # fmt: skip
    except DeskError as error:
        if error.status == 404:
            raise
        saved = here.article and queries.draft_of(here.reader.id, here.article.id)
        if error.status == 409 and saved:
            here = replace(here, theirs=saved.text, revision=str(saved.revision))
        return _page(request, replace(here, problem=error.sentence), status=error.status)
    if doing == "stay":
        return redirect("article-edit", number)
    return redirect("article-version", number, "draft")


def _with_picture(request: HttpRequest, here: Editing) -> Wording:
    file = request.FILES.get("picture")
    assert here.article is not None
    body = file.read(article_pictures.LARGEST + 1) if file is not None else b""
    name = str(file.name if file is not None else "")
    token = article_pictures.add_picture(
        here.article.id, by=here.reader.id, at=clock.now(), filename=name, body=body
    )
    alt = request.POST.get("alt", "").replace("]", ")").replace("\n", " ").strip() or "Picture"
    text = here.wording.body.rstrip()
    body_with = f"{text}\n\n![{alt[:200]}](picture:{token})\n"
    return Wording(**{**_fields(here.wording), "body": body_with})


def _fields(wording: Wording) -> dict[str, Any]:
    return {name: getattr(wording, name) for name in wording.__struct_fields__}


def _told(request: HttpRequest) -> Wording:
    told = request.POST
    days = whole_number(told.get("review_days", "").strip())
    return Wording(
        title=told.get("title", ""), body=told.get("body", ""), kind=told.get("kind", ""),
        audience=told.get("audience", ""), language=told.get("language", ""),
        tags=tuple(told.get("tags", "")[:1000].split(",")),
        clauses=tuple(told.get("clauses", "")[:5000].replace(",", " ").split()),
        owner=whole_number(told.get("owner", "")), review_days=-1 if days is None else days,
    )  # fmt: skip


def _of_text(text: TextView, view: ArticleView) -> Wording:
    return Wording(
        title=text.title, body=text.body, kind=text.kind, audience=text.audience,
        language=text.language, tags=text.tags, clauses=text.clauses, owner=view.owner_id,
        review_days=view.review_days,
    )  # fmt: skip


def _page(request: HttpRequest, here: Editing, *, status: int = 200) -> HttpResponse:
    if not may(here.desk, "write_article"):
        raise Http404
    policy = policy_of(here.desk)
    people = colleagues_of(here.desk.id, clock.now())
    context = {
        "me": here.reader, "here": request.path, "edit": here, "form": here.wording,
        "desk": here.desk, "kinds": KIND_WORDS, "languages": LANGUAGE_WORDS,
        "audiences": AUDIENCES, "people": people, "longest": LONGEST,
        "clauses": tuple(policy.clauses.values()) if policy else (),
        "html": markup(here.wording.body) if here.preview else "",
        "pictures": queries.pictures(here.reader.id, here.article.id) if here.article else (),
    }  # fmt: skip
    return render(request, "knowledge/edit.html", context, parts=PARTS, status=status)
