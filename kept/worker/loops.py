"""Which loops there are, what each does in one round, and how long it rests."""

import threading
from collections.abc import Callable

from django.conf import settings

from kept import clock
from kept.channels.mail import outgoing, receive
from kept.channels.mail.sandbox import Sandbox
from kept.channels.mail.send import Connection
from kept.services import (
    article_reviews,
    availability,
    budgets,
    cadences,
    clocks,
    duplicates,
    heartbeats,
    importing,
    leaving,
    notices,
    outages,
    paging,
    policies,
    presence,
    reassigning,
    roster_gaps,
    snoozes,
    turns,
    uploads,
)
from kept.worker import mail
from kept.worker.loop import Loop

BATCH = 200
MAILS = 20


def all_loops(stopping: threading.Event) -> tuple[Loop, ...]:
    """Return every loop of a worker; `stopping` lets a round end early."""
    return (
        Loop(name="clocks", work=_clocks, every_seconds=1.0),
        Loop(
            name="outbox",
            work=_sender(),
            every_seconds=2.0,
            hears=frozenset({"ticket", "outbox"}),
        ),
        Loop(name="notices", work=_notices, every_seconds=2.0),
        Loop(name="snoozes", work=_snoozes, every_seconds=2.0, hears=frozenset({"ticket"})),
        Loop(name="intake", work=_intake(), every_seconds=2.0, hears=frozenset({"intake"})),
        Loop(name="mailboxes", work=_mailboxes(stopping), every_seconds=10.0),
        Loop(name="policies", work=_policies(stopping), every_seconds=5.0),
        Loop(name="outages", work=_outages, every_seconds=5.0, hears=frozenset({"outage"})),
        Loop(name="watchdog", work=_watch, every_seconds=30.0),
        Loop(name="heartbeat", work=_heartbeat(), every_seconds=heartbeats.EVERY_SECONDS),
        Loop(name="absences", work=_absences, every_seconds=15.0),
        Loop(name="pages", work=_pages, every_seconds=5.0),
        Loop(name="rosters", work=_rosters, every_seconds=300.0),
        Loop(name="cadences", work=_cadences, every_seconds=60.0),
        Loop(name="imports", work=_imports, every_seconds=1.0),
        Loop(name="duplicates", work=_duplicates, every_seconds=30.0),
        Loop(name="articles", work=_articles, every_seconds=300.0),
    )


def _clocks() -> int:
    # Replies first: one whose wait has ended was said before the timers that are due now.
    left = leaving.release_due(at=clock.now())
    fired = clocks.fire_due(at=clock.now(), limit=BATCH)
    return left + fired.tickets + fired.put_off


def _notices() -> int:
    return notices.mail_notices(at=clock.now())


def _articles() -> int:
    return article_reviews.tell_owners(at=clock.now(), limit=BATCH)


def _outages() -> int:
    return outages.tell_tickets(at=clock.now(), limit=BATCH)


def _snoozes() -> int:
    return snoozes.wake(at=clock.now())


def _absences() -> int:
    now = clock.now()
    availability.come_back(at=now)
    reassigning.hand_on_all(at=now)
    reassigning.take_stale(at=now)
    return 0


def _pages() -> int:
    return paging.climb_due(at=clock.now())


def _rosters() -> int:
    now = clock.now()
    turns.expand_all(at=now)
    roster_gaps.watch_gaps(at=now)
    return 0


def _watch() -> int:
    now = clock.now()
    clocks.watch(at=now)
    budgets.rest(at=now)
    return 0


def _heartbeat() -> Callable[[], int]:
    started_at = clock.now()
    name = heartbeats.own_name()

    def work() -> int:
        heartbeats.beat(name, "worker", started_at=started_at, at=clock.now())
        return 0

    return work


def _cadences() -> int:
    now = clock.now()
    cadences.open_due(at=now)
    cadences.tell_missed(at=now)
    presence.forget_gone(at=now)
    uploads.forget_old(at=now)
    return 0


def _imports() -> int:
    return importing.work(at=clock.now())


def _duplicates() -> int:
    return duplicates.compare_some(at=clock.now())


def _policies(stopping: threading.Event) -> Callable[[], int]:
    def work() -> int:
        return 0 if stopping.is_set() else policies.migrate_tickets(at=clock.now())

    return work


def _intake() -> Callable[[], int]:
    sandbox = Sandbox()
    return lambda: receive.take_waiting(sandbox, now=clock.now, limit=MAILS)


def _mailboxes(stopping: threading.Event) -> Callable[[], int]:
    readers = mail.readers(stopping)

    def work() -> int:
        readers()
        return 0

    return work


def _sender() -> Callable[[], int]:
    server = outgoing.server_of(settings.KEPT_SMTP_URL, settings.KEPT_SMTP_OAUTH, now=clock.now)
    if server is None:
        return lambda: outgoing.lay_by(now=clock.now)

    def work() -> int:
        with Connection(server) as smtp:
            return outgoing.send_due(smtp, now=clock.now, limit=MAILS)

    return work
