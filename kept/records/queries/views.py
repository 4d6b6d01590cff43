"""What the queries answer: frozen values for the pages, the API and the loops.

Instants are aware UTC datetimes. A view holds everything its page shows, so that no template
ever asks the database.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from kept.policy.rights import Sight


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A read value: immutable, equal by content."""


# The queue ---------------------------------------------------------------------------------


class QueueFilter(View, frozen=True, kw_only=True):
    """What a page of the queue asks for, each term as `filters` read it; unset ones are None."""

    view: str = "all"
    words: str = ""
    order: str = "due"
    desk: str | None = None
    level: str | None = None
    severity: str | None = None
    owner: str | None = None
    """A number, `me` or `none`."""
    team: str | None = None
    status: str | None = None
    channel: str | None = None
    type: str | None = None
    topic: str | None = None
    tag: str | None = None
    customer: str | None = None
    waiting: str | None = None
    missed: str | None = None
    """A clause that was missed."""
    standing: str | None = None
    due_before: str | None = None
    due_after: str | None = None
    opened_before: str | None = None
    opened_after: str | None = None
    updated_before: str | None = None
    updated_after: str | None = None


class QueueRow(View, frozen=True, kw_only=True):
    """One ticket in the queue. `standing` is missed, at_risk, on_track, paused or nothing_due."""

    id: int
    desk: str
    subject: str
    customer: str
    status: str
    severity: str | None
    level: str | None
    team: str | None
    owner: str | None
    owner_id: int | None
    channel: str | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    due_name: str | None
    due_clause: str | None
    due_commitment: str | None
    at_risk_at: datetime | None
    missed: int
    standing: str
    needs_attention: str
    woken: str = ""
    """Why a snooze of the reader's ended: time, answer or at_risk."""


class OwedRow(View, frozen=True, kw_only=True):
    """Something owed that is no ticket of one's own: page, approval, duty, mention or woken."""

    kind: str
    id: int
    desk: str
    ticket: int | None
    about: str
    clause: str
    due_at: datetime | None
    at: datetime
    asked_at: datetime
    """When the page was read."""
    key: int
    subject: str = ""
    """Whom a duty is about, where it comes round for each."""


class SavedViewRow(View, frozen=True, kw_only=True):
    """A saved view as its readers see it; `audience` is me, team or desk."""

    id: int
    name: str
    query: str
    audience: str
    desk: str
    team: str
    owner: str
    is_mine: bool


class QueuePage(View, frozen=True, kw_only=True):
    """`next_cursor` is None on the last page; counts stop at `COUNT_LIMIT`."""

    rows: tuple[QueueRow, ...]
    next_cursor: str | None
    counts: dict[str, int]
    """By view name."""
    desks: tuple["DeskView", ...]
    urgent_first: bool = False
    """Whether an outage puts severity before what is due next."""
    owed: tuple[OwedRow, ...] = ()
    """Beside the tickets, in the view `mine` only; the page puts both in one order by due."""
    saved: tuple[SavedViewRow, ...] = ()
    unseen: int = 0
    """Notifications that nobody has looked at; stops at 100."""


class OutageNow(View, frozen=True, kw_only=True):
    """The outage that runs on a desk."""

    id: int
    name: str
    notice: str
    began_at: datetime
    by_severity: bool
    """Whether a clause ordered the queue by severity for its time."""


class DeskView(View, frozen=True, kw_only=True):
    """A desk as its members see it."""

    id: int
    slug: str
    name: str
    sop: str
    address: str
    zone: str
    policy_hash: str | None = None
    roles: tuple[str, ...] = ()
    """Of whoever asks."""
    outage: OutageNow | None = None


# One ticket --------------------------------------------------------------------------------


class CommitmentChip(View, frozen=True, kw_only=True):
    """One thing owed. `standing`: kept missed late cancelled at_risk on_track paused."""

    id: str
    name: str
    kind: str
    clause: str
    started_at: datetime
    due_at: datetime | None
    verdict: str
    reason: str
    missed_at: datetime | None
    settled_at: datetime | None
    paused: bool
    suspended: bool
    standing: str
    late_open: timedelta
    late_wall: timedelta


class AttachmentView(View, frozen=True, kw_only=True):
    """A file without its bytes."""

    id: int
    filename: str
    content_type: str
    size: int
    inline_cid: str

    @property
    def is_picture(self) -> bool:
        """Whether the page may show it; its bytes are looked at when it is asked for."""
        return self.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}


class AttachmentBody(View, frozen=True, kw_only=True):
    """A file with its bytes, for the download page."""

    filename: str
    content_type: str
    body: bytes
    inline_cid: str = ""


class MessageView(View, frozen=True, kw_only=True):
    """One message or note; `author_kind` is agent, customer, stranger or system."""

    id: int
    kind: str
    direction: str
    author: str
    author_kind: str
    author_id: int | None
    channel: str
    subject: str
    text: str
    quoted: str
    has_html: bool
    template: str
    warning: str
    sent_at: datetime
    delivery: str
    attachments: tuple[AttachmentView, ...]


class StepView(View, frozen=True, kw_only=True):
    """A step of the SOP on this ticket. `state` is open, done, missed or cancelled."""

    name: str
    clause: str
    commitment: str
    form: str | None
    role: str | None
    due_at: datetime | None
    state: str
    before: str | None
    done_by: str | None = None
    done_at: datetime | None = None
    answers: dict[str, Any] = {}


class ApprovalView(View, frozen=True, kw_only=True):
    """`amount` is in minor units; `result` is empty while somebody must decide."""

    id: str
    ticket: int
    kind: str
    amount: int
    clause: str
    roles: tuple[str, ...]
    requester: str | None
    requester_id: int | None
    asked_at: datetime
    expires_at: datetime | None
    result: str
    settled_by: str
    settled_at: datetime | None


class JournalLine(View, frozen=True, kw_only=True):
    """One journal row, in the order of recording."""

    seq: int
    at: datetime
    recorded_at: datetime
    by: str | None
    event: str
    fact: dict[str, Any]
    decisions: tuple[dict[str, Any], ...]
    refused: bool
    hash: str


class PersonView(View, frozen=True, kw_only=True):
    """An agent who could own or decide something on a desk."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    level: str | None
    team: str | None
    on_duty: bool


class TicketView(View, frozen=True, kw_only=True):
    """Everything the ticket page shows. `facts` are what the SOP's conditions read."""

    id: int
    desk: DeskView
    subject: str
    customer_id: int | None
    customer: str
    customer_address: str
    """Masked unless `sight` shows contacts."""
    sight: Sight
    customer_tier: str
    status: str
    severity: str | None
    level: str | None
    type: str | None
    topic: str | None
    owner: str | None
    owner_id: int | None
    team: str | None
    channel: str | None
    waiting_on: str | None
    opened_at: datetime
    updated_at: datetime
    policy_hash: str
    needs_attention: str
    missed: int
    facts: dict[str, Any]
    commitments: tuple[CommitmentChip, ...]
    messages: tuple[MessageView, ...]
    steps: tuple[StepView, ...]
    approvals: tuple[ApprovalView, ...]
    people: tuple[PersonView, ...]
    seq: int
    """The journal row the page was made at: forms bear it, so that a stale one is noticed."""
    pages_open: tuple["NoticeView", ...]


class ProofView(View, frozen=True, kw_only=True):
    """The arithmetic behind one due: the chip, and what `kept.policy.explain` answers."""

    ticket: int
    desk: DeskView
    chip: CommitmentChip
    explanation: Any
    clause_text: str
    clause_line: int
    policy_version: str


# The handbook, the wall, the compliance of clauses -------------------------------------------


class ClauseStat(View, frozen=True, kw_only=True):
    """What one clause made the desk do. Open commitments past their due count as missed."""

    clause: str
    activated: int
    kept: int
    missed: int
    pending: int
    cancelled: int

    @property
    def rate(self) -> float | None:
        """kept / (kept + missed), for display; None where neither happened."""
        decided = self.kept + self.missed
        return self.kept / decided if decided else None


class HandbookView(View, frozen=True, kw_only=True):
    """The SOP a desk runs: its text, and how each clause fared. `clauses` come from the policy."""

    desk: DeskView
    title: str
    version: str
    hash: str
    source: str
    activated_at: datetime | None
    activated_by: str | None
    proposed_by: str | None
    stats: dict[str, ClauseStat]
    policy: Any
    """kept.policy.rules.Policy, compiled."""


class DeskWall(View, frozen=True, kw_only=True):
    """One desk on the wallboard."""

    desk: DeskView
    open: int
    due_soon: int
    at_risk: int
    missed: int
    missed_today: int
    unowned: int
    waiting: int
    next_rows: tuple[QueueRow, ...]


class WallboardView(View, frozen=True, kw_only=True):
    """All desks a person may see, at one instant."""

    at: datetime
    desks: tuple[DeskWall, ...]


# Going out, coming in ------------------------------------------------------------------------


class OutboxRow(View, frozen=True, kw_only=True):
    """One thing that goes out, for the outbox page."""

    id: int
    desk: str
    ticket: int | None
    kind: str
    recipient: str
    subject: str
    text: str
    message_id: str
    state: str
    attempts: int
    last_error: str
    made_at: datetime
    not_before: datetime
    sent_at: datetime | None


class QuarantineRow(View, frozen=True, kw_only=True):
    """Raw bytes that could not be taken in; a person looks at them."""

    id: int
    desk: str
    mailbox: str
    received_at: datetime
    size: int
    problem: str
    attempts: int
    first_bytes: str


class NoticeView(View, frozen=True, kw_only=True):
    """A notification or page for one agent."""

    id: int
    desk: str
    ticket: int | None
    about: str
    clause: str
    page: bool
    repeats: int
    late: bool
    due_at: datetime | None
    at: datetime
    seen_at: datetime | None
    acknowledged_at: datetime | None
    agent: str = ""
    subject: str = ""
    is_at_issue: bool = True
    """Whether its matter has not ended, so that it still needs eyes."""


class AlarmView(View, frozen=True, kw_only=True):
    """A fault that needs a person."""

    id: int
    desk: str | None
    ticket: int | None
    sentence: str
    raised_at: datetime
    last_at: datetime
    times: int


class CadenceView(View, frozen=True, kw_only=True):
    """One period of a recurring duty."""

    id: int
    desk: str
    clause: str
    name: str
    subject: str
    role: str | None
    form: str | None
    period_start: datetime
    due_at: datetime
    done_at: datetime | None
    done_by: str | None
    state: str


class PolicyVersionView(View, frozen=True, kw_only=True):
    """One version of a desk's policy and who stands behind it."""

    id: int
    sop: str
    version: str
    hash: str
    state: str
    proposed_by: str | None
    proposed_by_id: int | None
    activated_by: str | None
    activated_at: datetime | None
