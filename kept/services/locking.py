"""The ticket under work: locked first, changed in memory, written once.

Every writer takes the ticket's row lock before anything else, so two writers of one ticket
queue up and never deadlock. `save` writes journal, commitments and ticket in one statement.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.policy import Policy, TicketState
from kept.policy.decisions import Refuse
from kept.policy.routing import weights
from kept.policy.state import Commitment
from kept.records.compiled import policy_with
from kept.records.instants import instant
from kept.services import projections
from kept.services.errors import NotFound
from kept.services.hints import hint
from kept.services.rosters import Colleague, candidates, colleagues

_STATE = msgspec.json.Decoder(TicketState)
# Unordered: a state must come back with its commitments in the order in which they began, or the
# engine would tell its decisions in another order than a replay does.
_ENCODE = msgspec.json.Encoder()


@dataclass(slots=True, kw_only=True)
class LockedTicket:
    """One ticket inside one transaction. Only journal.record changes `state`."""

    id: int
    desk: int
    slug: str
    desk_name: str
    address: str
    zone: str
    subject: str
    customer: int | None
    policy_hash: str
    state: TicketState
    seq: int
    last_hash: bytes
    opened_at: datetime
    needs_attention: str
    at: datetime
    """When this transaction's facts are recorded: the `at` of the verb."""
    policy: Policy
    before: dict[str, bytes] = field(default_factory=dict)
    """The commitments as they were read, encoded, to write only those that changed."""
    pending: list[dict[str, Any]] = field(default_factory=list)
    """Journal rows not written yet."""
    refused: Refuse | None = None
    automatic_sender: bool = False
    """True while the fact came from a machine that must not be answered."""
    sender_proved: bool | None = None
    """Whether the mail that is being taken in comes from whom it names; None without one."""
    timer_failures: int = 0
    outage: int | None = None
    """The outage that ran on the desk when this new ticket's row was made."""
    beside: "dict[int, LockedTicket]" = field(default_factory=dict)
    """Other tickets that this transaction touches because of this one: a child, a parent."""
    _people: tuple[Colleague, ...] | None = None

    def people(self) -> tuple[Colleague, ...]:
        """The desk's roster at this transaction's instant, asked for once."""
        if self._people is None:
            self._people = colleagues(self.desk, self.at)
        return self._people

    def candidates(self) -> tuple[Colleague, ...]:
        """The same people with their open tickets, for whoever chooses among them."""
        if self._people is None or any(each.open_tickets is None for each in self._people):
            self._people = candidates(self.desk, self.at, weights(self.policy))
        return self._people

    @property
    def owner(self) -> int | None:
        """The agent who owns the ticket."""
        return projections.agent_of(self.state.facts.get("owner"))


_READ = """
SELECT t.id, t.desk_id, d.slug, d.name, d.address, d.zone, t.subject, t.customer_id,
       t.policy_hash, t.state, t.state_seq, t.last_hash, t.opened_at, t.needs_attention,
       t.timer_failures
FROM ticket t JOIN desk d ON d.id = t.desk_id
"""


def lock(ticket_id: int, *, at: datetime) -> LockedTicket:
    """Lock a ticket's row and read it; raise NotFound where there is none."""
    ticket = _read(f"{_READ} WHERE t.id = %s FOR NO KEY UPDATE OF t", [ticket_id], at)
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


def look(ticket_id: int, *, at: datetime) -> LockedTicket:
    """Read a ticket without its lock, to try things on it; nothing of it may be saved."""
    ticket = _read(f"{_READ} WHERE t.id = %s", [ticket_id], at)
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


def lock_if_free(ticket_id: int, *, at: datetime) -> LockedTicket | None:
    """Lock a ticket whose timer is due unless somebody else holds it."""
    return _read(
        f"{_READ} WHERE t.id = %s AND t.next_timer_at <= %s FOR NO KEY UPDATE OF t SKIP LOCKED",
        [ticket_id, at],
        at,
    )


def save(ticket: LockedTicket) -> None:
    """Write what changed and hint to listeners that this ticket did."""
    changed = changed_commitments(ticket)
    columns = projections.ticket_columns(ticket.policy, ticket.state)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                _ENCODE.encode(ticket.pending).decode(),
                ticket.desk,
                ticket.id,
                _ENCODE.encode([projections.commitment_columns(c) for c in changed]).decode(),
                ticket.desk,
                ticket.id,
                *columns.values(),
                _ENCODE.encode(ticket.state),
                ticket.seq,
                ticket.last_hash,
                ticket.policy_hash,
                ticket.subject,
                ticket.customer,
                ticket.needs_attention,
                ticket.at,
                ticket.id,
            ],
        )
    ticket.pending.clear()
    hint(f"ticket:{ticket.id}")
    while ticket.beside:
        _, other = ticket.beside.popitem()
        save(other)


def changed_commitments(ticket: LockedTicket) -> list[Commitment]:
    """Return the commitments that are not as they were read, and remember them as read."""
    changed = []
    for key, commitment in ticket.state.commitments.items():
        encoded = _ENCODE.encode(commitment)
        if ticket.before.get(key) != encoded:
            ticket.before[key] = encoded
            changed.append(commitment)
    return changed


def policy_for(policy_hash: str, state: TicketState) -> Policy:
    """Return the ticket's policy with the older versions its commitments run under."""
    pinned = frozenset(
        commitment.policy_hash
        for commitment in state.commitments.values()
        if commitment.policy_hash and commitment.policy_hash != policy_hash
    )
    return policy_with(policy_hash, pinned)


def read_state(encoded: bytes) -> TicketState:
    """Return the engine's memory as it was stored; a new ticket has none."""
    return _STATE.decode(encoded) if encoded else TicketState()


def _read(query: str, parameters: list[int | datetime], at: datetime) -> LockedTicket | None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    state = read_state(bytes(row[9]))
    return LockedTicket(
        id=row[0],
        desk=row[1],
        slug=row[2],
        desk_name=row[3],
        address=row[4],
        zone=row[5],
        subject=row[6],
        customer=row[7],
        policy_hash=row[8],
        state=state,
        seq=row[10],
        last_hash=bytes(row[11]),
        opened_at=row[12],
        needs_attention=row[13],
        timer_failures=row[14],
        at=at,
        policy=policy_for(row[8], state),
        before={key: _ENCODE.encode(each) for key, each in state.commitments.items()},
    )


def recorded_instant(ticket: LockedTicket) -> int:
    """Return the verb's instant in the policy's microseconds."""
    return instant(ticket.at)


# One statement: a crash between two of these three writes would be a lie in the books.
_WRITE = """
WITH j AS (
  INSERT INTO journal (desk_id, ticket_id, seq, fact_id, at, recorded_at, by_agent, fact,
                       decisions, refused, policy_hash, tzdata, prev_hash, hash)
  SELECT b.desk, b.ticket, r.seq, r.fact_id,
         timestamptz 'epoch' + r.at * interval '1 microsecond',
         timestamptz 'epoch' + r.recorded_at * interval '1 microsecond',
         r.by_agent, r.fact, r.decisions, r.refused, r.policy_hash, r.tzdata,
         decode(r.prev_hash, 'hex'), decode(r.hash, 'hex')
  FROM jsonb_to_recordset(%s::jsonb) AS r(seq int, fact_id text, at bigint, recorded_at bigint,
         by_agent bigint, fact jsonb, decisions jsonb, refused boolean, policy_hash text,
         tzdata text, prev_hash text, hash text),
       (SELECT %s::bigint AS desk, %s::bigint AS ticket) b
), c AS (
  INSERT INTO commitment (desk_id, ticket_id, commitment, clause, name, kind, started_at, due_at,
                          verdict, reason, missed_at, settled_at, paused, suspended, late_open,
                          late_wall)
  SELECT b.desk, b.ticket, r.commitment, r.clause, r.name, r.kind,
         timestamptz 'epoch' + r.started_at * interval '1 microsecond',
         timestamptz 'epoch' + r.due_at * interval '1 microsecond',
         r.verdict, r.reason,
         timestamptz 'epoch' + r.missed_at * interval '1 microsecond',
         timestamptz 'epoch' + r.settled_at * interval '1 microsecond',
         r.paused, r.suspended, r.late_open, r.late_wall
  FROM jsonb_to_recordset(%s::jsonb) AS r(commitment text, clause text, name text, kind text,
         started_at bigint, due_at bigint, verdict text, reason text, missed_at bigint,
         settled_at bigint, paused boolean, suspended boolean, late_open bigint,
         late_wall bigint),
       (SELECT %s::bigint AS desk, %s::bigint AS ticket) b
  ON CONFLICT (ticket_id, commitment) DO UPDATE SET
    clause = excluded.clause, name = excluded.name, kind = excluded.kind,
    started_at = excluded.started_at, due_at = excluded.due_at, verdict = excluded.verdict,
    reason = excluded.reason, missed_at = excluded.missed_at, settled_at = excluded.settled_at,
    paused = excluded.paused, suspended = excluded.suspended, late_open = excluded.late_open,
    late_wall = excluded.late_wall
)
UPDATE ticket SET
  status = %s, severity = %s, level = %s, type = %s, topic = %s, owner_id = %s, team = %s,
  channel = %s, waiting_on = %s, next_timer_at = %s, next_due_at = %s, next_due_name = %s,
  next_due_clause = %s, next_due_commitment = %s, next_at_risk_at = %s, missed_count = %s,
  queue_key = %s,
  state = %s, state_seq = %s, last_hash = %s, policy_hash = %s, subject = %s, customer_id = %s,
  needs_attention = %s, updated_at = %s, timer_failures = 0
WHERE id = %s
"""
