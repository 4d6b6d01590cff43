"""Declarations: the scale, levels, roles, teams, channels, calendars and tables of an SOP.

Names are declared first and referred to later, so that order in the file does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kept.policy.calendars import Calendar
from kept.policy.rules import Channel, Level, Role, Severity, Team
from kept.policy.sop.declare_calendar import read_calendar
from kept.policy.sop.figures import Kind
from kept.policy.sop.front import IDENTIFIER
from kept.policy.sop.keys import Keys
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.params import read_figure
from kept.policy.sop.parse import Document, Loaded
from kept.policy.sop.source import Place
from kept.policy.sop.yaml import Map, Scalar, Seq

CHANNEL_KINDS = (
    "email", "chat", "whatsapp", "phone", "video", "sms", "social", "web", "app", "api",
)  # fmt: skip

USUAL_ROLES = ("agent", "lead", "supervisor", "manager")
"""Who there is where an SOP declares no role: nothing but a scale and a rule is compulsory."""

Check = Callable[[], object]


class Declarations:
    """What the declaring blocks of a document say. `checks` run when all names are known."""

    def __init__(self, lowering: Lowering, document: Document) -> None:
        self.lowering = lowering
        self.document = document
        self.severities: list[Severity] = []
        self.levels: list[Level] = []
        self.roles: dict[str, Role] = {}
        self.teams: dict[str, Team] = {}
        self.channels: dict[str, Channel] = {}
        self.calendars: dict[str, Calendar] = {}
        self.checks: list[Check] = []
        self.implied_scale = False

    def read(self, zone: str) -> None:
        for loaded in self.document.of_kind("scale", "level", "role", "team", "channel"):
            for keys in self.entries(loaded, READERS[loaded.kind][0]):
                READERS[loaded.kind][1](self, keys)
                keys.done()
        for loaded in self.document.of_kind("calendar"):
            for keys in self.entries(loaded, "calendars"):
                self.calendar(keys, zone)
                keys.done()
        self.levels.sort(key=lambda level: level.rank)
        if not self.roles:
            self._take_usual_roles()
        self._choose_calendar()

    def _take_usual_roles(self) -> None:
        for role in USUAL_ROLES:
            self.lowering.names.of("role")[role] = 1
            self.roles[role] = Role(
                id=role, name=role.capitalize(), clause=self.document.sop, implied=True
            )

    def check(self) -> None:
        """Look up what the declarations refer to."""
        for check in self.checks:
            check()

    def entries(self, loaded: Loaded, plural: str) -> Iterator[Keys]:
        """Yield a block's mapping, those of a list, or those under its plural key."""
        node = loaded.node
        if isinstance(node, Map) and list(node.entries) == [plural]:
            node = node.entries[plural][1]
        for value in node.values if isinstance(node, Seq) else [node]:
            if isinstance(value, Map):
                yield self.lowering.keys(value, loaded.clause)
            else:
                self.lowering.problems.error(
                    value.place, "E431", f"a {loaded.kind} block takes a mapping",
                    clause=loaded.clause.id, advice="as in id: NAME",
                )  # fmt: skip

    def identify(self, keys: Keys, kind: str, key: str = "id") -> tuple[str, Place] | None:
        scalar = keys.required(key)
        if scalar is None:
            return None
        name = scalar.text.strip()
        if not IDENTIFIER.match(name):
            keys.tell(
                scalar.place, "E432", f'"{name[:60]}" cannot name a {kind}',
                "letters, digits, - and _, beginning with a letter",
            )  # fmt: skip
            return None
        if not self.lowering.names.declare(kind, name, scalar.place, keys.clause.id):
            return None
        return name, scalar.place

    def later(self, kind: str, keys: Keys, key: str) -> str | None:
        """Return a name that is looked up once all are declared."""
        scalar = keys.scalar(key)
        if scalar is None:
            return None
        self._refer(kind, scalar, keys)
        return scalar.text

    def many_later(self, kind: str, keys: Keys, key: str) -> tuple[str, ...]:
        for scalar in keys.scalars(key):
            self._refer(kind, scalar, keys)
        return keys.texts(key)

    def _refer(self, kind: str, scalar: Scalar, keys: Keys) -> None:
        clause = keys.clause.id
        names = self.lowering.names
        self.checks.append(lambda: names.refer(kind, scalar.text, scalar.place, clause))

    # Kinds -----------------------------------------------------------------------------------

    def severity(self, keys: Keys) -> None:
        found = self.identify(keys, "severity")
        name, definition = keys.text("name"), keys.texts("definition")
        implied = keys.flag("implied") or self.implied_scale
        keys.used.update(("code",))
        if found is not None:
            self.severities.append(
                Severity(
                    id=found[0], name=name or found[0], definition=definition,
                    clause=keys.clause.id, implied=implied,
                )
            )  # fmt: skip

    def scale(self, keys: Keys) -> None:
        self.implied_scale = keys.flag("implied")
        for node in keys.maps("severities"):
            inner = keys.inner(node)
            self.severity(inner)
            inner.done()
        if not keys.has("severities"):
            keys.required("severities")

    def level(self, keys: Keys) -> None:
        found = self.identify(keys, "level")
        accept = self.lowering.target(keys, "accept", bound=False)
        rank = keys.scalar("rank")
        number = len(self.levels)
        if rank is not None:
            if rank.text.isascii() and rank.text.isdigit() and len(rank.text) < 6:
                number = int(rank.text)
            else:
                keys.tell(rank.place, "E301", f'"{rank.text[:60]}" is no rank', "write 1, 2, ...")
        level = Level(
            id=found[0] if found else "",
            name=keys.text("name") or (found[0] if found else ""),
            rank=number,
            who=keys.text("who"),
            team=self.later("team", keys, "team"),
            scope=keys.texts("scope"),
            accept=accept,
            clause=keys.clause.id,
            implied=keys.flag("implied"),
        )
        if found is not None:
            self.levels.append(level)

    def role(self, keys: Keys) -> None:
        found = self.identify(keys, "role")
        limit = keys.scalar("limit")
        amount = None
        if limit is not None:
            one = read_figure(limit.text, Kind.MONEY)
            if one is None:
                keys.tell(limit.place, "E301", f'"{limit.text[:60]}" is no amount', "write 100.00")
            amount = one.amount if one else None
        role = Role(
            id=found[0] if found else "",
            name=keys.text("name") or (found[0] if found else ""),
            may=keys.texts("may"),
            level=self.later("level", keys, "level"),
            limit=amount,
            clause=keys.clause.id,
            implied=keys.flag("implied"),
        )
        keys.used.update(("does", "team"))
        if found is not None:
            self.roles[role.id] = role

    def team(self, keys: Keys) -> None:
        found = self.identify(keys, "team")
        team = Team(
            id=found[0] if found else "",
            name=keys.text("name") or (found[0] if found else ""),
            level=self.later("level", keys, "level"),
            roles=self.many_later("role", keys, "roles"),
            skills=keys.texts("skills"),
            clause=keys.clause.id,
            implied=keys.flag("implied"),
        )
        if found is not None:
            self.teams[team.id] = team

    def channel(self, keys: Keys) -> None:
        found = self.identify(keys, "channel")
        calendar = keys.scalar("calendar")
        if calendar is not None and calendar.text != "24x7":
            self._refer("calendar", calendar, keys)
        channel = Channel(
            id=found[0] if found else "",
            name=keys.text("name") or (found[0] if found else ""),
            kind=keys.choice("kind", CHANNEL_KINDS, "email"),
            primary=keys.flag("primary"),
            purposes=keys.texts("purposes"),
            hours=keys.text("hours"),
            calendar=calendar.text if calendar else None,
            secure=keys.flag("secure"),
            clause=keys.clause.id,
            implied=keys.flag("implied"),
        )
        if found is not None:
            self.channels[channel.id] = channel

    # Calendars -------------------------------------------------------------------------------

    def calendar(self, keys: Keys, zone: str) -> None:
        found = self.identify(keys, "calendar", "name")
        calendar = read_calendar(keys, found[0] if found else "", zone)
        if found is not None and calendar is not None:
            self.calendars[found[0]] = calendar

    def _choose_calendar(self) -> None:
        """Take `desk`, or the only one, for working days, even where it has mistakes."""
        declared = self.lowering.names.of("calendar")
        if "desk" in declared:
            self.lowering.calendar = "desk"
        elif len(declared) == 1:
            self.lowering.calendar = next(iter(declared))


READERS: dict[str, tuple[str, Callable[[Declarations, Keys], None]]] = {
    "scale": ("scale", Declarations.scale),
    "level": ("levels", Declarations.level),
    "role": ("roles", Declarations.role),
    "team": ("teams", Declarations.team),
    "channel": ("channels", Declarations.channel),
}
