"""The saved views a person has before them, with counts where the page asks for them."""

from datetime import datetime
from urllib.parse import parse_qsl

from django.db import connection

from kept.records.queries.desks import desks_of
from kept.records.queries.filters import read_filter
from kept.records.queries.own import MOST_VIEWS, VISIBLE
from kept.records.queries.queue import counted
from kept.records.queries.views import QueueFilter, SavedViewRow


def saved_views(agent: int) -> tuple[SavedViewRow, ...]:
    """Return the views somebody made and those shared with them, in their own order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT v.id, v.name, v.query, v.audience, COALESCE(d.slug, ''), v.team, o.name,
                   v.owner_id = %(agent)s
            FROM saved_view v JOIN agent o ON o.id = v.owner_id
            LEFT JOIN desk d ON d.id = v.desk_id
            LEFT JOIN view_place w ON w.view_id = v.id AND w.agent_id = %(agent)s
            WHERE {VISIBLE} ORDER BY w.place NULLS LAST, v.id LIMIT {MOST_VIEWS}
            """,
            {"agent": agent},
        )
        return tuple(
            SavedViewRow(
                id=row[0], name=row[1], query=row[2], audience=row[3], desk=row[4], team=row[5],
                owner=row[6], is_mine=row[7],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def filter_of_view(view: SavedViewRow) -> QueueFilter:
    """Return what a saved view asks for now; a word that is unknown today is left out."""
    return read_filter(dict(parse_qsl(view.query)[:40])).filter


def view_counts(agent: int, *, at: datetime) -> dict[int, int]:
    """Return how many tickets each saved view holds for its reader, in three statements."""
    views = saved_views(agent)
    desks = {desk.slug: desk for desk in desks_of(agent)}
    if not views or not desks:
        return {view.id: 0 for view in views}
    found = counted(
        agent,
        [desk.id for desk in desks.values()],
        {str(view.id): filter_of_view(view) for view in views},
        at=at,
        desks_by_slug={slug: desk.id for slug, desk in desks.items()},
    )
    return {int(name): number for name, number in found.items()}
