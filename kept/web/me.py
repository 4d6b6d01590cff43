"""Who is reading, as the pages name them."""

from dataclasses import dataclass

from django.http import HttpRequest

from kept import clock
from kept.records.queries.desk_pages import unseen_count
from kept.records.queries.desks import desks_of
from kept.records.queries.members import managed_desks
from kept.records.queries.views import DeskView
from kept.web.deeds import deed_of
from kept.web.places import Place, places_of
from kept.web.render import agent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    id: int
    name: str
    standing: str
    desks: tuple[DeskView, ...]
    unseen: int = 0
    """Notifications not looked at; stops at 100."""
    availability: str = "available"

    @property
    def places(self) -> tuple[tuple[str, tuple[Place, ...]], ...]:
        """The groups of the navigation with the places this reader is shown."""
        return places_of(self)

    def deed(self, desk: str, name: str) -> str:
        """Return what must be done, as the desk of this name says it."""
        return deed_of(name, next((one for one in self.desks if one.slug == desk), None))

    def leads(self, act: str) -> bool:
        """Return whether there is a desk where this reader may do a leading act."""
        return bool(managed_desks(self.id, self.desks, act))


def me(
    request: HttpRequest, desks: tuple[DeskView, ...] | None = None, unseen: int | None = None
) -> Me:
    """Return the reader with their desks and bell, asked for unless the page has them already."""
    number = agent_id(request)
    return Me(
        id=number,
        name=str(getattr(request.user, "name", "")),
        standing=str(getattr(request.user, "email", "")),
        desks=desks_of(number) if desks is None else desks,
        unseen=unseen_count(number) if unseen is None else unseen,
        availability=_availability(request),
    )


def _availability(request: HttpRequest) -> str:
    until = getattr(request.user, "availability_until", None)
    if until is not None and until <= clock.now():
        return "available"
    return str(getattr(request.user, "availability", "available"))
