"""Play the stories: mails through the real intake, acts through the real services.

Everything happens in the order of time with back-dated instants, and the clocks fire in between
as they would have. Where a clause asks for something first, the agents do that first.
"""

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from kept.channels.mail.receive import receive_file
from kept.channels.mail.sandbox import Sandbox
from kept.demo import acts, articles, customers
from kept.demo.acts import Scene
from kept.demo.cast import cast, set_up
from kept.demo.duties import Duties
from kept.demo.rounds import keep_rounds
from kept.demo.stories import Act, Story, duration, stories
from kept.records.queries import demo as queries
from kept.services import clocks, notices
from kept.services.errors import DeskError

MOMENT = timedelta(minutes=1)
LOOKED = timedelta(hours=2)
Say = Callable[[str], None]


class Stage:
    """The queue of what happens next, over all desks."""

    def __init__(self, ids: dict[str, int], sandbox: Sandbox, now: datetime, say: Say) -> None:
        self.ids = ids
        self.sandbox = sandbox
        self.now = now
        self.say = say
        self.places = cast()
        self.duties = Duties()
        self.last = now - timedelta(days=365)
        self._numbers = itertools.count()
        self._waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = []

    def plan(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        """Put something on the stage; what would lie ahead of the present never happens."""
        if at <= self.now:
            heapq.heappush(self._waiting, (at, next(self._numbers), happen))

    def play(self) -> None:
        """Let everything happen in order, the timers between."""
        while self._waiting:
            at, _, happen = heapq.heappop(self._waiting)
            self.let_clocks_run(at)
            self.last = max(self.last, at)
            happen(at)
        self.let_clocks_run(self.now)

    def let_clocks_run(self, until: datetime) -> None:
        """Fire what falls due before an instant, each timer at its own time."""
        while (due := queries.next_timer_at()) is not None and due < until:
            if not self.duties.attend(due, self.last):
                clocks.fire_due(at=due, limit=500)
            self.last = max(self.last, due)

    def open(self, desk: str, story: Story, at: datetime) -> None:
        """A customer writes for the first time; the story goes on from there."""
        name, address = parseaddr(story.sender)
        mail = letter(f"{name} <{address}>", f"{desk}@{settings.KEPT_MAIL_DOMAIN}", story, at)
        taken = receive_file(desk, mail.as_bytes(), at=at, sandbox=self.sandbox)
        if taken.ticket is None:
            self.say(f"{desk}: the mail of {name} was not taken in: {taken.problems}")
            return
        scene = Scene(
            ticket=taken.ticket, desk=desk, subject=story.subject, sender=story.sender,
            ids=self.ids, places=self.places[desk], sandbox=self.sandbox,
        )  # fmt: skip
        if story.attentive:
            self.duties.watch(scene, story.forgets)
        self.go_on(scene, iter(story.acts), at)

    def go_on(self, scene: Scene, rest: Iterator[Act], at: datetime) -> None:
        """Plan the story's next act."""
        act = next(rest, None)
        if act is not None:
            self.plan(at + duration(act.after), partial(self.do, scene, act, rest))

    def do(self, scene: Scene, act: Act, rest: Iterator[Act], at: datetime) -> None:
        """One act; a refusal that nobody can mend is said and the story goes on."""
        try:
            at = acts.perform(scene, act, at)
        except DeskError as problem:
            self.say(f"{scene.desk} {scene.ticket} {_verb(act)}: {problem}")
        self.go_on(scene, rest, at)


def play(*, password: str, now: datetime, say: Say = lambda _line: None) -> int:
    """Set up the demo and play three weeks; return the number of tickets."""
    begin = now - timedelta(days=22)
    ids = set_up(password=password, at=begin)
    customers.take_in(by=ids["chen"], at=begin, now=now)
    with Sandbox() as sandbox, _not_waiting_for_the_disk():
        stage = Stage(ids, sandbox, now, say)
        for desk in cast():
            for story in stories(desk):
                at = now - duration(story.ago)
                stage.plan(at, partial(stage.open, desk, story))
        stage.play()
        keep_rounds(ids, cast(), now)
        for agent in ids.values():  # Whoever works here looks at the bell; the last hours are new.
            notices.mark_all_seen(by=agent, at=now, until=now - LOOKED)
        customers.take_in(by=ids["chen"], at=now, now=now, since=begin)
        for desk in cast():
            articles.write_down(desk, ids, now=now)
    return queries.ticket_count()


@contextmanager
def _not_waiting_for_the_disk() -> Iterator[None]:
    """Commit without waiting for each: a crash now may take the demo's last second, no desk's."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")


def letter(sender: str, to: str, story: Story, at: datetime) -> EmailMessage:
    """Write the customer's first mail."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, story.subject
    mail["Date"] = format_datetime(at.astimezone(UTC))
    host = re.sub(r".*@|>", "", sender)
    mail["Message-ID"] = f"<{at.timestamp():.0f}.{abs(hash(story.subject)) % 10**8}@{host}>"
    mail.set_content(story.text)
    return mail


def _verb(act: Act) -> Any:
    return next((name for name in act.__struct_fields__[2:] if getattr(act, name)), "nothing")
