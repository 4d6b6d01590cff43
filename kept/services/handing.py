"""The hand-off card: a level's sheet of the SOP, filled from the facts and the evidence so far.

It is shown to the level that receives a ticket until somebody there takes it on.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.policy import Commitment
from kept.policy.vocabulary import handoff_step
from kept.policy.words import CommitmentKind, Frozen, Verdict
from kept.records.instants import moment_or_none
from kept.services import filling, permissions
from kept.services.errors import AgentId
from kept.services.locking import LockedTicket, look


class Sheet(Frozen, frozen=True, kw_only=True):
    """A hand-off. `rows` are (label, words), empty words where nobody told; `body` is the SOP's
    own template where it has one.
    """

    level: str
    title: str
    clause: str
    rows: tuple[tuple[str, str], ...]
    subject: str
    body: str
    missing: tuple[str, ...]
    accept_by: datetime | None
    written_by: str
    written_at: datetime | None


def sheet(ticket_id: int, *, by: AgentId, at: datetime) -> Sheet | None:
    """Return the card of a ticket that waits to be taken on by its level, None otherwise."""
    ticket = look(ticket_id, at=at)
    permissions.standing(by, ticket.desk)
    here = ticket.state.facts.get("level")
    level = next((one for one in ticket.policy.levels if one.id == here), None)
    waits = next((one for one in ticket.state.commitments.values() if _waits(one)), None)
    if level is None or waits is None:
        return None
    step = handoff_step(ticket.policy, {**ticket.state.facts, "to": level.id, "steps_done": ()})
    form = ticket.policy.forms.get(step.form or "") if step else None
    written_by, written_at, answers = _evidence(ticket_id, step.name if step else "")
    known = filling.sources(ticket, agent=None, given={})
    told = {name: _words(value) for name, value in answers.items()}
    rows = tuple(
        (one.label, told.get(one.id) or known.get(one.source or "", "") or known.get(one.id, ""))
        for one in (form.fields if form else ())
    )
    filled = _template(ticket, form.id if form else "", known, told)
    return Sheet(
        level=level.name or level.id, title=form.title if form else "", rows=rows,
        clause=step.because.clause if step else waits.because.clause,
        subject=filled.subject if filled else "", body=filled.body.strip() if filled else "",
        missing=tuple(label for label, words in rows if not words),
        accept_by=moment_or_none(waits.due_at), written_by=written_by, written_at=written_at,
    )  # fmt: skip


def _waits(one: Commitment) -> bool:
    is_open = one.settled_at is None and one.verdict in (Verdict.PENDING, Verdict.MISSED)
    return is_open and one.kind is CommitmentKind.ACCEPTANCE


def _template(
    ticket: LockedTicket, form: str, known: dict[str, str], told: dict[str, str]
) -> filling.Filled | None:
    declared = ticket.policy.templates.get(form)
    return filling.fill(declared, {**known, **told}) if declared is not None else None


def _evidence(ticket_id: int, step: str) -> tuple[str, datetime | None, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.name, e.at, e.answers::text FROM step_evidence e
            LEFT JOIN agent a ON a.id = e.by_id
            WHERE e.ticket_id = %s AND e.step = %s ORDER BY e.id DESC LIMIT 1
            """,
            [ticket_id, step],
        )
        row = cursor.fetchone()
    return ("", None, {}) if row is None else (row[0] or "", row[1], msgspec.json.decode(row[2]))


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
