"""Follow, mention, snooze, saved views, bulk: what people do with many tickets."""

from datetime import timedelta

import pytest

from kept.records.models import CadenceTask, Follow, Journal, Mention, Notification, Snooze, Ticket
from kept.records.queries.own import Counting, own
from kept.records.queries.queue import queue_page
from kept.records.queries.saved_views import saved_views, view_counts
from kept.records.queries.views import QueueFilter
from kept.services import (
    approvals,
    bulk,
    bulk_acts,
    cadences,
    choices,
    clocks,
    conversation,
    endings,
    following,
    looking,
    notices,
    people,
    snoozes,
    tagging,
    work,
)
from kept.services import saved_views as views
from kept.services.bulk import Given
from kept.services.errors import NotFound, NotValid
from tests.people import MONDAY, Cast, dana_asks, dana_writes, ticket_row

SOON = MONDAY + timedelta(minutes=5)
HOME = QueueFilter(view="mine")


def told(agent: int) -> list[str]:
    rows = Notification.objects.filter(agent_id=agent).order_by("id")
    return [row.about for row in rows if row.cause.startswith(("follow", "mention", "woken"))]


def home(agent: int, minutes: int = 5) -> set[int]:
    at = MONDAY + timedelta(minutes=minutes)
    return {row.id for row in queue_page(agent, HOME, at=at).rows}


# Following ---------------------------------------------------------------------------------


def test_a_follower_hears_of_turns_misses_and_escalations_of_others(cast: Cast) -> None:
    number = dana_asks()
    following.follow(number, by=cast.chen, at=MONDAY)
    conversation.reply(number, by=cast.amira, at=SOON, text="Which cable?")
    conversation.reply(number, by=cast.chen, at=SOON, text="Mine")
    work.escalate(number, by=cast.amira, at=SOON, to="L2", reason="beyond me")
    conversation.note(number, by=cast.amira, at=SOON, text="A note is no public turn.")
    assert told(cast.chen) == ["Help: a colleague answered", "Help: escalated to L2"]


def test_a_missed_due_time_is_told_with_its_clause(cast: Cast) -> None:
    number = dana_asks()
    following.follow(number, by=cast.amira, at=MONDAY)
    while clocks.fire_due(at=MONDAY + timedelta(hours=2)).due:
        pass
    row = Notification.objects.get(agent_id=cast.amira, cause__contains=".miss.")
    assert row.clause == "small.resp.first"


def test_the_customers_turn_is_told_and_unfollowing_ends_it(cast: Cast) -> None:
    taken = dana_writes(message_id="<a@x>")
    assert taken.ticket
    following.follow(taken.ticket, by=cast.chen, at=MONDAY)
    dana_writes("Still dark", at=SOON, message_id="<b@x>", references=("<a@x>",))
    assert told(cast.chen) == ["Help: the customer wrote"]
    following.unfollow(taken.ticket, by=cast.chen)
    dana_writes("Hello?", at=SOON, message_id="<c@x>", references=("<a@x>",))
    assert len(told(cast.chen)) == 1


def test_means_are_ones_own_choice(cast: Cast) -> None:
    number = dana_asks()
    following.follow(number, by=cast.chen, at=MONDAY)
    following.follow(number, by=cast.bo, at=MONDAY)
    choices.choose_means({"turn": "none"}, by=cast.chen)
    choices.choose_means({"turn": "email"}, by=cast.bo)
    conversation.reply(number, by=cast.amira, at=SOON, text="Which cable?")
    assert told(cast.chen) == []
    assert Notification.objects.get(agent_id=cast.bo, cause__startswith="follow").mail_wanted
    with pytest.raises(NotValid):
        choices.choose_means({"page": "none"}, by=cast.chen)


def test_an_outsider_follows_snoozes_and_names_nothing(cast: Cast) -> None:
    number = dana_asks()
    with pytest.raises(NotFound):
        following.follow(number, by=cast.eve, at=MONDAY)
    with pytest.raises(NotFound):
        snoozes.snooze(number, by=cast.eve, at=MONDAY, until=None, on_answer=True)
    with pytest.raises(NotFound):
        following.follow(10**12, by=cast.amira, at=MONDAY)
    assert not Follow.objects.exists()
    assert not Snooze.objects.exists()


def test_who_left_the_desk_hears_nothing_more(cast: Cast) -> None:
    number = dana_asks()
    following.follow(number, by=cast.chen, at=MONDAY)
    people.end_memberships(cast.chen, "small", at=MONDAY)
    conversation.reply(number, by=cast.amira, at=SOON, text="Which cable?")
    assert told(cast.chen) == []


# Mentions ----------------------------------------------------------------------------------


def test_a_note_names_members_of_the_desk_only(cast: Cast) -> None:
    number = dana_asks()
    conversation.note(number, by=cast.amira, at=SOON, text="@bo and @eve, @nobody, @amira")
    assert [one.agent_id for one in Mention.objects.all()] == [cast.bo]
    assert told(cast.bo) == ["Help: a note names you"]
    assert told(cast.eve) == []
    page = queue_page(cast.bo, QueueFilter(view="mentions"), at=SOON)
    assert [row.id for row in page.rows] == [number]
    owed = [one.kind for one in queue_page(cast.bo, HOME, at=SOON).owed]
    assert owed == ["mention"]
    looking.look(number, by=cast.bo, at=SOON)
    assert not queue_page(cast.bo, QueueFilter(view="mentions"), at=SOON).rows
    assert not Notification.objects.filter(agent_id=cast.bo, cause__startswith="mention",
                                           seen_at=None).exists()  # fmt: skip


def test_an_unclear_handle_means_nobody_and_the_whole_address_is_clear(cast: Cast) -> None:
    other = people.create_agent(email="bo@elsewhere.example", name="Bo Two")
    people.add_membership(other, "small", role="agent")
    number = dana_asks()
    conversation.note(number, by=cast.amira, at=SOON, text="@bo")
    assert not Mention.objects.exists()
    conversation.note(number, by=cast.amira, at=SOON, text="@bo@elsewhere.example")
    assert [one.agent_id for one in Mention.objects.all()] == [other]


def test_the_same_note_twice_names_once(cast: Cast) -> None:
    number = dana_asks()
    for _ in range(2):
        conversation.note(number, by=cast.amira, at=SOON, text="@bo", key="k")
    assert Mention.objects.count() == 1


# Snoozes -----------------------------------------------------------------------------------


def test_a_snooze_hides_from_oneself_and_stops_no_clock(cast: Cast) -> None:
    number = dana_asks()
    before = ticket_row(number)
    snoozes.snooze(number, by=cast.amira, at=SOON, until=MONDAY + timedelta(minutes=20))
    assert number not in home(cast.amira)
    assert [row.id for row in queue_page(cast.amira, QueueFilter(view="snoozed"), at=SOON).rows]
    assert number in {row.id for row in queue_page(cast.bo, QueueFilter(), at=SOON).rows}
    after = ticket_row(number)
    assert (after.next_due_at, after.state_seq) == (before.next_due_at, before.state_seq)


def test_it_is_back_when_its_time_comes_and_says_so(cast: Cast) -> None:
    number = dana_asks()
    snoozes.snooze(number, by=cast.amira, at=SOON, until=MONDAY + timedelta(minutes=20))
    assert snoozes.wake(at=MONDAY + timedelta(minutes=19)) == 0
    assert number in home(cast.amira, 20)
    assert snoozes.wake(at=MONDAY + timedelta(minutes=20)) == 1
    assert snoozes.wake(at=MONDAY + timedelta(minutes=20)) == 0
    assert told(cast.amira) == ["Help: back, the time came"]
    mine = own(
        cast.amira,
        [cast.desk],
        Counting(columns=("0",), values={}),
        at=MONDAY + timedelta(minutes=21),
    )
    assert [(one.kind, one.clause) for one in mine.owed] == [("woken", "time")]
    looking.look(number, by=cast.amira, at=MONDAY + timedelta(minutes=22))
    assert not own(
        cast.amira,
        [cast.desk],
        Counting(columns=("0",), values={}),
        at=MONDAY + timedelta(minutes=23),
    ).owed


def test_an_answer_wakes_it(cast: Cast) -> None:
    taken = dana_writes(message_id="<a@x>")
    assert taken.ticket
    conversation.reply(taken.ticket, by=cast.amira, at=MONDAY, text="Which cable?")
    snoozes.snooze(taken.ticket, by=cast.amira, at=SOON, until=None, on_answer=True)
    assert snoozes.wake(at=SOON) == 0
    later = SOON + timedelta(minutes=1)
    dana_writes("The red one", at=later, message_id="<b@x>", references=("<a@x>",))
    assert snoozes.wake(at=later) == 1
    assert told(cast.amira) == ["Help: back, the customer answered"]


def test_what_comes_at_risk_wakes_by_itself(cast: Cast) -> None:
    number = dana_asks()  # warned at half of its hour
    snoozes.snooze(number, by=cast.amira, at=SOON, until=MONDAY + timedelta(days=2))
    assert number not in home(cast.amira, 29)
    assert number in home(cast.amira, 31)
    assert snoozes.wake(at=MONDAY + timedelta(minutes=31)) == 1
    assert told(cast.amira) == ["Help: back, it is at risk"]


@pytest.mark.parametrize("minutes", [-1, 0, 60 * 24 * 400])
def test_a_snooze_ends_ahead_and_within_a_year(cast: Cast, minutes: int) -> None:
    number = dana_asks()
    with pytest.raises(NotValid):
        snoozes.snooze(number, by=cast.amira, at=SOON, until=SOON + timedelta(minutes=minutes))
    with pytest.raises(NotValid):
        snoozes.snooze(number, by=cast.amira, at=SOON, until=None)


# Home --------------------------------------------------------------------------------------


def test_home_is_ones_own_and_what_waits_for_ones_team(cast: Cast) -> None:
    mine, team, free, bos, seniors = (dana_asks(f"No {n}") for n in range(5))
    work.assign(mine, by=cast.bo, at=MONDAY, agent=cast.amira)
    work.assign(team, by=cast.bo, at=MONDAY, team="front")
    work.assign(bos, by=cast.bo, at=MONDAY, agent=cast.bo)
    work.escalate(seniors, by=cast.amira, at=MONDAY, to="L2", reason="beyond me")
    assert home(cast.amira) == {mine, team, free}
    assert home(cast.bo) == {bos, seniors} | ({free} if ticket_row(free).level is None else set())
    assert home(cast.eve) == set()


def test_pages_approvals_and_duties_stand_among_the_tickets_by_due(cast: Cast) -> None:
    number = dana_asks()
    approvals.ask(number, by=cast.amira, at=MONDAY, kind="refund", amount=15_000)
    CadenceTask.objects.create(
        desk_id=cast.desk, clause="small.resp", name="review", role="lead",
        period_start=MONDAY, due_at=MONDAY + timedelta(days=3),
    )  # fmt: skip
    while clocks.fire_due(at=MONDAY + timedelta(hours=2)).due:
        pass
    at = MONDAY + timedelta(hours=2)
    kinds = {name: {one.kind for one in queue_page(agent, HOME, at=at).owed}
             for name, agent in (("bo", cast.bo), ("chen", cast.chen), ("eve", cast.eve),
                                 ("amira", cast.amira))}  # fmt: skip
    assert kinds == {"bo": {"page", "duty"}, "chen": {"approval"}, "eve": set(), "amira": set()}
    page = queue_page(cast.bo, HOME, at=at)
    assert page.counts["mine"] == len(page.rows) + len(page.owed)
    notices.acknowledge(next(one.id for one in page.owed if one.kind == "page"), by=cast.bo, at=at)
    cadences.do_task(next(one.id for one in page.owed if one.kind == "duty"), by=cast.bo, at=at)
    assert not queue_page(cast.bo, HOME, at=at).owed


# Saved views -------------------------------------------------------------------------------


def test_a_view_is_seen_by_whom_it_is_for(cast: Cast) -> None:
    mine = views.save_view(by=cast.amira, at=MONDAY, name="Mine", query="view=all&severity=P1")
    team = views.save_view(by=cast.bo, at=MONDAY, name="Team", query="?owner=none",
                           audience="team", desk="small", team="front")  # fmt: skip
    desk = views.save_view(by=cast.bo, at=MONDAY, name="Desk", query="", audience="desk",
                           desk="small")  # fmt: skip
    seen = {name: [one.id for one in saved_views(agent)]
            for name, agent in (("amira", cast.amira), ("bo", cast.bo), ("chen", cast.chen),
                                ("eve", cast.eve))}  # fmt: skip
    assert seen == {"amira": [mine, team, desk], "bo": [team, desk], "chen": [desk], "eve": []}
    dana_asks(severity="P1")
    dana_asks(severity="P2")
    assert view_counts(cast.amira, at=MONDAY) == {mine: 1, team: 2, desk: 2}


def test_only_its_owner_changes_a_view_and_a_deletion_can_be_undone(cast: Cast) -> None:
    number = views.save_view(by=cast.bo, at=MONDAY, name="Desk", query="severity=P1",
                             audience="desk", desk="small")  # fmt: skip
    for agent in (cast.amira, cast.eve):
        with pytest.raises(NotFound):
            views.delete_view(number, by=agent, at=MONDAY)
        with pytest.raises(NotFound):
            views.change_view(number, by=agent, at=MONDAY, name="Taken")
        with pytest.raises(NotFound):
            views.bring_back(number, by=agent, at=MONDAY)
    views.change_view(number, by=cast.bo, at=MONDAY, name="Critical")
    views.delete_view(number, by=cast.bo, at=MONDAY)
    assert saved_views(cast.amira) == ()
    views.bring_back(number, by=cast.bo, at=SOON)
    assert [one.name for one in saved_views(cast.amira)] == ["Critical"]
    views.delete_view(number, by=cast.bo, at=MONDAY)
    with pytest.raises(NotFound):
        views.bring_back(number, by=cast.bo, at=MONDAY + timedelta(hours=1))


def test_an_order_is_ones_own(cast: Cast) -> None:
    made = [views.save_view(by=cast.bo, at=MONDAY, name=f"View {n}", query="", audience="desk",
                            desk="small") for n in range(3)]  # fmt: skip
    views.arrange([made[2], made[0], 999_999], by=cast.amira)
    views.move(made[1], by=cast.amira, steps=-1)
    assert [one.id for one in saved_views(cast.amira)] == [made[2], made[1], made[0]]
    assert [one.id for one in saved_views(cast.bo)] == made
    with pytest.raises(NotFound):
        views.move(made[0], by=cast.eve, steps=1)


@pytest.mark.parametrize(
    ("name", "query", "audience", "desk"),
    [
        ("", "", "me", ""),
        ("x", "is=red", "me", ""),
        ("x", "", "all", ""),
        ("x", "", "team", "small"),
    ],
)
def test_what_no_view_can_be_is_refused(
    cast: Cast, name: str, query: str, audience: str, desk: str
) -> None:
    with pytest.raises(NotValid):
        views.save_view(
            by=cast.bo, at=MONDAY, name=name, query=query, audience=audience, desk=desk
        )


def test_a_view_is_not_shared_with_another_desk(cast: Cast) -> None:
    for desk in ("other", "none"):
        with pytest.raises(NotFound):
            views.save_view(by=cast.bo, at=MONDAY, name="x", query="", audience="desk", desk=desk)


# Bulk --------------------------------------------------------------------------------------


def given(who: int, /, minutes: int = 5, **answers: str) -> Given:
    return Given(by=who, at=MONDAY + timedelta(minutes=minutes), answers=answers)


def test_a_preview_tells_refusals_and_moves_and_writes_nothing(cast: Cast) -> None:
    ready, not_ready = dana_asks(), dana_asks()
    endings.resolve(ready, by=cast.amira, at=SOON)
    facts = Journal.objects.count()
    seen = bulk.preview(bulk_acts.BY_NAME["close"], (ready, not_ready, 10**9), given(cast.amira))
    assert [(one.ticket, one.clause) for one in seen] == [
        (ready, ""), (not_ready, "small.ending.close"),
    ]  # fmt: skip
    moved = bulk.preview(
        bulk_acts.BY_NAME["severity"], (not_ready,),
        given(cast.amira, to="P1", reason="All screens"),
    )  # fmt: skip
    assert moved[0].sentence == ""
    resolved = bulk.preview(bulk_acts.BY_NAME["resolve"], (not_ready,), given(cast.amira))
    assert resolved[0].moved is not None
    assert resolved[0].moved.before == MONDAY + timedelta(hours=1)
    assert Journal.objects.count() == facts


def test_each_ticket_is_done_by_itself_and_once(cast: Cast) -> None:
    ready, not_ready = dana_asks(), dana_asks()
    endings.resolve(ready, by=cast.amira, at=SOON)
    act = bulk_acts.BY_NAME["close"]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    for _ in range(2):
        results = bulk.do(act, token, (not_ready, ready), given(cast.amira))
        assert [(one.ticket, one.done) for one in results] == [(not_ready, False), (ready, True)]
        assert results[0].clause == "small.ending.close"
    assert ticket_row(ready).status == "closed"
    assert ticket_row(not_ready).status != "closed"
    with pytest.raises(NotFound):
        bulk.do(act, token, (ready,), given(cast.bo))
    with pytest.raises(NotFound):
        bulk.do(bulk_acts.BY_NAME["follow"], token, (ready,), given(cast.amira))


def test_an_assignment_is_undone_to_what_was_before(cast: Cast) -> None:
    free, bos = dana_asks(), dana_asks()
    work.assign(bos, by=cast.bo, at=MONDAY, agent=cast.bo, team="front")
    act = bulk_acts.BY_NAME["assign"]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    results = bulk.do(act, token, (free, bos), given(cast.amira, agent="me"))
    assert all(one.done for one in results)
    assert ticket_row(free).owner_id == ticket_row(bos).owner_id == cast.amira
    undone = bulk.undo(bulk_acts.BY_NAME, token, by=cast.amira, at=SOON + timedelta(seconds=29))
    assert {one.undone for one in undone} == {"undone"}
    assert (ticket_row(free).owner_id, ticket_row(free).team) == (None, None)
    assert (ticket_row(bos).owner_id, ticket_row(bos).team) == (cast.bo, "front")
    with pytest.raises(NotValid):
        bulk.undo(bulk_acts.BY_NAME, token, by=cast.amira, at=SOON)


def test_a_severity_is_undone_by_a_fact_of_its_own(cast: Cast) -> None:
    number = dana_asks(severity="P2")
    act = bulk_acts.BY_NAME["severity"]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    bulk.do(act, token, (number,), given(cast.amira, to="P1", reason="All of them"))
    bulk.undo(bulk_acts.BY_NAME, token, by=cast.amira, at=SOON + timedelta(seconds=5))
    assert ticket_row(number).severity == "P2"
    changes = Journal.objects.filter(ticket_id=number, fact__event="severity_changed").count()
    assert changes == 2


def test_a_tag_is_taken_off_again_where_it_was_new(cast: Cast) -> None:
    new, had = dana_asks(), dana_asks()
    tagging.tag(had, by=cast.amira, at=MONDAY, name="vip")
    act = bulk_acts.BY_NAME["tag"]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    bulk.do(act, token, (new, had), given(cast.amira, tag="VIP"))
    tagged = QueueFilter(view="all", tag="vip")
    assert {row.id for row in queue_page(cast.amira, tagged, at=SOON).rows} == {new, had}
    bulk.undo(bulk_acts.BY_NAME, token, by=cast.amira, at=SOON)
    assert {row.id for row in queue_page(cast.amira, tagged, at=SOON).rows} == {had}


def test_too_late_is_too_late_and_another_cannot_undo(cast: Cast) -> None:
    number = dana_asks()
    act = bulk_acts.BY_NAME["follow"]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    bulk.do(act, token, (number,), given(cast.amira))
    with pytest.raises(NotFound):
        bulk.undo(bulk_acts.BY_NAME, token, by=cast.bo, at=SOON)
    with pytest.raises(NotValid):
        bulk.undo(bulk_acts.BY_NAME, token, by=cast.amira, at=SOON + timedelta(seconds=31))
    assert Follow.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("assign", {"agent": "me", "team": "front"}), ("wait", {"who": "customer"}),
        ("tag", {"tag": "Vip"}), ("follow", {}),
        ("snooze", {"until": "2025-06-02T10:30:00+00:00"}),
        ("reply", {"template": "receipt"}), ("resolve", {}),
        ("severity", {"to": "P1", "reason": "worse"}),
    ],
)  # fmt: skip
def test_every_act_is_done_to_many(cast: Cast, name: str, answers: dict[str, str]) -> None:
    numbers = (dana_asks(), dana_asks(severity="P2"))
    for number in numbers:
        conversation.reply(number, by=cast.amira, at=MONDAY, text="One moment.")
    act = bulk_acts.BY_NAME[name]
    told = given(cast.amira, **answers)
    assert [one.sentence for one in bulk.preview(act, numbers, told)] == ["", ""]
    token = bulk.begin(act, by=cast.amira, at=SOON)
    results = bulk.do(act, token, numbers, given(cast.amira, **answers, token=token))
    assert [one.sentence for one in results] == ["", ""]


def test_many_are_merged_into_one(cast: Cast) -> None:
    into, one, two = dana_asks(), dana_asks(), dana_asks()
    act = bulk_acts.BY_NAME["merge"]
    told = given(cast.amira, into=str(into))
    assert [bool(each.sentence) for each in bulk.preview(act, (into, one), told)] == [True, False]
    bulk.do(act, bulk.begin(act, by=cast.amira, at=SOON), (one, two), told)
    assert {ticket_row(each).status for each in (one, two)} == {"merged"}


def test_a_foreign_number_is_not_there_and_nothing_happens_to_it(cast: Cast) -> None:
    number = dana_asks()
    facts = Journal.objects.count()
    for name, answers in (("resolve", {}), ("follow", {}), ("assign", {"agent": "me"})):
        act = bulk_acts.BY_NAME[name]
        assert bulk.preview(act, (number,), given(cast.eve, **answers)) == ()
        token = bulk.begin(act, by=cast.eve, at=SOON)
        assert bulk.do(act, token, (number,), given(cast.eve, **answers)) == ()
    assert Journal.objects.count() == facts
    assert Ticket.objects.count() == 1
