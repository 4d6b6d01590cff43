"""Customers in and out: upload, preview, take over, take back; tables, and one person's own."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries.customer_files import (
    COLUMNS,
    TableView,
    desks_to_move,
    person_told,
    rows_of_table,
    table_of,
)
from kept.records.queries.customer_imports import (
    ImportView,
    first_rows,
    import_of,
    import_rows,
    imports_of,
)
from kept.services import importing, personal_reads
from kept.services.csv_rows import line_of, rows_of
from kept.services.errors import DeskError, NotValid
from kept.services.import_columns import COLUMNS as MEANINGS
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

AT_WORK = frozenset({"checking", "running", "undoing"})
BOM = "\ufeff"
"""Spreadsheets read a file that begins so as UTF-8."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def imports(request: HttpRequest) -> HttpResponse:
    """Show the imports of the reader's desks; take a file in."""
    who = agent_id(request)
    problem, status = "", 200
    if request.method == "POST":
        try:
            return redirect("customer-import", _upload(request))
        except DeskError as error:
            if error.status not in {403, 422}:
                raise
            problem, status = error.sentence, error.status
    context = {
        "me": me(request), "rows": imports_of(who), "problem": problem,
        "into": desks_to_move(who, "import_customers"),
        "out_of": desks_to_move(who, "export_customers"),
    }  # fmt: skip
    return render(request, "people/imports.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def one_import(request: HttpRequest, number: int) -> HttpResponse:
    """Show one import: what its columns mean, what it would do, what it did."""
    view = _seen(request, number)
    problem, status = "", 200
    if request.method == "POST":
        try:
            _act(request, view)
            return redirect("customer-import", number)
        except DeskError as error:
            if error.status not in {403, 409, 422}:
                raise
            problem, status, view = error.sentence, error.status, _seen(request, number)
    context: dict[str, Any] = {
        "me": me(request), "view": view, "problem": problem, "meanings": tuple(MEANINGS),
        "sample": _sample(view), "at_work": view.state in AT_WORK,
        "wrong": import_rows(number, ("wrong",)),
        "shown": import_rows(number, ("made", "matched", "kept")),
    }  # fmt: skip
    parts = {"import": "people/_import.html"}
    return render(request, "people/import.html", context, parts=parts, status=status)


@require_safe
@signed_in
def export_table(request: HttpRequest, desk: str) -> StreamingHttpResponse:
    """Stream the customers of a desk as CSV that no spreadsheet runs."""
    table = table_of(agent_id(request), desk)
    if table is None:
        raise Http404
    response = StreamingHttpResponse(_lines(agent_id(request), table), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="customers-{desk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
def export_person(request: HttpRequest, number: int) -> HttpResponse:
    """Give what the reader's desks keep of one person, for that person."""
    at = clock.now()
    told = person_told(agent_id(request), number, at=at) if 0 < number < 2**63 else None
    if told is None:
        raise Http404
    personal_reads.note(agent_id(request), [number], at=at)
    body = msgspec.json.format(msgspec.json.encode(told), indent=2)
    response = HttpResponse(body, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="customer-{number}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _upload(request: HttpRequest) -> int:
    file = request.FILES.get("file")
    who = agent_id(request)
    slug = request.POST.get("desk", "")
    desk = next((d for d in desks_to_move(who, "import_customers") if d.slug == slug), None)
    if desk is None:
        raise Http404
    if not isinstance(file, UploadedFile) or not file.size:
        raise NotValid("Choose a file with rows in it.")
    return importing.upload(
        desk.id, by=who, at=clock.now(), filename=file.name or "", size=file.size,
        read=file.chunks,
    )  # fmt: skip


def _act(request: HttpRequest, view: ImportView) -> None:
    who = agent_id(request)
    match request.POST.get("act"):
        case "check":
            mapping = {
                str(number): request.POST.get(f"column-{number}", "")
                for number in range(len(view.headers))
            }
            importing.check(view.id, by=who, mapping=mapping)
        case "start":
            importing.start(view.id, by=who)
        case "undo":
            importing.undo(view.id, by=who)
        case "drop":
            importing.drop(view.id, by=who)
        case _:
            raise Http404


def _seen(request: HttpRequest, number: int) -> ImportView:
    view = import_of(agent_id(request), number)
    if view is None:
        raise Http404
    return view


def _sample(view: ImportView) -> tuple[tuple[str, ...], ...]:
    """Return the first rows, cell by cell, for people to see what the columns hold."""
    rows = []
    for _, cells in rows_of(first_rows(view.id), view.delimiter, is_last=True):
        rows.append(tuple(cells))
        if len(rows) > 4:
            break
    return tuple(rows[1:])


def _lines(agent: int, table: TableView) -> Iterator[str]:
    yield BOM + line_of(COLUMNS)
    for numbers, rows in rows_of_table(table):
        if table.plain:
            personal_reads.note(agent, numbers, at=clock.now())
        yield "".join(line_of(row) for row in rows)
