"""The doors that a link opens: a forgotten password, a new one, an invitation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.providers import offered
from kept.services import members, passwords, sign_ins
from kept.services.errors import DeskError, NotFound
from kept.web.opening import open_session
from kept.web.render import agent_id, render

DEAD = "This link is used, out of date or cut short. Ask for a new one."


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Send a link to whoever has the address; the answer is the same for everybody."""
    if request.method != "POST":
        return render(request, "sign_in/forgotten.html", {"is_sent": False})
    at, address = clock.now(), request.POST.get("address", "").strip()[:254]
    source = request.META.get("REMOTE_ADDR", "")
    tried = sign_ins.begin_try(f"reset of {address}", source=source, at=at)
    if not tried.is_held:
        passwords.ask_reset(address, at=at)
    return render(request, "sign_in/forgotten.html", {"is_sent": True})


@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password by a link; then one signs in with it as ever."""
    if request.method != "POST":
        return _reset_form(request)
    new = request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        return _reset_form(request, "The two new passwords differ.", 422)
    try:
        passwords.reset(token, new=new, at=clock.now())
    except NotFound:
        return _reset_form(request, DEAD, 422)
    except DeskError as error:
        return _reset_form(request, error.sentence, error.status)
    return redirect("/sign-in?done=reset")


@sensitive_post_parameters("new")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take an invitation up: with a new account, or with the one that is signed in."""
    if request.method != "POST":
        return _invitation_form(request, token)
    at = clock.now()
    try:
        if request.user.is_authenticated:
            members.accept_as(token, by=agent_id(request), at=at)
        else:
            new = request.POST.get("new", "")
            agent = members.accept(token, name=request.POST.get("name", ""), password=new, at=at)
            open_session(request, agent, method="invitation", at=at)
    except NotFound:
        return _invitation_form(request, token, DEAD, 422)
    except DeskError as error:
        return _invitation_form(request, token, error.sentence, error.status)
    return redirect("/")


def _reset_form(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    return render(request, "sign_in/reset.html", {"problem": problem}, status=status)


def _invitation_form(
    request: HttpRequest, token: str, problem: str = "", status: int = 200
) -> HttpResponse:
    """Show the form for any token: what it is good for shows only when it is used."""
    if not 20 <= len(token) <= 60:
        raise Http404
    context = {
        "problem": problem, "token": token, "name": request.POST.get("name", "")[:200],
        "is_signed_in": request.user.is_authenticated, "providers": offered(),
    }  # fmt: skip
    return render(request, "sign_in/invitation.html", context, status=status)
