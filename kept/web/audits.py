"""/admin/audit: one line of time over sign-ins, rights, policies, settings, exports and reads."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.audit import KINDS, AuditFilter, AuditLine, audit
from kept.services import access_log
from kept.web.me import Me, me
from kept.web.render import render
from kept.web.sign_in import signed_in

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CSV_PAGES = 200
UNASKED = {"person": "", "kind": "", "from": "", "to": ""}
COLUMNS = ("at", "kind", "what", "by", "whom", "desk", "detail")


@require_safe
@signed_in
def audits(request: HttpRequest) -> HttpResponseBase:
    """Show the audit of the desks one may audit, or hand it out as CSV."""
    reader = me(request)
    zone = reader.desks[0].zone if reader.desks else "UTC"
    wanted = _wanted(request, zone)
    page = audit(reader.id, wanted, cursor=request.GET.get("cursor", "")[:80])
    if page is None:
        raise Http404
    kept = {
        name: request.GET[name] for name in ("person", "kind", "from", "to")
        if request.GET.get(name)
    }  # fmt: skip
    if request.GET.get("as") == "csv":
        return _csv(reader, wanted)
    more = f"?{urlencode({**kept, 'cursor': page.next_cursor})}" if page.next_cursor else ""
    context = {
        "me": reader, "page": page, "kinds": KINDS, "wanted": {**UNASKED, **request.GET.dict()},
        "zone": zone, "more": more, "csv": f"?{urlencode({**kept, 'as': 'csv'})}",
    }  # fmt: skip
    return render(request, "access/audit.html", context)


def _wanted(request: HttpRequest, zone: str) -> AuditFilter:
    person = request.GET.get("person", "")
    kind = request.GET.get("kind", "")
    return AuditFilter(
        person=int(person) if person.isascii() and person.isdigit() and len(person) < 18 else None,
        kind=kind if kind in KINDS else "",
        since=_day(request.GET.get("from", ""), zone),
        until=_day(request.GET.get("to", ""), zone, after=1),
    )


def _day(told: str, zone: str, after: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(told) + timedelta(days=after)
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _csv(reader: Me, wanted: AuditFilter) -> StreamingHttpResponse:
    access_log.write("exported_audit", by=reader.id, whom=reader.id, at=clock.now())
    response = StreamingHttpResponse(
        _rows(reader.id, wanted), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _rows(reader: int, wanted: AuditFilter) -> Iterator[str]:
    yield _line(COLUMNS)
    cursor = ""
    for _ in range(CSV_PAGES):
        page = audit(reader, wanted, cursor=cursor)
        if page is None:
            return
        yield "".join(_line(_cells(line)) for line in page.lines)
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
    yield _line(("", "", "more lines than one file holds: choose a shorter time"))


def _cells(line: AuditLine) -> tuple[str, ...]:
    detail = "; ".join(f"{name}: {value}" for name, value in line.detail.items())
    return (
        line.at.isoformat(), line.kind, line.what, line.by or "", line.whom or "",
        line.desk or "", detail,
    )  # fmt: skip


def _line(cells: tuple[str, ...]) -> str:
    """Return a row in which no cell is a formula to a spreadsheet."""
    sink = io.StringIO()
    csv.writer(sink).writerow(f"'{each}" if each.startswith(FORMULA) else each for each in cells)
    return sink.getvalue()
