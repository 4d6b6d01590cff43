"""From a filter to fixed SQL: names come from the lists here, values travel as parameters only.

Rows and counts are made from the same tests, so a count can never tell another story than the
page behind it. Every test reads columns of the queue's own index, or a small set of the reader.
"""

from datetime import datetime
from typing import Any, NamedTuple

from kept.records.instants import instant
from kept.records.queries.filters import moment_of, values_of
from kept.records.queries.views import QueueFilter

OPEN = "t.status IN ('new', 'open', 'waiting')"
ENDED = ("resolved", "closed", "closed_unconfirmed", "merged", "spam")
SETTLED = {
    "resolved": "t.status = 'resolved'",
    "closed": "t.status IN ('closed', 'closed_unconfirmed', 'merged', 'spam')",
}
COLUMNS = ("level", "severity", "team", "status", "channel", "type", "topic")
TAGGED = """EXISTS (SELECT 1 FROM ticket_tag g JOIN tag o ON o.id = g.tag_id
  WHERE g.ticket_id = t.id AND o.desk_id = t.desk_id AND lower(o.name) = ANY(%(tag)s))"""
SUBJECT_WORDS = """(to_tsvector('kept_words', left(t.subject, 100000))
 || to_tsvector('kept_stems', left(t.subject, 100000)))"""
WORDS_ASKED = """(websearch_to_tsquery('kept_words', {words})
 || websearch_to_tsquery('kept_stems', {words}))"""
HELD = "m.agent_id = %(agent)s AND m.ended_at IS NULL"
ASLEEP = """
SELECT z.ticket_id FROM snooze z JOIN ticket s ON s.id = z.ticket_id
WHERE z.agent_id = %(agent)s AND z.woken_at IS NULL AND (z.until IS NULL OR z.until > %(at)s)
  AND (s.next_at_risk_at IS NULL OR s.next_at_risk_at > %(at)s)
"""
"""Tickets that the reader put to sleep; one at risk is awake whatever was wished."""
FOLLOWED = "SELECT f.ticket_id FROM follow f WHERE f.agent_id = %(agent)s"
MENTIONED = "SELECT n.ticket_id FROM mention n WHERE n.agent_id = %(agent)s"
UNREAD = f"{MENTIONED} AND n.seen_at IS NULL"
MISSED = "t.queue_key < %(now)s"
AT_RISK = "t.next_at_risk_at <= %(at)s AND t.queue_key >= %(now)s"
_FREE = f"""t.owner_id IS NULL AND ((t.desk_id, t.team) IN (SELECT m.desk_id, m.team
   FROM membership m WHERE {HELD} AND m.team IS NOT NULL)
 OR t.team IS NULL AND (t.level IS NULL OR (t.desk_id, t.level) IN (SELECT m.desk_id, m.level
   FROM membership m WHERE {HELD} AND m.level IS NOT NULL)
  OR t.desk_id IN (SELECT m.desk_id FROM membership m WHERE {HELD}
                   GROUP BY m.desk_id HAVING max(m.level) IS NULL)))"""
"""Without owner, and of the reader's team or, where it has none, of their level."""
_AWAKE = f"t.id <> ALL(ARRAY({ASLEEP}))"
VIEW_TESTS = {
    "unowned": "t.owner_id IS NULL",
    "missed": MISSED,
    "at_risk": AT_RISK,
    "waiting": "t.status = 'waiting'",
    "following": f"t.id = ANY(ARRAY({FOLLOWED}))",
    "mentions": f"t.id = ANY(ARRAY({UNREAD}))",
    "snoozed": f"t.id = ANY(ARRAY({ASLEEP}))",
}
STANDING_TESTS = {
    "open": OPEN,
    "followed": VIEW_TESTS["following"],
    "snoozed": VIEW_TESTS["snoozed"],
    "mentioned": f"t.id = ANY(ARRAY({MENTIONED}))",
    "unread": VIEW_TESTS["mentions"],
    "missed": "t.missed_count > 0",
    "at_risk": AT_RISK,
}
LISTED = {"following", "mentions", "snoozed", "followed", "mentioned", "unread"}
"""Views and standings that begin with a short list of the reader's own."""
FEW = 2000
_MY_DESKS = f"SELECT m.desk_id FROM membership m WHERE {HELD}"
_NAMES = """SELECT c.id FROM customer c WHERE to_tsvector('kept_words', left(c.name, 1000))
  @@ websearch_to_tsquery('kept_words', {words}) AND c.name !~ '@|[0-9][0-9][0-9]' LIMIT 500"""
MOMENTS = {
    "opened_before": "t.opened_at < {}", "opened_after": "t.opened_at >= {}",
    "updated_before": "t.updated_at < {}", "updated_after": "t.updated_at >= {}",
}  # fmt: skip


class Part(NamedTuple):
    """One of the disjoint tests of a filter; `across` is quick over all desks at once, because
    it begins with what one person owns or with a list of numbers.
    """

    test: str
    across: bool = False


def is_settled(wanted: QueueFilter) -> bool:
    """Tell whether a filter asks for tickets that owe nothing more; they sort by last change."""
    if wanted.view in SETTLED:
        return True
    return bool(wanted.status) and not set(values_of(wanted.status or "")) & {
        "new", "open", "waiting",
    }  # fmt: skip


def parts(
    wanted: QueueFilter, *, agent: int, at: datetime, zone: str = "UTC", mark: str = ""
) -> tuple[tuple[Part, ...], dict[str, Any]]:
    """Return disjoint tests whose union a filter means, and their values named after `mark`.

    `mine` is two: what one owns, and what has no owner and waits for one's team. Words are two:
    where few tickets hold them these are listed, else the queue is walked until enough are met.
    Apart, each follows an index of its own.
    """
    values: dict[str, Any] = {"agent": agent, "at": at, "now": instant(at)}
    tests = [_status(wanted)]
    if wanted.view in VIEW_TESTS:
        tests.append(VIEW_TESTS[wanted.view])
    for name in COLUMNS:
        told = getattr(wanted, name)
        if told and told != "any":
            tests.append(_one_of(name, told, values, mark))
    tests += _people(wanted, values, mark)
    tests += _moments(wanted, values, mark, at=at, zone=zone)
    tests += _sets(wanted, values, mark)
    common = " AND ".join(test for test in tests if test)
    listed = wanted.view in LISTED or bool(set(values_of(wanted.standing or "")) & LISTED)
    made = [Part(common, listed or wanted.owner not in (None, "", "none"))]
    if wanted.view == "mine":
        made = [
            Part(f"t.owner_id = %(agent)s AND {_AWAKE} AND {common}", across=True),
            Part(f"{_FREE} AND {_AWAKE} AND {common}"),
        ]
    if wanted.words:
        made = [
            Part(f"{one} AND {part.test}", part.across or across)
            for part in made
            for one, across in _words(wanted.words, values, mark)
        ]
    return tuple(made), values


def _status(wanted: QueueFilter) -> str:
    if wanted.view in SETTLED:
        return SETTLED[wanted.view]
    if wanted.view == "mentions" or (wanted.status and wanted.view != "mine"):
        asked = set(values_of(wanted.status or ""))
        if wanted.view == "mentions" or asked & {*ENDED, "any"}:
            return "t.id > 0"
    return OPEN


def _one_of(name: str, told: str, values: dict[str, Any], mark: str) -> str:
    asked = values_of(told)
    if name == "team" and "mine" in asked:
        return f"(t.desk_id, t.team) IN (SELECT m.desk_id, m.team FROM membership m WHERE {HELD})"
    if asked == ["none"]:
        return f"t.{name} IS NULL"
    values[f"{mark}{name}"] = asked if len(asked) > 1 else asked[0]
    return (
        f"t.{name} = ANY(%({mark}{name})s)" if len(asked) > 1 else f"t.{name} = %({mark}{name})s"
    )


def _people(wanted: QueueFilter, values: dict[str, Any], mark: str) -> list[str]:
    tests = []
    match wanted.owner:
        case None | "":
            pass
        case "none":
            tests.append("t.owner_id IS NULL")
        case "me":
            tests.append("t.owner_id = %(agent)s")
        case number:
            values[f"{mark}owner"] = int(number)
            tests.append(f"t.owner_id = %({mark}owner)s")
    if wanted.customer:
        values[f"{mark}customer"] = int(wanted.customer)
        tests.append(f"t.customer_id = %({mark}customer)s")
    if wanted.waiting:
        values[f"{mark}waiting"] = wanted.waiting
        tests.append(f"t.status = 'waiting' AND t.waiting_on = %({mark}waiting)s"
                     if wanted.waiting != "nobody" else "t.status <> 'waiting'")  # fmt: skip
    return tests


def _moments(
    wanted: QueueFilter, values: dict[str, Any], mark: str, *, at: datetime, zone: str
) -> list[str]:
    tests = []
    for name, test in MOMENTS.items():
        if told := getattr(wanted, name):
            values[f"{mark}{name}"] = moment_of(told, at=at, zone=zone)
            tests.append(test.format(f"%({mark}{name})s"))
    for name, sign in (("due_before", "<"), ("due_after", ">=")):
        if told := getattr(wanted, name):
            values[f"{mark}{name}"] = instant(moment_of(told, at=at, zone=zone))
            tests.append(f"t.queue_key {sign} %({mark}{name})s")
    if wanted.due_after:
        tests.append("t.next_due_at IS NOT NULL")
    return tests


def _sets(wanted: QueueFilter, values: dict[str, Any], mark: str) -> list[str]:
    tests = [STANDING_TESTS[one] for one in values_of(wanted.standing or "")]
    if wanted.missed:
        values[f"{mark}missed"] = wanted.missed
        tests.append(f"""t.missed_count > 0 AND EXISTS (SELECT 1 FROM commitment c
            WHERE c.desk_id = t.desk_id AND c.clause = %({mark}missed)s AND c.ticket_id = t.id
              AND c.missed_at IS NOT NULL)""")  # fmt: skip
    if wanted.tag:
        values[f"{mark}tag"] = [one.lower() for one in values_of(wanted.tag)]
        tests.append(TAGGED.replace("%(tag)s", f"%({mark}tag)s"))
    return tests


def _words(words: str, values: dict[str, Any], mark: str) -> tuple[tuple[str, bool], ...]:
    """Return the tests of words in subjects and in names that are no addresses."""
    number = words.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 18:
        values[f"{mark}ticket_number"] = int(number)
        return ((f"t.id = %({mark}ticket_number)s", True),)
    values[f"{mark}words"] = words
    names = _NAMES.format(words=f"%({mark}words)s")
    asked = WORDS_ASKED.format(words=f"%({mark}words)s")
    held = SUBJECT_WORDS.replace("t.", "s.")
    found = f"""
        (SELECT s.id FROM ticket s WHERE {held} @@ {asked}
           AND s.desk_id IN ({_MY_DESKS}) LIMIT {FEW})
        UNION ALL
        (SELECT s.id FROM ({names}) c CROSS JOIN LATERAL (
           SELECT s.id FROM ticket s WHERE s.customer_id = c.id
             AND s.desk_id IN ({_MY_DESKS}) ORDER BY s.customer_id LIMIT {FEW}) s LIMIT {FEW})"""
    count = f"(SELECT count(*) FROM ({found}) few)"
    return (
        (f"{count} < {FEW} AND t.id = ANY(ARRAY({found}))", True),
        (f"""{count} >= {FEW} AND ({SUBJECT_WORDS} @@ {asked}
              OR t.customer_id = ANY(ARRAY({names})))""", False),
    )  # fmt: skip
