"""The places of the house beside the queue: one registry feeds navigation and palette.

A page that people go to adds one line here. Whether somebody may read it is decided where it
is read; `shows` only spares people a link that leads them nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from kept.web.me import Me

VIEWS = (
    ("mine", "What I owe", ""),
    ("all", "All open", ""),
    ("unowned", "Without owner", ""),
    ("at_risk", "At risk", "risk"),
    ("missed", "Missed", "missed"),
    ("waiting", "Waiting", ""),
    ("following", "Following", ""),
    ("mentions", "Mentions", ""),
    ("snoozed", "Snoozed", ""),
    ("resolved", "Resolved", ""),
    ("closed", "Closed", ""),
)
"""The views of the queue: name in the address, title, tone of its count. The first is home."""
QUIET_VIEWS = ("following", "mentions", "snoozed")
"""They stand in the navigation only while they hold something."""
GROUPS = (("work", "At work"), ("house", "The house"))
"""Those of the group `self` stand at the reader's name, at the foot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One page of the navigation; `says` is how the palette ends "Go to ..."."""

    name: str
    says: str
    route: str
    group: str = "house"
    shows: Callable[[Me], bool] = lambda me: True

    @property
    def href(self) -> str:
        return reverse(self.route)


def _manages(me: Me) -> bool:
    return me.leads("manage_access")


def _audits(me: Me) -> bool:
    return me.leads("read_audit")


PLACES: tuple[Place, ...] = (
    Place(name="Search", says="the search", route="search", group="work"),
    Place(name="Duties", says="the duties", route="duties", group="work"),
    Place(name="Customers", says="the customers", route="customers", group="work"),
    Place(name="Knowledge", says="the knowledge", route="knowledge", group="work"),
    Place(name="Macros", says="the macros", route="macros", group="work"),
    Place(name="Pages", says="the pages", route="pages", group="work"),
    Place(name="Rota", says="the rota", route="rota", group="work"),
    Place(name="Availability", says="availability", route="availability", group="self"),
    Place(name="Wallboard", says="the wallboard", route="wallboard"),
    Place(name="Outbox", says="the outbox", route="outbox"),
    Place(name="Outages", says="the outages", route="outages"),
    Place(name="Tags", says="the tags", route="tags"),
    Place(name="Quarantine", says="the quarantine", route="quarantine"),
    Place(name="People", says="people and access", route="people", shows=_manages),
    Place(name="Access review", says="the access review", route="access-review", shows=_manages),
    Place(name="Audit", says="the audit", route="audit", shows=_audits),
    Place(name="My account", says="my account", route="account", group="self"),
)


def places_of(me: Me) -> tuple[tuple[str, tuple[Place, ...]], ...]:
    """Return the groups with the places that a reader is shown, empty groups left out."""
    groups = (
        (title, tuple(one for one in PLACES if one.group == group and one.shows(me)))
        for group, title in GROUPS
    )
    return tuple((title, places) for title, places in groups if places)
