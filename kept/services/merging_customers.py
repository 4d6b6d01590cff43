"""Two records of one person become one, and for 30 days may become two again.

Every row that moves is remembered. The journal is not touched: running tickets are told whose
they are by a fact, and a check of identity made under the other record counts no more.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model

from kept.records.models import (
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerMerge,
    CustomerNote,
    HouseholdMember,
    IdentityCheck,
    ImportRow,
    Message,
    OrganisationMember,
    Payment,
    Purchase,
    ReplyToken,
    Ticket,
)
from kept.services import duplicates, serving, telling
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.retrying import retried

UNDO_FOR = timedelta(days=30)
ELSEWHERE = (
    "One of these customers is also served by another desk. Somebody who may merge there too has "
    "to do it."
)
MOVED: dict[str, type[Model]] = {
    "ticket": Ticket, "address": CustomerAddress, "message": Message, "token": ReplyToken,
    "payment": Payment, "purchase": Purchase, "note": CustomerNote, "import": ImportRow,
}  # fmt: skip
"""What goes with a person. Secrets stay with the record they were set for, as do checks."""
STAYS = (IdentityCheck, CustomerDesk)
OWN_WORDS = ("name", "language", "preferred_channel")


def merge(gone: int, *, into: int, by: AgentId, at: datetime) -> int:
    """Merge one record into another and return the merge's number."""
    if gone == into:
        raise NotValid("A record cannot be merged into itself.")

    def once() -> int:
        with transaction.atomic(durable=True):
            tickets = telling.running((gone, into), at=at)
            _lock_customers((gone, into))
            serving.require_everywhere((gone, into), "merge_customers", by=by, otherwise=ELSEWHERE)
            before = _fill(gone, into)
            before["addresses"] = _late_addresses(gone, into, at)
            before["groups"] = _move_groups(gone, into)
            before["desks"] = _share_desks(gone, into)
            moved = {name: _move(table, gone, into) for name, table in MOVED.items()}
            Customer.objects.filter(pk=gone).update(merged_into_id=into)
            row = CustomerMerge.objects.create(
                survivor_id=into, gone_id=gone, moved=moved, before=before, by_id=by, at=at
            )
            telling.hand_over((t for t in tickets if t.customer == gone), customer=into)
            telling.tell(tickets, by=by)
            duplicates.compare_again(into)
        return row.pk

    return retried(once)


def undo(merge_id: int, *, by: AgentId, at: datetime) -> None:
    """Make two records of one again; what came to a moved address since goes back with it."""

    def once() -> None:
        with transaction.atomic(durable=True):
            row = CustomerMerge.objects.filter(pk=merge_id).first()
            if row is None:
                raise NotFound("There is no such merge.")
            gone, survivor = row.gone_id, row.survivor_id
            tickets = telling.running((survivor,), at=at)
            _lock_customers((gone, survivor))
            serving.require_everywhere(
                (gone, survivor), "merge_customers", by=by, otherwise=ELSEWHERE
            )
            row = CustomerMerge.objects.select_for_update().get(pk=merge_id)
            _require_undoable(row, at)
            _take_back(row)
            mine = set(Ticket.objects.filter(customer_id=gone).values_list("id", flat=True))
            telling.hand_over((t for t in tickets if t.id in mine), customer=gone)
            telling.tell(tickets, by=by)
            CustomerMerge.objects.filter(pk=merge_id).update(undone_at=at, undone_by=by)

    retried(once)


def _require_undoable(row: CustomerMerge, at: datetime) -> None:
    if row.undone_at is not None:
        raise Conflict("This merge is undone already.")
    if at - row.at > UNDO_FOR:
        raise Conflict("A merge can be undone for 30 days, and they are over.")
    if Customer.objects.filter(pk=row.survivor_id, merged_into__isnull=False).exists():
        raise Conflict("The record was merged once more since; undo that first.")
    if Customer.objects.filter(pk=row.survivor_id, erased_at__isnull=False).exists():
        raise Conflict("This person was erased; there is nothing to take apart.")


def _lock_customers(numbers: tuple[int, ...]) -> None:
    rows = list(Customer.objects.select_for_update().filter(pk__in=numbers).order_by("id"))
    if len(rows) != len(set(numbers)):
        raise NotFound(serving.NOBODY)
    if len(numbers) == 2 and any(
        row.merged_into_id is not None and row.merged_into_id not in numbers for row in rows
    ):
        raise Conflict("One of these records was merged into another one already.")


def _move(table: type[Model], gone: int, into: int) -> list[int]:
    rows = table._default_manager.filter(customer_id=gone)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.filter(pk__in=ids).update(customer_id=into)
    return ids


def _fill(gone: int, into: int) -> dict[str, Any]:
    """Fill the survivor's empty words from the other record; return what was filled."""
    other, own = Customer.objects.get(pk=gone), Customer.objects.get(pk=into)
    if other.merged_into_id is not None or own.merged_into_id is not None:
        raise Conflict("One of these records was merged into another one already.")
    filled = {
        name: getattr(other, name)
        for name in OWN_WORDS
        if getattr(other, name) and not getattr(own, name)
    }
    if filled:
        Customer.objects.filter(pk=into).update(**filled)
    return {"filled": filled}


def _late_addresses(gone: int, into: int, at: datetime) -> dict[str, Any]:
    """Count moved addresses as new on the survivor's file: no code goes there at once."""
    rows = CustomerAddress.objects.filter(customer_id=gone)
    kinds = CustomerAddress.objects.filter(customer_id=into, is_preferred=True)
    taken = set(kinds.values_list("kind", flat=True))
    before = {
        str(row.pk): [row.added_at.isoformat() if row.added_at else None, row.is_preferred]
        for row in rows
    }
    rows.filter(kind__in=taken).update(is_preferred=False)
    rows.update(added_at=at)
    return before


def _move_groups(gone: int, into: int) -> dict[str, list[int]]:
    """Move places in organisations and households that the survivor does not hold already."""
    moved: dict[str, list[int]] = {}
    for name, table, keys in (
        ("organisation_member", OrganisationMember, ("organisation_id",)),
        ("household_member", HouseholdMember, ("household_id", "role")),
    ):
        manager: Any = table._default_manager
        held = set(manager.filter(customer_id=into, ended_at=None).values_list(*keys))
        rows = manager.filter(customer_id=gone).order_by("pk").values_list("pk", "ended_at", *keys)
        moved[name] = [row[0] for row in rows if row[1] is not None or tuple(row[2:]) not in held]
        manager.filter(pk__in=moved[name]).update(customer_id=into)
    return moved


def _share_desks(gone: int, into: int) -> dict[str, Any]:
    """Let the survivor's desks be those of both, with the flags of both."""
    changed: dict[str, Any] = {}
    for row in CustomerDesk.objects.filter(customer_id=gone).order_by("desk_id"):
        own, made = CustomerDesk.objects.get_or_create(
            customer_id=into, desk_id=row.desk_id,
            defaults={"since": row.since, "tier": row.tier, "flags": row.flags},
        )  # fmt: skip
        flags = [] if made else sorted(set(row.flags) - set(own.flags))
        tier = "" if made or own.tier else row.tier
        if not made:
            CustomerDesk.objects.filter(pk=own.pk).update(
                flags=sorted({*own.flags, *row.flags}), tier=own.tier or row.tier
            )
        changed[str(row.desk_id)] = {"made": made, "flags": flags, "tier": tier}
    return changed


def _take_back(row: CustomerMerge) -> None:
    gone, survivor = row.gone_id, row.survivor_id
    for name, table in MOVED.items():
        table._default_manager.filter(pk__in=row.moved.get(name, []), customer_id=survivor).update(
            customer_id=gone
        )
    for name, rows in (
        ("organisation_member", OrganisationMember.objects),
        ("household_member", HouseholdMember.objects),
    ):
        members: Any = rows
        members.filter(pk__in=row.before["groups"][name], customer_id=survivor).update(
            customer_id=gone
        )
    for key, (added_at, preferred) in row.before["addresses"].items():
        CustomerAddress.objects.filter(pk=int(key), customer_id=gone).update(
            added_at=added_at, is_preferred=preferred
        )
    for name, value in row.before["filled"].items():
        Customer.objects.filter(pk=survivor, **{name: value}).update(**{name: ""})
    _follow_addresses(row)
    _part_desks(row)
    Customer.objects.filter(pk=gone).update(merged_into=None)


def _follow_addresses(row: CustomerMerge) -> None:
    """Take back the tickets that came since from an address that goes back."""
    values = CustomerAddress.objects.filter(pk__in=row.moved["address"]).values_list(
        "value", flat=True
    )
    since = Ticket.objects.filter(customer_id=row.survivor_id, opened_at__gt=row.at)
    theirs = [
        ticket for ticket in since.order_by("id").values_list("id", flat=True)
        if _came_from(ticket, values)
    ]  # fmt: skip
    Ticket.objects.filter(pk__in=theirs).update(customer_id=row.gone_id)
    for table in (Message, ReplyToken, Payment):
        manager: Any = table._default_manager
        manager.filter(ticket_id__in=theirs, customer_id=row.survivor_id).update(
            customer_id=row.gone_id
        )


def _came_from(ticket: int, values: Iterable[str]) -> bool:
    first = Message.objects.filter(ticket_id=ticket, direction="in").order_by("id")
    sender = (first.values_list("sender", flat=True).first() or "").lower()
    return any(f"<{value}>" in sender or sender == value for value in values)


def _part_desks(row: CustomerMerge) -> None:
    for desk, change in row.before["desks"].items():
        own = CustomerDesk.objects.filter(customer_id=row.survivor_id, desk_id=int(desk)).first()
        if own is None:
            continue
        has_tickets = Ticket.objects.filter(customer_id=row.survivor_id, desk_id=int(desk))
        if change["made"] and not has_tickets.exists():
            own.delete()
            continue
        CustomerDesk.objects.filter(pk=own.pk).update(
            flags=sorted(set(own.flags) - set(change["flags"])),
            tier="" if change["tier"] and own.tier == change["tier"] else own.tier,
        )
