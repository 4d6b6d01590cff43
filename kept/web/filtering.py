"""The filters of the queue as a form: what each may be, in the words of the desks shown.

Display only. What an address means is `kept/records/queries/filters`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kept.policy.rules import Policy
from kept.policy.vocabulary import known_words
from kept.records.queries.filters import terms_of
from kept.records.queries.views import QueueFilter, QueueRow
from kept.web.say import plain

STATUSES = (
    ("new", "new"), ("open", "open"), ("waiting", "waiting"), ("resolved", "resolved"),
    ("closed", "closed"), ("closed_unconfirmed", "closed unconfirmed"), ("merged", "merged"),
    ("spam", "spam"),
)  # fmt: skip
WAITS = (("customer", "the customer"), ("third_party", "a third party"), ("nobody", "nobody"))
STANDINGS = (
    ("followed", "I follow"), ("mentioned", "names me"), ("unread", "names me, unread"),
    ("snoozed", "I snoozed"), ("missed", "missed before"), ("at_risk", "at risk now"),
)  # fmt: skip
ORDERS = (("due", "next due first"), ("opened", "oldest first"), ("updated", "last changed first"))
TIMES = (
    ("due_before", "Due before"), ("due_after", "Due after"), ("opened_before", "Opened before"),
    ("opened_after", "Opened after"), ("updated_before", "Changed before"),
    ("updated_after", "Changed after"),
)  # fmt: skip
SAID = {"is": "standing", "waiting": "waiting on", "missed": "missed clause", "words": "words"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One filter of the form; without options it is a line to write in."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    help: str = ""


def near(
    wanted: QueueFilter, policies: Mapping[str, Policy | None], rows: Sequence[QueueRow]
) -> tuple[Choice, ...]:
    """Return the filters that stand above the queue."""
    chosen = _chosen(wanted, policies)
    severities = {one.id: one.id for policy in chosen for one in policy.severities}
    levels = {one.id: f"{one.id} {one.name}" for policy in chosen for one in policy.levels}
    owners = {str(row.owner_id): row.owner for row in rows if row.owner_id and row.owner}
    if wanted.owner not in (None, "me", "none"):
        owners.setdefault(str(wanted.owner), f"agent {wanted.owner}")
    people = (("me", "me"), ("none", "nobody"), *sorted(owners.items()))
    return (
        _choice("severity", "Severity", wanted.severity, severities.items()),
        _choice("level", "Level", wanted.level, levels.items()),
        _choice("owner", "Owner", wanted.owner, ((key, str(name)) for key, name in people)),
        _choice("status", "State", wanted.status, STATUSES),
    )


def far(wanted: QueueFilter, policies: Mapping[str, Policy | None]) -> tuple[Choice, ...]:
    """Return the filters that are folded away."""
    chosen = _chosen(wanted, policies)
    teams = {team.id: team.name for policy in chosen for team in policy.teams.values()}
    known = {
        field: {word: plain(word) for policy in chosen for word in known_words(policy, field)}
        for field in ("channel", "type", "topic")
    }
    clauses = {each: each for policy in chosen if len(chosen) == 1 for each in policy.clauses}
    return (
        _choice("team", "Team", wanted.team, {"mine": "my team", **teams}.items()),
        *(
            _choice(field, field.capitalize(), getattr(wanted, field), words.items())
            for field, words in known.items()
        ),
        _choice("waiting", "Waiting on", wanted.waiting, WAITS),
        _choice("is", "Standing", wanted.standing, STANDINGS),
        _choice("missed", "Missed clause", wanted.missed, clauses.items()),
        _choice("tag", "Tag", wanted.tag, ()),
        _choice("customer", "Customer's number", wanted.customer, ()),
        *(
            Choice(name=name, label=label, value=getattr(wanted, name) or "",
                   help="2026-03-01, today, +4h, -7d")
            for name, label in TIMES
        ),
        _choice("order", "Order", wanted.order, ORDERS),
    )  # fmt: skip


def in_words(wanted: QueueFilter) -> tuple[str, ...]:
    """Return each set filter as people read it: `severity P1`, `due before +4h`."""
    return tuple(
        f"{SAID.get(name, plain(name))} {plain(value) if name != 'words' else value}"
        for name, value in terms_of(wanted).items()
        if name != "desk"
    )


def _chosen(wanted: QueueFilter, policies: Mapping[str, Policy | None]) -> list[Policy]:
    asked = set((wanted.desk or "").split(",")) - {""}
    return [policy for slug, policy in policies.items() if policy and (not asked or slug in asked)]


def _choice(
    name: str, label: str, value: str | None, options: Iterable[tuple[str, str]]
) -> Choice:
    known = tuple(options)
    now = value or ""
    if known and now and now not in {each for each, _ in known}:
        known = (*known, (now, now))  # Several at once, or a word of an older SOP.
    return Choice(name=name, label=label, value=now, options=known)
