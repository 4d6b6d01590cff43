"""The measures of a desk's SOP over its tickets, as far back as one answer may read."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from django.db import connection

from kept.policy import Policy
from kept.policy.decisions import Decision
from kept.policy.facts import Fact
from kept.policy.measures import Lived, Measured, lived, measures
from kept.records.queries.tickets import decoded_state
from kept.records.queries.views import View

MOST = 2000
"""Tickets in one answer, newest first; `complete` is false where there were more."""
_FACT: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)
_DECISIONS: msgspec.json.Decoder[tuple[Decision, ...]] = msgspec.json.Decoder(tuple[Decision, ...])


class MeasuresView(View, frozen=True, kw_only=True):
    """Every measure of an SOP, and over how many tickets."""

    tickets: int
    complete: bool
    measured: tuple[Measured, ...]


def measures_of(
    agent: int, desk: str, policy: Policy, *, since: datetime | None, until: datetime | None
) -> MeasuresView:
    """Return the SOP's measures over tickets opened in a span, for a member of the desk."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TICKETS,
            {"agent": agent, "desk": desk, "since": since, "until": until, "most": MOST + 1},
        )
        rows = cursor.fetchall()
    kept = rows[:MOST]
    return MeasuresView(
        tickets=len(kept),
        complete=len(rows) <= MOST,
        measured=measures(policy, list(_lives(kept))),
    )


def _lives(rows: list[tuple[Any, ...]]) -> Iterator[Lived]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ticket_id, fact::text, decisions::text, refused FROM journal"
            " WHERE ticket_id = ANY(%s) ORDER BY ticket_id, seq",
            [[row[0] for row in rows]],
        )
        journal = {
            ticket: list(lines) for ticket, lines in groupby(cursor.fetchall(), itemgetter(0))
        }
    for ticket, stored, owner in rows:
        lines = journal.get(ticket, [])
        yield lived(
            decoded_state(stored),
            [_FACT.decode(fact) for _, fact, _, refused in lines if not refused],
            decisions=[each for line in lines for each in _DECISIONS.decode(line[2])],
            by=str(owner or ""),
        )


_TICKETS = """
SELECT t.id, t.state, t.owner_id FROM ticket t JOIN desk d ON d.id = t.desk_id
WHERE d.slug = %(desk)s
  AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR t.opened_at < %(until)s::timestamptz)
  AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = d.id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
ORDER BY t.id DESC LIMIT %(most)s
"""
