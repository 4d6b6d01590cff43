"""What would happen if: the engine's own answer, and nothing of it is kept."""

from datetime import timedelta

import pytest

from kept.records.models import CommitmentRow, Journal, Outbox
from kept.services import conversation, handing, work
from kept.services.errors import NotFound, NotValid
from kept.services.foreseeing import foresee
from tests.people import MONDAY, Cast, dana_asks, raise_the_curtain, ticket_row
from tests.services.reading import commitment
from tests.web.sop import WEB

LATER = MONDAY + timedelta(minutes=10)


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY, severity="P1")


TRIED = (("severity", "P2"), ("escalate", "L2"), ("wait", ""), ("resolve", ""), ("close", ""))


def everything(ticket: int) -> tuple[int, int, bytes]:
    return Journal.objects.count(), Outbox.objects.count(), bytes(ticket_row(ticket).state)


def test_nothing_is_done_by_looking(cast: Cast, ticket: int) -> None:
    before = everything(ticket)
    for act, to in TRIED:
        foresee(ticket, by=cast.amira, at=LATER, act=act, to=to)
    assert everything(ticket) == before


def test_a_lower_severity_ends_the_promise_of_a_solution(cast: Cast, ticket: int) -> None:
    seen = foresee(ticket, by=cast.amira, at=LATER, act="severity", to="P2")
    (move,) = [one for one in seen.moves if one.name == "resolution"]
    assert (move.clause, move.before) == ("small.resp.solve", MONDAY + timedelta(hours=4))
    assert move.ends or move.after is None


def test_what_is_foreseen_is_what_then_happens(cast: Cast, ticket: int) -> None:
    seen = foresee(ticket, by=cast.amira, at=LATER, act="escalate", to="L2")
    work.escalate(ticket, by=cast.amira, at=LATER, to="L2", reason="beyond me")
    began = {one.name: one.after for one in seen.moves if one.begins}
    for name, due_at in began.items():
        assert commitment(ticket, name).due_at == due_at
    moved = {(one.name, one.after) for one in seen.moves if not one.begins and not one.ends}
    rows = set(CommitmentRow.objects.filter(ticket_id=ticket).values_list("name", "due_at"))
    assert moved <= rows


def test_a_gate_that_would_refuse_is_told_with_its_clause(cast: Cast, ticket: int) -> None:
    seen = foresee(ticket, by=cast.amira, at=LATER, act="close")
    assert seen.refused is not None
    assert (seen.refused.because.clause, seen.refused.say) == (
        "small.ending.close", "Resolve the ticket first.",
    )  # fmt: skip
    assert seen.moves == ()


def test_a_hand_off_is_taken_as_given_and_told_so(db: None) -> None:
    amira = raise_the_curtain(WEB).amira
    number = dana_asks(at=MONDAY, severity="P1")
    seen = foresee(number, by=amira, at=LATER, act="escalate", to="L2")
    assert seen.refused is None
    assert seen.assumed == ("reason", "handoff")
    owed = foresee(number, by=amira, at=LATER, act="resolve")
    assert owed.passes_with_reason
    assert owed.refused is not None
    assert [one.ends for one in owed.moves if one.name == "resolution"] == ["kept"]


@pytest.mark.parametrize(("act", "to"), [("severity", "P9"), ("escalate", "L9"), ("erase", "")])
def test_what_the_sop_does_not_know_cannot_be_foreseen(
    cast: Cast, ticket: int, act: str, to: str
) -> None:
    with pytest.raises(NotValid):
        foresee(ticket, by=cast.amira, at=LATER, act=act, to=to)


def test_an_outsider_foresees_nothing(cast: Cast, ticket: int) -> None:
    with pytest.raises(NotFound):
        foresee(ticket, by=cast.eve, at=LATER, act="resolve")
    with pytest.raises(NotFound):
        handing.sheet(ticket, by=cast.eve, at=LATER)


def test_no_card_is_shown_where_nobody_waits_to_take_it_on(cast: Cast, ticket: int) -> None:
    conversation.note(ticket, by=cast.amira, at=LATER, text="x")
    assert handing.sheet(ticket, by=cast.amira, at=LATER) is None
