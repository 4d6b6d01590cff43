"""GET /attachments/ID and /picture: a file as a download or a picture, never as a page."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept.records.queries.conversation import attachment, picture
from kept.web.render import agent_id
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def download(request: HttpRequest, number: int) -> HttpResponse:
    """Send the bytes under a neutral type, in a sandbox, so that nothing in them can run."""
    file = attachment(agent_id(request), number)
    if file is None:
        raise Http404
    return as_file(file.filename, file.body)


@require_safe
@signed_in
def shown(request: HttpRequest, number: int) -> HttpResponse:
    """Show a picture in the conversation; whatever is none by its bytes does not exist here."""
    found = picture(agent_id(request), number)
    if found is None:
        raise Http404
    return as_picture(*found)


def as_picture(kind: str, body: bytes) -> HttpResponse:
    """Return a raster picture under its own type, with nothing in it that could run."""
    response = HttpResponse(body, content_type=kind)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def as_file(filename: str, body: bytes) -> HttpResponse:
    """Return bytes as a download under a neutral type."""
    response = HttpResponse(body, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{_safe(filename)}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _safe(filename: str) -> str:
    """Return the last part of a file name, percent-encoded: no path, no line, no quote."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1].strip(". ") or "file"
    return quote(last[:150], safe="")
