"""What attentive people do of themselves: the deed of a duty, minutes before it falls due.

A story says whether its people are attentive and what they forget; what they cannot do (a
clause refuses, a form does not fit) is missed, as in life.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from kept.demo import acts
from kept.demo.acts import Scene
from kept.demo.evidence import answers
from kept.policy.rules import By, ClockRule, Policy, StepRule, WindowRule
from kept.policy.state import Commitment
from kept.policy.words import CommitmentKind
from kept.records.instants import instant
from kept.records.queries import demo as queries
from kept.services import conversation, work
from kept.services.errors import DeskError

BEFORE = timedelta(minutes=4)
NEWS = (
    "A short word so that you need not wait for one: we are on it and write again in time.",
    "No news is news too: the work goes on, and nothing is needed from you at the moment.",
    "Still with us. We are a step further and tell you the moment it holds.",
)


class Duties:
    """The duties of the attentive scenes; each is tried once."""

    def __init__(self) -> None:
        self._scenes: dict[int, tuple[Scene, frozenset[str]]] = {}
        self._tried: set[str] = set()

    def watch(self, scene: Scene, forgets: tuple[str, ...]) -> None:
        """Let the people of a scene be attentive from now on."""
        self._scenes[scene.ticket] = (scene, frozenset(forgets))

    def attend(self, due: datetime, since: datetime) -> bool:
        """Do what falls due at an instant; say whether anything was tried."""
        tried = False
        for ticket in queries.timers_at(due):
            if (found := self._scene_of(ticket)) is not None:
                scene, forgets = found
                for owed in queries.owed(ticket):
                    if owed.due_at == instant(due) and owed.name not in forgets:
                        tried |= self._try(scene, owed, max(since, due - BEFORE))
        return tried

    def _scene_of(self, ticket: int) -> tuple[Scene, frozenset[str]] | None:
        """Return the scene of a ticket; an escalation ticket plays in its parent's."""
        if ticket in self._scenes:
            return self._scenes[ticket]
        parent = queries.parent(ticket)
        if parent not in self._scenes:
            return None
        scene, forgets = self._scenes[parent]
        return replace(scene, ticket=ticket), forgets

    def _try(self, scene: Scene, owed: Commitment, at: datetime) -> bool:
        key = f"{scene.ticket}:{owed.id}"
        if key in self._tried:
            return False
        self._tried.add(key)
        try:
            _do(scene, owed, at, NEWS[len(self._tried) % len(NEWS)])
        except DeskError:
            return False  # Refused or not to be filled in: it is missed, and the story goes on.
        return True


def _do(scene: Scene, owed: Commitment, at: datetime, news: str) -> None:
    policy = scene.policy
    rule = policy.rules[owed.rule] if owed.rule >= 0 else None
    if isinstance(rule, StepRule):
        acts.do_step(scene, rule.name, scene.owner, at)
    elif isinstance(rule, ClockRule | WindowRule):
        events = rule.stop if isinstance(rule, ClockRule) else rule.act
        by = _person(scene, rule.by)
        if "accepted" in events:
            work.accept(scene.ticket, by=by, at=at)
        elif "agent_public" in events:
            conversation.reply(scene.ticket, by=by, at=at, text=news)
        elif form := _form_of(policy, events):
            filled = answers(policy.forms[form], scene.subject, at)
            work.fill_form(scene.ticket, by=by, at=at, form=form, answers=filled)
    elif owed.kind is CommitmentKind.PROMISE:
        conversation.reply(scene.ticket, by=_person(scene, By()), at=at, text=news)


def _person(scene: Scene, by: By) -> int:
    if by.kind == "role":
        return scene.who(by.role, scene.owner)
    if by.kind == "level":
        return scene.of_level(queries.level(scene.ticket), scene.owner)
    return scene.ids[scene.owner]


def _form_of(policy: Policy, events: tuple[str, ...]) -> str:
    return next((form.id for form in policy.forms.values() if form.event in events), "")
