"""People link tickets that belong together; both journals say so, and links have one storey."""

from datetime import timedelta

import pytest

from kept.records.models import Journal, TicketLink
from kept.records.queries.linked import links_of
from kept.services import linking
from kept.services.errors import Conflict, NotFound, NotValid
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks

LATER = MONDAY + timedelta(minutes=5)


def related(cast: Cast, ticket: int, to: int, kind: str = "related_to") -> int:
    return linking.link(ticket, to=to, kind=kind, by=cast.amira, at=LATER)


def test_a_link_is_read_from_both_ends(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()

    related(cast, one, other, "incident_of")

    assert [(each.reads, each.ticket) for each in links_of(cast.amira, one)] == [
        ("incident_of", other)
    ]
    assert [(each.reads, each.ticket) for each in links_of(cast.amira, other)] == [
        ("problem_of", one)
    ]


def test_both_journals_say_so_and_the_books_verify(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()

    related(cast, other, one, "duplicate_of")

    told = Journal.objects.filter(fact__event="linked").order_by("ticket_id")
    assert [(row.ticket_id, row.fact["ticket"], row.fact["kind"]) for row in told] == [
        (one, str(other), "duplicated_by"), (other, str(one), "duplicate_of"),
    ]  # fmt: skip
    report = verify()
    assert report.ok, report.faults


def test_related_is_one_link_whichever_end_it_is_made_from(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()
    related(cast, other, one)

    with pytest.raises(Conflict):
        related(cast, one, other)


def test_a_ticket_is_not_linked_to_itself_or_as_anything(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()
    with pytest.raises(NotValid):
        related(cast, one, one)
    with pytest.raises(NotValid):
        related(cast, one, other, "cousin_of")


@pytest.mark.parametrize("kind", ["child_of", "duplicate_of", "incident_of"])
def test_links_never_run_in_a_circle(cast: Cast, kind: str) -> None:
    one, two, three = dana_asks(), dana_asks(), dana_asks()
    related(cast, one, two, kind)

    for ticket, to in ((two, one), (two, three), (three, one), (one, three)):
        with pytest.raises(Conflict):
            related(cast, ticket, to, kind)
    related(cast, three, two, kind)
    assert TicketLink.objects.count() == 2


def test_a_link_taken_back_stays_on_record(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()
    number = related(cast, one, other)

    linking.unlink(other, number, by=cast.bo, at=LATER)

    assert links_of(cast.amira, one) == ()
    assert TicketLink.objects.get().ended_by_id == cast.bo
    with pytest.raises(NotFound):
        linking.unlink(other, number, by=cast.bo, at=LATER)
    related(cast, one, other)


def test_nobody_links_to_a_desk_they_may_not_see(cast: Cast) -> None:
    one, other = dana_asks(), dana_asks()
    number = related(cast, one, other)

    with pytest.raises(NotFound):
        linking.link(one, to=other, kind="related_to", by=cast.eve, at=LATER)
    with pytest.raises(NotFound):
        linking.unlink(one, number, by=cast.eve, at=LATER)
    with pytest.raises(NotFound):
        linking.link(one, to=10**9, kind="related_to", by=cast.amira, at=LATER)
