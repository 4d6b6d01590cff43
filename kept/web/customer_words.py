"""A desk's book of a customer as its page shows it: forms in place, entitlements in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.queries.customer_page import BookView, CustomerPageView
from kept.records.queries.purchases import EntitlementView, PurchaseView
from kept.web import forms
from kept.web.customer_acts import CustomerAct
from kept.web.forms import Field
from kept.web.say import plain

TONES = {True: "kept", False: "ended", None: "paused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One act's form on a page, open where it was posted."""

    noun: str
    title: str
    button: str
    key: str
    fields: tuple[Field, ...]
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One entitlement in words."""

    view: EntitlementView
    tone: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseCard:
    view: PurchaseView
    claims: tuple[Claim, ...]
    more: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCard:
    """One desk's book with its forms by the place they stand in."""

    view: BookView
    policy: Policy | None
    purchases: tuple[PurchaseCard, ...]
    forms: dict[str, tuple[Form, ...]]

    def at(self, place: str) -> tuple[Form, ...]:
        return self.forms.get(place, ())


def book_cards(
    view: CustomerPageView,
    acts: Sequence[CustomerAct],
    *,
    typed: tuple[CustomerAct, BookView, tuple[Field, ...]] | None,
    opened: str,
) -> tuple[BookCard, ...]:
    """Return the books of a page with every form, what was typed kept in the one posted."""
    cards = []
    for book in view.books:
        policy = policy_by_hash(book.desk.policy_hash) if book.desk.policy_hash else None
        placed: dict[str, tuple[Form, ...]] = {}
        for act in acts if policy is not None else ():
            posted = typed is not None and typed[0] is act and typed[1].desk.id == book.desk.id
            assert policy is not None
            fields = typed[2] if posted and typed else act.fields(view, book, policy)
            key = f"{book.desk.slug}-{act.noun}"
            made = Form(
                noun=act.noun, title=act.title, button=act.button, key=key,
                fields=forms.keyed(fields, key), open=posted or opened == act.noun,
            )  # fmt: skip
            placed[act.place] = (*placed.get(act.place, ()), made)
        cards.append(
            BookCard(
                view=book, policy=policy, forms=placed,
                purchases=tuple(purchase_card(one) for one in book.purchases),
            )
        )  # fmt: skip
    return tuple(cards)


def purchase_card(view: PurchaseView) -> PurchaseCard:
    """Return a purchase with its entitlements in words, those that hold first."""
    order = {True: 0, None: 1, False: 2}
    claims = sorted((claim(one) for one in view.entitlements), key=lambda c: order[c.view.holds])
    more = tuple((plain(name), _shown(value)) for name, value in view.more.items())
    return PurchaseCard(view=view, claims=tuple(claims), more=more)


def claim(view: EntitlementView) -> Claim:
    """Return one entitlement as a person reads it."""
    return Claim(
        view=view, tone=TONES[view.holds], name=plain(view.name).capitalize(), words=_words(view)
    )


def _words(view: EntitlementView) -> str:
    match view.why:
        case "within":
            return "until the end of"
        case "over":
            return "ended on"
        case "not_yet":
            return "begins later; until"
        case "exception":
            return "another clause holds instead"
        case "false":
            return "does not apply to it"
    missing = " and ".join(plain(name) for name in view.missing)
    return f"depends on the {missing}" if missing else "cannot be known yet"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
