"""The workspace around the ticket: views with counts, filters, the queue's rows.

The address is the state: every view and filter is a parameter of it, and stays while tickets
are opened and acts are posted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.queries.queue import is_settled
from kept.records.queries.views import DeskView, QueueFilter, QueuePage, QueueRow
from kept.web.places import VIEWS
from kept.web.rail import TONES
from kept.web.ticket_page import rank

STATUSES = (
    ("new", "new"), ("open", "open"), ("waiting", "waiting"), ("resolved", "resolved"),
    ("closed", "closed"), ("closed_unconfirmed", "closed unconfirmed"), ("merged", "merged"),
    ("spam", "spam"),
)  # fmt: skip
MOST_COUNTED = 1000
KEPT = ("view", "desk", "level", "severity", "owner", "team", "status", "words")
EMPTY = {
    "mine": ("Nothing is yours", "No open ticket has you as its owner."),
    "unowned": ("Every ticket has an owner", "Nobody waits for somebody to take it on."),
    "at_risk": ("Nothing is at risk", "Every due time has more room left than its SOP warns at."),
    "missed": ("Nothing is missed", "No due time of these desks has passed unmet."),
    "waiting": ("Nobody is waited for", "Every open ticket waits for us alone."),
    "resolved": ("Nothing is resolved", "Resolved tickets stay here until they are closed."),
    "closed": ("Nothing is closed yet", "Closed tickets stay here, the last closed first."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCard:
    """One row with what its desk's SOP says of it."""

    row: QueueRow
    tone: str
    zone: str
    rank: int
    severity_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    name: str
    href: str
    current: bool = False
    count: str | None = None
    tone: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    title: str
    sentence: str
    href: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What `queue/_views.html` and `queue/_queue.html` show."""

    title: str
    order: str
    views: tuple[Link, ...]
    desks: tuple[Link, ...]
    all_desks: str
    filters: tuple[Choice, ...]
    rows: tuple[RowCard, ...]
    more: str
    query: str
    empty: Empty
    open_ticket: int | None

    def of_desk(self, slug: str) -> str:
        """Return where the same view of one desk alone is."""
        return next((one.href for one in self.desks if one.slug == slug), reverse("queue"))


def filter_of(asked: QueryDict) -> QueueFilter:
    """Return the filter that an address asks for; what is not understood is left out."""
    view = asked.get("view", "all")
    owner = asked.get("owner", "")
    return QueueFilter(
        desk=_word(asked, "desk"),
        level=_word(asked, "level"),
        severity=_word(asked, "severity"),
        owner=int(owner) if owner.isascii() and owner.isdigit() and len(owner) < 18 else None,
        team=_word(asked, "team"),
        status=_word(asked, "status"),
        view=view if view in {name for name, _, _ in VIEWS} else "all",
        words=asked.get("words", "").replace("\x00", "")[:200].strip(),
    )


def query_of(asked: Mapping[str, str]) -> str:
    """Return the part of an address that keeps view and filters, `?` included."""
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    if kept.get("view") == "all":
        del kept["view"]
    return f"?{urlencode(kept)}" if kept else ""


def _order(wanted: QueueFilter, page: QueuePage) -> str:
    if is_settled(wanted):
        return "last changed first"
    return "urgent first, for the outage" if page.urgent_first else "next due first"


def workspace(
    request: HttpRequest, page: QueuePage, wanted: QueueFilter, open_ticket: int | None
) -> Workspace:
    """Return the left and the middle pane."""
    desks = {desk.slug: desk for desk in page.desks}
    asked = request.GET.dict()
    policies = {slug: policy_of(desk) for slug, desk in desks.items()}
    title = next(name for view, name, _ in VIEWS if view == wanted.view)
    return Workspace(
        title=f"{title}, {desks[wanted.desk].name}" if wanted.desk in desks else title,
        order=_order(wanted, page),
        views=tuple(_view(view, name, tone, asked, wanted, page) for view, name, tone in VIEWS),
        desks=tuple(
            Link(name=desk.name, slug=slug, href=_href({**asked, "desk": slug}))
            for slug, desk in desks.items()
        ),
        all_desks=_href({**asked, "desk": ""}),
        filters=_filters(wanted, policies, page.rows),
        rows=tuple(card(row, desks, policies) for row in page.rows),
        more=_more(asked, page.next_cursor),
        query=query_of(asked),
        empty=_empty(wanted),
        open_ticket=open_ticket,
    )


def policy_of(desk: DeskView) -> Policy | None:
    """Return the policy a desk runs, None while it has none."""
    return policy_by_hash(desk.policy_hash) if desk.policy_hash else None


def card(
    row: QueueRow, desks: Mapping[str, DeskView], policies: Mapping[str, Policy | None]
) -> RowCard:
    """Return a row with its desk's zone and the place of its severity."""
    policy = policies.get(row.desk)
    severities = policy.severities if policy else ()
    return RowCard(
        row=row,
        tone=TONES.get(row.standing, "running"),
        zone=desks[row.desk].zone if row.desk in desks else "UTC",
        rank=rank(policy, row.severity) if policy else 0,
        severity_name=next((one.name for one in severities if one.id == row.severity), ""),
    )


def _word(asked: QueryDict, name: str) -> str | None:
    return asked.get(name, "").replace("\x00", "")[:60] or None


def _href(asked: Mapping[str, str]) -> str:
    return reverse("queue") + query_of(asked)


def _more(asked: dict[str, str], cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = query_of(asked)
    return f"{reverse('queue')}{query}{'&' if query else '?'}{urlencode({'cursor': cursor})}"


def _view(
    view: str, name: str, tone: str, asked: dict[str, str], wanted: QueueFilter, page: QueuePage
) -> Link:
    count = page.counts.get(view)
    return Link(
        name=name, href=_href({**asked, "view": view}), current=view == wanted.view, tone=tone,
        count=_counted(count),
    )  # fmt: skip


def _counted(count: int | None) -> str | None:
    if count is None:
        return None
    return f"{MOST_COUNTED:,}+" if count >= MOST_COUNTED else f"{count:,}"


def _filters(
    wanted: QueueFilter, policies: Mapping[str, Policy | None], rows: Sequence[QueueRow]
) -> tuple[Choice, ...]:
    chosen = [
        policy for slug, policy in policies.items() if policy and wanted.desk in (None, slug)
    ]
    severities = {one.id: one.id for policy in chosen for one in policy.severities}
    levels = {one.id: f"{one.id} {one.name}" for policy in chosen for one in policy.levels}
    owners = {str(row.owner_id): row.owner for row in rows if row.owner_id and row.owner}
    if wanted.owner is not None:
        owners.setdefault(str(wanted.owner), f"agent {wanted.owner}")
    return (
        Choice(name="severity", label="Severity", value=wanted.severity or "",
               options=tuple(severities.items())),
        Choice(name="level", label="Level", value=wanted.level or "",
               options=tuple(levels.items())),
        Choice(name="owner", label="Owner", value=str(wanted.owner or ""),
               options=tuple((id_, str(name)) for id_, name in sorted(owners.items()))),
        Choice(name="status", label="State", value=wanted.status or "", options=STATUSES),
    )  # fmt: skip


def _empty(wanted: QueueFilter) -> Empty:
    filtered = any((wanted.level, wanted.severity, wanted.owner, wanted.team, wanted.status))
    if wanted.words or filtered:
        return Empty(
            title="No ticket matches",
            href=_href({"view": wanted.view, "desk": wanted.desk or ""}),
            sentence="Nothing in this view fits the words and filters above.",
            act="Show the whole view",
        )  # fmt: skip
    title, sentence = EMPTY.get(
        wanted.view,
        ("Nothing is open", "Every ticket of your desks is settled. New mail appears here."),
    )
    return Empty(title=title, sentence=sentence)
