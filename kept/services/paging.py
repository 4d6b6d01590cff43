"""Pages that must be acknowledged: who is called first, and who next when nobody answers.

Repeats are the policy's own timers. Climbing is here: a rung has two repeats' time, or ten
minutes, then the next is called as well.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from kept.policy.paging import Reach, Rung, due_rung, rungs, step
from kept.policy.rules import PageAction, Policy
from kept.records.models import Page, PageTry, Ticket
from kept.services import notices, permissions
from kept.services.alarms import raise_alarm
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.notices import Notice
from kept.services.rosters import Colleague, colleagues

OPEN = ("new", "open", "waiting")
RESULTS = ("reached", "no_answer")


def first_rung(
    desk: int, role: str, people: tuple[Colleague, ...], at: datetime
) -> tuple[Rung, ...]:
    """Return the rungs that a page for a role has now."""
    calls, deputies = _calls(desk, at), _deputies(desk)
    return rungs([
        Reach(
            id=one.id, roles=one.roles, answers=role in (*one.roles, one.level, one.team),
            on_duty=one.on_duty, is_away=one.availability == "away",
            calls=tuple(calls.get(one.id, ())), deputy=deputies.get(one.id),
        )
        for one in people
    ])  # fmt: skip


def begin(notice: Notice, role: str, people: tuple[Colleague, ...], *, every: int) -> bool:
    """Call the first rung of a page; return whether somebody has the role it is for.

    Where nobody has, those who would be called last are called at once.
    """
    ladder = first_rung(notice.desk, role, people, notice.at)
    if not ladder or notice.ticket is None:
        return False
    seconds = step(every) // 1_000_000
    page, made = Page.objects.get_or_create(
        ticket_id=notice.ticket, key=notice.page,
        defaults={
            "desk_id": notice.desk, "role": role, "clause": notice.clause, "at": notice.at,
            "about": notice.about[:300], "step_seconds": seconds,
            "climbs_at": notice.at + timedelta(seconds=seconds),
        },
    )  # fmt: skip
    if made:
        _call(page, 0, ladder[0], people, notice)
    return any(role in (*one.roles, one.level, one.team) for one in people)


def climb_due(*, at: datetime, limit: int = 100) -> int:
    """Call the next rung of every page whose time to answer is over; return how many climbed."""
    due = list(
        Page.objects.filter(acknowledged_at=None, climbs_at__lte=at)
        .order_by("climbs_at").values_list("id", flat=True)[:limit]
    )  # fmt: skip
    return sum(_climb(number, at) for number in due)


def acknowledge(page_id: int, *, by: AgentId, at: datetime) -> None:
    """Acknowledge a page one was called by; it falls silent for everybody."""
    with transaction.atomic(durable=True):
        page = _seen(page_id, by)
        if not PageTry.objects.filter(page=page, agent_id=by).exists():
            raise NotFound("There is no such page.")
        notices.settle_pages(page.ticket_id, page.key, by=by, at=at)


def acknowledge_all(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Acknowledge every page of a ticket for a team's own tool; its role must include it."""
    with transaction.atomic():
        row = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
        if row is None:
            raise NotFound("There is no such ticket.")
        who = permissions.standing(by, row)
        permissions.require(who, "acknowledge", active_policy(row))
        notices.settle_pages(ticket_id, None, by=by, at=at)


def note_call(try_id: int, *, by: AgentId | None, at: datetime, result: str) -> None:
    """Note how a telephone call went. A telephone adapter says it as nobody, by=None."""
    if result not in RESULTS:
        raise NotValid("Say whether they were reached.")
    row = PageTry.objects.select_related("page").filter(pk=try_id).first()
    if row is None:
        raise NotFound("There is no such call.")
    if by is not None:
        who = permissions.standing(by, row.page.desk_id)
        permissions.require(who, "acknowledge", active_policy(row.page.desk_id))
    PageTry.objects.filter(pk=try_id).update(called_at=at, called_by_id=by, call_result=result)


def interval(policy: Policy, clause: str, role: str) -> int:
    """Return how often the SOP repeats a clause's page for a role, 0 for once."""
    for rule in policy.rules:
        if rule.because.clause != clause:
            continue
        for key in ("do", "on_warn", "on_miss"):
            for action in getattr(rule, key, ()):
                if isinstance(action, PageAction) and action.role == role:
                    return action.every
    return 0


def _climb(page_id: int, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        page = Page.objects.select_for_update(skip_locked=True).filter(
            pk=page_id, acknowledged_at=None, climbs_at__lte=at
        ).first()  # fmt: skip
        if page is None or page.climbs_at is None:
            return False
        if not Ticket.objects.filter(pk=page.ticket_id, status__in=OPEN).exists():
            Page.objects.filter(pk=page_id).update(climbs_at=None)
            return False
        people = colleagues(page.desk_id, at)
        tried = set(PageTry.objects.filter(page=page).values_list("agent_id", flat=True))
        ladder = [one for one in first_rung(page.desk_id, page.role, people, at)
                  if not set(one.people) <= tried]  # fmt: skip
        if not ladder:
            _give_up(page, at)
            return False
        late = int((at - page.climbs_at).total_seconds())
        place = due_rung(-1, len(ladder) - 1, late=late, each=page.step_seconds)
        rung = ladder[place]
        notice = Notice(
            desk=page.desk_id, ticket=page.ticket_id, cause=f"page.{page.pk}.{page.rung + 1}",
            about=f"{page.about} - nobody answered before you"[:300], clause=page.clause,
            means=("page", "call", "email"), at=at, page=page.key,
            late=timedelta(seconds=late) > notices.LATE,
        )  # fmt: skip
        _call(page, page.rung + 1, rung, people, notice)
        Page.objects.filter(pk=page_id).update(
            rung=page.rung + 1, climbs_at=at + timedelta(seconds=page.step_seconds)
        )
    return True


def _give_up(page: Page, at: datetime) -> None:
    Page.objects.filter(pk=page.pk).update(climbs_at=None)
    raise_alarm(
        f"page:{page.pk}", f"Nobody acknowledged the page for {page.role} on ticket"
        f" {page.ticket_id}; everybody there is was called.",
        at=at, desk=page.desk_id, ticket=page.ticket_id,
    )  # fmt: skip


def _call(
    page: Page, number: int, rung: Rung, people: Sequence[Colleague], notice: Notice
) -> None:
    called = [one for one in people if one.id in rung.people]
    PageTry.objects.bulk_create(
        [
            PageTry(page=page, agent_id=one.id, rung=number, rung_name=rung.name, at=notice.at,
                    late=notice.late)
            for one in called
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    notices.tell(notice, called)


def _seen(page_id: int, by: AgentId) -> Page:
    page = Page.objects.filter(pk=page_id).first()
    if page is None:
        raise NotFound("There is no such page.")
    permissions.standing(by, page.desk_id)
    return page


def _calls(desk: int, at: datetime) -> dict[int, list[tuple[int, int]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.agent_id, COALESCE(l.rota_id, 0), s.rung FROM shift s
            LEFT JOIN rota_layer l ON l.id = s.layer_id
            WHERE s.desk_id = %(desk)s AND s.kind = 'on_call' AND s.ends_at > %(at)s
              AND s.starts_at <= %(at)s
            """,
            {"desk": desk, "at": at},
        )
        found: dict[int, list[tuple[int, int]]] = {}
        for agent, rota, rung in cursor.fetchall():
            found.setdefault(agent, []).append((rota, rung))
    return found


def _deputies(desk: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT agent_id, deputy_id FROM work_terms"
            " WHERE desk_id = %s AND deputy_id IS NOT NULL",
            [desk],
        )
        return dict(cursor.fetchall())
