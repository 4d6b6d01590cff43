"""The workspace around the ticket: views with counts, filters, the queue's rows.

The address is the state: every view and filter is a parameter of it, and stays while tickets
are opened and acts are posted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import msgspec
from django.urls import reverse

from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.instants import instant
from kept.records.queries.filters import NAMES, Asked, read_filter, terms_of
from kept.records.queries.queue import ORDERS, order_of
from kept.records.queries.views import (
    DeskView,
    OwedRow,
    QueueFilter,
    QueuePage,
    QueueRow,
    SavedViewRow,
)
from kept.web import filtering
from kept.web.deeds import deed_of, sentence
from kept.web.filtering import Choice
from kept.web.places import QUIET_VIEWS, VIEWS
from kept.web.rail import TONES
from kept.web.ticket_page import rank

MOST_COUNTED = 1000
KEPT = ("view", *NAMES)
EMPTY = {
    "mine": ("Nothing is owed by you",
             "No ticket, page, approval, duty or mention waits for you. New work appears here."),
    "unowned": ("Every ticket has an owner", "Nobody waits for somebody to take it on."),
    "at_risk": ("Nothing is at risk", "Every due time has more room left than its SOP warns at."),
    "missed": ("Nothing is missed", "No due time of these desks has passed unmet."),
    "waiting": ("Nobody is waited for", "Every open ticket waits for us alone."),
    "following": ("You follow no open ticket", "Follow one with f, and you hear what happens."),
    "mentions": ("No note names you", "A colleague's @mention of you in a note appears here."),
    "snoozed": ("Nothing is snoozed", "Snooze one with z; its clocks go on all the same."),
    "resolved": ("Nothing is resolved", "Resolved tickets stay here until they are closed."),
    "closed": ("Nothing is closed yet", "Closed tickets stay here, the last closed first."),
}  # fmt: skip
OWED = {
    "page": ("acknowledge", "missed"),
    "approval": ("decide", "risk"),
    "duty": ("do it", "running"),
    "mention": ("read it", "open"),
    "woken": ("look again", "open"),
}
WOKEN = {"time": "its time came", "answer": "the customer answered", "at_risk": "it is at risk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCard:
    """One row with what its desk's SOP says of it."""

    row: QueueRow
    tone: str
    zone: str
    rank: int
    severity_name: str
    deed: str
    """What is owed next, in the SOP's words."""

    @property
    def woken_for(self) -> str:
        """What brought it back from a snooze of the reader's, in words."""
        return WOKEN.get(self.row.woken, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    name: str
    href: str
    current: bool = False
    count: str | None = None
    tone: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCard:
    """Something owed that is no ticket, as a row among tickets."""

    row: OwedRow
    href: str
    verb: str
    words: str
    about: str
    tone: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLink:
    view: SavedViewRow
    href: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    title: str
    sentence: str
    href: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What `shared/_nav.html` and `queue/_queue.html` show."""

    title: str
    order: str
    views: tuple[Link, ...]
    saved: tuple[SavedLink, ...]
    desks: tuple[Link, ...]
    all_desks: str
    filters: tuple[Choice, ...]
    more_filters: tuple[Choice, ...]
    set_filters: tuple[str, ...]
    problems: tuple[str, ...]
    rows: tuple[RowCard | OwedCard, ...]
    more: str
    query: str
    terms: str
    """The filter as a saved view keeps it."""
    clear: str
    empty: Empty
    open_ticket: int | None
    audiences: tuple[tuple[str, str], ...]
    """For whom a view may be saved: the form's value and its words."""

    def of_desk(self, slug: str) -> str:
        """Return where the same view of one desk alone is."""
        return next((one.href for one in self.desks if one.slug == slug), reverse("queue"))

    @property
    def first_ticket(self) -> RowCard | None:
        return next((one for one in self.rows if isinstance(one, RowCard)), None)


def filter_of(asked: Mapping[str, str]) -> Asked:
    """Return the filter that an address asks for; what is not understood is left out and told."""
    return read_filter(asked)


def query_of(asked: Mapping[str, str]) -> str:
    """Return the part of an address that keeps view and filters, `?` included."""
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    if len(kept) == 1 and kept.get("view") == "mine":
        del kept["view"]
    return f"?{urlencode(kept)}" if kept else ""


def workspace(page: QueuePage, asked_for: Asked, open_ticket: int | None) -> Workspace:
    """Return the left and the middle pane."""
    wanted = asked_for.filter
    desks = {desk.slug: desk for desk in page.desks}
    asked = {"view": wanted.view, **terms_of(wanted)}
    policies = {slug: policy_of(desk) for slug, desk in desks.items()}
    query = query_of(asked)
    saved = tuple(_saved(one, query) for one in page.saved)
    named = next((one.view.name for one in saved if one.current), "")
    title = named or next(name for view, name, _ in VIEWS if view == wanted.view)
    desk = desks.get(wanted.desk or "")
    return Workspace(
        title=f"{title}, {desk.name}" if desk and not named else title,
        order=_order(wanted, page),
        views=tuple(
            _view(view, name, tone, wanted, page)
            for view, name, tone in VIEWS
            if view not in QUIET_VIEWS or page.counts.get(view) or view == wanted.view
        ),
        saved=saved,
        desks=tuple(
            Link(name=desk.name, slug=slug, href=_href({**asked, "desk": slug}))
            for slug, desk in desks.items()
        ),
        all_desks=_href({**asked, "desk": ""}),
        filters=filtering.near(wanted, policies, page.rows),
        more_filters=filtering.far(wanted, policies),
        set_filters=filtering.in_words(wanted),
        problems=asked_for.problems,
        rows=_merged(page, desks, policies),
        more=_more(asked, page.next_cursor),
        query=query,
        terms=query.removeprefix("?"),
        clear=_href({"view": wanted.view, "desk": wanted.desk or ""}),
        empty=_empty(wanted),
        open_ticket=open_ticket,
        audiences=_audiences(desks, policies),
    )


def _audiences(
    desks: Mapping[str, DeskView], policies: Mapping[str, Policy | None]
) -> tuple[tuple[str, str], ...]:
    shared = [(f"desk:{slug}", f"everybody of {desk.name}") for slug, desk in desks.items()]
    teams = [
        (f"team:{slug}:{team.id}", f"{team.name} of {desks[slug].name}")
        for slug, policy in policies.items()
        for team in (policy.teams.values() if policy else ())
    ]
    return (("me", "me alone"), *shared, *teams)


def _order(wanted: QueueFilter, page: QueuePage) -> str:
    if page.urgent_first:
        return "urgent first, for the outage"
    order = next(name for name, each in ORDERS.items() if each == order_of(wanted))
    return dict(filtering.ORDERS)[order]


def _saved(view: SavedViewRow, query: str) -> SavedLink:
    return SavedLink(
        view=view, href=f"{reverse('queue')}?{view.query}", current=f"?{view.query}" == query
    )


def _merged(
    page: QueuePage, desks: Mapping[str, DeskView], policies: Mapping[str, Policy | None]
) -> tuple[RowCard | OwedCard, ...]:
    """Put tickets and what else is owed in one order; a woken ticket says so on its own row."""
    woken = {one.ticket: one.clause for one in page.owed if one.kind == "woken"}
    tickets = [
        card(msgspec.structs.replace(row, woken=woken.pop(row.id, "")), desks, policies)
        for row in page.rows
    ]
    others = _together(
        [_owed(one, desks) for one in page.owed if one.kind != "woken" or one.ticket in woken]
    )
    far = 2**63
    placed: list[tuple[int, int, RowCard | OwedCard]] = [
        *((one.row.key, 0, one) for one in others),
        *((instant(one.row.due_at) if one.row.due_at else far, 1, one) for one in tickets),
    ]
    return tuple(one for _, _, one in sorted(placed, key=lambda each: each[:2]))


def _together(cards: list[OwedCard]) -> list[OwedCard]:
    """Return duties that differ only in whom they are about as one row that leads to them all."""
    alike: dict[tuple[object, ...], list[OwedCard]] = {}
    for one in cards:
        is_duty = one.row.kind == "duty" and one.row.subject
        key = (
            (one.row.desk, one.row.about, one.row.due_at)
            if is_duty
            else (one.row.kind, one.row.id)
        )
        alike.setdefault(key, []).append(one)
    return [
        replace(each[0], href=reverse("duties"), about=f"about {len(each)}, one by one")
        if len(each) > 1
        else each[0]
        for each in alike.values()
    ]


def _owed(row: OwedRow, desks: Mapping[str, DeskView]) -> OwedCard:
    verb, tone = OWED[row.kind]
    about = {
        "page": "you are paged",
        "approval": "somebody asks for it",
        "duty": f"about {row.subject}" if row.subject else "",
        "mention": f"{row.clause} names you in a note",
        "woken": f"back, {WOKEN.get(row.clause, row.clause)}",
    }[row.kind]
    href = (
        reverse("duty", args=(row.id,)) if row.kind == "duty"
        else reverse("ticket", args=(row.ticket,))
    )  # fmt: skip
    zone = desks[row.desk].zone if row.desk in desks else "UTC"
    late = row.kind == "duty" and row.due_at is not None and row.due_at < row.asked_at
    named = row.kind in ("duty", "approval")
    words = deed_of(row.about, desks.get(row.desk)) if named else row.about
    return OwedCard(
        row=row, href=href, verb=verb, words=sentence(words), about=about, zone=zone,
        tone="missed" if late else tone,
    )  # fmt: skip


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
        deed=deed_of(row.due_name or "", desks.get(row.desk)),
    )


def _href(asked: Mapping[str, str]) -> str:
    return reverse("queue") + query_of(asked)


def _more(asked: dict[str, str], cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = query_of(asked)
    return f"{reverse('queue')}{query}{'&' if query else '?'}{urlencode({'cursor': cursor})}"


def _view(view: str, name: str, tone: str, wanted: QueueFilter, page: QueuePage) -> Link:
    return Link(
        name=name, href=_href({"view": view, "desk": wanted.desk or ""}), tone=tone,
        count=counted(page.counts.get(view)),
        current=view == wanted.view and not _is_narrowed(wanted),
    )  # fmt: skip


def counted(count: int | None) -> str | None:
    """Return a count as the pages show it; what was cut off says so."""
    if count is None:
        return None
    return f"{MOST_COUNTED:,}+" if count >= MOST_COUNTED else f"{count:,}"


def _is_narrowed(wanted: QueueFilter) -> bool:
    return bool(set(terms_of(wanted)) - {"desk", "order"})


def _empty(wanted: QueueFilter) -> Empty:
    if _is_narrowed(wanted):
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
