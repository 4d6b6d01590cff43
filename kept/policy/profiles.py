"""Profiles: what an SOP asks about the person who writes and the thing they bought.

A customer's flags are words of the document: those its cadences and conditions name, and its
yes-or-no fields `of: customer`. A purchase gives the fields `of: purchase`, by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from kept.policy.rules import CadenceRule, CustomField, Policy
from kept.policy.vocabulary import known_words
from kept.policy.words import Frozen, Value

FLAGS_FIELD = "customer_flags"
CHANNEL_FIELD = "preferred_channel"
USUAL_OF_PURCHASE = frozenset({"purchase_date", "product", "cover", "price", "serial"})
USUAL_OF_CUSTOMER = frozenset({"high_value", "key_family", "key_account", "vip"})
"""Fields that are taken to be of the books where the SOP does not say `of:`."""
OWN_OF_PURCHASE = frozenset({"purchase_date", "product", "cover", "price", "serial"})
"""What a purchase has whatever the SOP; its further fields are those the SOP declares."""
GIVEN = "given"


class KnownFlag(Frozen, frozen=True, kw_only=True):
    """A word that the SOP knows about customers, and the clause that uses it first."""

    word: str
    clause: str = ""


class Profile(Frozen, frozen=True, kw_only=True):
    """What a desk knows of a customer, as far as an SOP can ask."""

    tier: str = ""
    flags: tuple[str, ...] = ()
    preferred_channel: str = ""


class Bought(Frozen, frozen=True, kw_only=True):
    """What a customer bought. `more` holds the SOP's own fields of it."""

    product: str = ""
    serial: str = ""
    bought_on: date | None = None
    price: int | None = None
    """Minor units."""
    cover: str = ""
    more: Mapping[str, Value] = {}


def flags_known(policy: Policy) -> tuple[KnownFlag, ...]:
    """Return the flags of customers that the document knows, in its order."""
    found: dict[str, str] = {}
    for rule in policy.rules:
        if isinstance(rule, CadenceRule) and rule.for_each and "(" in rule.for_each:
            word = rule.for_each.partition("(")[2].rstrip(")").strip()
            found.setdefault(word, rule.because.clause)
    for word in known_words(policy, FLAGS_FIELD):
        found.setdefault(word, "")
    for field in _of(policy, "customer"):
        if field.type == "bool":
            found.setdefault(field.id, _first_reader(policy, field.id))
    return tuple(KnownFlag(word=word, clause=clause) for word, clause in found.items())


def tiers_known(policy: Policy) -> tuple[str, ...]:
    """Return the tiers that the document's conditions compare with."""
    return known_words(policy, "tier")


def purchase_fields(policy: Policy) -> tuple[CustomField, ...]:
    """Return the SOP's own fields of a purchase, beside what every purchase has."""
    return tuple(field for field in _of(policy, "purchase") if field.id not in OWN_OF_PURCHASE)


def asks_of_customers(policy: Policy) -> bool:
    """Say whether the SOP asks for anything that a desk's books say of a customer."""
    asked = {CHANNEL_FIELD, FLAGS_FIELD} & policy.fields.keys()
    return bool(asked) or bool(_of(policy, "customer"))


def asks_of_purchases(policy: Policy) -> bool:
    """Say whether any field of the SOP is one of a purchase."""
    return bool(_of(policy, "purchase"))


def facts_of_customer(policy: Policy, profile: Profile) -> dict[str, Value]:
    """Return what the SOP is told of a customer; a flag that is not set is told as no."""
    told: dict[str, Value] = {}
    channel = policy.fields.get(CHANNEL_FIELD)
    if channel is not None and profile.preferred_channel in (
        channel.values or (profile.preferred_channel,)
    ):
        told[CHANNEL_FIELD] = profile.preferred_channel
    if FLAGS_FIELD in policy.fields:
        told[FLAGS_FIELD] = tuple(sorted(profile.flags))
    for field in _of(policy, "customer"):
        if field.type == "bool":
            told[field.id] = field.id in profile.flags
    return {name: value for name, value in told.items() if value != ""}


def facts_of_purchase(policy: Policy, bought: Bought) -> dict[str, Value]:
    """Return what the SOP is told of a purchase; free text only as being there."""
    own: dict[str, Value] = {
        "purchase_date": bought.bought_on.isoformat() if bought.bought_on else None,
        "product": GIVEN if bought.product else None,
        "serial": GIVEN if bought.serial else None,
        "price": bought.price,
        "cover": bought.cover or None,
    }
    told: dict[str, Value] = {}
    for field in _of(policy, "purchase"):
        value = own.get(field.id, bought.more.get(field.id))
        if value is not None and (not field.values or value in field.values):
            told[field.id] = value
    return told


def _of(policy: Policy, book: str) -> tuple[CustomField, ...]:
    usual = USUAL_OF_CUSTOMER if book == "customer" else USUAL_OF_PURCHASE
    return tuple(
        field
        for field in policy.fields.values()
        if field.of == book or (not field.of and field.id in usual)
    )


def _first_reader(policy: Policy, field: str) -> str:
    readers: Iterable[str] = (
        rule.because.clause
        for rule in policy.rules
        if rule.when is not None and field in rule.when.reads
    )
    return next(iter(readers), "")
