"""Tickets opened by tickets: what a clause wants done by another team, on a sheet of its own.

A child has no customer and opens no further child, so that no rule can open tickets without
end: a child that needs more climbs the ladder itself.
"""

from __future__ import annotations

from kept.policy.decisions import OpenChild
from kept.policy.facts import ChildEnded, ChildOpened, ChildReopened, OpenedAsChild
from kept.policy.rules import OpenChildAction
from kept.policy.run import Run
from kept.policy.words import Because


def is_child(run: Run) -> bool:
    """Say whether the ticket was opened by another one: nothing is sent to a customer here."""
    return run.word("parent") is not None


def open_child(run: Run, action: OpenChildAction, because: Because) -> None:
    """Decide that a ticket is opened for a team; it begins on the level of that team."""
    if is_child(run):
        return
    team = run.policy.teams[action.team]
    run.emit(
        OpenChild(
            at=run.now, because=because, template=action.template, team=team.id, level=team.level
        )
    )


def begin_child(run: Run, fact: OpenedAsChild) -> None:
    """The team has not taken it on yet."""
    run.memory.unaccepted = True


def count_opened(run: Run, fact: ChildOpened | ChildReopened) -> None:
    """One more child is at work."""
    run.count("open_children")


def count_ended(run: Run, fact: ChildEnded) -> None:
    """One child less is at work."""
    if run.facts.get("open_children"):
        run.count("open_children", -1)
