"""Import a table of customers: upload, look through, take over, take back; a batch at a time.

A worker that dies leaves a batch undone and the next one goes on from there. The file rests in
pieces until it is taken over; nothing here ever holds the whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from django.db import DatabaseError, transaction
from django.db.models import F

from kept.records.models import CustomerImport, Desk, ImportChunk, ImportRow
from kept.services import permissions
from kept.services.addresses import region_of
from kept.services.beginning import active_policy
from kept.services.csv_rows import (
    as_utf8,
    guess_delimiter,
    guess_encoding,
    headers_of,
    rows_of,
)
from kept.services.errors import AgentId, Conflict, DeskError, NotFound, NotValid
from kept.services.import_columns import COLUMNS, guess_columns
from kept.services.import_rows import Read, Table, Taken, read_row, take_back, take_over, whom
from kept.services.texts import one_line

Pieces = Callable[[], Iterable[bytes]]
CHUNK = 262_144
LARGEST = 300_000_000
BATCH = 200
SAMPLE = 5
"""So many understood rows of a check are kept to be shown."""
MOST_WRONG = 1000
EMPTY = "This file has no rows."
ROW_FAILED = "The row could not be written."


def upload(desk: int, *, by: AgentId, at: datetime, filename: str, size: int, read: Pieces) -> int:
    """Keep a file in pieces and guess how it is written; return the import's number."""
    if size > LARGEST:
        raise NotValid("The file is larger than 300 MB; part it into several.")
    encoding = guess_encoding(read())
    with transaction.atomic(durable=True):
        _require(desk, by)
        run = CustomerImport.objects.create(
            desk_id=desk, filename=one_line(filename, 255) or "customers.csv", size=0,
            encoding=encoding.removesuffix("-sig"), delimiter=",", by_id=by, at=at,
        )  # fmt: skip
        run.size = _keep(run.pk, as_utf8(read(), encoding))
        head = _window(run.pk, 0)
        run.delimiter = guess_delimiter(head.decode("utf-8", "replace"))
        first = next(rows_of(head, run.delimiter, is_last=len(head) >= run.size), None)
        if first is None or not any(cell.strip() for cell in first[1]):
            raise NotValid(EMPTY)
        run.headers = headers_of(first[1])
        run.mapping = guess_columns(run.headers)
        run.save()
    return run.pk


def check(import_id: int, *, by: AgentId, mapping: Mapping[str, str]) -> None:
    """Look through the whole file without writing any of it."""
    with transaction.atomic(durable=True):
        run = _own(import_id, by, ("uploaded", "checked"))
        known = {
            number: meaning for number, meaning in mapping.items()
            if meaning in COLUMNS and number.isdecimal() and int(number) < len(run.headers)
        }  # fmt: skip
        if not {"name", "first_name", "last_name", "email", "phone"} & set(known.values()):
            raise NotValid("Say which column holds the name, the e-mail address or the number.")
        ImportRow.objects.filter(run_id=run.pk).delete()
        _begin(run, "checking", mapping=known)


def start(import_id: int, *, by: AgentId) -> None:
    """Take the checked file over; its wrong rows are left out."""
    with transaction.atomic(durable=True):
        run = _own(import_id, by, ("checked",))
        ImportRow.objects.filter(run_id=run.pk).delete()
        _begin(run, "running")


def undo(import_id: int, *, by: AgentId) -> None:
    """Take an import back: what it made goes, what it filled is emptied."""
    with transaction.atomic(durable=True):
        run = _own(import_id, by, ("done",))
        CustomerImport.objects.filter(pk=run.pk).update(state="undoing")


def drop(import_id: int, *, by: AgentId) -> None:
    """Forget a file that was not taken over."""
    with transaction.atomic(durable=True):
        run = _own(import_id, by, ("uploaded", "checking", "checked"))
        ImportChunk.objects.filter(run_id=run.pk).delete()
        ImportRow.objects.filter(run_id=run.pk).delete()
        CustomerImport.objects.filter(pk=run.pk).update(state="dropped")


def work(*, at: datetime) -> int:
    """Go on with one import by a batch; return how many rows that was."""
    with transaction.atomic(durable=True):
        run = (
            CustomerImport.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state__in=("checking", "running", "undoing"))
            .order_by("id")
            .first()
        )
        if run is None:
            return 0
        return _undo_batch(run) if run.state == "undoing" else _batch(run, at)


def _batch(run: CustomerImport, at: datetime) -> int:
    table = Table(
        desk=run.desk_id, policy=active_policy(run.desk_id), by=run.by_id, at=at,
        region=region_of(Desk.objects.values_list("zone", flat=True).get(pk=run.desk_id)),
    )  # fmt: skip
    window = _window(run.pk, run.offset)
    is_last = run.offset + len(window) >= run.size
    rows = list(islice(rows_of(window, run.delimiter, is_last=is_last), BATCH))
    for number, (_, cells) in enumerate(rows):
        if run.offset == 0 and number == 0:
            continue
        run.rows += 1
        if any(cell.strip() for cell in cells):
            _row(run, cells, table)
    run.offset += rows[-1][0] if rows else 0
    if not rows and not is_last:
        _wrong(run, "The rest of the file is one row without an end.")
    if run.offset >= run.size or not rows:
        _finish(run)
    run.save()
    return len(rows)


def _row(run: CustomerImport, cells: list[str], table: Table) -> None:
    """Read one row and write it, or say what is wrong with it; the others go on."""
    try:
        read = read_row(cells, run.mapping, table)
        if run.state == "checking":
            _look(run, read, table)
            return
        with transaction.atomic():
            taken = take_over(read, table)
    except DeskError as error:
        _wrong(run, error.sentence)
    except DatabaseError:
        _wrong(run, ROW_FAILED)
    else:
        if taken.outcome == "made":
            run.made += 1
        else:
            run.matched += 1
        ImportRow.objects.create(
            run_id=run.pk, line=run.rows, outcome=taken.outcome, customer_id=taken.customer,
            made=taken.made, before=taken.before,
        )  # fmt: skip


def _look(run: CustomerImport, read: Read, table: Table) -> None:
    customer = whom(read, table.desk)
    outcome = "made" if customer is None else "matched"
    if outcome == "made":
        run.made += 1
    else:
        run.matched += 1
    if run.made + run.matched <= SAMPLE:
        told = [read.name, *(value for _, value in read.addresses)]
        ImportRow.objects.create(
            run_id=run.pk, line=run.rows, outcome=outcome, customer_id=customer,
            problem=one_line(", ".join(told), 300),
        )  # fmt: skip


def _wrong(run: CustomerImport, sentence: str) -> None:
    run.wrong += 1
    if run.wrong <= MOST_WRONG:
        ImportRow.objects.create(
            run_id=run.pk, line=run.rows, outcome="wrong", problem=sentence[:300]
        )


def _finish(run: CustomerImport) -> None:
    if run.state == "checking":
        run.state = "checked"
        return
    run.state = "done"
    ImportChunk.objects.filter(run_id=run.pk).delete()


def _undo_batch(run: CustomerImport) -> int:
    rows = list(
        ImportRow.objects.filter(run_id=run.pk, outcome__in=("made", "matched")).order_by("-id")[
            :BATCH
        ]
    )
    for row in rows:
        taken = Taken(
            outcome=row.outcome, customer=row.customer_id, made=row.made, before=row.before
        )
        with transaction.atomic():
            was = take_back(taken)
        field = row.outcome
        if was:
            CustomerImport.objects.filter(pk=run.pk).update(**{field: F(field) - 1})
        ImportRow.objects.filter(pk=row.pk).update(
            outcome="kept" if not was else "gone", customer=None if was else row.customer_id,
            problem="" if was else "They wrote to us since, so they stay.",
        )  # fmt: skip
    if not rows:
        CustomerImport.objects.filter(pk=run.pk).update(state="undone")
    return len(rows)


def _begin(run: CustomerImport, state: str, mapping: Mapping[str, str] | None = None) -> None:
    run.state, run.offset, run.rows, run.made, run.matched, run.wrong = state, 0, 0, 0, 0, 0
    if mapping is not None:
        run.mapping = dict(mapping)
    run.save()


def _keep(run: int, pieces: Iterable[bytes]) -> int:
    size = 0
    for body in _cut(pieces):
        ImportChunk.objects.create(run_id=run, start=size, body=body)
        size += len(body)
        if size > LARGEST:
            raise NotValid("The file is larger than 300 MB; part it into several.")
    return size


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        while len(held) >= CHUNK:
            yield held[:CHUNK]
            held = held[CHUNK:]
    if held:
        yield held


def _window(run: int, offset: int) -> bytes:
    """Return up to two pieces from an offset on: room for the longest row beside a batch."""
    chunks = ImportChunk.objects.filter(run_id=run, start__gt=offset - CHUNK).order_by("start")
    rows = list(chunks.values_list("start", "body")[:2])
    whole = b"".join(bytes(body) for _, body in rows)
    return whole[offset - rows[0][0] :] if rows else b""


def _own(import_id: int, by: AgentId, states: tuple[str, ...]) -> CustomerImport:
    run = CustomerImport.objects.select_for_update().filter(pk=import_id).first()
    if run is None:
        raise NotFound("There is no such import.")
    _require(run.desk_id, by)
    if run.state not in states:
        raise Conflict(f"This import is {run.state} by now; reload the page.")
    return run


def _require(desk: int, by: AgentId) -> None:
    try:
        who = permissions.standing(by, desk)
    except NotFound:
        raise NotFound("There is no such import.") from None
    permissions.require(who, "import_customers", active_policy(desk))
