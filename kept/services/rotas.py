"""Rotas as leads write them: layers of people who take turns, and covers by hand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction

from kept.policy.rota import ONLY, REST, WHOLE_DAY, WORK
from kept.policy.words import Frozen
from kept.records.models import Desk, Membership, Rota, RotaLayer, RotaOverride, Shift
from kept.services import notices, permissions, turns
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.rosters import colleagues
from kept.services.texts import one_line

KINDS = ("duty", "on_call")
MOST = 100
LONGEST = timedelta(days=400)


class LayerForm(Frozen, frozen=True, kw_only=True):
    """What a lead writes of one rung."""

    rung: int = 1
    people: tuple[int, ...]
    starts_on: date
    turn_days: int = 7
    handover_minute: int = 9 * 60
    minutes: int = WHOLE_DAY
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    holidays: str = WORK


def make(
    desk: str,
    *,
    by: AgentId | None,
    at: datetime,
    name: str,
    kind: str,
    layers: Sequence[LayerForm],
    zone: str = "",
    team: str | None = None,
) -> int:
    """Make a rota of a desk and plan its shifts; for those who may manage the roster.

    Nobody's hand, None, is the installation's own.
    """
    row = Desk.objects.filter(slug=desk).first()
    if row is None:
        raise NotFound("There is no such desk.")
    if by is not None:
        _may_manage(row.pk, by)
    told = one_line(name, 100)
    if not told:
        raise NotValid("A rota needs a name.")
    if kind not in KINDS:
        raise NotValid("A rota is of duty or on_call.")
    if team and team not in active_policy(row.pk).teams:
        raise NotValid(f"The SOP has no team named {team}.")
    if zone and zone not in available_timezones():
        raise NotValid(f"There is no zone named {zone}.")
    if Rota.objects.filter(desk=row, ended_at=None).count() >= MOST:
        raise NotValid(f"A desk has at most {MOST} rotas.")
    try:
        with transaction.atomic():
            rota = Rota.objects.create(
                desk=row, name=told, kind=kind, team=team or None, zone=zone or row.zone,
                made_by_id=by, made_at=at,
            )  # fmt: skip
            for layer in layers:
                _add(rota, layer)
            turns.expand(rota, at=at)
    except IntegrityError as problem:
        raise Conflict(f"This desk has a rota named {told} already.") from problem
    return rota.pk


def add_layer(rota_id: int, layer: LayerForm, *, by: AgentId, at: datetime) -> int:
    """Put a further rung under a rota."""
    with transaction.atomic():
        rota = _managed(rota_id, by)
        made = _add(rota, layer)
        turns.expand(rota, at=at)
    return made


def end_layer(layer_id: int, *, by: AgentId, at: datetime) -> None:
    """Take a rung away from now on; what was is kept."""
    with transaction.atomic():
        layer = _layer(layer_id)
        rota = _managed(layer.rota_id, by)
        RotaLayer.objects.filter(pk=layer_id).update(ended_at=at)
        turns.expand(rota, at=at)


def end(rota_id: int, *, by: AgentId, at: datetime) -> None:
    """End a rota: no shift of it begins any more."""
    with transaction.atomic():
        rota = _managed(rota_id, by)
        Rota.objects.filter(pk=rota_id).update(ended_at=at)
        rota.ended_at = at
        turns.expand(rota, at=at)


def cover(
    layer_id: int,
    *,
    agent: AgentId,
    by: AgentId,
    at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
) -> int:
    """Let somebody cover a stretch of a rung. Those whose turn it is may ask a colleague in;
    everybody concerned is told.
    """
    if not at <= ends_at or not starts_at < ends_at <= at + LONGEST:
        raise NotValid("A cover ends after it starts, ahead of now and within 400 days.")
    with transaction.atomic(durable=True):
        layer = _layer(layer_id)
        rota = _seen(layer.rota_id, by)
        if by not in (agent, *layer.people):
            _may_manage(rota.desk_id, by)
        if not Membership.objects.filter(agent_id=agent, desk=rota.desk_id, ended_at=None,
                                         agent__is_program=False).exists():  # fmt: skip
            raise NotValid("Only a member of the desk can cover.")
        before = Shift.objects.filter(layer=layer, starts_at__lt=ends_at, ends_at__gt=starts_at)
        concerned = {agent, *before.values_list("agent_id", flat=True)}
        made = RotaOverride.objects.create(
            layer=layer, agent_id=agent, starts_at=max(starts_at, at), ends_at=ends_at,
            reason=one_line(reason, 200), made_by_id=by, made_at=at,
        )  # fmt: skip
        turns.expand(rota, at=at)
        _tell(rota, concerned - {by}, f"cover.{made.pk}", at, starts_at)
    return made.pk


def end_cover(override_id: int, *, by: AgentId, at: datetime) -> None:
    """Take a cover back from now on; whoever's turn it was has it again."""
    with transaction.atomic(durable=True):
        row = RotaOverride.objects.select_related("layer__rota").filter(
            pk=override_id, ended_at=None
        ).first()  # fmt: skip
        if row is None:
            raise NotFound("There is no such cover.")
        rota = _seen(row.layer.rota_id, by)
        if by not in (row.agent_id, row.made_by_id):
            _may_manage(rota.desk_id, by)
        RotaOverride.objects.filter(pk=override_id).update(ended_at=at)
        turns.expand(rota, at=at)
        concerned = {row.agent_id, *row.layer.people} - {by}
        _tell(rota, concerned, f"uncover.{override_id}", at, row.starts_at)


def _add(rota: Rota, form: LayerForm) -> int:
    members = set(Membership.objects.filter(
        desk=rota.desk_id, ended_at=None, agent__is_active=True, agent__is_program=False
    ).values_list("agent_id", flat=True))  # fmt: skip
    if not form.people or len(form.people) > 50:
        raise NotValid("A layer has 1 to 50 people.")
    if not set(form.people) <= members:
        raise NotValid("Everybody of a layer is a member of the desk.")
    if not 1 <= form.turn_days <= 28 or not 1 <= form.rung <= 9:
        raise NotValid("A turn lasts 1 to 28 days, and a rota has 1 to 9 layers.")
    if not 15 <= form.minutes <= WHOLE_DAY or not 0 <= form.handover_minute < WHOLE_DAY:
        raise NotValid("A day's duty lasts from 15 minutes to 24 hours.")
    if not form.weekdays or not set(form.weekdays) <= set(range(7)):
        raise NotValid("Choose at least one weekday.")
    if form.holidays not in (WORK, REST, ONLY):
        raise NotValid("On holidays a layer works, rests, or works only then.")
    if not 1970 <= form.starts_on.year <= 2200:
        raise NotValid("The first day lies in another age.")
    return RotaLayer.objects.create(
        rota=rota, rung=form.rung, people=list(form.people), starts_on=form.starts_on,
        turn_days=form.turn_days, handover_minute=form.handover_minute, minutes=form.minutes,
        weekdays=sorted(set(form.weekdays)), holidays=form.holidays,
    ).pk  # fmt: skip


def _tell(rota: Rota, people: set[int], cause: str, at: datetime, starts_at: datetime) -> None:
    told = tuple(one for one in colleagues(rota.desk_id, at) if one.id in people)
    when = f"{starts_at.astimezone(ZoneInfo(rota.zone)):%a %d %b %H:%M}"
    notice = notices.Notice(
        desk=rota.desk_id, ticket=None, cause=cause, clause="", at=at,
        about=f"The rota {rota.name} changed from {when} on: look at it",
        means=("dashboard", "email"),
    )  # fmt: skip
    notices.tell(notice, told)


def _layer(layer_id: int) -> RotaLayer:
    layer = RotaLayer.objects.select_related("rota").filter(pk=layer_id, ended_at=None).first()
    if layer is None:
        raise NotFound("There is no such rota.")
    return layer


def _seen(rota_id: int, by: AgentId) -> Rota:
    rota = Rota.objects.filter(pk=rota_id, ended_at=None).first()
    if rota is None:
        raise NotFound("There is no such rota.")
    permissions.standing(by, rota.desk_id)
    return rota


def _managed(rota_id: int, by: AgentId) -> Rota:
    rota = _seen(rota_id, by)
    _may_manage(rota.desk_id, by)
    return rota


def _may_manage(desk: int, by: AgentId) -> None:
    permissions.require(permissions.standing(by, desk), "manage_roster", active_policy(desk))
