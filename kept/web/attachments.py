"""GET /attachments/ID: a file as a download, never as a page of ours."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept.records.queries.conversation import attachment
from kept.web.render import agent_id
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def download(request: HttpRequest, number: int) -> HttpResponse:
    """Send the bytes under a neutral type, in a sandbox, so that nothing in them can run."""
    file = attachment(agent_id(request), number)
    if file is None:
        raise Http404
    response = HttpResponse(file.body, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{_safe(file.filename)}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _safe(filename: str) -> str:
    """Return the last part of a file name, percent-encoded: no path, no line, no quote."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1].strip(". ") or "file"
    return quote(last[:150], safe="")
