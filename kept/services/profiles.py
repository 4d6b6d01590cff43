"""Profiles: who a customer is, how to reach them, what a desk remembers of them.

What an SOP asks of it is told to the running tickets in the same transaction. Where the SOP
guards accounts, nothing of one is changed before its owner is known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from kept.policy import Policy
from kept.policy.profiles import flags_known, tiers_known
from kept.records.models import Customer, CustomerAddress, CustomerDesk, CustomerNote, Desk
from kept.services import permissions, serving, telling
from kept.services.addresses import checked_address, region_of
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.retrying import retried
from kept.services.texts import clean, one_line
from kept.services.whole import whole

NOTE_LIMIT = 5000
MOST_ADDRESSES = 30
SOMEBODY_ELSES = "This address is on the file of another customer; merge them if they are one."


def make(
    desk: int, *, by: AgentId, at: datetime, name: str, addresses: Sequence[tuple[str, str]] = ()
) -> int:
    """Put a customer on a desk's books by hand; an elder in care may have no address at all."""
    with whole():
        who = permissions.standing(by, desk)
        permissions.require(who, "profile", active_policy(desk))
        customer = Customer.objects.create(name=_named(name)).pk
        serving.serve(customer, desk, at=at)
        for kind, value in addresses:
            _put_address(customer, desk, kind, value, at=at)
    return customer


def change(
    customer: int,
    *,
    desk: int,
    by: AgentId,
    at: datetime,
    name: str | None = None,
    language: str | None = None,
    preferred_channel: str | None = None,
    tier: str | None = None,
    flags: Sequence[str] | None = None,
) -> None:
    """Change what is said of a customer; what is None stays as it is."""

    def once() -> None:
        with whole():
            _, policy = serving.require(customer, desk, "profile", by=by)
            tickets = telling.running([customer], at=at)
            own: dict[str, Any] = {}
            if name is not None:
                own["name"] = _named(name)
            if language is not None:
                own["language"] = one_line(language, 20).lower()
            if preferred_channel is not None:
                own["preferred_channel"] = _channel(policy, preferred_channel)
            if own:
                Customer.objects.filter(pk=customer).update(**own)
            of_desk: dict[str, Any] = {}
            if tier is not None:
                of_desk["tier"] = _tier(policy, tier)
            if flags is not None:
                of_desk["flags"] = _flags(policy, flags)
            if of_desk:
                CustomerDesk.objects.filter(customer_id=customer, desk_id=desk).update(**of_desk)
            telling.tell(tickets, by=by)

    retried(once)


def add_address(
    customer: int,
    *,
    desk: int,
    by: AgentId,
    at: datetime,
    kind: str,
    value: str,
    label: str = "",
) -> int:
    """Put another address on this desk's file; one of another customer of the desk is refused.

    It counts for this desk alone: nobody may let an address speak for a customer elsewhere.
    """
    with whole():
        serving.require(customer, desk, "profile", by=by)
        serving.require_account(customer, desk, by=by)
        Customer.objects.select_for_update().get(pk=customer)
        if CustomerAddress.objects.filter(customer_id=customer).count() >= MOST_ADDRESSES:
            raise NotValid(f"A customer has at most {MOST_ADDRESSES} addresses.")
        return _put_address(customer, desk, kind, value, at=at, label=label)


def prefer_address(
    customer: int, *, desk: int, by: AgentId, at: datetime, address: int, label: str | None = None
) -> None:
    """Let an address be the first of its kind, and name it."""
    with whole():
        serving.require(customer, desk, "profile", by=by)
        serving.require_account(customer, desk, by=by)
        row = _address(customer, address, desk)
        same = CustomerAddress.objects.filter(
            Q(desk=desk) | Q(desk=row.desk), customer_id=customer, kind=row.kind
        )
        same.filter(is_preferred=True).exclude(pk=address).update(is_preferred=False)
        row.is_preferred = True
        if label is not None:
            row.label = one_line(label, 40)
        row.save(update_fields=["is_preferred", "label"])


def remove_address(customer: int, *, desk: int, by: AgentId, at: datetime, address: int) -> None:
    """Take an address off this desk's file; other desks that serve the customer keep it."""
    with whole():
        serving.require(customer, desk, "profile", by=by)
        serving.require_account(customer, desk, by=by)
        row = _address(customer, address, desk)
        if row.desk_id is None:
            _leave_to_others(row, desk)
        row.delete()


def add_note(customer: int, *, desk: int, by: AgentId, at: datetime, text: str) -> int:
    """Remember something of a customer; only this desk reads it."""
    body = clean(text).strip()
    if not body:
        raise NotValid("The note is empty.")
    if len(body) > NOTE_LIMIT:
        raise NotValid(f"A note has at most {NOTE_LIMIT} characters.")
    with whole():
        serving.require(customer, desk, "profile", by=by)
        note = CustomerNote.objects.create(
            customer_id=customer, desk_id=desk, text=body, by_id=by, at=at
        )
    return note.pk


def remove_note(customer: int, *, desk: int, by: AgentId, note: int) -> None:
    """Forget a note."""
    with whole():
        serving.require(customer, desk, "profile", by=by)
        gone, _ = CustomerNote.objects.filter(pk=note, customer_id=customer, desk_id=desk).delete()
    if not gone:
        raise NotFound("There is no such note.")


def words_of(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """Return the flags, tiers and channels that the SOP knows, for forms."""
    return {
        "flags": tuple(flag.word for flag in flags_known(policy)),
        "tier": tiers_known(policy),
        "preferred_channel": channels_known(policy),
    }


def channels_known(policy: Policy) -> tuple[str, ...]:
    """Return the channels a customer may prefer: those of the SOP's field, else of its desk."""
    field = policy.fields.get("preferred_channel")
    return field.values if field is not None and field.values else tuple(policy.channels)


def _put_address(
    customer: int, desk: int, kind: str, value: str, *, at: datetime, label: str = ""
) -> int:
    zone = Desk.objects.values_list("zone", flat=True).get(pk=desk)
    address = checked_address(kind, value, region=region_of(zone))
    same = CustomerAddress.objects.filter(Q(desk=None) | Q(desk=desk), kind=kind, value=address)
    holders = set(same.values_list("customer_id", flat=True))
    if customer in holders:
        raise Conflict("This address is on file already.")
    if CustomerDesk.objects.filter(customer_id__in=holders, desk_id=desk).exists():
        raise Conflict(SOMEBODY_ELSES)
    row, _ = CustomerAddress.objects.get_or_create(
        kind=kind, value=address, desk_id=desk,
        defaults={"customer_id": customer, "label": one_line(label, 40), "added_at": at},
    )  # fmt: skip
    if row.customer_id != customer:
        raise Conflict(SOMEBODY_ELSES)
    return row.pk


def _leave_to_others(row: CustomerAddress, desk: int) -> None:
    """Let the other desks that serve the customer keep an address that one desk forgets."""
    others = CustomerDesk.objects.filter(customer_id=row.customer_id).exclude(desk_id=desk)
    for other in others.values_list("desk_id", flat=True):
        CustomerAddress.objects.get_or_create(
            kind=row.kind, value=row.value, desk_id=other,
            defaults={
                "customer_id": row.customer_id, "label": row.label, "added_at": row.added_at,
                "is_preferred": row.is_preferred, "verified_at": row.verified_at,
                "verified_by": row.verified_by,
            },
        )  # fmt: skip


def _address(customer: int, address: int, desk: int) -> CustomerAddress:
    row = CustomerAddress.objects.select_for_update().filter(
        Q(desk=None) | Q(desk=desk), pk=address, customer_id=customer
    ).first()  # fmt: skip
    if row is None:
        raise NotFound("There is no such address.")
    return row


def _named(name: str) -> str:
    told = one_line(name, 200)
    if not told:
        raise NotValid("A customer needs a name.")
    return told


def _channel(policy: Policy, word: str) -> str:
    known = channels_known(policy)
    if word and word not in known:
        raise NotValid(f"The SOP knows the channels: {', '.join(known)}.")
    return word


def _tier(policy: Policy, word: str) -> str:
    told = one_line(word, 60)
    known = tiers_known(policy)
    if told and known and told not in known:
        raise NotValid(f"The SOP knows the tiers: {', '.join(known)}.")
    return told


def _flags(policy: Policy, words: Sequence[str]) -> list[str]:
    known = [flag.word for flag in flags_known(policy)]
    foreign = sorted(set(words) - set(known))
    if foreign:
        names = ", ".join(known) or "none"
        raise NotValid(f"The SOP knows no flag {foreign[0]}; it knows: {names}.")
    return sorted(set(words))
