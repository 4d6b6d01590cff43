"""Tags and time spent, as the ticket's page and the desk's list of tags show them."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

SHOWN = 200


class TagView(View, frozen=True, kw_only=True):
    """One tag of a desk; `tickets` is how many carry it, counted up to a bound."""

    id: int
    desk: str
    name: str
    tickets: int
    made_by: str | None
    made_at: datetime
    retired: bool


class TimeView(View, frozen=True, kw_only=True):
    """Minutes somebody spent on a ticket."""

    id: int
    who: str
    who_id: int
    minutes: int
    what: str
    at: datetime


class TicketTags(View, frozen=True, kw_only=True):
    """The words on one ticket, and those its desk offers besides, the most used first."""

    carried: tuple[str, ...]
    offered: tuple[str, ...]


def tags_of(agent: int, ticket: int) -> TicketTags:
    """Return a ticket's tags; none for a person of another desk."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT g.name, x.ticket_id IS NOT NULL FROM ticket t
            JOIN tag g ON g.desk_id = t.desk_id
            LEFT JOIN ticket_tag x ON x.tag_id = g.id AND x.ticket_id = t.id
            WHERE t.id = %(ticket)s AND {_MEMBER.format(desk="t.desk_id")}
              AND (x.ticket_id IS NOT NULL OR g.retired_at IS NULL)
            ORDER BY x.ticket_id IS NULL, {_USES} DESC, g.name LIMIT {SHOWN}
            """,
            {"agent": agent, "ticket": ticket},
        )
        rows = cursor.fetchall()
    return TicketTags(
        carried=tuple(sorted(name for name, carried in rows if carried)),
        offered=tuple(name for name, carried in rows if not carried),
    )


def tags_page(agent: int) -> tuple[TagView, ...]:
    """Return every tag of a person's desks, by desk and name."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT g.id, d.slug, g.name, {_USES}, a.name, g.made_at, g.retired_at IS NOT NULL
            FROM tag g JOIN desk d ON d.id = g.desk_id LEFT JOIN agent a ON a.id = g.made_by_id
            WHERE {_MEMBER.format(desk="g.desk_id")}
            ORDER BY d.slug, g.retired_at IS NOT NULL, g.name LIMIT 1000
            """,
            {"agent": agent},
        )
        return tuple(
            TagView(
                id=row[0], desk=row[1], name=row[2], tickets=row[3], made_by=row[4],
                made_at=row[5], retired=row[6],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def time_of(agent: int, ticket: int) -> tuple[TimeView, ...]:
    """Return the time noted on a ticket, the newest first; none for another desk's person."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.id, a.name, e.agent_id, e.minutes, e.what, e.at
            FROM time_entry e JOIN ticket t ON t.id = e.ticket_id JOIN agent a ON a.id = e.agent_id
            WHERE e.ticket_id = %(ticket)s AND e.struck_at IS NULL
              AND {_MEMBER.format(desk="t.desk_id")}
            ORDER BY e.at DESC, e.id DESC LIMIT {SHOWN}
            """,
            {"agent": agent, "ticket": ticket},
        )
        return tuple(
            TimeView(id=row[0], who=row[1], who_id=row[2], minutes=row[3], what=row[4], at=row[5])
            for row in cursor.fetchall()
        )


_MEMBER = """EXISTS (SELECT 1 FROM membership s JOIN agent me ON me.id = s.agent_id
  WHERE s.desk_id = {desk} AND s.agent_id = %(agent)s AND s.ended_at IS NULL AND me.is_active)"""
_USES = """(SELECT count(*) FROM
  (SELECT 1 FROM ticket_tag u WHERE u.tag_id = g.id LIMIT 1000) n)"""
