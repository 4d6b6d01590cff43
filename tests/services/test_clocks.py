"""Timers fire once, with their nominal instants, whoever comes late."""

from datetime import timedelta

import pytest
from django.db import connection

from kept.records.models import Alarm, CommitmentRow, Journal, Notification, Outbox
from kept.services import clocks, conversation, notices
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, dana_writes, ticket_row

HOUR = timedelta(hours=1)


def test_nothing_fires_before_its_time(cast: Cast) -> None:
    dana_asks()
    assert clocks.fire_due(at=MONDAY + timedelta(minutes=29)).due == 0


def test_a_miss_escalates_and_pages_and_is_told_once(cast: Cast) -> None:
    number = dana_asks()
    clocks.fire_due(at=MONDAY + timedelta(minutes=30))
    fired = clocks.fire_due(at=MONDAY + HOUR)
    again = clocks.fire_due(at=MONDAY + HOUR)

    assert (fired.tickets, again.tickets) == (1, 0)
    ticket = ticket_row(number)
    assert (ticket.level, ticket.missed_count) == ("L2", 1)
    clock = CommitmentRow.objects.get(ticket_id=number, name="first_response")
    assert (clock.verdict, clock.missed_at) == ("missed", MONDAY + HOUR)
    assert Notification.objects.filter(ticket_id=number, agent_id=cast.bo, page="").count() >= 1
    assert Notification.objects.exclude(page="").get(ticket_id=number).agent_id == cast.bo
    assert verify().ok


def test_a_late_worker_decides_as_a_punctual_one(cast: Cast) -> None:
    punctual, late = dana_asks(), dana_asks()
    for minutes in (30, 60, 65, 70, 75):
        clocks.fire_ticket(punctual, at=MONDAY + timedelta(minutes=minutes))
    clocks.fire_ticket(late, at=MONDAY + timedelta(minutes=75))

    told = [
        [d["at"] for row in Journal.objects.filter(ticket_id=number).order_by("seq")
         for d in row.decisions if d["kind"] in ("miss", "escalate", "page")]
        for number in (punctual, late)
    ]  # fmt: skip
    assert told[0] == told[1]
    assert Journal.objects.get(ticket_id=late, seq=2).fact["late"] == 45 * 60 * 1_000_000
    assert verify().ok


def test_a_page_repeats_until_it_is_acknowledged(cast: Cast) -> None:
    number = dana_asks()
    clocks.fire_due(at=MONDAY + HOUR)
    page = Notification.objects.exclude(page="").get(ticket_id=number)
    clocks.fire_due(at=MONDAY + HOUR + timedelta(minutes=5))
    page.refresh_from_db()
    assert page.repeats == 1
    notices.acknowledge(page.pk, by=cast.bo, at=MONDAY + HOUR + timedelta(minutes=6))
    clocks.fire_due(at=MONDAY + HOUR + timedelta(minutes=10))
    page.refresh_from_db()
    assert page.repeats == 1


def test_after_downtime_each_person_gets_one_bundle(cast: Cast) -> None:
    for _ in range(12):
        dana_asks()
    back = MONDAY + timedelta(hours=6)
    clocks.fire_due(at=back)
    assert notices.mail_notices(at=back) == 1
    bundle = Outbox.objects.get(kind="notice")
    assert bundle.recipient == "bo@kept.example"
    assert "late" in bundle.payload["text"]
    assert notices.mail_notices(at=back) == 0


def test_no_bundle_goes_out_while_timers_are_still_late(cast: Cast) -> None:
    first, _ = dana_asks(), dana_asks()
    back = MONDAY + timedelta(hours=6)
    clocks.fire_ticket(first, at=back)
    assert notices.mail_notices(at=back) == 0
    clocks.fire_due(at=back)
    assert notices.mail_notices(at=back) == 1


def test_a_storm_of_notices_is_held_to_its_limit(cast: Cast) -> None:
    at = MONDAY
    for minute in range(40):
        at = MONDAY + timedelta(minutes=minute / 10)
        number = dana_asks("outage", at=at)
        conversation.reply(number, by=cast.amira, at=at, text="On it.")
        conversation.note(number, by=cast.amira, at=at, text="x")
        Notification.objects.filter(ticket_id=number).update(mail_wanted=True)
        notices.mail_notices(at=at)
    assert Outbox.objects.filter(kind="notice").count() <= notices.STORM_LIMIT
    notices.mail_notices(at=at + notices.STORM_WINDOW + timedelta(minutes=1))
    assert not Notification.objects.filter(mail_wanted=True, mailed_at=None).exists()


def test_a_broken_ticket_is_put_off_with_an_alarm_and_the_others_go_on(cast: Cast) -> None:
    broken, sound = dana_asks(), dana_asks()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ticket SET state = '{broken' WHERE id = %s", [broken])
    fired = clocks.fire_due(at=MONDAY + HOUR)
    assert (fired.put_off, fired.tickets) == (1, 1)
    assert ticket_row(sound).missed_count == 1
    assert ticket_row(broken).next_timer_at > MONDAY + HOUR
    assert Alarm.objects.get(ticket_id=broken).sentence.startswith("The clocks of ticket")


def test_the_watchdog_tells_of_late_timers_and_of_recovery(cast: Cast) -> None:
    dana_asks()
    at = MONDAY + timedelta(minutes=40)
    assert clocks.watch(at=at) == 1
    assert Alarm.objects.get(key="clocks:late").cleared_at is None
    clocks.fire_due(at=at)
    assert clocks.watch(at=at) == 0
    assert Alarm.objects.get(key="clocks:late").cleared_at == at


def test_a_late_proof_retracts_the_miss(cast: Cast) -> None:
    taken = dana_writes()
    assert taken.ticket is not None
    clocks.fire_due(at=MONDAY + HOUR)
    from kept.policy.facts import AgentReplied
    from kept.records.instants import instant
    from kept.services.journal import on_ticket, record

    with on_ticket(taken.ticket, at=MONDAY + timedelta(minutes=70)) as ticket:
        record(ticket, AgentReplied(at=instant(MONDAY + timedelta(minutes=10)), id="phone"))
    clock = CommitmentRow.objects.get(ticket_id=taken.ticket, name="first_response")
    assert (clock.verdict, clock.missed_at) == ("kept", None)
    assert verify().ok


@pytest.mark.parametrize("twice", [1, 2])
def test_a_fact_told_twice_counts_once(cast: Cast, twice: int) -> None:
    from kept.policy.facts import AttemptFailed
    from kept.records.instants import instant
    from kept.services.journal import on_ticket, record

    number = dana_asks()
    for _ in range(twice):
        with on_ticket(number, at=MONDAY) as ticket:
            record(ticket, AttemptFailed(at=instant(MONDAY), id="once"))
    assert Journal.objects.filter(ticket_id=number, fact_id="once").count() == 1
