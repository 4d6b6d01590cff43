"""What the SOP still wants on this ticket, told before one runs into it, each one click away.

Steps and the other gates of an ending stand together under the ending that waits for them; what
is done is folded.
"""

from dataclasses import dataclass

from kept.web import wants
from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import StepCard, ways_here
from kept.web.ways import Way

NAMES = {"resolved": "Before it is resolved", "closed": "Before it is closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A gate that does not hold: the clause's words, and the acts that would open it."""

    words: str
    clause: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What waits for one ending; without a title what is owed whatever comes."""

    title: str
    steps: tuple[StepCard, ...]
    wants: tuple[Want, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    groups: tuple[Group, ...]
    done: tuple[StepCard, ...]


def read(glance: Glance) -> Steps | None:
    page = glance.page
    owed = [step for step in page.steps if step.act]
    free = tuple(step for step in owed if step.view.before not in NAMES)
    groups = [
        Group(title="", steps=free, wants=()),
        *(
            Group(
                title=title,
                steps=tuple(step for step in owed if step.view.before == event),
                wants=_wants(glance, event),
            )
            for event, title in NAMES.items()
        ),
    ]
    shown = Steps(
        groups=tuple(group for group in groups if group.steps or group.wants),
        done=tuple(step for step in page.steps if not step.act),
    )
    return shown if shown.groups or shown.done else None


def _wants(glance: Glance, event: str) -> tuple[Want, ...]:
    page = glance.page
    status = page.ticket.status
    if status not in OPEN and not (event == "closed" and status == "resolved"):
        return ()
    return tuple(
        Want(
            words=hint.words,
            clause=hint.clause,
            ways=ways_here(page.policy, hint.clause, event, page.acts, page.steps),
        )
        for hint in wants.before(page.policy, page.ticket.facts, (), event)
    )


PANEL = Panel(name="steps", title="Still to do by the SOP", read=read)
