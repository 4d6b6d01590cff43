"""The filter language: each term means one thing, and what it finds is what a count counts."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.records.models import Ticket
from kept.records.queries.desks import desks_of
from kept.records.queries.filters import NAMES, VIEWS, read_filter, read_text, terms_of
from kept.records.queries.queue import counted, queue_page
from kept.records.queries.views import QueueFilter
from kept.records.queries.walking import walk
from kept.services import conversation, endings, following, mentions, snoozes, work
from tests.people import MONDAY, Cast, dana_asks

LATER = MONDAY + timedelta(hours=5)


def found(cast: Cast, **terms: str) -> set[int]:
    asked = read_filter({name.replace("is_", "is"): value for name, value in terms.items()})
    assert not asked.problems
    page = queue_page(cast.amira, asked.filter, at=LATER, limit=200)
    return {row.id for row in page.rows}


@given(st.dictionaries(st.sampled_from([*NAMES, "view"]), st.text(max_size=80), max_size=8))
def test_any_terms_are_read_without_a_fault_and_written_back_alike(given: dict[str, str]) -> None:
    asked = read_filter(given)
    again = read_filter({"view": asked.filter.view, **terms_of(asked.filter)})
    assert again.filter == asked.filter
    assert not again.problems


@given(st.text(max_size=120))
def test_any_line_is_read_without_a_fault(line: str) -> None:
    terms, _ = read_text(line)
    read_filter(terms)


def test_a_line_holds_filters_and_words() -> None:
    terms, words = read_text(
        'from:dana severity:P1 severity:P2 before:2026-01-01 red "dark screen"'
    )
    assert terms == {"from": "dana", "severity": "P1,P2", "opened_before": "2026-01-01"}
    assert words == 'red "dark screen"'


HOSTILE = (
    "' OR 1=1 --", "x'); DROP TABLE ticket; --", '{"$gt": ""}', "P1' UNION SELECT password",
    "\x00", "%(agent)s", "%s", "{narrow}", "}}", "\\", "💥", "NaN", "9" * 30, "-1", "1e9", "now()",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_find_nothing_and_break_nothing(cast: Cast, hostile: str) -> None:
    dana_asks(severity="P1")
    for name in (*NAMES, "view"):
        asked = read_filter({name: hostile})
        page = queue_page(cast.amira, asked.filter, at=LATER)
        if name in ("severity", "team", "level", "type", "topic", "channel", "missed", "tag"):
            assert not page.rows or asked.problems or not hostile.strip("\x00"), name
    assert Ticket.objects.count() == 1


def test_a_word_nobody_knows_is_left_out_and_told() -> None:
    asked = read_filter({"is": "red", "due_before": "soon", "owner": "dana", "order": "random"})
    assert len(asked.problems) == 4
    assert terms_of(asked.filter) == {}


def test_each_term_narrows_by_its_own_column(cast: Cast) -> None:
    one = dana_asks("My screen is dark.", severity="P1")
    two = dana_asks("Another", at=MONDAY + timedelta(hours=4), severity="P2")
    work.triage(one, by=cast.amira, at=MONDAY, type="fault", topic="billing")
    work.assign(one, by=cast.bo, at=MONDAY, agent=cast.amira)
    conversation.reply(one, by=cast.amira, at=MONDAY, text="Which cable?")
    work.wait(one, by=cast.amira, at=MONDAY, who="customer")
    customer = str(Ticket.objects.get(pk=one).customer_id)
    everything = {one, two}
    assert found(cast, view="all") == everything
    for terms, wanted in (
        ({"severity": "P1"}, {one}),
        ({"severity": "P1,P2"}, everything),
        ({"type": "fault"}, {one}),
        ({"topic": "billing"}, {one}),
        ({"topic": "none"}, {two}),
        ({"owner": "me"}, {one}),
        ({"owner": "none"}, {two}),
        ({"owner": str(cast.bo)}, set()),
        ({"waiting": "customer"}, {one}),
        ({"waiting": "nobody"}, {two}),
        ({"status": "waiting"}, {one}),
        ({"status": "resolved"}, set()),
        ({"channel": "email"}, everything),
        ({"customer": customer}, everything),
        ({"customer": "1"}, everything if customer == "1" else set()),
        ({"opened_before": "-2h"}, {one}),
        ({"opened_after": "-2h"}, {two}),
        ({"updated_after": "2025-06-02T12:00:00+00:00"}, {two}),
        ({"missed": "small.resp.first"}, set()),
        ({"words": "help"}, everything),
        ({"words": "dana"}, everything),
        ({"words": str(two)}, {two}),
        ({"desk": "small"}, everything),
        ({"desk": "other"}, set()),
        ({"tag": "vip"}, set()),
    ):
        assert found(cast, **{"view": "all", **terms}) == wanted, terms


def test_due_terms_read_the_next_due(cast: Cast) -> None:
    soon = dana_asks(at=MONDAY + timedelta(hours=4, minutes=30))
    late = dana_asks(at=MONDAY)
    nothing = dana_asks(at=MONDAY)
    conversation.reply(nothing, by=cast.amira, at=MONDAY, text="Here you are.")
    assert found(cast, view="all", due_before="now") == {late}
    assert found(cast, view="all", due_before="+1h") == {soon, late}
    assert found(cast, view="all", due_after="now") == {soon}


def test_a_missed_clause_finds_what_missed_it(cast: Cast) -> None:
    from kept.services import clocks

    late = dana_asks(at=MONDAY)
    while clocks.fire_due(at=LATER).due:
        pass
    other = dana_asks(at=LATER)
    assert found(cast, view="all", missed="small.resp.first") == {late}
    assert other not in found(cast, view="all", **{"is": "missed"})


def test_what_is_ones_own_is_found_by_oneself_only(cast: Cast) -> None:
    number = dana_asks()
    following.follow(number, by=cast.amira, at=MONDAY)
    conversation.note(number, by=cast.bo, at=MONDAY, text="@amira look at this")
    for standing in ("followed", "mentioned", "unread"):
        assert found(cast, view="all", **{"is": standing}) == {number}
        bos = read_filter({"view": "all", "is": standing}).filter
        assert not queue_page(cast.bo, bos, at=LATER).rows


def test_counts_are_those_of_a_count_by_hand_in_random_states(cast: Cast) -> None:
    chance = random.Random(20260301)
    _random_desk(cast, chance)
    for at in (MONDAY + timedelta(minutes=30), LATER):
        for agent in (cast.amira, cast.bo, cast.chen, cast.eve):
            desks = [desk.id for desk in desks_of(agent)]
            for wanted in _filters(chance):
                page = queue_page(agent, wanted, at=at, limit=500)
                number = counted(agent, desks, {"x": wanted}, at=at, desks_by_slug={})["x"]
                assert number == len(page.rows), (agent, wanted)
                if not terms_of(wanted):
                    owed = len(page.owed) if wanted.view == "mine" else 0
                    assert page.counts[wanted.view] == len(page.rows) + owed, wanted
        assert _by_hand(cast, at) == {
            view: page_counts
            for view, page_counts in queue_page(cast.amira, QueueFilter(), at=at).counts.items()
            if view in _by_hand(cast, at)
        }


def _random_desk(cast: Cast, chance: random.Random) -> None:
    for place in range(24):
        at = MONDAY + timedelta(minutes=10 * place)
        number = dana_asks(f"Request {place}", at=at, severity=chance.choice(["P1", "P2"]))
        for act in chance.sample(range(7), 3):
            match act:
                case 0:
                    work.assign(number, by=cast.bo, at=at, agent=chance.choice(
                        [cast.amira, cast.bo, cast.chen]))  # fmt: skip
                case 1:
                    work.assign(number, by=cast.bo, at=at, team="front")
                case 2:
                    conversation.reply(number, by=cast.bo, at=at, text="One moment.")
                    work.wait(number, by=cast.bo, at=at, who="customer")
                case 3:
                    endings.resolve(number, by=cast.bo, at=at)
                case 4:
                    snoozes.snooze(number, by=cast.amira, at=at, until=at + timedelta(hours=3))
                case 5:
                    following.follow(number, by=chance.choice([cast.amira, cast.bo]), at=at)
                case _:
                    conversation.note(number, by=cast.bo, at=at, text="@amira see")


def _filters(chance: random.Random) -> list[QueueFilter]:
    made = [QueueFilter(view=view) for view in VIEWS]
    terms = {
        "severity": ["P1", "P2", "P1,P2"], "owner": ["me", "none"], "team": ["front", "mine"],
        "status": ["new", "waiting", "resolved", "any"], "is": ["followed", "snoozed", "missed"],
        "due_before": ["+1h", "now"], "opened_after": ["-2h"], "order": ["opened", "updated"],
    }  # fmt: skip
    for _ in range(20):
        names = chance.sample(sorted(terms), 2)
        told = {"view": chance.choice(["all", "all", "mine"])}
        told |= {name: chance.choice(terms[name]) for name in names}
        made.append(read_filter(told).filter)
    return made


def _by_hand(cast: Cast, at: datetime) -> dict[str, int]:
    tickets = list(Ticket.objects.filter(desk_id=cast.desk))
    opened = [one for one in tickets if one.status in ("new", "open", "waiting")]
    return {
        "all": len(opened),
        "unowned": sum(one.owner_id is None for one in opened),
        "waiting": sum(one.status == "waiting" for one in opened),
        "missed": sum(one.next_due_at is not None and one.next_due_at < at for one in opened),
        "resolved": sum(one.status == "resolved" for one in tickets),
    }


def test_pages_of_every_order_show_each_ticket_once(cast: Cast) -> None:
    numbers = [dana_asks(f"No {n}", at=MONDAY + timedelta(minutes=n % 3)) for n in range(9)]
    for order in ("due", "opened", "updated"):
        wanted = QueueFilter(view="all", order=order)
        seen: list[int] = []
        cursor = None
        for _ in range(9):
            page = queue_page(cast.amira, wanted, at=MONDAY, cursor=cursor, limit=2)
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(seen) == numbers, order


def test_a_walk_goes_through_a_view_both_ways(cast: Cast) -> None:
    numbers = [dana_asks(f"No {n}", at=MONDAY + timedelta(minutes=n)) for n in range(4)]
    dana_asks("Low", at=MONDAY, severity="P2")
    for wanted in (QueueFilter(view="all"), QueueFilter(view="all", order="updated")):
        rows = [row.id for row in queue_page(cast.amira, wanted, at=MONDAY).rows]
        for place, number in enumerate(rows):
            way = walk(cast.amira, wanted, number, at=MONDAY)
            assert (way.place, way.of) == (place + 1, 5)
            assert way.before == (rows[place - 1] if place else None)
            assert way.after == (rows[place + 1] if place < 4 else None)
    foreign = walk(cast.eve, QueueFilter(view="all"), numbers[0], at=MONDAY)
    assert (foreign.before, foreign.after, foreign.place, foreign.of) == (None, None, 0, 0)


def test_handles_are_read_out_of_a_note() -> None:
    text = "Ask @bo, @Chen. and @bo@kept.example; mail dana@example.com is none, nor a@b."
    assert mentions.names_in(text) == ("bo", "chen", "bo@kept.example")
