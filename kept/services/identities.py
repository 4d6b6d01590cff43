"""Identity providers and who is who there: keyed on (issuer, subject), never on an address.

An unknown identity lets nobody in unless its provider belongs to a desk that maps one of its
groups to a role, or that desk's directory (SCIM) named this very subject. An address that
somebody has already is never taken over: that person links the provider on their account page.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from kept.policy import rights
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.records.models import Agent, Desk, Identity, IdentityProvider, Membership, ScimUser
from kept.services import access_log, directory, permissions
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound, NotValid
from kept.services.sealing import seal, unseal
from kept.services.texts import one_line

PURPOSE = "identity provider"


class Provider(Frozen, frozen=True, kw_only=True):
    """A provider as the sign-in needs it."""

    id: int
    slug: str
    kind: str
    name: str
    issuer: str
    client: str
    secret: str
    address: str
    certificate: str


class Claims(Frozen, frozen=True, kw_only=True):
    """What a provider proved: who it is there. The address is a hint and no key."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = ()


class ProviderForm(Frozen, frozen=True, kw_only=True):
    """What a lead enters; an empty secret leaves the one that is there."""

    kind: str
    name: str
    issuer: str
    client: str = ""
    secret: str = ""
    address: str = ""
    certificate: str = ""
    groups: dict[str, str] = msgspec.field(default_factory=dict)


def provider(slug: str) -> Provider:
    """Return a provider that is on; raise NotFound for every other name."""
    row = IdentityProvider.objects.filter(slug=slug, is_on=True).first()
    if row is None:
        raise NotFound("There is no such way to sign in.")
    return Provider(
        id=row.pk, slug=row.slug, kind=row.kind, name=row.name, issuer=row.issuer,
        client=row.client, secret=unseal(PURPOSE, row.secret) if row.secret else "",
        address=row.address, certificate=row.certificate,
    )  # fmt: skip


def save_provider(
    desk: str, slug: str, form: ProviderForm, *, by: AgentId | None, at: datetime
) -> int:
    """Enter or change a desk's provider; without a desk it is the installation's own."""
    _check(slug, form)
    with transaction.atomic():
        row = Desk.objects.filter(slug=desk).first() if desk else None
        if desk and row is None:
            raise NotFound("There is no such desk.")
        if row is not None and by is not None:
            _require_giving(row, form.groups, by)
        known = IdentityProvider.objects.select_for_update().filter(slug=slug).first()
        if known is not None and known.desk_id != (row.pk if row else None):
            raise Conflict("This short name is taken; choose another.")
        if known is not None and known.issuer != form.issuer:
            Identity.objects.filter(provider=known).delete()
        values: dict[str, object] = {
            "desk": row, "kind": form.kind, "name": one_line(form.name, 100),
            "issuer": form.issuer, "client": form.client, "address": form.address,
            "certificate": form.certificate, "groups": form.groups,
        }  # fmt: skip
        if form.secret:
            values["secret"] = seal(PURPOSE, form.secret)
        saved, _ = IdentityProvider.objects.update_or_create(slug=slug, defaults=values)
        access_log.write(
            "provider_saved", by=by, desk=row.pk if row else None, at=at, provider=slug
        )
    return saved.pk


def from_environment(*, at: datetime) -> tuple[str, ...]:
    """Enter the installation's own providers as the settings name them; return their names."""
    wanted = {
        "organisation-oidc": ProviderForm(
            kind="oidc", name=settings.KEPT_SSO_NAME, issuer=settings.KEPT_OIDC_ISSUER,
            client=settings.KEPT_OIDC_CLIENT, secret=settings.KEPT_OIDC_SECRET,
        ),
        "organisation-saml": ProviderForm(
            kind="saml", name=settings.KEPT_SSO_NAME, issuer=settings.KEPT_SAML_ISSUER,
            address=settings.KEPT_SAML_ADDRESS, certificate=settings.KEPT_SAML_CERTIFICATE,
        ),
    }  # fmt: skip
    named = {slug: form for slug, form in wanted.items() if form.issuer}
    for slug, form in named.items():
        save_provider("", slug, form, by=None, at=at)
    IdentityProvider.objects.filter(desk=None).update(is_on=Q(slug__in=sorted(named)))
    return tuple(named)


def turn(provider_id: int, *, is_on: bool, by: AgentId, at: datetime) -> None:
    """Turn a desk's provider on or off."""
    with transaction.atomic():
        row = IdentityProvider.objects.select_related("desk").filter(pk=provider_id).first()
        if row is None or row.desk is None:
            raise NotFound("There is no such provider.")
        _require_giving(row.desk, {}, by)
        IdentityProvider.objects.filter(pk=provider_id).update(is_on=is_on)
        word = "provider_on" if is_on else "provider_off"
        access_log.write(word, by=by, desk=row.desk_id, at=at, provider=row.slug)


def sign_in(provider_id: int, claims: Claims, *, at: datetime) -> AgentId:
    """Return who an identity is; make a member of whom the provider's desk wants in."""
    with transaction.atomic():
        row = IdentityProvider.objects.select_for_update().get(pk=provider_id)
        known = (
            Identity.objects.select_related("agent")
            .filter(provider=row, issuer=claims.issuer, subject=claims.subject)
            .first()
        )
        if known is not None:
            if not known.agent.is_active:
                raise NotAllowed(STRANGER)
            return known.agent_id
        agent = _of_directory(row, claims) or _new_member(row, claims, at)
        _keep(row, claims, agent, at)
        return agent


def link(provider_id: int, claims: Claims, *, by: AgentId, at: datetime) -> None:
    """Let a provider vouch for the person who is signed in."""
    with transaction.atomic():
        row = IdentityProvider.objects.select_for_update().get(pk=provider_id)
        _keep(row, claims, by, at)


def unlink(identity: int, *, by: AgentId, at: datetime) -> None:
    """Take a provider's word away again, if another way in is left."""
    with transaction.atomic():
        agent = Agent.objects.select_for_update().get(pk=by)
        others = Identity.objects.filter(agent=agent).exclude(pk=identity)
        if not agent.password and not others.exists() and not agent.passkeys.exists():
            raise Conflict("This is your only way in; set a password or a passkey first.")
        removed, _ = Identity.objects.filter(pk=identity, agent_id=by).delete()
        if not removed:
            raise NotFound("There is no such identity.")
        access_log.write("identity_unlinked", by=by, whom=by, at=at)


STRANGER = (
    "This account is not known here. Ask a lead of your desk for an invitation; if you have an "
    "account here already, sign in with it and link this one on your account page."
)


def _of_directory(row: IdentityProvider, claims: Claims) -> AgentId | None:
    """Return the person whom the desk's directory knows by this subject.

    Only for an account that is the directory's own: a desk writes whom it likes into its
    directory, and its provider must not speak for somebody who has a place elsewhere.
    """
    if row.desk_id is None:
        return None
    found = ScimUser.objects.filter(
        desk_id=row.desk_id, external=claims.subject, is_active=True, agent__is_active=True
    ).exclude(external="")  # fmt: skip
    user = found.select_related("agent").first()
    return user.agent_id if user is not None and directory.is_own(user) else None


def _new_member(row: IdentityProvider, claims: Claims, at: datetime) -> AgentId:
    roles = sorted({row.groups[group] for group in claims.groups if group in row.groups})
    desk = row.desk
    if desk is None or not roles:
        raise NotAllowed(STRANGER)
    address = one_line(claims.email, 254).lower()
    if not claims.email_verified or address.count("@") != 1:
        raise NotAllowed("Your provider does not vouch for your address; ask whoever runs it.")
    if Agent.objects.filter(email=address).exists():
        raise NotAllowed(STRANGER)
    policy = policy_by_hash(desk.policies.get(state="active").hash)
    agent = Agent.objects.create(email=address, name=one_line(claims.name, 200) or address)
    for role in roles:
        if role in policy.roles:
            level = policy.roles[role].level
            Membership.objects.create(agent=agent, desk=desk, role=role, level=level)
            access_log.write(
                "membership_given", by=None, whom=agent.pk, desk=desk.pk, at=at, role=role,
                provider=row.slug,
            )  # fmt: skip
    return agent.pk


def _keep(row: IdentityProvider, claims: Claims, agent: AgentId, at: datetime) -> None:
    try:
        with transaction.atomic():
            Identity.objects.create(
                agent_id=agent, provider=row, issuer=claims.issuer, subject=claims.subject,
                made_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("This account is linked to somebody already.") from None
    access_log.write("identity_linked", by=agent, whom=agent, at=at, provider=row.slug)


def _require_giving(desk: Desk, groups: Mapping[str, str], by: AgentId) -> None:
    who = permissions.standing(by, desk.pk)
    policy = policy_by_hash(who.policy_hash)
    permissions.require(who, "manage_access", policy)
    for role in groups.values():
        if not rights.may_give(policy, who.roles, role):
            raise NotAllowed(f"You cannot give the role {role}, nor can a provider for you.")


def _check(slug: str, form: ProviderForm) -> None:
    if not slug or len(slug) > 40 or not slug.replace("-", "").isalnum() or not slug.isascii():
        raise NotValid("A short name has letters, digits and hyphens, as in our-login.")
    if form.kind not in ("oidc", "saml"):
        raise NotValid("A provider speaks OIDC or SAML.")
    if not form.name.strip() or not form.issuer.strip():
        raise NotValid("A provider needs a name and an issuer.")
    needed: Sequence[tuple[str, str]] = (
        (("client", form.client),)
        if form.kind == "oidc"
        else (("sign-in address", form.address), ("certificate", form.certificate))
    )
    for word, value in needed:
        if not value.strip():
            raise NotValid(f"This provider needs a {word}.")
    for word, value, longest in (
        ("issuer", form.issuer, 500), ("client", form.client, 300), ("address", form.address, 500),
    ):  # fmt: skip
        if len(value) > longest:
            raise NotValid(f"A provider's {word} has at most {longest} characters.")
    schemes = ("https://", "http://") if settings.KEPT_SSO_INSIDE else ("https://",)
    for address in (form.issuer if form.kind == "oidc" else "", form.address):
        if address and not address.startswith(schemes):
            raise NotValid("Addresses of a provider begin with https:// .")
