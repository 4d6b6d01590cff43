"""A desk's policy: proposed by one person, activated by another, rolled back by two as well.

Activation does not touch running tickets in its own transaction: each open ticket gets a
PolicyChanged fact by `migrate_tickets`, in small steps that a killed worker may take up again.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from kept import policy as engine
from kept.policy import Policy, Problem
from kept.policy.facts import PolicyChanged
from kept.policy.words import Frozen, Instant
from kept.records.compiled import compile_text, policy_by_hash
from kept.records.instants import instant
from kept.records.models import Desk, PolicyProposal, PolicyVersion
from kept.services import permissions
from kept.services.children import SYSTEM
from kept.services.errors import AgentId, Conflict, DeskError, NotAllowed, NotFound
from kept.services.journal import record
from kept.services.locking import LockedTicket, lock, policy_for, read_state, save

OPEN = ("new", "open", "waiting", "resolved")


class Broken(DeskError):
    """The SOP does not compile; `problems` holds all of them with their places."""

    code = "sop_broken"
    status = 422

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = [each for each in problems if each.severity == "error"]
        super().__init__(f"The SOP has {len(errors)} errors; nothing was changed.")
        self.problems = problems


class MovedDue(Frozen, frozen=True, kw_only=True):
    """One commitment whose due moves under another policy."""

    ticket: int
    commitment: str
    clause: str
    before: Instant | None
    after: Instant | None


def propose(
    desk: str,
    source: str,
    *,
    by: AgentId | None,
    at: datetime,
    parents: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> PolicyVersion:
    """Compile an SOP and lay it before a second person; raise Broken with every problem.

    `by` is None only where the installation itself brings a desk up.
    """
    row = _desk(desk)
    compiled = compile_text(source, dict(parents or {}), dict(parameters or {}))
    if compiled.policy is None:
        raise Broken(compiled.problems)
    policy = compiled.policy
    with transaction.atomic(durable=True):
        if by is not None:
            permissions.require(permissions.standing(by, row.pk), "propose_policy", policy)
        version, made = PolicyVersion.objects.get_or_create(
            desk=row,
            hash=policy.hash,
            defaults={
                "sop": policy.sop,
                "version": policy.version,
                "source": source,
                "parents": dict(parents or {}),
                "parameters": dict(parameters or {}),
                "state": "draft" if policy.unset else "proposed",
                "proposed_by_id": by,
                "proposed_at": at,
            },
        )
        if not made and version.state in ("draft", "retired"):
            PolicyVersion.objects.filter(pk=version.pk).update(
                state="draft" if policy.unset else "proposed", proposed_by_id=by, proposed_at=at
            )
        _log(version, "proposed", by, at)
    version.refresh_from_db()
    return version


def activate(version_id: int, *, by: AgentId | None, at: datetime) -> PolicyVersion:
    """Put a proposed version in force; whoever proposed it cannot."""
    version = PolicyVersion.objects.select_related("desk").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version.")
    policy = policy_by_hash(version.hash)
    with transaction.atomic(durable=True):
        Desk.objects.select_for_update().get(pk=version.desk_id)
        version.refresh_from_db()
        if by is not None:
            permissions.require(
                permissions.standing(by, version.desk_id), "activate_policy", policy
            )
            if version.proposed_by_id == by:
                raise NotAllowed(
                    "A second person activates a policy, not the one who proposed it."
                )
        if policy.unset:
            raise Conflict(f"Parameters are not set yet: {', '.join(policy.unset)}.")
        if version.state != "proposed":
            raise Conflict(f"This version is {version.state}, not proposed.")
        PolicyVersion.objects.filter(desk_id=version.desk_id, state="active").update(
            state="retired"
        )
        PolicyVersion.objects.filter(pk=version_id).update(
            state="active", activated_by_id=by, activated_at=at
        )
        _log(version, "activated", by, at)
    version.refresh_from_db()
    return version


def rollback(desk: str, *, by: AgentId, at: datetime) -> PolicyVersion:
    """Propose the version that was in force before; a second person activates it again."""
    row = _desk(desk)
    permissions.standing(by, row.pk)
    before = (
        PolicyVersion.objects.filter(desk=row, state="retired", activated_at__isnull=False)
        .order_by("-activated_at")
        .first()
    )
    if before is None:
        raise NotFound("No earlier version was ever in force.")
    permissions.require(
        permissions.standing(by, row.pk), "propose_policy", policy_by_hash(before.hash)
    )
    with transaction.atomic(durable=True):
        PolicyVersion.objects.filter(pk=before.pk).update(
            state="proposed", proposed_by_id=by, proposed_at=at
        )
        _log(before, "rolled back", by, at)
    before.refresh_from_db()
    return before


def dry_run(version_id: int, *, by: AgentId, at: datetime) -> tuple[MovedDue, ...]:
    """Return every due that would move if the version came into force now; changes nothing."""
    version = PolicyVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version.")
    permissions.standing(by, version.desk_id)
    new = policy_by_hash(version.hash)
    moved: list[MovedDue] = []
    for ticket, policy_hash, state in _open_states(version.desk_id):
        old = policy_for(policy_hash, state)
        if policy_hash != new.hash:
            moved += _moved(ticket, old, new, state, instant(at))
    return tuple(moved)


def migrate_tickets(*, at: datetime, limit: int = 200) -> int:
    """Give open tickets the fact that their desk's policy changed; return how many had it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, p.hash FROM policy_version p JOIN ticket t ON t.desk_id = p.desk_id
            WHERE p.state = 'active' AND t.policy_hash <> p.hash AND t.status = ANY(%s)
            ORDER BY t.id LIMIT %s
            """,
            [list(OPEN), limit],
        )
        waiting = cursor.fetchall()
    for ticket_id, hash_ in waiting:
        with transaction.atomic(durable=True):
            ticket = lock(ticket_id, at=at)
            if ticket.policy_hash != hash_:
                record(ticket, _changed(ticket, hash_))
                save(ticket)
    return len(waiting)


def _changed(ticket: LockedTicket, hash_: str) -> PolicyChanged:
    return PolicyChanged(
        at=max(instant(ticket.at), ticket.state.now),
        by=SYSTEM,
        policy_hash=hash_,
        from_hash=ticket.policy_hash,
    )


def _moved(
    ticket: int, old: Policy, new: Policy, state: engine.TicketState, now: Instant
) -> list[MovedDue]:
    after = engine.migrate(old, new, state, now).state
    found = []
    for key, commitment in after.commitments.items():
        before = state.commitments.get(key)
        if before is not None and commitment.due_at != before.due_at:
            found.append(
                MovedDue(
                    ticket=ticket, commitment=key, clause=commitment.because.clause,
                    before=before.due_at, after=commitment.due_at,
                )
            )  # fmt: skip
    return found


def _open_states(desk: int) -> list[tuple[int, str, engine.TicketState]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, policy_hash, state FROM ticket"
            " WHERE desk_id = %s AND status = ANY(%s) ORDER BY id",
            [desk, list(OPEN)],
        )
        return [(row[0], row[1], read_state(bytes(row[2]))) for row in cursor.fetchall()]


def _desk(slug: str) -> Desk:
    row = Desk.objects.filter(slug=slug).first()
    if row is None:
        raise NotFound(f"There is no desk named {slug}.")
    return row


def _log(version: PolicyVersion, act: str, by: AgentId | None, at: datetime) -> None:
    PolicyProposal.objects.create(version=version, act=act, by_id=by, at=at)
