"""Rotas and shifts as pages, feeds and doctor read them; where a duty will have nobody."""

from datetime import datetime, timedelta

from django.db import connection

from kept.policy import rights
from kept.policy.rota import ALWAYS, Duty, duties, gaps, open_spans
from kept.records.compiled import policy_by_hash
from kept.records.instants import instant, moment
from kept.records.queries.desks import desk_of, desks_of, hashes_in_force
from kept.records.queries.views import DeskView, View

AHEAD = timedelta(weeks=8)
MOST = 5000


class ShiftView(View, frozen=True, kw_only=True):
    """One stretch of duty. `away` says that its person said they are not there then."""

    id: int
    agent: int
    name: str
    starts_at: datetime
    ends_at: datetime
    layer: int | None
    rung: int
    kind: str
    slot: str
    sequence: int
    desk: str
    rota: str
    away: bool


class LayerView(View, frozen=True, kw_only=True):
    id: int
    rung: int
    people: tuple[tuple[int, str], ...]
    turn_days: int
    handover_minute: int
    minutes: int
    weekdays: tuple[int, ...]
    holidays: str


class CoverView(View, frozen=True, kw_only=True):
    id: int
    layer: int
    name: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    is_mine: bool


class RotaView(View, frozen=True, kw_only=True):
    id: int
    name: str
    kind: str
    team: str | None
    zone: str
    layers: tuple[LayerView, ...]
    covers: tuple[CoverView, ...]


class GapView(View, frozen=True, kw_only=True):
    """A stretch in which a duty of the SOP has nobody."""

    desk: str
    who: str
    clause: str
    starts_at: datetime
    ends_at: datetime


class RosterView(View, frozen=True, kw_only=True):
    """A desk's rotas and the shifts of the days asked for."""

    desk: DeskView
    may_manage: bool
    rotas: tuple[RotaView, ...]
    shifts: tuple[ShiftView, ...]
    now: tuple[ShiftView, ...]
    people: tuple[tuple[int, str], ...]
    teams: tuple[tuple[str, str], ...]


class FeedView(View, frozen=True, kw_only=True):
    id: int
    rota: str | None
    made_at: datetime


class FeedShifts(View, frozen=True, kw_only=True):
    """What a feed's calendar holds."""

    title: str
    own: bool
    shifts: tuple[ShiftView, ...]


def roster(
    agent: int, slug: str, *, start: datetime, end: datetime, at: datetime
) -> RosterView | None:
    """Return a desk's rotas and its shifts between two instants; None to a stranger."""
    desk = desk_of(agent, slug)
    if desk is None or desk.policy_hash is None:
        return None
    policy = policy_by_hash(desk.policy_hash)
    people = _people(desk.id)
    return RosterView(
        desk=desk,
        may_manage=rights.may(policy, desk.roles, "manage_roster"),
        rotas=_rotas(desk.id, agent, at, dict(people)),
        shifts=_shifts("s.desk_id = %(key)s", desk.id, start, end),
        now=tuple(
            one
            for one in _shifts("s.desk_id = %(key)s", desk.id, at, at + timedelta(seconds=1))
            if one.kind == "on_call"
        ),
        people=people,
        teams=tuple((one.id, one.name) for one in policy.teams.values()),
    )


def gaps_of(
    agent: int, at: datetime, *, act: str | None = None, slug: str | None = None
) -> tuple[GapView, ...]:
    """Return the gaps of the next eight weeks on an agent's desks, soonest first."""
    found: list[GapView] = []
    for desk in desks_of(agent):
        if desk.policy_hash is None or (slug is not None and desk.slug != slug):
            continue
        if act is not None and not rights.may(policy_by_hash(desk.policy_hash), desk.roles, act):
            continue
        found += desk_gaps(desk.slug, desk.policy_hash, at)
    return tuple(sorted(found, key=lambda gap: (gap.starts_at, gap.desk, gap.who)))


def every_gap(at: datetime, *, within: timedelta = AHEAD) -> tuple[GapView, ...]:
    """Return the gaps of all desks that begin within a time; for those who run the house."""
    found = [gap for slug, hash_ in hashes_in_force() for gap in desk_gaps(slug, hash_, at)]
    return tuple(gap for gap in found if gap.starts_at < at + within)


def desk_gaps(slug: str, policy_hash: str, at: datetime) -> tuple[GapView, ...]:
    """Compare what the SOP makes a duty with the shifts there are."""
    policy = policy_by_hash(policy_hash)
    start, end = instant(at), instant(at + AHEAD)
    held = _held(slug, at)
    if not held and not _was_rostered(slug):
        return ()  # Without any roster everybody counts as on duty; the lint says the rest.
    found = []
    for duty in duties(policy):
        calendar = None if duty.calendar == ALWAYS else policy.calendars.get(duty.calendar)
        needed = open_spans(calendar, start, end)
        for opens, closes in gaps(needed, _holding(held, duty)):
            found.append(GapView(desk=slug, who=duty.who, clause=duty.clause,
                                 starts_at=moment(opens), ends_at=moment(closes)))  # fmt: skip
    return tuple(sorted(found, key=lambda gap: gap.starts_at))


def feeds_of(agent: int) -> tuple[FeedView, ...]:
    """Return an agent's living subscriptions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.id, r.name, f.made_at FROM calendar_feed f LEFT JOIN rota r ON r.id ="
            " f.rota_id WHERE f.agent_id = %s AND f.ended_at IS NULL ORDER BY f.id LIMIT 50",
            [agent],
        )
        return tuple(FeedView(id=row[0], rota=row[1], made_at=row[2]) for row in cursor.fetchall())


def feed(token_hash: bytes, at: datetime) -> FeedShifts | None:
    """Return what a feed shows now: only while its person is there and may see it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.agent_id, f.rota_id, r.name, a.name FROM calendar_feed f
            JOIN agent a ON a.id = f.agent_id AND a.is_active
            LEFT JOIN rota r ON r.id = f.rota_id
            WHERE f.token_hash = %s AND f.ended_at IS NULL AND (f.rota_id IS NULL OR EXISTS (
              SELECT 1 FROM membership m WHERE m.agent_id = f.agent_id AND m.desk_id = r.desk_id
              AND m.ended_at IS NULL))
            """,
            [token_hash],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    agent, rota, name, person = row
    span = (at - timedelta(weeks=4), at + AHEAD)
    if rota is None:
        shifts = _shifts(
            "s.agent_id = %(key)s AND EXISTS (SELECT 1 FROM membership m WHERE"
            " m.agent_id = s.agent_id AND m.desk_id = s.desk_id AND m.ended_at IS NULL)",
            agent, *span,
        )  # fmt: skip
        return FeedShifts(title=f"On duty: {person}", own=True, shifts=shifts)
    return FeedShifts(title=name, own=False, shifts=_shifts("l.rota_id = %(key)s", rota, *span))


def _was_rostered(slug: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM shift s JOIN desk d ON d.id = s.desk_id"
            " WHERE d.slug = %s)",
            [slug],
        )
        return bool(cursor.fetchone()[0])


def _holding(held: list[tuple[int, int, frozenset[str]]], duty: Duty) -> list[tuple[int, int]]:
    return [(start, end) for start, end, who in held if not duty.who or duty.who in who]


def _held(slug: str, at: datetime) -> list[tuple[int, int, frozenset[str]]]:
    """Return the coming shifts of a desk with what each person answers to."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.starts_at, s.ends_at, array_remove(array_agg(m.role) || array_agg(m.level)
              || array_agg(m.team), NULL)
            FROM shift s JOIN desk d ON d.id = s.desk_id
            JOIN agent a ON a.id = s.agent_id AND a.is_active
            JOIN membership m ON m.agent_id = s.agent_id AND m.desk_id = s.desk_id
              AND m.ended_at IS NULL
            WHERE d.slug = %(desk)s AND s.ends_at > %(at)s AND s.starts_at < %(until)s
            GROUP BY s.id ORDER BY s.starts_at LIMIT 20000
            """,
            {"desk": slug, "at": at, "until": at + AHEAD},
        )
        return [(instant(row[0]), instant(row[1]), frozenset(row[2])) for row in cursor.fetchall()]


def _shifts(where: str, key: int, start: datetime, end: datetime) -> tuple[ShiftView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id, s.agent_id, a.name, s.starts_at, s.ends_at, s.layer_id, s.rung, s.kind,
              s.slot, s.sequence, d.name, COALESCE(r.name, ''),
              a.availability = 'away' AND s.starts_at < COALESCE(a.availability_until, 'infinity')
            FROM shift s JOIN agent a ON a.id = s.agent_id JOIN desk d ON d.id = s.desk_id
            LEFT JOIN rota_layer l ON l.id = s.layer_id LEFT JOIN rota r ON r.id = l.rota_id
            WHERE {where} AND s.ends_at > %(start)s AND s.starts_at < %(end)s
            ORDER BY s.starts_at, s.rung, s.id LIMIT {MOST}
            """,
            {"key": key, "start": start, "end": end},
        )
        return tuple(
            ShiftView(
                id=row[0], agent=row[1], name=row[2], starts_at=row[3], ends_at=row[4],
                layer=row[5], rung=row[6], kind=row[7], slot=row[8], sequence=row[9], desk=row[10],
                rota=row[11], away=bool(row[12]),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _people(desk: int) -> tuple[tuple[int, str], ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.name, a.id FROM membership m JOIN agent a ON a.id = m.agent_id"
            " WHERE m.desk_id = %s AND m.ended_at IS NULL AND a.is_active AND NOT a.is_program"
            " ORDER BY 1, 2 LIMIT 500",
            [desk],
        )
        return tuple((number, name) for name, number in cursor.fetchall())


def _rotas(desk: int, agent: int, at: datetime, names: dict[int, str]) -> tuple[RotaView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.rota_id, l.id, l.rung, l.people, l.turn_days, l.handover_minute, l.minutes,
              l.weekdays, l.holidays
            FROM rota_layer l JOIN rota r ON r.id = l.rota_id
            WHERE r.desk_id = %s AND r.ended_at IS NULL AND l.ended_at IS NULL
            ORDER BY l.rung, l.id LIMIT 900
            """,
            [desk],
        )
        layers: dict[int, list[LayerView]] = {}
        for row in cursor.fetchall():
            layers.setdefault(row[0], []).append(LayerView(
                id=row[1], rung=row[2], turn_days=row[4], handover_minute=row[5], minutes=row[6],
                weekdays=tuple(row[7]), holidays=row[8],
                people=tuple((one, names.get(one, "somebody who left")) for one in row[3]),
            ))  # fmt: skip
        cursor.execute(
            """
            SELECT l.rota_id, o.id, l.id, a.name, o.starts_at, o.ends_at, o.reason,
              o.agent_id = %(agent)s OR o.made_by_id = %(agent)s
            FROM rota_override o JOIN rota_layer l ON l.id = o.layer_id
            JOIN rota r ON r.id = l.rota_id JOIN agent a ON a.id = o.agent_id
            WHERE r.desk_id = %(desk)s AND r.ended_at IS NULL AND o.ended_at IS NULL
              AND o.ends_at > %(at)s ORDER BY o.starts_at LIMIT 200
            """,
            {"desk": desk, "agent": agent, "at": at},
        )
        covers: dict[int, list[CoverView]] = {}
        for row in cursor.fetchall():
            covers.setdefault(row[0], []).append(CoverView(
                id=row[1], layer=row[2], name=row[3], starts_at=row[4], ends_at=row[5],
                reason=row[6], is_mine=bool(row[7]),
            ))  # fmt: skip
        cursor.execute(
            "SELECT id, name, kind, team, zone FROM rota WHERE desk_id = %s AND ended_at IS NULL"
            " ORDER BY kind DESC, name LIMIT 100",
            [desk],
        )
        return tuple(
            RotaView(
                id=row[0], name=row[1], kind=row[2], team=row[3], zone=row[4],
                layers=tuple(layers.get(row[0], ())), covers=tuple(covers.get(row[0], ())),
            )
            for row in cursor.fetchall()
        )  # fmt: skip
