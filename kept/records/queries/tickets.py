"""The ticket page: every part in a handful of statements, none for a foreign person."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from kept.policy import TicketState, rights
from kept.policy.rules import Policy, StepRule
from kept.policy.words import CommitmentKind, Verdict
from kept.records.compiled import policy_with
from kept.records.instants import moment, moment_or_none
from kept.records.masks import hidden, masked
from kept.records.queries.conversation import messages_of
from kept.records.queries.desks import desks_of
from kept.records.queries.people import colleagues_of
from kept.records.queries.views import (
    ApprovalView,
    CommitmentChip,
    DeskView,
    JournalLine,
    NoticeView,
    StepView,
    TicketView,
)

_STATE = msgspec.json.Decoder(TicketState)
AT_RISK_PERMILLE = 800


def ticket_view(agent: int, ticket: int, *, at: datetime) -> TicketView | None:
    """Return everything the ticket page shows, or None for what this agent may not see."""
    row = _ticket_row(agent, ticket)
    if row is None:
        return None
    desk = next(d for d in desks_of(agent) if d.id == row[1])
    state = decoded_state(row[22])
    policy = ticket_policy(row[19], state)
    commitments = chips(state, at)
    sight = rights.sight(policy, row[24], state.facts)
    address = row[5] or "" if sight.contacts else masked(row[5] or "")
    messages = messages_of(ticket)
    if not sight.contacts:
        messages = tuple(
            msgspec.structs.replace(each, author=hidden(each.author)) for each in messages
        )
    return TicketView(
        id=row[0],
        desk=desk,
        subject=row[2],
        customer_id=row[3],
        customer=(row[4] if sight.contacts else hidden(row[4] or "")) or address,
        customer_address=address,
        sight=sight,
        customer_tier=row[6] or "",
        status=row[7],
        severity=row[8],
        level=row[9],
        type=row[10],
        topic=row[11],
        owner=row[12],
        owner_id=row[13],
        team=row[14],
        channel=row[15],
        waiting_on=row[16],
        opened_at=row[17],
        updated_at=row[18],
        policy_hash=row[19],
        needs_attention=row[20],
        missed=row[21],
        facts=msgspec.to_builtins(state.facts),
        commitments=commitments,
        messages=messages,
        steps=_steps(ticket, policy, state),
        approvals=_approvals(ticket),
        people=colleagues_of(desk.id, at),
        seq=row[23],
        pages_open=_pages(agent, ticket, desk),
    )


def ticket_policy(policy_hash: str, state: TicketState) -> Policy:
    """Return the policy a ticket runs under, with the versions its commitments pin."""
    pinned = frozenset(c.policy_hash for c in state.commitments.values() if c.policy_hash)
    return policy_with(policy_hash, pinned - {policy_hash})


def ticket_state(agent: int, ticket: int) -> tuple[DeskView, str, TicketState] | None:
    """Return desk, policy hash and engine state of a ticket the agent may see."""
    row = _ticket_row(agent, ticket)
    if row is None:
        return None
    desk = next(d for d in desks_of(agent) if d.id == row[1])
    return desk, row[19], decoded_state(row[22])


def decoded_state(stored: Any) -> TicketState:
    """Return the engine's memory of a ticket; a new one has none."""
    return _STATE.decode(bytes(stored)) if stored else TicketState()


def journal_lines(agent: int, ticket: int) -> tuple[JournalLine, ...]:
    """Return a ticket's journal in the order of recording."""
    if _ticket_row(agent, ticket) is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.seq, j.at, j.recorded_at, a.name, j.fact::text, j.decisions::text, j.refused,
                   encode(j.hash, 'hex')
            FROM journal j LEFT JOIN agent a ON a.id = j.by_agent
            WHERE j.ticket_id = %s ORDER BY j.seq
            """,
            [ticket],
        )
        lines = []
        for row in cursor.fetchall():
            fact = msgspec.json.decode(row[4])
            line = JournalLine(
                seq=row[0], at=row[1], recorded_at=row[2], by=row[3], event=fact["event"],
                fact=fact, decisions=tuple(msgspec.json.decode(row[5])), refused=row[6],
                hash=row[7],
            )  # fmt: skip
            lines.append(line)
        return tuple(lines)


def chips(state: TicketState, at: datetime) -> tuple[CommitmentChip, ...]:
    """Return what is and was owed: what runs first, by due; then what ended, newest first."""
    made = [_chip(c, at) for c in state.commitments.values()]
    running = [c for c in made if c.settled_at is None]
    ended = [c for c in made if c.settled_at is not None]
    far = moment(2**52)
    return (
        *sorted(running, key=lambda c: (c.due_at or far, c.id)),
        *sorted(ended, key=lambda c: (c.settled_at or far, c.id), reverse=True),
    )


def _chip(commitment: Any, at: datetime) -> CommitmentChip:
    due_at = moment_or_none(commitment.due_at)
    started_at = moment(commitment.started_at)
    return CommitmentChip(
        id=commitment.id,
        name=commitment.name,
        kind=commitment.kind.value,
        clause=commitment.because.clause,
        started_at=started_at,
        due_at=due_at,
        verdict=commitment.verdict.value,
        reason=commitment.reason,
        missed_at=moment_or_none(commitment.missed_at),
        settled_at=moment_or_none(commitment.settled_at),
        paused=bool(commitment.paused_for),
        suspended=commitment.suspended,
        standing=_standing(commitment, started_at, due_at, at),
        late_open=timedelta(microseconds=commitment.late_open),
        late_wall=timedelta(microseconds=commitment.late_wall),
    )


def _standing(commitment: Any, started_at: datetime, due_at: datetime | None, at: datetime) -> str:
    match commitment.verdict:
        case Verdict.MISSED:
            return "late" if commitment.settled_at is not None else "missed"
        case Verdict.PENDING:
            pass
        case verdict:
            return str(verdict.value)
    if commitment.paused_for or commitment.suspended:
        return "paused"
    if due_at is None:
        return "on_track"
    if due_at < at:
        return "missed"
    at_risk_at = started_at + (due_at - started_at) * AT_RISK_PERMILLE / 1000
    return "at_risk" if at_risk_at <= at else "on_track"


def _steps(ticket: int, policy: Policy, state: TicketState) -> tuple[StepView, ...]:
    evidence = _evidence(ticket)
    views = []
    for c in state.commitments.values():
        if c.kind is not CommitmentKind.STEP:
            continue
        rules = policy.earlier.get(c.policy_hash, policy).rules
        rule = rules[c.rule] if 0 <= c.rule < len(rules) else None
        step = rule if isinstance(rule, StepRule) else None
        name = step.name if step is not None else c.name
        done_by, done_at, answers = evidence.get(name, (None, None, {}))
        verdict = "open" if c.verdict is Verdict.PENDING else c.verdict.value
        view = StepView(
            name=name, clause=c.because.clause, commitment=c.id,
            form=step.form if step else None, role=step.role if step else None,
            due_at=moment_or_none(c.due_at),
            state="done" if verdict == "kept" else verdict,
            before=step.before if step else None,
            done_by=done_by, done_at=done_at, answers=answers,
        )  # fmt: skip
        views.append(view)
    return tuple(views)


def _evidence(ticket: int) -> dict[str, tuple[str | None, datetime | None, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.step, a.name, e.at, e.answers::text FROM step_evidence e
            LEFT JOIN agent a ON a.id = e.by_id WHERE e.ticket_id = %s ORDER BY e.id
            """,
            [ticket],
        )
        return {row[0]: (row[1], row[2], msgspec.json.decode(row[3])) for row in cursor.fetchall()}


def _approvals(ticket: int) -> tuple[ApprovalView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.approval, p.ticket_id, p.kind, p.amount, p.clause, p.roles::text, a.name,
                   p.requester, p.asked_at, p.expires_at, p.result,
                   COALESCE(s.name, p.settled_by), p.settled_at
            FROM approval p LEFT JOIN agent a ON a.id = p.requester
            LEFT JOIN agent s ON s.id::text = p.settled_by
            WHERE p.ticket_id = %s ORDER BY p.id
            """,
            [ticket],
        )
        return tuple(
            ApprovalView(
                id=row[0], ticket=row[1], kind=row[2], amount=row[3], clause=row[4],
                roles=tuple(msgspec.json.decode(row[5])), requester=row[6], requester_id=row[7],
                asked_at=row[8], expires_at=row[9], result=row[10], settled_by=row[11],
                settled_at=row[12],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _pages(agent: int, ticket: int, desk: DeskView) -> tuple[NoticeView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT n.id, n.ticket_id, n.about, n.clause, n.repeats, n.late, n.due_at, n.at,
                   n.seen_at
            FROM notification n WHERE n.ticket_id = %s AND n.agent_id = %s AND n.page <> ''
              AND n.acknowledged_at IS NULL ORDER BY n.id
            """,
            [ticket, agent],
        )
        return tuple(
            NoticeView(
                id=row[0], desk=desk.slug, ticket=row[1], about=row[2], clause=row[3], page=True,
                repeats=row[4], late=row[5], due_at=row[6], at=row[7], seen_at=row[8],
                acknowledged_at=None,
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _ticket_row(agent: int, ticket: int) -> tuple[Any, ...] | None:
    if not 0 < ticket < 2**63:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_TICKET, {"ticket": ticket, "agent": agent})
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


_TICKET = """
SELECT t.id, t.desk_id, t.subject, t.customer_id, c.name,
       (SELECT value FROM customer_address ca WHERE ca.customer_id = c.id
        AND (ca.desk_id IS NULL OR ca.desk_id = t.desk_id) ORDER BY id LIMIT 1),
       (SELECT tier FROM customer_desk WHERE customer_id = c.id AND desk_id = t.desk_id),
       t.status, t.severity, t.level, t.type, t.topic, o.name, t.owner_id, t.team,
       t.channel, t.waiting_on, t.opened_at, t.updated_at, t.policy_hash, t.needs_attention,
       t.missed_count, t.state,
       t.state_seq,
       ARRAY(SELECT m.role FROM membership m WHERE m.desk_id = t.desk_id
             AND m.agent_id = %(agent)s AND m.ended_at IS NULL)
FROM ticket t LEFT JOIN customer c ON c.id = t.customer_id LEFT JOIN agent o ON o.id = t.owner_id
WHERE t.id = %(ticket)s
  AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
"""
