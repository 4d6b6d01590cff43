"""Read and sign: a member puts their name under one version of the desk's handbook."""

from datetime import datetime

from django.db import transaction

from kept.policy import rights
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.records.models import CadenceTask, PolicyVersion, SopSignature
from kept.services import access_log, permissions
from kept.services.errors import AgentId, Conflict, NotFound


class Asked(Frozen, frozen=True, kw_only=True):
    """The version that a desk wants signed."""

    desk: int
    version: str


def asked_of(desk: str) -> Asked | None:
    """Return what the members of a desk have to sign, None where the SOP asks for nothing."""
    active = PolicyVersion.objects.filter(desk__slug=desk, state="active").first()
    if active is None or rights.signing_rule(policy_by_hash(active.hash)) is None:
        return None
    return Asked(desk=active.desk_id, version=active.hash)


def sign(desk: int, *, version: str, by: AgentId, at: datetime) -> None:
    """Sign the version in force; one that was replaced while it was read is not signed."""
    with transaction.atomic():
        permissions.standing(by, desk)
        active = PolicyVersion.objects.filter(desk_id=desk, state="active").first()
        if active is None:
            raise NotFound("There is no such desk.")
        if active.hash != version:
            raise Conflict("A newer version came into force while you read; read that one.")
        _, made = SopSignature.objects.get_or_create(
            agent_id=by, desk_id=desk, policy_hash=version, defaults={"at": at}
        )
        if not made:
            return
        rule = rights.signing_rule(policy_by_hash(version))
        clause = rule.because.clause if rule else ""
        access_log.write(
            "sop_signed", by=by, whom=by, desk=desk, at=at,
            hash=version, version=active.version, clause=clause,
        )  # fmt: skip
        CadenceTask.objects.filter(
            desk_id=desk, name=rights.SIGNING, subject=f"agent:{by}", done_at=None
        ).update(done_at=at, done_by_id=by, evidence={"version": active.version, "hash": version})
