"""What the composer shows: the text as it was left, files, drafts, macros, what leaves soon."""

from dataclasses import dataclass
from datetime import datetime

from kept.policy.rules import Policy
from kept.records.queries import writing
from kept.records.queries.writing import DraftView, LeavingView, MacroView, UploadView
from kept.services import handing
from kept.services.handing import Sheet
from kept.web.ticket_page import TicketPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """`texts` are the running drafts by kind; `base` is when each was saved, for its next save."""

    kind: str
    texts: dict[str, str]
    bases: dict[str, str]
    template: str
    seen: int
    files: tuple[UploadView, ...]
    named: tuple[DraftView, ...]
    leaving: tuple[LeavingView, ...]
    macros: tuple[MacroView, ...]
    newer: bool
    policy: Policy

    @property
    def text(self) -> str:
        return self.texts[self.kind]

    @property
    def is_open(self) -> bool:
        """Whether it stands open from the start: something is being written."""
        return bool(self.text.strip() or self.files or self.newer)


def compose(page: TicketPage) -> Compose:
    """Return the composer of a ticket page; what a refused post had typed comes before drafts."""
    me, ticket = page.me_id, page.ticket
    found = writing.drafts(me, ticket.id)
    running = {one.kind: one for one in found if one.mine and not one.name}
    texts = {kind: running[kind].text if kind in running else "" for kind in ("public", "note")}
    kind = page.typed_kind if page.typed_kind in texts else _latest(running)
    if page.typed_kind:
        texts[kind] = page.typed_text
    kept = running.get(kind)
    return Compose(
        kind=kind,
        texts=texts,
        bases={kind: _iso(running.get(kind)) for kind in texts},
        template=page.typed_template or (kept.template if kept and not page.typed_kind else ""),
        seen=max((one.id for one in ticket.messages), default=0),
        files=writing.uploads(me, ticket.id),
        named=tuple(one for one in found if one.name),
        leaving=writing.leaving(me, ticket.id),
        macros=writing.macros(me, ticket.desk.id),
        newer=bool(page.refusal and page.refusal.title == "Not sent" and page.refusal.changes),
        policy=page.policy,
    )


def handoff(page: TicketPage, now: datetime) -> Sheet | None:
    """Return the hand-off card while the ticket waits to be taken on; else ask for nothing."""
    waits = any(
        chip.kind == "acceptance" and chip.settled_at is None for chip in page.ticket.commitments
    )
    return handing.sheet(page.ticket.id, by=page.me_id, at=now) if waits else None


def _latest(running: dict[str, DraftView]) -> str:
    if not running:
        return "public"
    return max(running.values(), key=lambda one: one.saved_at).kind


def _iso(draft: DraftView | None) -> str:
    saved: datetime | None = draft.saved_at if draft else None
    return saved.isoformat() if saved else ""
