"""Drafts: what somebody is writing, kept per ticket and kind as they type, and under names.

A shared draft is read by the whole desk, and a colleague may take it over. Nothing is ever
overwritten by that: what the colleague was writing themselves is put aside under a name.
"""

from datetime import datetime

from django.db import transaction

from kept.records.models import Draft, Journal, LeavingReply, Ticket
from kept.services import permissions
from kept.services.conversation import TEXT_LIMIT
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.texts import clean, one_line

KINDS = ("public", "note")
MOST_NAMED = 20


class Elsewhere(Conflict):
    """The draft was changed on another machine since this one read it."""

    code = "draft_changed"

    def __init__(self, text: str, saved_at: datetime) -> None:
        super().__init__("This draft was changed on another machine meanwhile.")
        self.text = text
        self.saved_at = saved_at


def save(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    text: str,
    kind: str = "public",
    template: str = "",
    base: datetime | None = None,
    key: str = "",
) -> datetime | None:
    """Keep the running draft; an empty one is forgotten. Return when it was saved.

    `base` is the version the writer started from: a newer one with other words is Elsewhere.
    `key` is the form's own: a save that arrives after that form was sent changes nothing.
    """
    _may_write(ticket_id, by, kind)
    words = clean(text)[:TEXT_LIMIT]
    with transaction.atomic():
        # Whoever sends holds this lock, so a save comes before or after it, never between.
        Ticket.objects.select_for_update(no_key=True).only("id").get(pk=ticket_id)
        if key and _was_sent(ticket_id, by, key):
            return None
        row = _running(ticket_id, by, kind)
        if row is not None and base is not None and row.saved_at > base and row.text != words:
            raise Elsewhere(row.text, row.saved_at)
        if not words.strip():
            if row is not None:
                row.delete()
            return None
        _write(ticket_id, by, kind, words, template, at)
    return at


def put_back(ticket_id: int, *, by: AgentId, at: datetime, text: str, template: str) -> None:
    """Give an undone reply's words back; what is being written since then is put aside."""
    with transaction.atomic():
        _put_aside(_running(ticket_id, by, "public"), text, at)
        _write(ticket_id, by, "public", text, template, at)


def put_aside(
    ticket_id: int, *, by: AgentId, at: datetime, text: str, kind: str, name: str
) -> None:
    """Keep a text under a name; the same name again replaces it."""
    _may_write(ticket_id, by, kind)
    title = one_line(name, 100)
    words = clean(text).strip()[:TEXT_LIMIT]
    if not words:
        raise NotValid("There is nothing to put aside yet.")
    if not title:
        raise NotValid("Give the draft a name.")
    with transaction.atomic():
        others = Draft.objects.filter(agent_id=by, ticket_id=ticket_id).exclude(name="")
        if others.exclude(name=title).count() >= MOST_NAMED:
            raise NotValid(f"At most {MOST_NAMED} drafts of yours can wait on one ticket.")
        Draft.objects.update_or_create(
            agent_id=by, ticket_id=ticket_id, kind=kind, name=title,
            defaults={"text": words, "saved_at": at},
        )  # fmt: skip
        _forget(_running(ticket_id, by, kind), words)


def share(draft: int, *, by: AgentId, at: datetime, shared: bool) -> None:
    """Show a named draft of one's own to the desk, or stop showing it."""
    row = _own(draft, by)
    if not row.name:
        raise NotFound("There is no such draft.")
    Draft.objects.filter(pk=draft).update(shared_at=at if shared else None)


def take(draft: int, *, by: AgentId, at: datetime) -> int:
    """Go on with a named draft, a colleague's shared one included; return its ticket."""
    with transaction.atomic():
        row = Draft.objects.select_for_update().filter(pk=draft).exclude(name="").first()
        if row is None or (row.agent_id != by and row.shared_at is None):
            raise NotFound("There is no such draft.")
        _may_write(row.ticket_id, by, row.kind)
        text, kind, template, ticket_id = row.text, row.kind, row.template, row.ticket_id
        row.delete()
        _put_aside(_running(ticket_id, by, kind), text, at)
        _write(ticket_id, by, kind, text, template, at)
    return ticket_id


def discard(draft: int, *, by: AgentId) -> None:
    """Throw a draft of one's own away."""
    _own(draft, by).delete()


def forget(ticket_id: int, *, by: AgentId, kind: str) -> None:
    """Drop the running draft once its words were said."""
    Draft.objects.filter(agent_id=by, ticket_id=ticket_id, kind=kind, name="").delete()


def _may_write(ticket_id: int, by: AgentId, kind: str) -> None:
    desk = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
    if desk is None:
        raise NotFound("There is no such ticket.")
    who = permissions.standing(by, desk)
    if kind not in KINDS:
        raise NotValid("A draft is a reply or a note.")
    permissions.require(who, "note" if kind == "note" else "reply", permissions.policy_of(who))


def _own(draft: int, by: AgentId) -> Draft:
    row = Draft.objects.filter(pk=draft, agent_id=by).first()
    if row is None:
        raise NotFound("There is no such draft.")
    _may_write(row.ticket_id, by, row.kind)
    return row


def _was_sent(ticket_id: int, by: AgentId, key: str) -> bool:
    replied = LeavingReply.objects.filter(agent_id=by, key=key).exists()
    said = Journal.objects.filter(ticket_id=ticket_id, fact_id=f"note:{by}:{key}")
    return replied or said.exists()


def _running(ticket_id: int, by: AgentId, kind: str) -> Draft | None:
    return Draft.objects.select_for_update().filter(
        agent_id=by, ticket_id=ticket_id, kind=kind, name=""
    ).first()  # fmt: skip


def _write(ticket_id: int, by: AgentId, kind: str, text: str, template: str, at: datetime) -> None:
    Draft.objects.update_or_create(
        agent_id=by, ticket_id=ticket_id, kind=kind, name="",
        defaults={"text": text, "template": template[:100], "saved_at": at, "shared_at": None},
    )  # fmt: skip


def _put_aside(row: Draft | None, text: str, at: datetime) -> None:
    """Name what was being written, so that other words can take its place."""
    if row is None or not row.text.strip() or row.text.strip() == text.strip():
        return
    name = f"Put aside {at:%H:%M:%S}"
    Draft.objects.update_or_create(
        agent_id=row.agent_id, ticket_id=row.ticket_id, kind=row.kind, name=name,
        defaults={"text": row.text, "template": row.template, "saved_at": row.saved_at},
    )  # fmt: skip


def _forget(row: Draft | None, words: str) -> None:
    if row is not None and row.text.strip() == words:
        row.delete()
