"""Tables of customers come in: looked through, taken over in batches, taken back."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.records.models import (
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerImport,
    ImportChunk,
    ImportRow,
    Organisation,
    Purchase,
    Ticket,
)
from kept.services import csv_rows, importing
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, dana_writes, raise_the_curtain
from tests.services.test_customer_books import FLAGS, customer_of

SOON = MONDAY + timedelta(minutes=20)
TABLE = (
    "Full Name;E-Mail;Phone;Tags;Company;Product;Purchase Date;Price\n"
    "Zoë Quist;zoe@example.com;020 7946 0018;key family;Corp;Radio;2025-05-01;99,00\n"
    "Dana Miller;DANA@example.com;;high_value;Corp;;;\n"
    "Nobody;not an address;;;;;;\n"
    "Sam;sam@example.com;;unheard;;;;\n"
    ";;;;;;;\n"
    "Late;late@example.com;;;;Lamp;2031-01-01;\n"
    '"Two\nlines; and a mark";two@example.com;;;;;;\n'
)


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain(FLAGS)


def bring(cast: Cast, body: bytes, *, by: int | None = None) -> int:
    pieces = [body[i : i + 7] for i in range(0, len(body), 7)] if len(body) < 5000 else [body]
    return importing.upload(
        cast.desk, by=by or cast.chen, at=SOON, filename="people.csv", size=len(body),
        read=lambda: pieces,
    )  # fmt: skip


def work_off() -> None:
    while importing.work(at=SOON):
        pass


def checked(cast: Cast, body: bytes) -> CustomerImport:
    run = bring(cast, body)
    importing.check(run, by=cast.chen, mapping=CustomerImport.objects.get(pk=run).mapping)
    work_off()
    return CustomerImport.objects.get(pk=run)


def test_a_file_is_looked_through_before_anything_is_written(cast: Cast) -> None:
    dana_asks()
    run = checked(cast, TABLE.replace("99,00", "99.00").encode("cp1252"))
    assert (run.encoding, run.delimiter, run.state) == ("cp1252", ";", "checked")
    assert run.mapping == {
        "0": "name", "1": "email", "2": "phone", "3": "flags", "4": "organisation",
        "5": "product", "6": "bought_on", "7": "price",
    }  # fmt: skip
    assert (run.rows, run.made, run.matched, run.wrong) == (7, 2, 1, 3)
    wrong = ImportRow.objects.filter(run=run, outcome="wrong").order_by("line")
    assert [row.line for row in wrong] == [3, 4, 6]
    assert "name@example.com" in wrong[0].problem
    assert "unheard" in wrong[1].problem
    assert Customer.objects.count() == 1


def test_what_was_taken_over_can_be_taken_back_and_who_wrote_meanwhile_stays(cast: Cast) -> None:
    dana = customer_of(dana_asks())
    run = checked(cast, TABLE.replace("99,00", "99.00").encode()).pk
    importing.start(run, by=cast.chen)
    work_off()
    zoe = CustomerAddress.objects.get(value="zoe@example.com").customer_id
    assert CustomerAddress.objects.get(value="+442079460018").customer_id == zoe
    assert Customer.objects.get(pk=zoe).name == "Zoë Quist"
    assert CustomerDesk.objects.get(customer_id=zoe).flags == ["key_family"]
    assert Purchase.objects.get().price == 9900
    assert CustomerDesk.objects.get(customer_id=dana).flags == ["high_value"]
    assert Customer.objects.get(pk=dana).name == "Dana", "what is said already stays"
    assert not ImportChunk.objects.exists(), "the file is not kept longer than it is needed"
    assert Customer.objects.filter(name="Two lines; and a mark").exists()
    assert dana_writes(sender="two@example.com", message_id="<t@x>", at=SOON).ticket is not None
    importing.undo(run, by=cast.chen)
    work_off()
    done = CustomerImport.objects.get(pk=run)
    assert (done.state, done.made, done.matched) == ("undone", 1, 0)
    assert not CustomerAddress.objects.filter(customer_id=zoe).exists()
    assert not CustomerDesk.objects.filter(customer_id=zoe).exists()
    assert CustomerDesk.objects.get(customer_id=dana).flags == []
    assert CustomerAddress.objects.filter(value="two@example.com").exists()
    assert not Organisation.objects.exists()
    assert Ticket.objects.count() == 2
    assert verify().ok


def test_a_worker_that_dies_between_batches_loses_and_repeats_nothing(cast: Cast) -> None:
    rows = "".join(f"Person {n},p{n}@example.com\n" for n in range(1000))
    run = checked(cast, ("name,email\n" + rows).encode()).pk
    importing.start(run, by=cast.chen)
    importing.work(at=SOON)
    half = CustomerImport.objects.get(pk=run)
    assert half.state == "running"
    assert 0 < half.made < 1000
    assert Customer.objects.count() == half.made
    work_off()
    assert CustomerImport.objects.get(pk=run).made == Customer.objects.count() == 1000


def test_a_table_longer_than_a_piece_is_read_whole(cast: Cast) -> None:
    note = "x" * 900
    rows = "".join(f'"Person, {n}",p{n}@example.com,"{note}"\n' for n in range(700))
    body = ("name,email,comment\n" + rows).encode()
    assert len(body) > 2 * importing.CHUNK
    run = checked(cast, body)
    assert (run.rows, run.made, run.wrong) == (700, 700, 0)


def test_only_who_may_import_does(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        bring(cast, b"name\nx\n", by=cast.amira)
    with pytest.raises(NotFound):
        bring(cast, b"name\nx\n", by=cast.eve)
    run = bring(cast, b"name\nx\n")
    for act in (importing.start, importing.undo):
        with pytest.raises(Conflict):
            act(run, by=cast.chen)
    with pytest.raises(NotFound):
        importing.drop(run, by=cast.eve)
    importing.drop(run, by=cast.chen)
    assert not ImportChunk.objects.exists()


def test_an_address_of_another_desks_customer_brings_nobody_over(cast: Cast) -> None:
    dana_writes(desk="other", sender="erin@example.com", message_id="<e@x>")
    run = checked(cast, b"name,email\nErin,erin@example.com\n")
    assert (run.made, run.matched, run.wrong) == (1, 0, 0)
    importing.start(run.pk, by=cast.chen)
    work_off()
    rows = CustomerAddress.objects.filter(value="erin@example.com").order_by("id")
    assert [row.desk_id for row in rows] == [None, cast.desk], "two desks, two people"
    assert CustomerDesk.objects.filter(customer_id=rows[0].customer_id).count() == 1


def test_a_file_without_rows_or_names_is_refused(cast: Cast) -> None:
    for body in (b"", b"\n\n", b"\xef\xbb\xbf"):
        with pytest.raises(NotValid):
            bring(cast, body)
    run = bring(cast, b"colour,size\nred,4\n")
    with pytest.raises(NotValid, match="which column"):
        importing.check(run, by=cast.chen, mapping={"0": "product"})


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("name\nZoë".encode(), "utf-8"), ("name\nZoë".encode("utf-8-sig"), "utf-8-sig"),
        ("name\nZoë".encode("cp1252"), "cp1252"), ("name\nZoë\n".encode("utf-16"), "utf-16"),
        ("name,email\nZoë,zoe@example.com\n".encode("utf-16-le"), "utf-16-le"),
    ],
)  # fmt: skip
def test_how_a_file_is_written_is_guessed(body: bytes, encoding: str) -> None:
    assert csv_rows.guess_encoding([body]) == encoding
    assert "Zoë" in b"".join(csv_rows.as_utf8([body], encoding)).decode()


def test_columns_of_one_title_are_told_apart() -> None:
    assert csv_rows.headers_of(["Email", "email", "", "Email"]) == [
        "Email", "email (2)", "column 3", "Email (3)",
    ]  # fmt: skip


CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=6))
def test_a_table_that_we_wrote_is_read_back_in_any_pieces(rows: list[list[str]]) -> None:
    body = "".join(csv_rows.line_of(row) for row in rows).encode()
    read = list(csv_rows.rows_of(body, ",", is_last=True))
    assert [cells for _, cells in read] == [[csv_rows.harmless(c) for c in row] for row in rows]
    ends = [end for end, _ in read]
    assert ends[-1] == len(body)
    cut = ends[0] if len(ends) > 1 else 0
    rest = [cells for _, cells in csv_rows.rows_of(body[cut:], ",", is_last=True)]
    assert rest == [cells for _, cells in read][1 if cut else 0 :]


@given(st.text(max_size=20))
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    assert not csv_rows.harmless(cell).startswith(csv_rows.FORMULA)
