"""Follow a ticket: hear of its public turns, misses and escalations, by the means one chose.

Following is nobody's duty: it makes no commitment and opens no right. Whoever leaves the desk
hears nothing more.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from kept.policy.decisions import Decision, Escalate, MissCommitment, Refuse
from kept.policy.facts import AgentReplied, CustomerReplied, Escalated, Fact
from kept.records.models import Follow, Notification, Ticket
from kept.services import permissions
from kept.services.choices import means_of
from kept.services.errors import AgentId, NotFound
from kept.services.locking import LockedTicket


def follow(ticket_id: int, *, by: AgentId, at: datetime) -> bool:
    """Follow a ticket; tell whether that is new."""
    permissions.standing(by, desk_of(ticket_id))
    with transaction.atomic(durable=True):
        return Follow.objects.get_or_create(agent_id=by, ticket_id=ticket_id, defaults={"at": at})[
            1
        ]


def unfollow(ticket_id: int, *, by: AgentId) -> bool:
    """Stop following; tell whether one did follow."""
    with transaction.atomic(durable=True):
        return bool(Follow.objects.filter(agent_id=by, ticket_id=ticket_id).delete()[0])


def desk_of(ticket_id: int) -> int:
    """Return the desk of a ticket; raise NotFound where there is none."""
    if not 0 < ticket_id < 2**63:
        raise NotFound("There is no such ticket.")
    found = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such ticket.")
    return found


def tell_followers(ticket: LockedTicket, fact: Fact, decisions: tuple[Decision, ...]) -> None:
    """Notify those who follow of what just happened; who did it is not told."""
    told = tuple(_news(fact, decisions))
    if not told:
        return
    by = int(fact.by.id) if fact.by.id.isdigit() else 0
    rows = [
        Notification(
            agent_id=agent, desk_id=ticket.desk, ticket_id=ticket.id,
            cause=f"follow.{ticket.id}.{ticket.seq}.{kind}.{agent}"[:220],
            means=["dashboard", "email"] if wanted == "email" else ["dashboard"],
            about=f"{ticket.subject[:200]}: {words}", clause=clause, at=ticket.at,
            mail_wanted=wanted == "email",
        )
        for agent, chosen in _followers(ticket, by)
        for kind, words, clause in told
        if (wanted := means_of(chosen, kind)) != "none"
    ]  # fmt: skip
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _news(fact: Fact, decisions: tuple[Decision, ...]) -> Iterable[tuple[str, str, str]]:
    if any(isinstance(decision, Refuse) for decision in decisions):
        return
    if isinstance(fact, Escalated):
        yield "escalation", f"escalated to {fact.to}", ""
    elif isinstance(fact, CustomerReplied):
        yield "turn", "the customer wrote", ""
    elif isinstance(fact, AgentReplied):
        yield "turn", "a colleague answered", ""
    for decision in decisions:
        if isinstance(decision, MissCommitment):
            yield "miss", "a due time was missed", decision.because.clause
        elif isinstance(decision, Escalate):
            yield "escalation", f"escalated to {decision.to}", decision.because.clause


def _followers(ticket: LockedTicket, by: int) -> list[tuple[int, dict[str, str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.agent_id, array_agg(c.kind) FILTER (WHERE c.kind IS NOT NULL),
                   array_agg(c.means) FILTER (WHERE c.kind IS NOT NULL)
            FROM follow f JOIN agent a ON a.id = f.agent_id AND a.is_active
            LEFT JOIN notice_choice c ON c.agent_id = f.agent_id
            WHERE f.ticket_id = %s AND f.agent_id <> %s
              AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = f.agent_id
                          AND m.desk_id = %s AND m.ended_at IS NULL)
            GROUP BY f.agent_id ORDER BY f.agent_id LIMIT 200
            """,
            [ticket.id, by, ticket.desk],
        )
        return [
            (agent, dict(zip(kinds or (), means or (), strict=True)))
            for agent, kinds, means in cursor.fetchall()
        ]
