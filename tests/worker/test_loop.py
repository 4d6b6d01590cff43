"""A loop lives on: through a lost session, a database that is away, and bugs of its own."""

import threading

import pytest
from django.db import connection

from kept.records.models import Desk
from kept.worker.loop import LONGEST_WAIT, Loop, Runner
from tests.people import Cast


def runner_of(work: object) -> Runner:
    loop = Loop(name="test", work=work, every_seconds=1.0, hears=frozenset({"outbox"}))  # type: ignore[arg-type]  # a callable
    return Runner(loop, threading.Event())


@pytest.mark.django_db(transaction=True)
def test_a_lost_session_costs_one_round(cast: Cast) -> None:
    runner = runner_of(Desk.objects.count)
    assert runner.once() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    _terminate(pid)
    rounds = [runner.once() for _ in range(2)]
    assert rounds[-1] == 2
    assert runner.failures == 0


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_the_loop_waits_longer_and_longer(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = runner_of(Desk.objects.count)
    with monkeypatch.context() as away:
        connection.close()
        away.setitem(connection.settings_dict, "HOST", "/nowhere")
        waits = []
        for _ in range(12):
            assert runner.once() == 0
            waits.append(runner.wait_seconds(0))
    assert waits[0] < 2
    assert max(waits) <= LONGEST_WAIT * 1.2
    assert waits[-1] > waits[0]
    assert runner.once() == 2
    assert runner.wait_seconds(2) == 0.0


def test_a_bug_in_one_round_does_not_end_the_loop() -> None:
    answers = iter([1])
    runner = runner_of(lambda: next(answers))
    assert runner.once() == 1
    assert runner.once() == 0
    assert runner.failures == 1


def test_a_hint_wakes_only_the_loop_that_hears_it() -> None:
    runner = runner_of(lambda: 0)
    runner.hint("intake")
    assert not runner.wake.is_set()
    runner.hint("outbox")
    assert runner.wake.is_set()


def test_a_stop_ends_a_resting_loop_at_once() -> None:
    runner = runner_of(lambda: 0)
    runner.start()
    runner.stopping.set()
    runner.wake.set()
    runner.thread.join(5)
    assert not runner.thread.is_alive()


def _terminate(pid: int) -> None:
    from kept.records.listening import listening_connection

    with listening_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
