"""What may be done on a customer's page: one line per act, its form and its verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from kept.policy.profiles import purchase_fields
from kept.policy.rules import CustomField, Policy
from kept.policy.words import Value
from kept.records.queries.customer_page import BookView, CustomerPageView
from kept.services import (
    account_secrets,
    erasing,
    groups,
    joining,
    merging_customers,
    profiles,
    purchases,
)
from kept.services.errors import NotValid
from kept.web import forms
from kept.web.forms import Field
from kept.web.languages import LANGUAGES
from kept.web.say import plain

KINDS = (
    ("email", "e-mail"), ("phone", "telephone"), ("whatsapp", "WhatsApp"),
    ("post", "postal address"), ("other", "something else"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOf:
    """What was posted about a customer, by whom, on which desk, when."""

    customer: int
    desk: int
    by: int
    at: datetime
    policy: Policy
    answers: Mapping[str, str]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.answers.get(name, "").strip()

    def number(self, name: str) -> int:
        """Return a row's number; anything else is the number of none."""
        told = self.get(name)
        return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0


Fields = Callable[[CustomerPageView, BookView, Policy], tuple[Field, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAct:
    """An act of the page. It answers a sentence to show once, or nothing."""

    noun: str
    title: str
    button: str
    do: Callable[[SaidOf], object]
    fields: Fields = lambda view, book, policy: ()
    place: str = ""
    """The part of the page that its form stands in; empty where a template places it."""


def _profile_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    channels = profiles.channels_known(policy)
    known = {code for code, _ in LANGUAGES}
    other = (
        ((view.language, view.language),) if view.language and view.language not in known else ()
    )
    return (
        Field(name="name", label="Name", value=view.name),
        Field(name="language", label="Language", type="choice", choices=(*LANGUAGES, *other),
              value=view.language, required=False),
        Field(name="preferred_channel", label="Prefers to be reached by", type="choice",
              choices=tuple((word, plain(word)) for word in channels),
              value=view.preferred_channel if view.preferred_channel in channels else "",
              required=False),
    )  # fmt: skip


def _profile(said: SaidOf) -> None:
    profiles.change(
        said.customer, at=said.at, name=said.get("name"), language=said.get("language"),
        preferred_channel=said.get("preferred_channel"), desk=said.desk, by=said.by,
    )  # fmt: skip


def _standing(said: SaidOf) -> None:
    profiles.change(
        said.customer, at=said.at, tier=said.get("tier"), flags=said.lists.get("flag", ()),
        desk=said.desk, by=said.by,
    )  # fmt: skip


def _address_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (
        Field(name="kind", label="Kind", type="choice", choices=KINDS),
        Field(name="value", label="Address or number",
              help="A number with its country, as +44 20 7946 0018, or as it is dialled here."),
        Field(name="label", label="Label", required=False, help="Such as home, work, daughter."),
    )  # fmt: skip


def _purchase_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    cover = policy.fields.get("cover")
    choices = tuple((word, plain(word)) for word in (cover.values if cover else ()))
    return (
        Field(name="product", label="Product"),
        Field(name="bought_on", label="Bought on", type="date", required=False),
        Field(name="price", label=f"Price ({policy.currency})", type="money", required=False),
        Field(name="serial", label="Serial number", required=False),
        Field(name="order_number", label="Order number", required=False),
        *((Field(name="cover", label="Cover", type="choice", choices=choices, required=False),)
          if choices else ()),
        *(_own_field(one) for one in purchase_fields(policy)),
    )  # fmt: skip


def _own_field(one: CustomField) -> Field:
    kinds = {"bool": "yes_no", "money": "money", "date": "date", "choice": "choice"}
    return Field(
        name=f"more-{one.id}", label=plain(one.id).capitalize(), required=False,
        type=kinds.get(one.type, "text"), choices=tuple((v, plain(v)) for v in one.values),
    )  # fmt: skip


def _purchase(said: SaidOf) -> None:
    bought = said.get("bought_on")
    price = said.get("price")
    purchases.add(
        said.customer, at=said.at, product=said.get("product"), serial=said.get("serial"),
        order_number=said.get("order_number"), cover=said.get("cover"),
        bought_on=date.fromisoformat(bought) if bought else None,
        price=forms.minor_units(price) if price else None, more=_more(said), desk=said.desk,
        by=said.by,
    )  # fmt: skip


def _more(said: SaidOf) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for one in purchase_fields(said.policy):
        told = said.get(f"more-{one.id}")
        if told:
            found[one.id] = _typed(one, told)
    return found


def _typed(one: CustomField, told: str) -> Value:
    if one.type == "bool":
        return told == "yes"
    if one.type == "money":
        return forms.minor_units(told)
    if one.type in ("count", "score"):
        if not told.isdecimal():
            raise NotValid(f"{plain(one.id)} is a whole number.")
        return int(told)
    return told


def _note_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (Field(name="text", label="What this desk should remember", type="long"),)


def _home_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (
        Field(name="name", label="Household",
              help="One of that name on this desk is joined, else it is made."),
        Field(name="role", label="Who they are in it", type="choice",
              choices=tuple((word, word) for word in groups.ROLES)),
    )  # fmt: skip


def _firm_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (
        Field(name="name", label="Organisation",
              help="One of that name on this desk is joined, else it is made."),
        Field(name="title", label="Title", required=False),
    )  # fmt: skip


def _pin_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (Field(name="pin", label="PIN as the customer says it", help="4 to 12 digits."),)


def _authenticator(said: SaidOf) -> str:
    seed = account_secrets.set_authenticator(said.customer, at=said.at, desk=said.desk, by=said.by)
    parts = " ".join(seed[i : i + 4] for i in range(0, len(seed), 4))
    return f"Let the customer enter this key in their authenticator now; it is shown once: {parts}"


def _merge(said: SaidOf) -> str:
    merging_customers.merge(said.number("other"), into=said.customer, by=said.by, at=said.at)
    return "The two records are one. It can be undone for 30 days, below."


def _erase_fields(view: CustomerPageView, book: BookView, policy: Policy) -> tuple[Field, ...]:
    return (
        Field(name="sure", label="Type the word erase",
              help="Names, addresses, messages and files go for good, on every desk. Numbers and "
                   "times stay, so that the books still verify."),
    )  # fmt: skip


def _erase(said: SaidOf) -> str:
    if said.get("sure").lower() != "erase":
        raise NotValid("Type the word erase to say that you mean it.")
    erasing.erase(said.customer, desk=said.desk, by=said.by, at=said.at)
    return "This person is erased."


ACTS: tuple[CustomerAct, ...] = (
    CustomerAct(noun="profile", title="Change name, language, channel", button="Save the profile",
                fields=_profile_fields, do=_profile, place="person"),
    CustomerAct(noun="addresses", title="Add an address or number", button="Put it on file",
                fields=_address_fields, place="contacts",
                do=lambda said: profiles.add_address(
                    said.customer, at=said.at, kind=said.get("kind"), value=said.get("value"),
                    label=said.get("label"), desk=said.desk, by=said.by)),
    CustomerAct(noun="preferred", title="", button="Prefer",
                do=lambda said: profiles.prefer_address(
                    said.customer, at=said.at, address=said.number("address"),
                    desk=said.desk, by=said.by)),
    CustomerAct(noun="address-removals", title="", button="Remove",
                do=lambda said: profiles.remove_address(
                    said.customer, at=said.at, address=said.number("address"),
                    desk=said.desk, by=said.by)),
    CustomerAct(noun="standing", title="", button="Save", do=_standing),
    CustomerAct(noun="purchases", title="Add a purchase", button="Put it on the books",
                fields=_purchase_fields, do=_purchase, place="purchases"),
    CustomerAct(noun="purchase-removals", title="", button="Remove",
                do=lambda said: purchases.remove(
                    said.customer, at=said.at, purchase=said.number("purchase"),
                    desk=said.desk, by=said.by)),
    CustomerAct(noun="notes", title="Write a note", button="Keep the note", fields=_note_fields,
                place="notes",
                do=lambda said: profiles.add_note(
                    said.customer, at=said.at, text=said.get("text"), desk=said.desk, by=said.by)),
    CustomerAct(noun="note-removals", title="", button="Remove",
                do=lambda said: profiles.remove_note(
                    said.customer, note=said.number("note"), desk=said.desk, by=said.by)),
    CustomerAct(noun="households", title="Add to a household", button="Add to the household",
                fields=_home_fields, place="groups",
                do=lambda said: joining.household_named(
                    said.desk, said.get("name"), customer=said.customer, role=said.get("role"),
                    by=said.by, at=said.at)),
    CustomerAct(noun="organisations", title="Add to an organisation",
                button="Add to the organisation", fields=_firm_fields, place="groups",
                do=lambda said: joining.organisation_named(
                    said.desk, said.get("name"), customer=said.customer, title=said.get("title"),
                    by=said.by, at=said.at)),
    CustomerAct(noun="household-leavings", title="", button="Leave",
                do=lambda said: groups.leave_household(
                    said.number("household"), customer=said.customer, role=said.get("role"),
                    by=said.by, at=said.at)),
    CustomerAct(noun="organisation-leavings", title="", button="Leave",
                do=lambda said: groups.leave_organisation(
                    said.number("organisation"), customer=said.customer, by=said.by, at=said.at)),
    CustomerAct(noun="pins", title="Set the account's PIN", button="Set the PIN",
                fields=_pin_fields, place="secrets",
                do=lambda said: account_secrets.set_pin(
                    said.customer, at=said.at, pin=said.get("pin"), desk=said.desk, by=said.by)),
    CustomerAct(noun="authenticators", title="Set up an authenticator", button="Make a new key",
                do=_authenticator, place="secrets"),
    CustomerAct(noun="merges", title="", button="Merge", do=_merge),
    CustomerAct(noun="merge-undos", title="", button="Undo",
                do=lambda said: merging_customers.undo(
                    said.number("merge"), by=said.by, at=said.at)),
    CustomerAct(noun="erasures", title="Erase this person", button="Erase for good",
                fields=_erase_fields, do=_erase, place="erasing"),
)  # fmt: skip
BY_NOUN = {act.noun: act for act in ACTS}
