"""What the composer asks for while somebody writes: drafts kept, files taken, texts, remarks.

Each answers as nothing to whoever may not see the ticket, like the ticket itself.
"""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kept import clock
from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.pictures import picture_type
from kept.records.queries.tickets import ticket_state
from kept.records.queries.writing import upload_body, uploads
from kept.services import drafts, macros, proofreading
from kept.services import uploads as files
from kept.services.errors import NotValid
from kept.services.filling import BLANK, Filled
from kept.web.attachments import as_file, as_picture
from kept.web.macros import act_words
from kept.web.render import agent_id, render
from kept.web.say import plain
from kept.web.sign_in import signed_in

LONGEST_CHECKED = 20_000


@require_POST
@signed_in
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what is being written; 409 gives back what another machine wrote meanwhile."""
    try:
        saved_at = drafts.save(
            number, by=agent_id(request), at=clock.now(), text=request.POST.get("text", ""),
            kind=request.POST.get("kind", ""), template=request.POST.get("template", ""),
            base=_moment(request.POST.get("base", "")), key=request.POST.get("key", "")[:64],
        )  # fmt: skip
    except drafts.Elsewhere as other:
        return JsonResponse(
            {"text": other.text, "saved_at": other.saved_at.isoformat()}, status=409
        )
    return JsonResponse({"saved_at": saved_at.isoformat() if saved_at else ""})


@require_POST
@signed_in
def upload(request: HttpRequest, number: int) -> HttpResponse:
    """Take files in; the answer is the list of all that wait, or a sentence on what is wrong."""
    _, problem = take_files(request, number)
    waiting = uploads(agent_id(request), number)
    shown = {"files": waiting, "problem": problem}
    return render(request, "tickets/_files.html", shown, status=422 if problem else 201)


def take_files(request: HttpRequest, number: int) -> tuple[tuple[str, ...], str]:
    """Keep the posted files of a ticket; return their tokens and what is wrong with one."""
    sent = request.FILES.getlist("upload")
    if not sent:
        _visible(request, number)
    tokens: list[str] = []
    for one in sent:
        size = one.size or 0
        try:
            token = files.add(
                number, by=agent_id(request), at=clock.now(), filename=one.name or "",
                content_type=one.content_type or "",
                body=one.read() if size <= files.LARGEST else b"\0" * size,
            )  # fmt: skip
        except NotValid as wrong:
            return tuple(tokens), wrong.sentence
        tokens.append(token)
    return tuple(tokens), ""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def file(request: HttpRequest, token: str) -> HttpResponse:
    """Show or take back a file of one's own that is not sent yet."""
    found = upload_body(agent_id(request), token)
    if found is None:
        raise Http404
    name, body, is_picture = found
    if request.method == "POST":
        files.remove(token, by=agent_id(request))
        back = request.POST.get("ticket", "")
        if back.isdecimal() and len(back) < 18:
            return redirect(reverse("ticket", args=(int(back),)))
        return HttpResponse(status=204)
    kind = picture_type(body) if is_picture else None
    return as_picture(kind, body) if kind else as_file(name, body)


@require_safe
@signed_in
def texts(request: HttpRequest, number: int) -> HttpResponse:
    """Give a template or macro filled for this ticket; what nothing fills is named."""
    me, at, asked = agent_id(request), clock.now(), request.GET
    policy = _visible(request, number)
    if asked.get("template"):
        template = asked["template"]
        filled = macros.template_for(number, template, by=me, at=at)
        return JsonResponse({**_shown(filled, policy, template), "template": template})
    if asked.get("shortcut"):
        ready = macros.by_shortcut(number, asked["shortcut"], by=me, at=at)
    else:
        macro = asked.get("macro", "")
        ready = macros.of_ticket(
            number, int(macro) if macro.isdecimal() and len(macro) < 18 else 0, by=me, at=at
        )
    acts = [act_words(verb, value) for verb, value in ready.acts]
    return JsonResponse({**_shown(ready.text, policy, ""), "kind": ready.kind, "acts": acts})


@require_POST
@signed_in
def remarks(request: HttpRequest, number: int) -> HttpResponse:
    """Say what there is to say of a text: open blanks, secrets, a told time, readability."""
    found = ticket_state(agent_id(request), number)
    if found is None:
        raise Http404
    desk, policy_hash, _ = found
    policy = policy_by_hash(policy_hash)
    at = clock.now()
    template = request.POST.get("template", "")
    body = ""
    if template in policy.templates:
        body = macros.template_for(number, template, by=agent_id(request), at=at).body
    told = proofreading.remarks(
        request.POST.get("text", "")[:LONGEST_CHECKED], at=at, zone=desk.zone, template=body,
        jargon=jargon(policy),
    )  # fmt: skip
    if request.POST.get("kind") == "note":
        told = tuple(one for one in told if one.kind in {"card", "secret"})
    return render(request, "tickets/_remarks.html", {"remarks": told, "zone": desk.zone})


def jargon(policy: Policy) -> tuple[str, ...]:
    """Return the words that the SOP's parameter `jargon` lists."""
    listed = policy.parameters.get("jargon")
    return tuple(
        word.strip() for word in (listed.value or "" if listed else "").split(",") if word.strip()
    )


def _shown(filled: Filled, policy: Policy, template: str) -> dict[str, object]:
    declared = policy.templates.get(template)
    labels = {one.id: one.label for one in declared.fields} if declared else {}
    order = BLANK.findall(declared.subject + declared.body) if declared else filled.open_blanks
    names = [name for name in dict.fromkeys(order) if name in filled.open_blanks]
    return {
        "text": filled.body.strip(),
        "blanks": [{"name": name, "label": labels.get(name, plain(name))} for name in names],
    }


def _visible(request: HttpRequest, number: int) -> Policy:
    found = ticket_state(agent_id(request), number)
    if found is None:
        raise Http404
    return policy_by_hash(found[1])


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
