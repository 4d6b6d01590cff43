"""GET /help/D/articles and /help/D/articles/N: what everybody may read, without signing in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.help_articles import (
    help_article,
    help_articles,
    help_desk,
    help_picture,
)
from kept.services import article_use
from kept.web.article_text import shown
from kept.web.attachments import as_picture
from kept.web.render import render


@require_safe
def articles(request: HttpRequest, desk: str) -> HttpResponse:
    """Show a desk's public articles, or those that hold the words asked for."""
    found = help_desk(desk)
    if found is None:
        raise Http404
    words = " ".join(request.GET.get("words", "").replace("\0", "").split())[:400]
    context = {"desk": found, "words": words, "lines": help_articles(found, words)}
    return render(request, "help/articles.html", context)


@require_safe
def article(request: HttpRequest, desk: str, number: int) -> HttpResponse:
    """Show one article that is published and public; any other does not exist."""
    found = help_article(desk, number)
    if found is None:
        raise Http404
    if request.method == "GET":
        article_use.note_read(number, at=clock.now(), is_public=True)
    others = f"{reverse('help-articles', args=(desk,))}/"
    html = shown(found.body, others, f"{reverse('help-article', args=(desk, number))}/pictures/")
    return render(request, "help/article.html", {"article": found, "desk": found.desk,
                                                 "html": html})  # fmt: skip


@require_safe
def picture(request: HttpRequest, desk: str, number: int, token: str) -> HttpResponse:
    """Show a picture of a public article."""
    found = help_picture(desk, number, token)
    if found is None:
        raise Http404
    return as_picture(*found)
