"""The people of the demo: five desks, who works there, and when they are on duty."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from kept.services import availability, desks, people, policies, rotas, signing

NAMES = {
    "amira": "Amira Haddad", "bo": "Bo Lindqvist", "chen": "Chen Wei", "ravi": "Ravi Prasad",
    "meenakshi": "Meenakshi Rao", "sunil": "Sunil Kamath", "ines": "Inês Duarte",
    "sol": "Sol Rivera", "dora": "Dora Novak", "tim": "Tim Okafor", "felix": "Felix Brandt",
    "noor": "Noor Aziz", "hugo": "Hugo Blanc", "iris": "Iris Tanaka",
}  # fmt: skip
DESKS = {
    "care": "Family care",
    "basic": "Start-up support",
    "retail": "Electronics shop",
    "crm": "Complaints and tickets",
    "esc": "Software escalations",
}
PARAMETERS = {
    "basic": {
        "response_hours": "4",
        "escalate_after": "24h",
        "resolution_hours": "72",
        "last_updated": "2026-11-02",
    }
}
ROUND_THE_CLOCK = {"care", "esc"}
ON_CALL: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    "care": {
        "Operations on call": (("bo", "ravi"),),
        "Family desk on call": (("amira", "ravi"),),
        "Management on call": (("chen",),),
    },
    "basic": {"Founders on call": (("chen",), ("bo",))},
    "retail": {
        "Managers on call": (("chen", "bo"), ("dora",)),
        "Safety and privacy": (("tim",),),
    },
    "crm": {"Supervisors on call": (("bo",), ("chen",))},
    "esc": {
        "Senior on call": (("hugo",), ("noor",)),
        "Engineering on call": (("iris",), ("hugo",)),
        "Managers on call": (("chen",), ("bo",)),
    },
}
"""Who is paged by night: per desk and rota the people of each layer, by weekly turns."""
WEEKS_BACK, WEEKS_AHEAD = 4, 2


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role of one person on one desk."""

    role: str
    level: str | None = None
    team: str | None = None
    skills: tuple[str, ...] = ()


Cast = dict[str, dict[str, tuple[Place, ...]]]


def cast() -> Cast:
    """Return the places by desk and person."""
    text = resources.files("kept.demo").joinpath("cast.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Cast)


def address(person: str) -> str:
    return f"{person}@{settings.KEPT_MAIL_DOMAIN}"


def set_up(*, password: str, at: datetime) -> dict[str, int]:
    """Make desks, policies, people and rosters; return each person's id by short name."""
    ids = {
        person: people.create_agent(email=address(person), name=name, password=password)
        for person, name in NAMES.items()
    }
    for number, agent in enumerate(ids.values()):
        availability.set_telephone(agent, f"+44 20 7946 0{number:03}", by=agent)
    for slug, places in cast().items():
        zone = _make_desk(slug, at)
        for person, roles in places.items():
            for place in roles:
                people.add_membership(
                    ids[person], slug, role=place.role, level=place.level, team=place.team,
                    skills=place.skills,
                )  # fmt: skip
        _sign(slug, {ids[person] for person in places}, at)
        _roster(slug, [ids[person] for person in places], ZoneInfo(zone), at)
        _on_call(slug, ids, ZoneInfo(zone), at)
    return ids


def _make_desk(slug: str, at: datetime) -> str:
    source = resources.files("kept").joinpath("..", "sops", f"{slug}.md").read_text("utf-8")
    zone = next(line.split(":", 1)[1].strip() for line in source.splitlines() if "zone:" in line)
    mail = f"{slug}@{settings.KEPT_MAIL_DOMAIN}"
    desks.create_desk(slug, name=DESKS[slug], sop=slug, address=mail, zone=zone)
    version = policies.propose(slug, source, by=None, at=at, parameters=PARAMETERS.get(slug, {}))
    policies.activate(version.pk, by=None, at=at)
    return zone


def _sign(slug: str, crew: set[int], at: datetime) -> None:
    """Let everybody sign the handbook where it asks for that."""
    asked = signing.asked_of(slug)
    if asked is None:
        return
    for person in sorted(crew):
        signing.sign(asked.desk, version=asked.version, by=person, at=at)


def _roster(slug: str, crew: list[int], zone: ZoneInfo, at: datetime) -> None:
    """Two shifts of twelve hours where the desk never closes, office hours elsewhere."""
    first = at.astimezone(zone).date() - timedelta(days=1)
    days = [first + timedelta(days=day) for day in range(7 * (WEEKS_BACK + WEEKS_AHEAD))]
    for number, agent in enumerate(crew):
        people.add_shifts(
            agent, slug, (stretch for date in days for stretch in _duty(slug, number, date, zone))
        )


def _on_call(slug: str, ids: dict[str, int], zone: ZoneInfo, at: datetime) -> None:
    monday = at.astimezone(zone).date() - timedelta(days=7 + at.astimezone(zone).weekday())
    for name, rungs in ON_CALL[slug].items():
        layers = tuple(
            rotas.LayerForm(rung=rung, people=tuple(ids[one] for one in crew), starts_on=monday)
            for rung, crew in enumerate(rungs, 1)
        )
        rotas.make(slug, by=None, at=at, name=name, kind="on_call", layers=layers)


def _duty(
    slug: str, number: int, day: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the duty of the desk's n-th person on a day; shifts change sides every week."""
    if slug in ROUND_THE_CLOCK:
        is_early = (number + day.isocalendar().week) % 2 == 0
        starts_at = datetime.combine(day, time(7) if is_early else time(19), zone)
        yield starts_at, starts_at + timedelta(hours=12)
    elif day.weekday() < 5:
        starts_at = datetime.combine(day, time(9), zone)
        yield starts_at, starts_at + timedelta(hours=8)
