"""Saved views: a filter under a name, for oneself, a team or a desk.

Only its owner changes one. A view shows nothing by itself: whoever opens it sees what their own
desks hold, so sharing one never shares a ticket.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from django.db import transaction

from kept.records.compiled import policy_by_hash
from kept.records.models import Desk, PolicyVersion, SavedView, ViewPlace
from kept.records.queries.filters import read_filter, terms_of
from kept.records.queries.saved_views import saved_views
from kept.services import permissions
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.texts import one_line

MOST = 50
BACK_FOR = timedelta(minutes=10)
"""So long a deleted view can be brought back."""


def save_view(
    *, by: AgentId, at: datetime, name: str, query: str, audience: str = "me", desk: str = "",
    team: str = "",
) -> int:  # fmt: skip
    """Keep a filter under a name; return the view's number."""
    title = _title(name)
    terms = canonical(query)
    desk_id, team_id = _shared_with(by, audience, desk, team)
    with transaction.atomic(durable=True):
        if SavedView.objects.filter(owner_id=by, deleted_at=None).count() >= MOST:
            raise NotValid(f"You have {MOST} views already; delete one first.")
        view = SavedView.objects.create(
            owner_id=by, name=title, query=terms, audience=audience, desk_id=desk_id,
            team=team_id, made_at=at, changed_at=at,
        )  # fmt: skip
    return int(view.pk)


def change_view(
    view_id: int, *, by: AgentId, at: datetime, name: str, query: str = "", audience: str = "",
    desk: str = "", team: str = "",
) -> None:  # fmt: skip
    """Rename a view, and share it otherwise or give it another filter where those are told."""
    with transaction.atomic(durable=True):
        view = _own(view_id, by)
        view.name = _title(name)
        if query:
            view.query = canonical(query)
        if audience:
            view.desk_id, view.team = _shared_with(by, audience, desk, team)
            view.audience = audience
        view.changed_at = at
        view.save()


def delete_view(view_id: int, *, by: AgentId, at: datetime) -> None:
    """Delete a view; for some minutes it can be brought back."""
    with transaction.atomic(durable=True):
        view = _own(view_id, by)
        SavedView.objects.filter(pk=view.pk).update(deleted_at=at)


def bring_back(view_id: int, *, by: AgentId, at: datetime) -> None:
    """Undo a deletion."""
    with transaction.atomic(durable=True):
        view = SavedView.objects.filter(
            pk=view_id, owner_id=by, deleted_at__gt=at - BACK_FOR
        ).first()  # fmt: skip
        if view is None:
            raise NotFound("There is no such view to bring back.")
        if view.desk_id is not None:
            permissions.standing(by, view.desk_id)
        SavedView.objects.filter(pk=view.pk).update(deleted_at=None)


def arrange(numbers: Sequence[int], *, by: AgentId) -> None:
    """Put the reader's list of views in an order of their own; others' lists stay as they are."""
    with transaction.atomic(durable=True):
        seen = [view.id for view in saved_views(by)]
        wanted = [number for number in dict.fromkeys(numbers) if number in seen]
        order = [*wanted, *(number for number in seen if number not in wanted)]
        ViewPlace.objects.bulk_create(
            [ViewPlace(agent_id=by, view_id=number, place=n) for n, number in enumerate(order)],
            update_conflicts=True, unique_fields=["agent", "view"], update_fields=["place"],
        )  # fmt: skip


def move(view_id: int, *, by: AgentId, steps: int) -> None:
    """Move one view up (-1) or down (+1) in the reader's list."""
    order = [view.id for view in saved_views(by)]
    if view_id not in order:
        raise NotFound("There is no such view.")
    here = order.index(view_id)
    there = max(0, min(len(order) - 1, here + steps))
    order.insert(there, order.pop(here))
    arrange(order, by=by)


def canonical(query: str) -> str:
    """Return a filter's terms in their one written form; raise NotValid for what is none."""
    asked = read_filter(dict(parse_qsl(query.removeprefix("?"))[:40]))
    if asked.problems:
        raise NotValid(" ".join(asked.problems))
    return urlencode({"view": asked.filter.view, **terms_of(asked.filter)})[:1000]


def _title(name: str) -> str:
    title = one_line(name, 60).strip()
    if not title:
        raise NotValid("A view needs a name.")
    return title


def _own(view_id: int, by: AgentId) -> SavedView:
    view = (
        SavedView.objects.select_for_update(of=("self",))
        .filter(pk=view_id, owner_id=by, deleted_at=None)
        .first()
    )
    if view is None:
        raise NotFound("There is no such view.")
    if view.desk_id is not None:  # what a desk sees is changed by its members only
        permissions.standing(by, view.desk_id)
    return view


def _shared_with(by: AgentId, audience: str, desk: str, team: str) -> tuple[int | None, str]:
    if audience == "me":
        return None, ""
    if audience not in ("team", "desk"):
        raise NotValid("A view is for me, for a team or for a desk.")
    found = Desk.objects.filter(slug=desk).values_list("id", flat=True).first()
    if found is None:
        raise NotFound("There is no such desk.")
    permissions.standing(by, found)
    if audience == "desk":
        return found, ""
    version = PolicyVersion.objects.filter(desk_id=found, state="active").first()
    if version is None or team not in policy_by_hash(version.hash).teams:
        raise NotValid("The SOP has no such team.")
    return found, team
