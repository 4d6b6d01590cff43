"""Routing: who should take a ticket, ranked, with the reasons told.

The scorer only proposes; every candidate appears, also those who cannot take it, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kept.policy.rules import Action, AssignAction, Policy
from kept.policy.words import Frozen

FIRST = ("availability", "roster")
"""What counts before everything else, whatever order a clause names its needs in."""
COMMON_NEEDS = ("workload",)
"""What is weighed where no clause says what to look at."""
SOFT = frozenset({"type", "language"})
"""What is preferred but never keeps a ticket without an owner."""


class Candidate(Frozen, frozen=True, kw_only=True):
    """A person as the desk knows them now; `open_tickets` is their workload, by weight."""

    id: str
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_available: bool = True
    absence: str = "absent"
    """Why somebody who is not available is not: `away`, `busy`, `absent`."""
    is_rostered: bool = True
    open_tickets: int = 0
    most_tickets: int | None = None
    """How much they take at most; None is no bound."""
    missed_by: int = 0
    """How many tickets were given to others since their last: breaks ties."""


class Need(Frozen, frozen=True, kw_only=True):
    """What the ticket asks for."""

    skills: tuple[str, ...] = ()
    language: str | None = None
    kinds: tuple[str, ...] = ()
    """Its type and topic, for whoever knows them by name."""


class Ranked(Frozen, frozen=True, kw_only=True):
    """A candidate's place: `fits` or not, the score per need, and the reasons in plain words."""

    id: str
    fits: bool
    scores: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str], ...]
    """(need, `has`, `lacks`, `absent`, `full` or a count), in the order weighed."""


def pick(candidates: Iterable[Candidate], need: Need, by: Sequence[str]) -> tuple[Ranked, ...]:
    """Rank candidates by the needs of a clause, in its order; ties go to who waited longest.

    `by` holds `skill` (or `expertise`), `type`, `language`, `availability`, `roster` and
    `workload`. Whoever is absent, off duty, full or without a needed skill ranks behind all who
    fit; `type` and `language` only prefer.
    """
    ordered = [each for each in FIRST if each in by] + [each for each in by if each not in FIRST]
    ranked = [(_rank(each, need, ordered), each) for each in candidates]
    ranked.sort(
        key=lambda pair: (
            not pair[0].fits,
            *(-score for _, score in pair[0].scores),
            -pair[1].missed_by,
            pair[1].id,
        )
    )
    return tuple(place for place, _ in ranked)


def needs_of(policy: Policy, team: str | None) -> tuple[str, ...]:
    """Return what the SOP's own clauses look at when they give a ticket to this team."""
    named: tuple[str, ...] = ()
    for rule in policy.rules:
        for key in ("do", "on_warn", "on_miss"):
            actions: tuple[Action, ...] = getattr(rule, key, ())
            for action in actions:
                if isinstance(action, AssignAction) and action.pick:
                    if action.team == team:
                        return action.pick
                    named = named or action.pick
    return named or COMMON_NEEDS


def weights(policy: Policy) -> Mapping[str, int]:
    """Return how much a ticket of each severity weighs: 1 for the lowest, a step more for each."""
    return {one.id: len(policy.severities) - at for at, one in enumerate(policy.severities)}


def _rank(candidate: Candidate, need: Need, by: Sequence[str]) -> Ranked:
    told = [(name, *_weigh(candidate, need, name)) for name in by]
    return Ranked(
        id=candidate.id,
        fits=all(fits or name in SOFT for name, fits, _, _ in told),
        scores=tuple((name, score) for name, _, score, _ in told),
        reasons=tuple((name, reason) for name, _, _, reason in told),
    )


def _weigh(candidate: Candidate, need: Need, name: str) -> tuple[bool, int, str]:
    """Return whether a need is met, how well, and why."""
    match name:
        case "skill" | "expertise":
            lacking = [skill for skill in need.skills if skill not in candidate.skills]
            met = len(need.skills) - len(lacking)
            return not lacking, met, "has" if not lacking else "lacks " + ", ".join(lacking)
        case "type":
            knows = [kind for kind in need.kinds if kind in candidate.skills]
            return not need.kinds or bool(knows), len(knows), ", ".join(knows) or "no preference"
        case "language":
            speaks = need.language is None or need.language in candidate.languages
            return speaks, int(speaks), "has" if speaks else f"lacks {need.language}"
        case "availability":
            here = candidate.is_available
            return here, int(here), "has" if here else candidate.absence
        case "roster":
            here = candidate.is_rostered
            return here, int(here), "on duty" if here else "off duty"
        case "workload":
            most = candidate.most_tickets
            full = most is not None and candidate.open_tickets >= most
            told = "full" if full else str(candidate.open_tickets)
            return not full, -candidate.open_tickets, told
    return True, 0, "unweighed"
