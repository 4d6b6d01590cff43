"""Reads: each asks one query as the token's own agent, so rights are part of the question."""

from datetime import date, datetime, time
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from kept.api import article_reads, asked, told
from kept.api.calls import Call, Route
from kept.api.people_told import CustomerTold, customer_told
from kept.api.problems import Unusable
from kept.policy import Policy
from kept.policy.rules import Clause
from kept.records.compiled import policy_by_hash
from kept.records.queries import desks as desk_queries
from kept.records.queries import proofs
from kept.records.queries import tickets as ticket_queries
from kept.records.queries.briefs import brief
from kept.records.queries.compliance import compliance, rate_of
from kept.records.queries.customers import customers_of
from kept.records.queries.filters import read_filter, read_text
from kept.records.queries.gates import gates_of
from kept.records.queries.measured import measures_of
from kept.records.queries.queue import queue_page
from kept.records.queries.saved_views import saved_views
from kept.records.queries.search import search
from kept.records.queries.views import ClauseStat, DeskView, QueueFilter
from kept.services import personal_reads
from kept.services.errors import NotFound, NotValid


def _queue(call: Call) -> told.Queue:
    query: asked.QueueQuery = call.query
    if query.desk is not None:
        _desk(call, query.desk)
    wanted = _filter(call, query)
    page = queue_page(
        call.holder.agent, wanted, at=call.at, cursor=query.cursor, limit=query.limit
    )
    return told.Queue(tickets=page.rows, counts=page.counts, next_cursor=page.next_cursor)


def _filter(call: Call, query: asked.QueueQuery) -> QueueFilter:
    """Return what is asked for: `view` is a view's name, a saved view or a filter in words."""
    named = {
        "desk": query.desk, "level": query.level, "severity": query.severity, "team": query.team,
        "status": query.status, "words": query.q,
        "owner": str(query.owner) if query.owner is not None else None,
    }  # fmt: skip
    terms = {name: value for name, value in named.items() if value}
    view = query.view
    if view.startswith("saved:"):
        saved = {str(each.id): each for each in saved_views(call.holder.agent)}
        if view[6:] not in saved:
            raise NotFound("There is no such view.")
        terms = dict(parse_qsl(saved[view[6:]].query)) | terms
    elif ":" in view:
        told, rest = read_text(view)
        if rest:
            raise Unusable(400, "bad_query", f"view holds no term: {rest[:60]}.", field="view")
        terms = told | terms
    else:
        terms["view"] = view
    understood = read_filter(terms, view="all")
    if understood.problems:
        told_of = understood.problems[0].partition(" ")[0]
        field = told_of if hasattr(query, told_of) else "view"
        raise Unusable(400, "bad_query", understood.problems[0], field=field)
    return understood.filter


def _ticket(call: Call) -> told.TicketTold:
    agent, number = call.holder.agent, call.number
    view = ticket_queries.ticket_view(agent, number, at=call.at)
    short = brief(agent, number, at=call.at)
    found = ticket_queries.ticket_state(agent, number)
    if view is None or short is None or found is None:
        raise NotFound("There is no such ticket.")
    if view.sight.contacts and view.customer_id is not None:
        personal_reads.note(agent, [view.customer_id], at=call.at, ticket=number)
    policy = ticket_queries.ticket_policy(found[1], found[2])
    here = f"/api/v1/tickets/{number}"
    proof_links = {
        f"proof:{each.id}": f"{here}/commitments/{quote(each.id, safe='')}/proof"
        for each in short.commitments
    }
    return told.TicketTold(
        ticket=short, customer=view.customer, customer_address=view.customer_address,
        owner=view.owner, facts=view.facts, messages=view.messages,
        gates=gates_of(policy, found[2]), steps=view.steps, approvals=view.approvals,
        links={"self": here, "journal": f"{here}/journal", **proof_links},
    )  # fmt: skip


def _journal(call: Call) -> told.JournalPage:
    query: asked.Paged = call.query
    lines = ticket_queries.journal_lines(call.holder.agent, call.number)
    if not lines:
        raise NotFound("There is no such ticket.")
    left = [line for line in lines if line.seq > (query.cursor or 0)]
    page = tuple(left[: query.limit])
    more = str(page[-1].seq) if len(left) > query.limit else None
    return told.JournalPage(lines=page, next_cursor=more)


def _proof(call: Call) -> told.Proof:
    view = proofs.proof(call.holder.agent, call.number, call.path["commitment"], at=call.at)
    if view is None:
        raise NotFound("There is no such commitment.")
    return told.proof_told(view)


def _desks(call: Call) -> told.Desks:
    return told.Desks(desks=desk_queries.desks_of(call.holder.agent))


def _sop(call: Call) -> told.SopTold:
    book = desk_queries.handbook(call.holder.agent, call.path["desk"], call.at)
    if book is None:
        raise NotFound("There is no such desk.")
    policy: Policy = book.policy
    return told.SopTold(
        desk=book.desk.slug, sop=policy.sop, title=book.title, version=book.version,
        hash=book.hash, activated_at=book.activated_at, activated_by=book.activated_by,
        clauses=tuple(_clause(each, book.stats.get(each.id)) for each in policy.clauses.values()),
    )  # fmt: skip


def _clause(clause: Clause, stat: ClauseStat | None) -> told.ClauseTold:
    stat = stat or ClauseStat(
        clause=clause.id, activated=0, kept=0, missed=0, pending=0, cancelled=0
    )
    rate, low, high = rate_of(stat.kept, stat.missed)
    return told.ClauseTold(
        id=clause.id, line=clause.line, text=clause.text, heading=clause.heading,
        kinds=clause.kinds, enforce=clause.enforce.value if clause.enforce else None,
        activated=stat.activated, kept=stat.kept, missed=stat.missed, pending=stat.pending,
        cancelled=stat.cancelled, rate=rate, low=low, high=high,
    )  # fmt: skip


def _customers(call: Call) -> told.Customers:
    query: asked.CustomerQuery = call.query
    found = customers_of(
        call.holder.agent, words=query.q, after=query.cursor or 0, limit=query.limit + 1
    )
    page = found[: query.limit]
    shown = [each.id for each in page if not each.is_covered]
    personal_reads.note(call.holder.agent, shown, at=call.at)
    more = str(page[-1].id) if len(found) > query.limit else None
    return told.Customers(customers=page, next_cursor=more)


def _customer(call: Call) -> CustomerTold:
    found = customer_told(
        call.holder.agent, call.number, reads_tickets=call.holder.may("read"), at=call.at
    )
    if found is None:
        raise NotFound("There is no such customer.")
    if not found.is_covered:
        personal_reads.note(call.holder.agent, [found.id], at=call.at)
    return found


def _search(call: Call) -> told.Hits:
    query: asked.SearchQuery = call.query
    found = search(call.holder.agent, query.q, before=query.cursor, limit=query.limit + 1,
                   at=call.at)  # fmt: skip
    page = found[: query.limit]
    more = str(page[-1].ticket) if len(found) > query.limit else None
    return told.Hits(hits=page, next_cursor=more)


def _compliance(call: Call) -> told.Compliance:
    query: asked.Span = call.query
    desk = _desk(call, query.desk)
    since, until = _span(query, desk)
    rows = compliance(call.holder.agent, desk.slug, since=since, until=until, at=call.at)
    return told.Compliance(desk=desk.slug, clauses=rows)


def _measures(call: Call) -> told.Measures:
    query: asked.Span = call.query
    desk = _desk(call, query.desk)
    if desk.policy_hash is None:
        raise NotFound("There is no such desk.")
    since, until = _span(query, desk)
    policy = policy_by_hash(desk.policy_hash)
    found = measures_of(call.holder.agent, desk.slug, policy, since=since, until=until)
    return told.Measures(
        desk=desk.slug, tickets=found.tickets, complete=found.complete,
        measures=tuple(told.measure_told(each) for each in found.measured),
    )  # fmt: skip


def _desk(call: Call, slug: str) -> DeskView:
    found = desk_queries.desk_of(call.holder.agent, slug)
    if found is None:
        raise NotFound("There is no such desk.")
    return found


def _span(query: asked.Span, desk: DeskView) -> tuple[datetime | None, datetime | None]:
    return _instant(query.since, desk.zone), _instant(query.until, desk.zone)


def _instant(written: str | None, zone: str) -> datetime | None:
    """Return the instant a day begins in the desk's zone, or the instant itself."""
    if written is None:
        return None
    try:
        if "T" in written:
            return datetime.fromisoformat(written)
        return datetime.combine(date.fromisoformat(written), time(), ZoneInfo(zone))
    except ValueError:
        raise NotValid(f"There is no such day: {written}.") from None


TICKET = "/tickets/{number}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/tickets", name="list_tickets",
          scope="read", tag="tickets", run=_queue,
          says="The queue, sorted by what is due next.", query=asked.QueueQuery,
          answer=told.Queue),
    Route(method="GET", path=TICKET, name="get_ticket", scope="read", tag="tickets", run=_ticket,
          says="One ticket with its messages, commitments and gates.", answer=told.TicketTold),
    Route(method="GET", path=f"{TICKET}/journal", name="get_journal", scope="read", tag="tickets",
          says="Facts and the decisions that followed.", run=_journal, query=asked.Paged,
          answer=told.JournalPage),
    Route(method="GET", path=f"{TICKET}/commitments/{{commitment}}/proof", name="get_proof",
          scope="read",
          tag="tickets", says="The arithmetic behind one due time.", run=_proof,
          answer=told.Proof),
    Route(method="GET", path="/desks", name="list_desks", scope="read", tag="desks", run=_desks,
          says="The desks of this token.", answer=told.Desks),
    Route(method="GET", path="/desks/{desk}/sop", name="get_sop",
          scope="read", tag="desks", run=_sop,
          says="The SOP a desk runs, and how each clause fared.", answer=told.SopTold),
    Route(method="GET", path="/customers", name="list_customers", scope="people", tag="customers",
          says="Customers with a ticket on the token's desk.", run=_customers,
          query=asked.CustomerQuery, answer=told.Customers),
    Route(method="GET", path="/customers/{number}", name="get_customer", scope="people",
          tag="customers",
          says="One customer: how to reach them, what they bought, what was said.",
          run=_customer, answer=CustomerTold),
    Route(method="GET", path="/search", name="search", scope="read", tag="tickets", run=_search,
          says="Tickets by the words in them.", query=asked.SearchQuery, answer=told.Hits),
    Route(method="GET", path="/compliance", name="get_compliance", scope="reports", tag="figures",
          says="How each clause fared in a span of time.", run=_compliance, query=asked.Span,
          answer=told.Compliance),
    Route(method="GET", path="/measures", name="get_measures",
          scope="reports", tag="figures", run=_measures,
          says="The measures of a desk's SOP.", query=asked.Span, answer=told.Measures),
    *article_reads.ROUTES,
)  # fmt: skip
