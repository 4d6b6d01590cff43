"""Drafts are never lost: saved as one types, named, shared, taken over, told apart by machine."""

from datetime import timedelta

import pytest

from kept.records.models import Draft
from kept.records.queries import writing
from kept.services import conversation, drafts, leaving
from kept.services.errors import NotFound, NotValid
from tests.people import MONDAY, Cast, dana_asks

LATER = MONDAY + timedelta(minutes=1)


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY)


def texts(agent: int, ticket: int) -> dict[tuple[str, str], str]:
    return {(one.kind, one.name): one.text for one in writing.drafts(agent, ticket)}


def test_each_kind_has_a_running_draft_of_its_own(cast: Cast, ticket: int) -> None:
    drafts.save(ticket, by=cast.amira, at=MONDAY, text="Dear Dana")
    drafts.save(ticket, by=cast.amira, at=MONDAY, text="She is angry", kind="note")
    assert texts(cast.amira, ticket) == {
        ("public", ""): "Dear Dana", ("note", ""): "She is angry",
    }  # fmt: skip
    drafts.save(ticket, by=cast.amira, at=LATER, text="  ")
    assert texts(cast.amira, ticket) == {("note", ""): "She is angry"}


def test_a_running_draft_is_ones_own(cast: Cast, ticket: int) -> None:
    drafts.save(ticket, by=cast.amira, at=MONDAY, text="Dear Dana")
    assert texts(cast.bo, ticket) == {}
    with pytest.raises(NotFound):
        drafts.save(ticket, by=cast.eve, at=MONDAY, text="I am Eve")
    assert writing.drafts(cast.eve, ticket) == ()


def test_two_machines_of_one_person_do_not_overwrite_each_other_unseen(
    cast: Cast, ticket: int
) -> None:
    first = drafts.save(ticket, by=cast.amira, at=MONDAY, text="At the office")
    drafts.save(ticket, by=cast.amira, at=LATER, text="On the train", base=first)
    with pytest.raises(drafts.Elsewhere) as told:
        again = LATER + timedelta(seconds=9)
        drafts.save(ticket, by=cast.amira, at=again, text="At the office, on", base=first)
    assert (told.value.text, told.value.saved_at) == ("On the train", LATER)
    assert texts(cast.amira, ticket)[("public", "")] == "On the train"


def test_a_shared_draft_is_taken_over_and_nothing_of_the_taker_is_lost(
    cast: Cast, ticket: int
) -> None:
    drafts.put_aside(
        ticket, by=cast.amira, at=MONDAY, text="The long answer", kind="public", name="Long"
    )
    row = Draft.objects.get()
    with pytest.raises(NotFound):
        drafts.take(row.pk, by=cast.bo, at=LATER)
    drafts.share(row.pk, by=cast.amira, at=MONDAY, shared=True)
    assert [(one.name, one.owner, one.mine) for one in writing.drafts(cast.bo, ticket)] == [
        ("Long", "Amira", False)
    ]
    with pytest.raises(NotFound):
        drafts.take(row.pk, by=cast.eve, at=LATER)
    drafts.save(ticket, by=cast.bo, at=MONDAY, text="Bo's own beginning")
    drafts.take(row.pk, by=cast.bo, at=LATER)
    mine = texts(cast.bo, ticket)
    assert mine[("public", "")] == "The long answer"
    assert "Bo's own beginning" in mine.values()
    assert texts(cast.amira, ticket) == {}


@pytest.mark.parametrize("verb", ["share", "discard"])
def test_a_colleague_neither_shares_nor_throws_away_what_is_not_theirs(
    cast: Cast, ticket: int, verb: str
) -> None:
    drafts.put_aside(ticket, by=cast.amira, at=MONDAY, text="x", kind="public", name="Mine")
    number = Draft.objects.get().pk
    with pytest.raises(NotFound):
        if verb == "share":
            drafts.share(number, by=cast.bo, at=MONDAY, shared=True)
        else:
            drafts.discard(number, by=cast.bo)
    assert Draft.objects.filter(shared_at=None).count() == 1


def test_a_save_that_arrives_after_the_reply_was_sent_changes_nothing(
    cast: Cast, ticket: int
) -> None:
    leaving.undo_seconds(cast.amira, 10)
    letter = leaving.Letter(text="Dear Dana", key="k1")
    leaving.send_off(ticket, letter, by=cast.amira, at=MONDAY)
    conversation.note(ticket, by=cast.amira, at=MONDAY, text="For us", key="k2")
    for key, kind in (("k1", "public"), ("k2", "note")):
        drafts.save(ticket, by=cast.amira, at=LATER, text="late", kind=kind, key=key)
    assert texts(cast.amira, ticket) == {}
    drafts.save(ticket, by=cast.amira, at=LATER, text="the next one", key="k3")
    assert texts(cast.amira, ticket) == {("public", ""): "the next one"}


def test_a_name_and_a_text_are_wanted(cast: Cast, ticket: int) -> None:
    with pytest.raises(NotValid, match="name"):
        drafts.put_aside(ticket, by=cast.amira, at=MONDAY, text="x", kind="public", name=" ")
    with pytest.raises(NotValid, match="nothing to put aside"):
        drafts.put_aside(ticket, by=cast.amira, at=MONDAY, text=" ", kind="public", name="n")
