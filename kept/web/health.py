"""GET /healthz and /readyz: for whoever watches the processes."""

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as this process can."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the database answers, 503 while it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        response = HttpResponse("no database\n", content_type="text/plain", status=503)
        response["Retry-After"] = "5"
        return response
    return HttpResponse("ready\n", content_type="text/plain")
