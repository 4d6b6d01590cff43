"""A desk's people as its directory keeps them (SCIM): who is there, in which groups, still.

The directory acts through a token whose role may manage access, and gives at most what that
role may. It changes nobody's address, and reaches nothing of a person on other desks; but
whoever it takes out is signed out everywhere.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from kept.policy import Policy, rights
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.records.models import Agent, Membership, ScimGroup, ScimUser
from kept.services import access_log, members, permissions, sessions
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound, NotValid
from kept.services.texts import one_line

NO_ADDRESS = "directory.invalid"


class Entry(Frozen, frozen=True, kw_only=True):
    """A person as the directory tells them."""

    user_name: str
    display: str = ""
    email: str = ""
    external: str = ""
    is_active: bool = True


def save_user(
    desk: int, entry: Entry, *, user: int | None = None, by: AgentId, at: datetime
) -> int:
    """Bring somebody into the directory, or change what it tells of them."""
    name = one_line(entry.user_name, 254)
    if not name:
        raise NotValid("A user needs a userName.")
    with transaction.atomic():
        policy = _policy(desk, by)
        row = _user(desk, user) if user is not None else _new(desk, name, entry, at)
        try:
            with transaction.atomic():
                ScimUser.objects.filter(pk=row.pk).update(
                    user_name=name, display=one_line(entry.display, 200),
                    external=one_line(entry.external, 300), is_active=entry.is_active,
                    changed_at=at,
                )  # fmt: skip
        except IntegrityError:
            raise Conflict("Somebody has this userName already.") from None
        row.refresh_from_db()
        _tell_agent(row)
        _sync(row, policy, by, at)
    return row.pk


def remove_user(desk: int, user: int, *, by: AgentId, at: datetime) -> None:
    """Take somebody out of the directory and off the desk."""
    with transaction.atomic():
        policy = _policy(desk, by)
        row = _user(desk, user)
        row.groups.clear()
        row.is_active = False
        _sync(row, policy, by, at)
        ScimUser.objects.filter(pk=row.pk).delete()


def save_group(
    desk: int,
    name: str,
    *,
    external: str = "",
    people: Sequence[int],
    group: int | None = None,
    by: AgentId,
    at: datetime,
) -> int:
    """Keep a group and its members; one named as a role gives that role."""
    called = one_line(name, 200)
    if not called:
        raise NotValid("A group needs a displayName.")
    with transaction.atomic():
        policy = _policy(desk, by)
        role = _role_named(policy, called)
        _require_giving(policy, desk, role, by)
        known = ScimGroup.objects.select_for_update().filter(desk_id=desk, pk=group or 0).first()
        if group is not None and known is None:
            raise NotFound("There is no such group.")
        values = {"name": called, "external": one_line(external, 300), "role": role,
                  "changed_at": at}  # fmt: skip
        try:
            with transaction.atomic():
                if known is None:
                    known = ScimGroup.objects.create(desk_id=desk, made_at=at, **values)
                    touched = set()
                else:
                    _require_giving(policy, desk, known.role, by)
                    touched = set(known.members.all())
                    ScimGroup.objects.filter(pk=known.pk).update(**values)
        except IntegrityError:
            raise Conflict("There is a group of this name already.") from None
        found = list(ScimUser.objects.filter(desk_id=desk, pk__in=people))
        if len(found) != len(set(people)):
            raise NotValid("A member is not in this directory.")
        known.members.set(found)
        for row in sorted({*touched, *found}, key=lambda each: each.pk):
            _sync(row, policy, by, at)
    return known.pk


def remove_group(desk: int, group: int, *, by: AgentId, at: datetime) -> None:
    """Drop a group; its members lose the role it gave."""
    with transaction.atomic():
        policy = _policy(desk, by)
        row = ScimGroup.objects.select_for_update().filter(desk_id=desk, pk=group).first()
        if row is None:
            raise NotFound("There is no such group.")
        _require_giving(policy, desk, row.role, by)
        touched = list(row.members.all())
        row.members.clear()
        for person in touched:
            _sync(person, policy, by, at)
        row.delete()


def _new(desk: int, name: str, entry: Entry, at: datetime) -> ScimUser:
    """Make the row; somebody who is here already keeps their account as it is."""
    address = one_line(entry.email or name, 254).lower()
    if not entry.email and "@" not in name:
        # Somebody whom the directory gives no address signs in through a provider only.
        address = f"directory-{secrets.token_hex(8)}@{NO_ADDRESS}"
    if address.count("@") != 1 or any(each in address for each in " ,<>"):
        raise NotValid("This is no e-mail address.")
    agent, _ = Agent.objects.get_or_create(
        email=address, defaults={"name": one_line(entry.display, 200) or address}
    )
    if agent.is_program:
        raise Conflict("Somebody has this userName already.")
    try:
        with transaction.atomic():
            return ScimUser.objects.create(
                desk_id=desk, agent=agent, user_name=name, made_at=at, changed_at=at
            )
    except IntegrityError:
        raise Conflict("Somebody has this userName already.") from None


def _sync(row: ScimUser, policy: Policy, by: AgentId, at: datetime) -> None:
    """Make the person's roles what their groups say; out of the directory is out of the desk."""
    here = Membership.objects.filter(agent_id=row.agent_id, desk_id=row.desk_id, ended_at=None)
    held = set(here.values_list("role", flat=True))
    if not row.is_active:
        members.finish(row.agent_id, row.desk_id, roles=sorted(held), by=by, at=at)
        # A directory may name anybody; whom it never brought in is not its to send away.
        is_ours = bool(held) or is_own(row)
        left = Membership.objects.filter(agent_id=row.agent_id, ended_at=None)
        if is_ours and not left.exists():
            sessions.end_all(row.agent_id)
            Agent.objects.filter(pk=row.agent_id).update(is_active=False)
        access_log.write("deprovisioned", by=by, whom=row.agent_id, desk=row.desk_id, at=at)
        return
    if is_own(row):
        Agent.objects.filter(pk=row.agent_id).update(is_active=True)
    governed = set(
        ScimGroup.objects.filter(desk_id=row.desk_id)
        .exclude(role="")
        .values_list("role", flat=True)
    )
    wanted = set(row.groups.exclude(role="").values_list("role", flat=True))
    members.finish(
        row.agent_id, row.desk_id, roles=sorted((held & governed) - wanted), by=by, at=at
    )
    for role in sorted(wanted - held):
        _require_giving(policy, row.desk_id, role, by)
        level = policy.roles[role].level
        Membership.objects.create(
            agent_id=row.agent_id, desk_id=row.desk_id, role=role, level=level
        )
        access_log.write(
            "membership_given", by=by, whom=row.agent_id, desk=row.desk_id, at=at, role=role
        )


def _tell_agent(row: ScimUser) -> None:
    """Let the directory name a person who is on no other desk."""
    if row.display and is_own(row):
        Agent.objects.filter(pk=row.agent_id).update(name=row.display)


def is_own(row: ScimUser) -> bool:
    """Tell whether a person was never on another desk and never chose a password here."""
    elsewhere = Membership.objects.filter(agent_id=row.agent_id).exclude(desk_id=row.desk_id)
    return row.agent.password == "" and not elsewhere.exists()


def _user(desk: int, user: int) -> ScimUser:
    row = (
        ScimUser.objects.select_related("agent")
        .select_for_update(of=("self",))
        .filter(desk_id=desk, pk=user)
        .first()
    )
    if row is None:
        raise NotFound("There is no such user.")
    return row


def _policy(desk: int, by: AgentId) -> Policy:
    who = permissions.standing(by, desk)
    policy = policy_by_hash(who.policy_hash)
    permissions.require(who, "manage_access", policy)
    return policy


def _role_named(policy: Policy, name: str) -> str:
    wanted = name.casefold()
    return next(
        (r.id for r in policy.roles.values() if wanted in (r.id.casefold(), r.name.casefold())),
        "",
    )


def _require_giving(policy: Policy, desk: int, role: str, by: AgentId) -> None:
    if role in policy.roles and not rights.may_give(
        policy, permissions.standing(by, desk).roles, role
    ):
        raise NotAllowed(f"This token cannot give the role {role}.")
