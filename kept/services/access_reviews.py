"""The access review: every membership of a desk is confirmed or ended, each by a named person.

A review freezes the list when it begins; who joins later is in the next one. It is done when
nothing is undecided, and then settles the SOP's own cadence of that name, if it has one.
"""

from datetime import datetime

from django.db import transaction

from kept.policy import Policy
from kept.policy.rules import CadenceRule
from kept.records.compiled import policy_by_hash
from kept.records.models import AccessReview, CadenceTask, Desk, Membership, ReviewDecision
from kept.services import access_log, members, permissions
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound

CADENCE = "access_review"


def cadence_of(policy: Policy) -> CadenceRule | None:
    """Return the clause that wants access reviewed regularly, if the SOP has one."""
    return next(
        (r for r in policy.rules if isinstance(r, CadenceRule) and r.name == CADENCE), None
    )


def begin(desk: str, *, by: AgentId, at: datetime) -> int:
    """Begin a review, or return the one that is open."""
    with transaction.atomic():
        row = Desk.objects.select_for_update().filter(slug=desk).first()
        if row is None:
            raise NotFound("There is no such desk.")
        policy = _require(row.pk, by)
        review = AccessReview.objects.filter(desk=row, done_at=None).first()
        if review is not None:
            return review.pk
        rule = cadence_of(policy)
        review = AccessReview.objects.create(
            desk=row, begun_at=at, begun_by_id=by, clause=rule.because.clause if rule else ""
        )
        current = Membership.objects.filter(desk=row, ended_at=None, agent__is_active=True)
        ReviewDecision.objects.bulk_create(
            ReviewDecision(review=review, membership=each) for each in current.order_by("id")
        )
        access_log.write("review_begun", by=by, desk=row.pk, at=at, review=review.pk)
    return review.pk


def decide(decision: int, *, keep: bool, by: AgentId, at: datetime) -> None:
    """Confirm or end one membership; nobody decides of their own."""
    with transaction.atomic():
        row = (
            ReviewDecision.objects.select_related("review", "membership")
            .select_for_update(of=("self",))
            .filter(pk=decision)
            .first()
        )
        if row is None:
            raise NotFound("There is no such review.")
        policy = _require(row.review.desk_id, by)
        if row.decision:
            raise Conflict("This membership was decided already.")
        if row.membership.agent_id == by:
            raise NotAllowed("Somebody else reviews your own access.")
        ReviewDecision.objects.filter(pk=decision).update(
            decision="kept" if keep else "ended", by_id=by, at=at
        )
        desk, whom = row.review.desk_id, row.membership.agent_id
        if not keep:
            members.finish(whom, desk, roles=(row.membership.role,), by=by, at=at)
        access_log.write(
            "review_decided", by=by, whom=whom, desk=desk, at=at, review=row.review_id,
            role=row.membership.role, decision="kept" if keep else "ended",
        )  # fmt: skip
        _settle(row.review, policy, by, at)


def _settle(review: AccessReview, policy: Policy, by: AgentId, at: datetime) -> None:
    """Close the review when nothing is left, with the cadence task it answers."""
    left = ReviewDecision.objects.filter(review=review, decision="")
    if left.exclude(membership__ended_at__isnull=False).exists():
        return
    AccessReview.objects.filter(pk=review.pk).update(done_at=at)
    access_log.write("review_done", by=by, desk=review.desk_id, at=at, review=review.pk)
    if cadence_of(policy) is not None:
        decided = ReviewDecision.objects.filter(review=review)
        evidence = {
            "review": review.pk,
            "kept": decided.filter(decision="kept").count(),
            "ended": decided.filter(decision="ended").count(),
        }
        CadenceTask.objects.filter(
            desk_id=review.desk_id, name=CADENCE, done_at=None, period_start__lte=at
        ).update(done_at=at, done_by_id=by, evidence=evidence)


def _require(desk: int, by: AgentId) -> Policy:
    who = permissions.standing(by, desk)
    policy = policy_by_hash(who.policy_hash)
    permissions.require(who, "manage_access", policy)
    return policy
