"""A ticket's row before its first fact, and the policy it begins under."""

from datetime import datetime

from django.db import connection

from kept import policy as engine
from kept.policy import Policy
from kept.records.compiled import policy_by_hash
from kept.records.models import Desk
from kept.services.errors import DeskError, NotFound
from kept.services.locking import LockedTicket
from kept.services.texts import one_line

NO_POLICY = "This desk has no active policy. Propose and activate one first."


class NoPolicy(DeskError):
    """The desk has no active policy, so nothing can be promised."""

    code = "no_policy"
    status = 409


def new_row(desk: str, subject: str, *, opened_at: datetime, at: datetime) -> LockedTicket:
    """Insert a ticket's row, which nobody else can see yet; its first fact follows.

    One statement finds the desk with its policy and inserts.
    """
    subject = one_line(subject) or "(no subject)"
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [desk, subject, opened_at, at])
        row = cursor.fetchone()
    if row is None:
        raise _not_open(desk)
    number, desk_id, name, address, zone, hash_, outage = row
    policy = policy_by_hash(hash_)
    return LockedTicket(
        id=number,
        desk=desk_id,
        slug=desk,
        desk_name=name,
        address=address,
        zone=zone,
        subject=subject,
        customer=None,
        policy_hash=policy.hash,
        state=engine.start(),
        seq=0,
        last_hash=b"",
        opened_at=opened_at,
        needs_attention="",
        at=at,
        policy=policy,
        outage=outage,
    )


def active_policy(desk: int) -> Policy:
    """Return the policy a desk runs now; raise NoPolicy where none is active."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM policy_version WHERE desk_id = %s AND state = 'active'", [desk]
        )
        row = cursor.fetchone()
    return _in_force(row[0] if row is not None else None)


def _in_force(hash_: str | None) -> Policy:
    if hash_ is None:
        raise NoPolicy(NO_POLICY)
    return policy_by_hash(hash_)


def _not_open(desk: str) -> DeskError:
    if Desk.objects.filter(slug=desk).exists():
        return NoPolicy(NO_POLICY)
    return NotFound("There is no such desk.")


_INSERT = """
WITH place AS (
  SELECT d.id, d.name, d.address, d.zone, p.hash,
         (SELECT o.id FROM outage o WHERE o.desk_id = d.id AND o.ended_at IS NULL) AS outage
  FROM desk d JOIN policy_version p ON p.desk_id = d.id AND p.state = 'active'
  WHERE d.slug = %s
), made AS (
  INSERT INTO ticket (desk_id, subject, status, opened_at, updated_at, policy_hash, state,
                      state_seq, last_hash, missed_count, queue_key, needs_attention,
                      timer_failures)
  SELECT id, %s, 'new', %s, %s, hash, '', 0, '', 0, 9223372036854775807, '', 0 FROM place
  RETURNING id
)
SELECT made.id AS ticket, place.id AS desk, place.name, place.address, place.zone, place.hash,
       place.outage
FROM made, place
"""
