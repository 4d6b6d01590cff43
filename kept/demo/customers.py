"""Who the demo's desks knew before: each desk's table, taken in by the import as it would be."""

from datetime import datetime
from importlib import resources

import msgspec

from kept.demo.stories import duration
from kept.records.queries import demo as queries
from kept.services import importing
from kept.services.csv_rows import line_of

COLUMNS = (
    "name", "email", "phone", "language", "preferred channel", "flags", "organisation", "title",
    "household", "household role", "note", "product", "bought on", "price", "serial", "order",
    "cover",
)  # fmt: skip
Known = dict[str, tuple[dict[str, str], ...]]


def known() -> Known:
    """Return the customers by desk."""
    text = resources.files("kept.demo").joinpath("customers.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Known)


def take_in(*, by: int, at: datetime, now: datetime, since: datetime | None = None) -> int:
    """Import every desk's table as it is at an instant; return how many rows there were.

    What was bought later is left out; with `since`, only what was bought from then on comes in.
    """
    rows = 0
    for desk, everybody in known().items():
        people = [one for one in everybody if since is None or _bought(one, now) > since]
        if not people:
            continue
        table = line_of(COLUMNS) + "".join(_line(person, at, now) for person in people)
        body = table.encode()
        run = importing.upload(
            queries.desk_number(desk), by=by, at=at, filename=f"{desk}-customers.csv",
            size=len(body), read=lambda body=body: (body,),  # type: ignore[misc]  # bound here
        )  # fmt: skip
        importing.check(run, by=by, mapping=queries.import_mapping(run))
        _finish(at)
        importing.start(run, by=by)
        rows += _finish(at)
    return rows


def _finish(at: datetime) -> int:
    rows = 0
    while done := importing.work(at=at):
        rows += done
    return rows


def _line(person: dict[str, str], at: datetime, now: datetime) -> str:
    told = dict(person)
    bought = _bought(person, now)
    if told.pop("bought", "") and bought <= at:
        told["bought on"] = bought.date().isoformat()
    else:
        told.pop("product", None)
    return line_of(told.get(column, "") for column in COLUMNS)


def _bought(person: dict[str, str], now: datetime) -> datetime:
    return now - duration(person.get("bought", "9999d"))
