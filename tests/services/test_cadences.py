"""Recurring duties open once per period, in the desk's own zone."""

from datetime import UTC, datetime, timedelta

import pytest

from kept.policy.rules import Target, TargetUnit
from kept.policy.words import DAY
from kept.records.models import CadenceTask, CustomerDesk, Notification
from kept.services import cadences, policies
from kept.services.errors import Conflict, NotAllowed, NotFound
from tests.people import MONDAY, Cast, dana_asks, raise_the_curtain
from tests.sop import SMALL

WEEKLY = (
    SMALL
    + """
## Review {#review}
Every week a lead reads the complaints. {#weekly}
```yaml rule
cadence: complaints
every: week
role: lead
```
"""
)


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain(WEEKLY)


def test_a_week_opens_one_task_however_often_it_is_looked_at(cast: Cast) -> None:
    for minutes in (0, 1, 2):
        cadences.open_due(at=MONDAY + timedelta(minutes=minutes))
    tasks = CadenceTask.objects.filter(desk_id=cast.desk)
    assert [t.period_start for t in tasks] == [datetime(2025, 6, 1, 23, tzinfo=UTC)]
    assert tasks[0].due_at == datetime(2025, 6, 8, 23, tzinfo=UTC)
    assert Notification.objects.filter(agent_id=cast.bo, ticket=None).count() == 1
    cadences.open_due(at=MONDAY + timedelta(days=8))
    assert CadenceTask.objects.filter(desk_id=cast.desk).count() == 2


def test_a_missed_duty_is_told_once_and_a_done_one_is_done(cast: Cast) -> None:
    cadences.open_due(at=MONDAY)
    late = MONDAY + timedelta(days=8)
    assert cadences.tell_missed(at=late) == 2
    assert cadences.tell_missed(at=late) == 0
    task = CadenceTask.objects.get(desk_id=cast.desk)
    with pytest.raises(NotFound):
        cadences.do_task(task.pk, by=cast.eve, at=late)
    with pytest.raises(NotAllowed, match="This duty is for: lead"):
        cadences.do_task(task.pk, by=cast.amira, at=late)
    cadences.do_task(task.pk, by=cast.bo, at=late)
    with pytest.raises(Conflict):
        cadences.do_task(task.pk, by=cast.bo, at=late)


@pytest.mark.parametrize(
    ("every", "starts"),
    [
        (Target(amount=1, unit=TargetUnit.MONTHS), ["2025-03-01", "2025-04-01", "2025-05-01"]),
        (Target(amount=3, unit=TargetUnit.MONTHS), ["2025-01-01", "2025-04-01"]),
        (Target(amount=7 * DAY), ["2025-04-28", "2025-05-05", "2025-05-12", "2025-05-19"]),
    ],
)
def test_periods_begin_at_local_midnight_over_a_change_of_clocks(
    every: Target, starts: list[str]
) -> None:
    at = datetime(2025, 5, 20, 12, tzinfo=UTC)
    found = [
        start for start, _ in cadences.periods(every, "Europe/London", at - timedelta(days=90), at)
    ]
    from zoneinfo import ZoneInfo

    told = [s.astimezone(ZoneInfo("Europe/London")) for s in found]
    assert [t.date().isoformat() for t in told][-len(starts) :] == starts
    assert all((t.hour, t.minute) == (0, 0) for t in told)


def test_a_policy_without_cadences_opens_nothing(db: None) -> None:
    raise_the_curtain()
    assert cadences.open_due(at=MONDAY) == 0
    assert policies.migrate_tickets(at=MONDAY) == 0


def test_a_duty_towards_each_flagged_customer_opens_for_those_of_the_desk(cast: Cast) -> None:
    told = WEEKLY.replace("role: lead\n```", "role: lead\nfor_each: customer(key_family)\n```")
    version = policies.propose("small", told, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    dana_asks(at=MONDAY)
    dana = CustomerDesk.objects.get(desk_id=cast.desk)
    cadences.open_due(at=MONDAY)
    assert not CadenceTask.objects.filter(subject__startswith="customer").exists()
    CustomerDesk.objects.filter(pk=dana.pk).update(flags=["key_family"])
    cadences.open_due(at=MONDAY)
    tasks = CadenceTask.objects.filter(subject__startswith="customer")
    assert [(one.desk_id, one.subject) for one in tasks] == [
        (cast.desk, f"customer:{dana.customer_id}")
    ]
