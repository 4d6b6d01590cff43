"""What a person chose for themselves: how they are told, and how their workspace goes on.

What the SOP wants told is told by the SOP's means; nobody can turn that off for themselves.
"""

from collections.abc import Mapping

from django.db import transaction

from kept.records.models import AgentChoice, NoticeChoice
from kept.services.errors import AgentId, NotValid

KINDS = {
    "turn": "Somebody writes on a ticket I follow",
    "miss": "A due time of a ticket I follow is missed",
    "escalation": "A ticket I follow is escalated",
    "mention": "A note names me",
    "woken": "A snooze of mine ends",
}
MEANS = ("none", "bell", "email")
USUAL = "bell"
AFTER_ENDING = ("stay", "next", "queue")


def means_of(chosen: Mapping[str, str], kind: str) -> str:
    """Return by what means somebody hears of a kind: none, bell or email."""
    return chosen.get(kind, USUAL)


def choose_means(chosen: Mapping[str, str], *, by: AgentId) -> None:
    """Set by what means one is told of each kind."""
    rows = []
    for kind, means in chosen.items():
        if kind not in KINDS or means not in MEANS:
            raise NotValid("Choose nothing, the bell or the bell and e-mail.")
        rows.append(NoticeChoice(agent_id=by, kind=kind, means=means))
    with transaction.atomic(durable=True):
        NoticeChoice.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["agent", "kind"],
            update_fields=["means"],
        )  # fmt: skip


def choose_after_ending(value: str, *, by: AgentId) -> None:
    """Set where one goes after resolving or closing: stay, the next ticket, the queue."""
    if value not in AFTER_ENDING:
        raise NotValid("Choose to stay, to go on to the next ticket, or back to the queue.")
    with transaction.atomic(durable=True):
        AgentChoice.objects.update_or_create(
            agent_id=by, name="after_ending", defaults={"value": value}
        )
