"""Signing in through an identity provider: away to it, back with a proof, in by `open_session`.

What a sign-in waits with lies signed in the browser that began it. A SAML answer is posted from
another site, where that cookie does not go, so its proof takes one more step: a sealed ticket
that only the waiting browser can use, once.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.channels.sign_on import oidc, saml
from kept.channels.sign_on.proving import NotProven, Waiting
from kept.services import identities, members, once
from kept.services.errors import DeskError, NotValid
from kept.services.identities import Claims, Provider
from kept.services.sealing import seal, unseal
from kept.web.errors import said
from kept.web.opening import go_on, open_session
from kept.web.render import agent_id, render

COOKIE, SALT = "kept-sign-on", "kept.sign-on"
LASTS = timedelta(minutes=10)
TICKET_LASTS = timedelta(minutes=2)
TICKET = "sign-on ticket"
FAILED = (
    "The provider's answer could not be used, so nobody was signed in. Go back to the sign-in "
    "page and try once more; if it stays, tell whoever runs this desk the time."
)
log = logging.getLogger(__name__)


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A proof on its way from the provider's post to the browser that waits for it."""

    provider: str
    answers: str
    claims: Claims
    until: datetime


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the browser to a provider."""
    provider = identities.provider(slug)
    state, nonce, verifier = oidc.new_words()
    waiting = Waiting(
        provider=slug,
        state=state if provider.kind == "oidc" else saml.new_id(),
        nonce=nonce,
        verifier=verifier,
        after=request.POST.get("next", "")[:500],
        link=agent_id(request) if request.user.is_authenticated else 0,
        invitation=request.POST.get("invitation", "")[:60],
    )
    try:
        if provider.kind == "oidc":
            there = oidc.begin(provider, waiting, back=_back(slug))
        else:
            there = saml.begin(
                provider, waiting, entity=_entity(), back=_back(slug), at=clock.now()
            )
    except NotProven as wrong:
        return _failed(slug, wrong)
    # A form may lead to this desk only (`form-action`), so the page goes on by itself.
    response = render(request, "sign_in/away.html", {"there": there, "name": provider.name})
    response["Refresh"] = f"0; url={there}"
    response.set_cookie(
        COOKIE, signing.dumps(msgspec.json.encode(waiting).decode(), salt=SALT),
        max_age=int(LASTS.total_seconds()), httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


@require_safe
def returned(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an OIDC provider's answer."""
    at = clock.now()
    provider = identities.provider(slug)
    try:
        waiting = _waiting(request, slug)
        if provider.kind != "oidc" or request.GET.get("state") != waiting.state:
            raise NotProven("another state")
        if not once.spend("oidc", waiting.state, until=at + LASTS, at=at):
            raise NotProven("this sign-in was finished before")
        if request.GET.get("iss", provider.issuer) != provider.issuer:
            raise NotProven("another issuer answered")
        code = request.GET.get("code", "")
        if not code:
            raise NotProven(f"no code: {request.GET.get('error', '')[:100]}")
        claims = oidc.finish(provider, waiting, code=code, back=_back(slug), at=at)
    except NotProven as wrong:
        return _failed(slug, wrong)
    return _enter(request, provider, waiting, claims, at)


@csrf_exempt
@require_POST
def posted(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a SAML provider's answer; opens nothing yet."""
    at = clock.now()
    provider = identities.provider(slug)
    try:
        if provider.kind != "saml":
            raise NotProven("not a SAML provider")
        proof = saml.read(
            provider, request.POST.get("SAMLResponse", ""), entity=_entity(), back=_back(slug),
            at=at,
        )  # fmt: skip
        if not proof.answers:
            raise NotProven("nobody asked for this")
        key = f"{provider.id}:{proof.assertion}"
        if not once.spend("assertion", key, until=proof.until, at=at):
            raise NotProven("an assertion for the second time")
    except NotProven as wrong:
        return _failed(slug, wrong)
    ticket = Ticket(
        provider=slug, answers=proof.answers, claims=proof.claims, until=at + TICKET_LASTS
    )
    sealed = seal(TICKET, msgspec.json.encode(ticket).decode()).decode()
    response = HttpResponseRedirect(f"{reverse('sign-on-proven', args=(slug,))}?ticket={sealed}")
    response.status_code = 303
    return response


@require_safe
def proven(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the session in the browser that began the SAML sign-in."""
    at = clock.now()
    provider = identities.provider(slug)
    try:
        ticket = _ticket(request)
        waiting = _waiting(request, slug)
        if ticket.provider != slug or ticket.until < at or ticket.answers != waiting.state:
            raise NotProven("another browser began this")
        if not once.spend("saml", waiting.state, until=at + LASTS, at=at):
            raise NotProven("this sign-in was finished before")
    except NotProven as wrong:
        return _failed(slug, wrong)
    return _enter(request, provider, waiting, ticket.claims, at)


def _enter(
    request: HttpRequest, provider: Provider, waiting: Waiting, claims: Claims, at: datetime
) -> HttpResponse:
    """Link the identity for who is signed in, or sign in who it is."""
    try:
        response = _entered(request, provider, waiting, claims, at)
    except DeskError as error:
        response = said(error.status, error.sentence, "Not signed in")
    response.delete_cookie(COOKIE)
    return response


def _entered(
    request: HttpRequest, provider: Provider, waiting: Waiting, claims: Claims, at: datetime
) -> HttpResponse:
    if waiting.link:
        if not request.user.is_authenticated or agent_id(request) != waiting.link:
            raise NotValid("Somebody else is signed in here now; begin again.")
        identities.link(provider.id, claims, by=waiting.link, at=at)
        return redirect("/account?done=identity")
    agent = identities.sign_in(provider.id, claims, at=at)
    if waiting.invitation:
        members.accept_as(waiting.invitation, by=agent, at=at)
    request.session.flush()
    open_session(request, agent, method=provider.kind.upper(), at=at)
    return go_on(request, waiting.after)


def _waiting(request: HttpRequest, slug: str) -> Waiting:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
        waiting = msgspec.json.decode(str(kept), type=Waiting)
    except (signing.BadSignature, msgspec.DecodeError) as wrong:
        raise NotProven("no sign-in waits in this browser") from wrong
    if waiting.provider != slug:
        raise NotProven("another provider was asked")
    return waiting


def _ticket(request: HttpRequest) -> Ticket:
    try:
        sealed = request.GET.get("ticket", "")[:8000].encode("ascii", "replace")
        return msgspec.json.decode(unseal(TICKET, sealed), type=Ticket)
    except (NotValid, msgspec.DecodeError) as wrong:
        raise NotProven("no ticket") from wrong


def _back(slug: str) -> str:
    return f"{settings.KEPT_URL}{reverse('sign-on-back', args=(slug,))}"


def _entity() -> str:
    return f"{settings.KEPT_URL}/sign-on"


def _failed(slug: str, wrong: NotProven) -> HttpResponse:
    log.warning("a sign-in through %s failed: %s", slug, wrong.why)
    return said(422, FAILED, "Not signed in")


def back(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the one address that both kinds of provider come back to."""
    view: Callable[..., HttpResponse] = posted if request.method == "POST" else returned
    return view(request, slug)


back.csrf_exempt = True  # type: ignore[attr-defined]  # a provider posts from its own site
