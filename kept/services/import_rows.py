"""One row of an imported table: what it says, whom it means, what taking it over changes.

An address on file means its customer; such a row fills what is empty and changes nothing that
is said already. `made` and `before` are enough to take the row back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q

from kept.policy import Policy, rights
from kept.policy.profiles import flags_known, tiers_known
from kept.records.models import (
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerNote,
    Household,
    HouseholdMember,
    Organisation,
    OrganisationMember,
    Purchase,
)
from kept.services import groups, profiles, purchases, serving, telling
from kept.services.addresses import checked_address
from kept.services.csv_rows import as_written
from kept.services.errors import AgentId, NotValid
from kept.services.texts import one_line

LISTS = (";", "|", ",")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The desk a table goes to, and what its rows are read by."""

    desk: int
    policy: Policy
    region: str
    by: AgentId
    at: datetime


@dataclass(slots=True, kw_only=True)
class Read:
    """A row as it was understood."""

    name: str = ""
    addresses: list[tuple[str, str]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    purchase: Purchase | None = None


@dataclass(slots=True, kw_only=True)
class Taken:
    """What a row did."""

    outcome: str
    customer: int | None = None
    made: dict[str, list[int]] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)

    def note(self, table: str, number: int) -> None:
        self.made.setdefault(table, []).append(number)


def read_row(cells: Sequence[str], mapping: Mapping[str, str], table: Table) -> Read:
    """Return what a row says; raise NotValid for what no desk could keep."""
    told: dict[str, list[str]] = {}
    for number, meaning in mapping.items():
        place = int(number)
        value = as_written(cells[place]) if place < len(cells) else ""
        if value:
            told.setdefault(meaning, []).append(value)
    found = Read(name=_name(told))
    for kind in ("email", "phone", "whatsapp", "post"):
        for value in told.get(kind, []):
            found.addresses.append((kind, checked_address(kind, value, region=table.region)))
    if not found.name and not found.addresses:
        raise NotValid("The row has neither a name nor an address.")
    found.words = {name: values[0] for name, values in told.items()}
    _check_words(found, table.policy)
    found.purchase = _purchase(found.words, table)
    return found


def whom(read: Read, desk: int) -> int | None:
    """Return the customer of the desk whom a row means, None for somebody new."""
    found: set[int] = set()
    for kind, value in read.addresses:
        found |= set(
            CustomerAddress.objects.filter(Q(desk=None) | Q(desk=desk), kind=kind, value=value)
            .exclude(kind="post")
            .values_list("customer_id", flat=True)
        )
    own = CustomerDesk.objects.filter(customer_id__in=found, desk_id=desk)
    served = list(own.values_list("customer_id", flat=True))
    if len(served) > 1:
        raise NotValid("Its addresses are of two customers; merge them first.")
    return served[0] if served else None


def take_over(read: Read, table: Table) -> Taken:
    """Write a row into the books."""
    customer = whom(read, table.desk)
    if customer is None:
        customer = Customer.objects.create(
            name=read.name or read.addresses[0][1],
            language=one_line(read.words.get("language", ""), 20).lower(),
            preferred_channel=read.words.get("preferred_channel", ""),
        ).pk
        serving.serve(customer, table.desk, at=table.at)
        taken = Taken(outcome="made", customer=customer)
        CustomerDesk.objects.filter(customer_id=customer, desk_id=table.desk).update(
            tier=read.words.get("tier", ""), flags=sorted(read.flags)
        )
    else:
        taken = Taken(outcome="matched", customer=customer)
        _fill(customer, read, table, taken)
    may_add = taken.outcome == "made" or rights.account_gate(table.policy, None) is None
    for kind, value in read.addresses if may_add else ():
        _address(customer, kind, value, table, taken)
    _groups(customer, read, table, taken)
    _rest(customer, read, table, taken)
    return taken


def take_back(taken: Taken) -> bool:
    """Take a row back; a customer who wrote meanwhile stays whole. Return whether it was."""
    number = taken.customer or 0
    row = Customer.objects.filter(pk=number).first()
    if row is None or row.erased_at is not None or row.merged_into_id is not None:
        return False
    if taken.outcome == "made" and row.ticket_set.exists():
        return False
    for name, table in _TABLES.items():
        table._default_manager.filter(pk__in=taken.made.get(name, []), customer_id=number).delete()
    for name, groups_table in (("organisation", Organisation), ("household", Household)):
        made = groups_table._default_manager.filter(pk__in=taken.made.get(name, []))
        made.filter(members=None).delete()
    for name, value in taken.before.get("filled", {}).items():
        Customer.objects.filter(pk=number, **{name: value}).update(**{name: ""})
    if taken.outcome == "made":
        # Somebody may have looked at them: that log keeps the number, which means nobody now.
        CustomerDesk.objects.filter(customer_id=number).delete()
        CustomerAddress.objects.filter(customer_id=number).delete()
        Customer.objects.filter(pk=number).update(name="", language="", preferred_channel="")
    for desk, added in taken.before.get("flags", {}).items():
        own = CustomerDesk.objects.filter(customer_id=number, desk_id=int(desk)).first()
        if own is not None:
            own.flags = sorted(set(own.flags) - set(added))
            own.save(update_fields=["flags"])
    return True


_TABLES: dict[str, Any] = {
    "address": CustomerAddress, "purchase": Purchase, "note": CustomerNote,
    "organisation_member": OrganisationMember, "household_member": HouseholdMember,
}  # fmt: skip


def _name(told: Mapping[str, list[str]]) -> str:
    parts = told.get("name") or [
        *told.get("first_name", [])[:1], *told.get("last_name", [])[:1]
    ]  # fmt: skip
    return one_line(" ".join(parts[:2] if "name" not in told else parts[:1]), 200)


def _check_words(read: Read, policy: Policy) -> None:
    channel = read.words.get("preferred_channel", "").lower()
    known = profiles.channels_known(policy)
    if channel and channel not in known:
        raise NotValid(f"The SOP knows no channel {channel[:40]}; it knows {', '.join(known)}.")
    read.words["preferred_channel"] = channel
    tiers = tiers_known(policy)
    if tiers and read.words.get("tier", tiers[0]) not in tiers:
        raise NotValid(f"The SOP knows the tiers {', '.join(tiers)}.")
    told = read.words.get("flags", "")
    for mark in LISTS[1:]:
        told = told.replace(mark, LISTS[0])
    words = {word.strip().lower().replace(" ", "_") for word in told.split(LISTS[0])} - {""}
    foreign = sorted(words - {flag.word for flag in flags_known(policy)})
    if foreign:
        raise NotValid(f"The SOP knows no flag {foreign[0][:40]}.")
    read.flags = tuple(sorted(words))
    role = read.words.get("household_role", "").lower()
    if role and role not in groups.ROLES:
        raise NotValid(f"In a household somebody is one of: {', '.join(groups.ROLES)}.")


def _purchase(words: Mapping[str, str], table: Table) -> Purchase | None:
    if not words.get("product"):
        return None
    return purchases.make_row(
        table.policy, product=words["product"], serial=words.get("serial", ""),
        order_number=words.get("order_number", ""), bought_on=_day(words.get("bought_on", "")),
        price=_price(words.get("price", "")), cover=words.get("cover", "").lower(), more={},
        today=table.at.date(),
    )  # fmt: skip


def _day(told: str) -> date | None:
    if not told:
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise NotValid(f"{told[:20]} is no day; write it as 2026-03-01.") from None


def _price(told: str) -> int | None:
    if not told:
        return None
    try:
        amount = Decimal(told.strip("$€£₹ ").replace(",", ""))
    except InvalidOperation:
        raise NotValid(f"{told[:20]} is no price; write it as 120.00.") from None
    if not amount.is_finite() or not 0 <= amount < 10**12 or amount != round(amount, 2):
        raise NotValid(f"{told[:20]} is no price; write it as 120.00.")
    return int(amount * 100)


def _fill(customer: int, read: Read, table: Table, taken: Taken) -> None:
    """Fill what is empty on a known customer, and tell their running tickets what is new."""
    tickets = telling.running([customer], at=table.at, desk=table.desk) if read.flags else ()
    row = Customer.objects.get(pk=customer)
    wanted = {
        "name": read.name, "language": one_line(read.words.get("language", ""), 20).lower(),
        "preferred_channel": read.words.get("preferred_channel", ""),
    }  # fmt: skip
    filled = {name: value for name, value in wanted.items() if value and not getattr(row, name)}
    if filled:
        Customer.objects.filter(pk=customer).update(**filled)
    own = CustomerDesk.objects.get(customer_id=customer, desk_id=table.desk)
    added = sorted(set(read.flags) - set(own.flags))
    if added:
        CustomerDesk.objects.filter(pk=own.pk).update(flags=sorted({*own.flags, *added}))
    taken.before = {"filled": filled, "flags": {str(table.desk): added}}
    telling.tell(tickets, by=table.by)


def _address(customer: int, kind: str, value: str, table: Table, taken: Taken) -> None:
    same = CustomerAddress.objects.filter(Q(desk=None) | Q(desk=table.desk), kind=kind)
    if same.filter(value=value, customer_id=customer).exists():
        return
    row, made = CustomerAddress.objects.get_or_create(
        kind=kind, value=value, desk_id=table.desk,
        defaults={"customer_id": customer, "added_at": table.at},
    )  # fmt: skip
    if made:
        taken.note("address", row.pk)


def _groups(customer: int, read: Read, table: Table, taken: Taken) -> None:
    firm = one_line(read.words.get("organisation", ""), 200)
    if firm:
        group = Organisation.objects.filter(desk_id=table.desk, name__iexact=firm).first()
        if group is None:
            group = Organisation.objects.create(
                desk_id=table.desk, name=firm, made_at=table.at, made_by_id=table.by
            )
            taken.note("organisation", group.pk)
        member, made = OrganisationMember.objects.get_or_create(
            organisation_id=group.pk, customer_id=customer, ended_at=None,
            defaults={"since": table.at, "title": one_line(read.words.get("title", ""), 100)},
        )  # fmt: skip
        if made:
            taken.note("organisation_member", member.pk)
    home = one_line(read.words.get("household", ""), 200)
    if home:
        place = Household.objects.filter(desk_id=table.desk, name__iexact=home).first()
        if place is None:
            place = Household.objects.create(
                desk_id=table.desk, name=home, made_at=table.at, made_by_id=table.by
            )
            taken.note("household", place.pk)
        part, made = HouseholdMember.objects.get_or_create(
            household_id=place.pk, customer_id=customer, ended_at=None,
            role=read.words.get("household_role", "").lower() or "contact",
            defaults={"since": table.at},
        )  # fmt: skip
        if made:
            taken.note("household_member", part.pk)


def _rest(customer: int, read: Read, table: Table, taken: Taken) -> None:
    note = read.words.get("note", "").strip()
    if note:
        row = CustomerNote.objects.create(
            customer_id=customer, desk_id=table.desk, text=note[: profiles.NOTE_LIMIT],
            by_id=table.by, at=table.at,
        )  # fmt: skip
        taken.note("note", row.pk)
    bought = read.purchase
    if bought is None:
        return
    known = Purchase.objects.filter(
        customer_id=customer, desk_id=table.desk, product=bought.product, serial=bought.serial,
        bought_on=bought.bought_on,
    )  # fmt: skip
    if not known.exists():
        bought.customer_id, bought.desk_id = customer, table.desk
        bought.made_at, bought.made_by_id = table.at, table.by
        bought.save()
        taken.note("purchase", bought.pk)
