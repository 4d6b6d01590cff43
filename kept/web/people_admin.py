"""/admin/people: who works a desk, as what; invitations, changes, ends, ways to sign in."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.members import members as members_of
from kept.records.queries.providers import providers_of
from kept.records.queries.views import DeskView
from kept.services import identities, members
from kept.services.errors import NotValid
from kept.services.identities import ProviderForm
from kept.services.members import Post
from kept.web.admin import chosen, number, tabs, tried
from kept.web.me import Me, me
from kept.web.render import render
from kept.web.sign_in import signed_in

Verb = Callable[[HttpRequest, DeskView, Me], Any]


@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def people(request: HttpRequest) -> HttpResponse:
    """Show a desk's people; change one thing of them."""
    reader = me(request)
    desk, desks = chosen(request, reader, "manage_access")
    problem, status, link, noun = "", 200, "", request.POST.get("noun", "")
    if request.method == "POST":
        verb = VERBS.get(noun)
        if verb is None:
            raise Http404
        result, problem, status = tried(lambda: verb(request, desk, reader))
        if not problem and noun != "invitation":
            return redirect(f"/admin/people?desk={desk.slug}")
        link = result if isinstance(result, str) and not problem else ""
    view = members_of(reader.id, desk.slug, at=clock.now())
    if view is None:
        raise Http404
    context = {
        "me": reader, "view": view, "tabs": tabs("/admin/people", desks, desk), "link": link,
        "problem": problem, "noun": noun,
        "typed": defaultdict(str, request.POST.dict() if problem else {}),
        "providers": providers_of(desk.id),
    }  # fmt: skip
    return render(request, "access/people.html", context, status=status)


def _post(request: HttpRequest) -> Post:
    skills = request.POST.get("skills", "").replace("\x00", "").split(",")
    return Post(
        role=request.POST.get("role", ""),
        level=request.POST.get("level", "") or None,
        team=request.POST.get("team", "") or None,
        skills=tuple(each.strip()[:60] for each in skills if each.strip())[:50],
    )


def _invite(request: HttpRequest, desk: DeskView, reader: Me) -> str:
    return members.invite(
        desk.slug, email=request.POST.get("email", ""), name=request.POST.get("name", ""),
        post=_post(request), by=reader.id, at=clock.now(),
    )  # fmt: skip


def _provide(request: HttpRequest, desk: DeskView, reader: Me) -> int:
    groups = {}
    for line in request.POST.get("groups", "").splitlines()[:200]:
        group, mark, role = line.rpartition("=")
        if line.strip() and (not mark or not group.strip() or not role.strip()):
            raise NotValid("Write each group on a line of its own, as in support-team = agent.")
        if line.strip():
            groups[group.strip()[:200]] = role.strip()
    form = ProviderForm(
        groups=groups,
        **{
            name: request.POST.get(name, "").replace("\x00", "").strip()[:20_000]
            for name in ("kind", "name", "issuer", "client", "secret", "address", "certificate")
        },
    )
    slug = request.POST.get("slug", "").strip()
    return identities.save_provider(desk.slug, slug, form, by=reader.id, at=clock.now())


VERBS: dict[str, Verb] = {
    "invitation": _invite,
    "withdrawal": lambda request, desk, reader: members.withdraw(
        number(request, "invitation"), by=reader.id, at=clock.now()
    ),
    "change": lambda request, desk, reader: members.change(
        number(request, "membership"), post=_post(request), by=reader.id, at=clock.now()
    ),
    "end": lambda request, desk, reader: members.end(
        number(request, "membership"), by=reader.id, at=clock.now()
    ),
    "factors": lambda request, desk, reader: members.remove_factors(
        number(request, "agent"), by=reader.id, at=clock.now()
    ),
    "provider": _provide,
    "provider-switch": lambda request, desk, reader: identities.turn(
        number(request, "provider"), is_on=request.POST.get("on") == "yes", by=reader.id,
        at=clock.now(),
    ),
}  # fmt: skip
