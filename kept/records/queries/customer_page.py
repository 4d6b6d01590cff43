"""The page of a customer: the person, and what each of the reader's desks keeps of them.

Rights are in the query: a customer whom none of the reader's desks serves does not exist, and
what a role or a clause covers leaves here covered.
"""

from datetime import datetime

import msgspec
from django.db import connection

from kept.policy.rights import NOTHING, Sight
from kept.records.compiled import policy_by_hash
from kept.records.masks import DOTS, hidden, masked
from kept.records.queries.desks import desks_of
from kept.records.queries.purchases import PurchaseView, purchases_of
from kept.records.queries.sight import desk_sights
from kept.records.queries.views import DeskView, View

MOST = 100
"""Rows of one kind that a page shows of a customer."""


class AddressView(View, frozen=True, kw_only=True):
    """One way to reach a customer, covered or not."""

    id: int
    kind: str
    value: str
    label: str
    is_preferred: bool
    verified_at: datetime | None
    verified_by: str
    added_at: datetime | None


class NoteView(View, frozen=True, kw_only=True):
    """Something a desk remembers of a customer."""

    id: int
    text: str
    by: str
    at: datetime


class MemberView(View, frozen=True, kw_only=True):
    """Somebody of a household or an organisation, and what they are there."""

    customer: int
    name: str
    roles: tuple[str, ...]


class GroupView(View, frozen=True, kw_only=True):
    """A household or an organisation that a customer belongs to."""

    id: int
    name: str
    mine: tuple[str, ...]
    others: tuple[MemberView, ...]


class BookView(View, frozen=True, kw_only=True):
    """What one desk keeps of a customer."""

    desk: DeskView
    since: datetime
    tier: str
    flags: tuple[str, ...]
    reviewed_at: datetime | None
    reviewed_by: str
    sight: Sight
    purchases: tuple[PurchaseView, ...]
    covered: int
    """How many purchases and notes are there and not shown."""
    notes: tuple[NoteView, ...]
    households: tuple[GroupView, ...]
    organisations: tuple[GroupView, ...]


class CustomerPageView(View, frozen=True, kw_only=True):
    """Everything `/customers/N` shows beside the history."""

    id: int
    name: str
    language: str
    preferred_channel: str
    erased_at: datetime | None
    merged_into: int | None
    has_pin: bool
    has_authenticator: bool
    shows_contacts: bool
    addresses: tuple[AddressView, ...]
    books: tuple[BookView, ...]
    merged: tuple["MergeView", ...]


class MergeView(View, frozen=True, kw_only=True):
    """A record that was merged into this one, and until when that can be undone."""

    id: int
    gone: int
    by: str
    at: datetime


def customer_page(agent: int, customer: int, *, at: datetime) -> CustomerPageView | None:
    """Return a customer as one agent may see them, or None for one of nobody's desk."""
    if not 0 < customer < 2**63:
        return None
    sights = desk_sights(agent, customer)
    desks = {desk.id: desk for desk in desks_of(agent) if desk.id in sights}
    row = _row(customer) if desks else None
    if row is None:
        return None
    contacts = any(sight.contacts for sight in sights.values())
    return CustomerPageView(
        id=customer,
        name=row[0] if contacts else hidden(row[0]),
        language=row[1],
        preferred_channel=row[2],
        erased_at=row[3],
        merged_into=row[4],
        has_pin=row[5],
        has_authenticator=row[6],
        shows_contacts=contacts,
        addresses=addresses_of(customer, list(desks), plain=contacts),
        books=tuple(
            _book(customer, desk, sights.get(desk.id, NOTHING), at) for desk in desks.values()
        ),
        merged=_merges(customer),
    )


def addresses_of(customer: int, desks: list[int], *, plain: bool) -> tuple[AddressView, ...]:
    """Return the addresses that count on the desks, covered unless the reader may see them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, kind, value, label, is_preferred, verified_at, verified_by, added_at
            FROM customer_address
            WHERE customer_id = %s AND (desk_id IS NULL OR desk_id = ANY(%s))
            ORDER BY is_preferred DESC, kind, id LIMIT %s
            """,
            [customer, desks, MOST],
        )
        return tuple(
            AddressView(
                id=row[0], kind=row[1], value=row[2] if plain else masked(row[2]), label=row[3],
                is_preferred=row[4], verified_at=row[5], verified_by=row[6], added_at=row[7],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def groups_of(
    customer: int, desk: int, *, plain: bool
) -> tuple[tuple[GroupView, ...], tuple[GroupView, ...]]:
    """Return the households and the organisations of a customer on one desk."""
    return (
        _groups("household", "role", customer, desk, plain=plain),
        _groups("organisation", "title", customer, desk, plain=plain),
    )


def _row(customer: int) -> tuple | None:  # type: ignore[type-arg]  # a database row
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, c.language, c.preferred_channel, c.erased_at, c.merged_into_id,
                   EXISTS (SELECT 1 FROM customer_pin p WHERE p.customer_id = c.id),
                   EXISTS (SELECT 1 FROM customer_authenticator a WHERE a.customer_id = c.id)
            FROM customer c WHERE c.id = %s
            """,
            [customer],
        )
        row: tuple | None = cursor.fetchone()  # type: ignore[type-arg]  # a database row
    return row


def _book(customer: int, desk: DeskView, sight: Sight, at: datetime) -> BookView:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.since, s.tier, s.flags, s.reviewed_at, a.name,
              (SELECT count(*) FROM purchase p
               WHERE p.customer_id = s.customer_id AND p.desk_id = s.desk_id)
              + (SELECT count(*) FROM customer_note n
                 WHERE n.customer_id = s.customer_id AND n.desk_id = s.desk_id)
            FROM customer_desk s LEFT JOIN agent a ON a.id = s.reviewed_by_id
            WHERE s.customer_id = %s AND s.desk_id = %s
            """,
            [customer, desk.id],
        )
        since, tier, flags, reviewed_at, reviewed_by, kept = cursor.fetchone()
    policy = policy_by_hash(desk.policy_hash) if desk.policy_hash else None
    is_open = sight.personal and policy is not None
    homes, firms = (
        groups_of(customer, desk.id, plain=sight.contacts) if sight.personal else ((), ())
    )
    return BookView(
        desk=desk, since=since, tier=tier, flags=tuple(flags), reviewed_at=reviewed_at,
        reviewed_by=reviewed_by or "", sight=sight,
        purchases=purchases_of(customer, desk.id, policy, at=at) if is_open and policy else (),
        covered=0 if is_open else kept,
        notes=_notes(customer, desk.id) if sight.personal else (),
        households=homes, organisations=firms,
    )  # fmt: skip


def _notes(customer: int, desk: int) -> tuple[NoteView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT n.id, n.text, a.name, n.at FROM customer_note n JOIN agent a ON a.id = n.by_id
            WHERE n.customer_id = %s AND n.desk_id = %s ORDER BY n.id DESC LIMIT %s
            """,
            [customer, desk, MOST],
        )
        return tuple(NoteView(id=r[0], text=r[1], by=r[2], at=r[3]) for r in cursor.fetchall())


def _groups(
    kind: str, part: str, customer: int, desk: int, *, plain: bool
) -> tuple[GroupView, ...]:
    """Return groups of one kind, the others of each with what they are there."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT g.id, g.name, m.customer_id, c.name, array_agg(m.{part} ORDER BY m.id)
            FROM {kind} g JOIN {kind}_member m ON m.{kind}_id = g.id AND m.ended_at IS NULL
            JOIN customer c ON c.id = m.customer_id
            WHERE g.desk_id = %(desk)s AND g.id IN (
              SELECT own.{kind}_id FROM {kind}_member own
              WHERE own.customer_id = %(customer)s AND own.ended_at IS NULL)
            GROUP BY g.id, g.name, m.customer_id, c.name
            ORDER BY g.name, g.id, c.name LIMIT %(most)s
            """,
            {"desk": desk, "customer": customer, "most": MOST},
        )
        rows = cursor.fetchall()
    found: dict[int, GroupView] = {}
    for group, name, member, told, parts in rows:
        so_far = found.get(group, GroupView(id=group, name=name, mine=(), others=()))
        roles = tuple(word for word in parts if word)
        if member == customer:
            found[group] = msgspec.structs.replace(so_far, mine=roles)
        else:
            other = MemberView(
                customer=member, name=told if plain else f"{told[:1]}{DOTS}", roles=roles
            )
            found[group] = msgspec.structs.replace(so_far, others=(*so_far.others, other))
    return tuple(found.values())


def _merges(customer: int) -> tuple[MergeView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.id, m.gone_id, a.name, m.at
            FROM customer_merge m JOIN agent a ON a.id = m.by_id
            WHERE m.survivor_id = %s AND m.undone_at IS NULL ORDER BY m.id DESC LIMIT %s
            """,
            [customer, MOST],
        )
        return tuple(MergeView(id=r[0], gone=r[1], by=r[2], at=r[3]) for r in cursor.fetchall())
