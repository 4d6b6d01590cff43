"""Macros: a desk's own text with acts, run with one click, each act judged by itself.

A text may name the listed variables only. It is filled in one pass and never evaluated, so
neither a macro nor what a customer wrote can reach anything else.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from kept.policy.rules import Policy, Template
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.records.models import Desk, Macro, PolicyVersion
from kept.services import filling, leaving, macro_acts, permissions
from kept.services.errors import AgentId, Conflict, DeskError, NotFound, NotValid
from kept.services.locking import LockedTicket, look
from kept.services.texts import clean, one_line

LONGEST = 20_000
MOST_OF_A_DESK = 500
SHORTCUT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Wording(Frozen, frozen=True, kw_only=True):
    """What somebody writes of a macro. `acts` are (verb, value)."""

    name: str
    shortcut: str = ""
    kind: str = "public"
    text: str = ""
    acts: tuple[tuple[str, str], ...] = ()


class Ready(Frozen, frozen=True, kw_only=True):
    """A macro filled for one ticket."""

    name: str
    kind: str
    text: filling.Filled
    acts: tuple[tuple[str, str], ...]


def write(
    desk: str, wording: Wording, *, by: AgentId, at: datetime, macro: int | None = None
) -> int:
    """Make a macro of a desk, or change one; for those who may manage them."""
    row = Desk.objects.filter(slug=desk).first()
    if row is None:
        raise NotFound("There is no such desk.")
    policy = _may_manage(row.pk, by)
    values = _checked(policy, wording)
    try:
        with transaction.atomic():
            if macro is None:
                if Macro.objects.filter(desk=row, removed_at=None).count() >= MOST_OF_A_DESK:
                    raise NotValid(f"A desk has at most {MOST_OF_A_DESK} macros.")
                made = Macro.objects.create(desk=row, changed_by_id=by, changed_at=at, **values)
                return made.pk
            done = Macro.objects.filter(pk=macro, desk=row, removed_at=None).update(
                changed_by_id=by, changed_at=at, **values
            )
    except IntegrityError as twice:
        raise Conflict("Another macro of this desk has that name or shortcut.") from twice
    if not done:
        raise NotFound("There is no such macro.")
    return macro


def remove(macro: int, *, by: AgentId, at: datetime) -> None:
    """Take a macro out of use."""
    row = Macro.objects.filter(pk=macro, removed_at=None).first()
    if row is None:
        raise NotFound("There is no such macro.")
    _may_manage(row.desk_id, by)
    Macro.objects.filter(pk=macro).update(removed_at=at, changed_by_id=by, changed_at=at)


def of_ticket(ticket_id: int, macro: int, *, by: AgentId, at: datetime) -> Ready:
    """Return a macro filled for a ticket that somebody may see."""
    ticket = _seen(ticket_id, by, at)
    row = Macro.objects.filter(pk=macro, desk_id=ticket.desk, removed_at=None).first()
    return _ready(ticket, row, by)


def by_shortcut(ticket_id: int, shortcut: str, *, by: AgentId, at: datetime) -> Ready:
    """Return the macro that `;shortcut` stands for, filled for a ticket."""
    ticket = _seen(ticket_id, by, at)
    row = Macro.objects.filter(
        desk_id=ticket.desk, shortcut=shortcut.lower(), removed_at=None
    ).first()  # fmt: skip
    return _ready(ticket, row if shortcut else None, by)


def template_for(ticket_id: int, template: str, *, by: AgentId, at: datetime) -> filling.Filled:
    """Return a template of the SOP filled for a ticket, its open blanks named."""
    ticket = _seen(ticket_id, by, at)
    declared = ticket.policy.templates.get(template)
    if declared is None:
        raise NotFound("The SOP has no such template.")
    return filling.fill(declared, filling.sources(ticket, agent=by, given={}))


def do(ticket_id: int, verb: str, value: str, *, key: str, by: AgentId, at: datetime) -> None:
    """Do one act of a macro; what belongs to a reply waits with the one that bears `key`."""
    if verb == "resolve":
        leaving.resolve_then(ticket_id, key, by=by, at=at)
    elif verb == "wait" and value == "customer":
        leaving.wait_then(ticket_id, key, by=by, at=at)
    else:
        macro_acts.BY_VERB[verb].do(ticket_id, by, at, value)


def _ready(ticket: LockedTicket, row: Macro | None, by: AgentId) -> Ready:
    if row is None:
        raise NotFound("There is no such macro.")
    template = Template(id="macro", title=row.name, subject="", body=row.text)
    known = filling.sources(ticket, agent=by, given={})
    allowed = {name: known[name] for name in known if _is_listed(ticket.policy, name)}
    acts = tuple((str(verb), str(value)) for verb, value in row.acts)
    return Ready(name=row.name, kind=row.kind, text=filling.fill(template, allowed), acts=acts)


def _seen(ticket_id: int, by: AgentId, at: datetime) -> LockedTicket:
    ticket = look(ticket_id, at=at)
    permissions.standing(by, ticket.desk)
    return ticket


def may_manage(desk: int, by: AgentId) -> bool:
    """Tell whether somebody may write a desk's macros, to spare them a form that says no."""
    try:
        _may_manage(desk, by)
    except DeskError:
        return False
    return True


def _may_manage(desk: int, by: AgentId) -> Policy:
    who = permissions.standing(by, desk)
    version = PolicyVersion.objects.filter(desk_id=desk, state="active").first()
    if version is None:
        raise NotValid("This desk runs no SOP yet.")
    policy = policy_by_hash(version.hash)
    permissions.require(who, "manage_macros", policy)
    return policy


def _checked(policy: Policy, wording: Wording) -> dict[str, object]:
    name = one_line(wording.name, 100)
    shortcut = wording.shortcut.strip().lower().removeprefix(";")
    text = clean(wording.text).strip()
    if not name:
        raise NotValid("Name: a macro needs one.")
    if len(shortcut) > 40 or not set(shortcut) <= SHORTCUT:
        raise NotValid("Shortcut: small letters, digits and hyphens, such as refund-1.")
    if wording.kind not in ("public", "note"):
        raise NotValid("A macro writes a reply or a note.")
    if len(text) > LONGEST:
        raise NotValid(f"Text: at most {LONGEST} characters.")
    _check_blanks(policy, text)
    acts = [list(macro_acts.checked(policy, verb, value)) for verb, value in wording.acts]
    if not text and not acts:
        raise NotValid("A macro needs a text, an act, or both.")
    return {
        "name": name, "shortcut": shortcut, "kind": wording.kind, "text": text, "acts": acts,
    }  # fmt: skip


def _check_blanks(policy: Policy, text: str) -> None:
    unknown = [
        name for name in filling.BLANK.findall(text)
        if not _is_listed(policy, name) and "." in name
    ]  # fmt: skip
    left = filling.BLANK.sub("", text)
    if unknown or "{{" in left or "{%" in left:
        wrong = unknown[0] if unknown else "{{"
        raise NotValid(
            f"Text: {wrong} is not one of the variables {', '.join(filling.VARIABLES)}."
            " A blank to fill in by hand is one word, such as {{ date }}."
        )


def _is_listed(policy: Policy, name: str) -> bool:
    return name in filling.VARIABLES or name in policy.fields
