"""The core acts of the ticket page: each with its form, when it shows, and its verb.

The verbs themselves, their rights and their gates are the services' and the policy's. Acts of
a panel live beside it; `act_table` joins them all.
"""

from collections.abc import Callable

from kept.policy.rules import Policy
from kept.policy.vocabulary import handoff_step
from kept.records.queries.views import TicketView
from kept.services import approvals, endings, notices, work
from kept.services.errors import NotValid
from kept.web import asking, forms
from kept.web.act import OPEN, Act, Said
from kept.web.forms import Field
from kept.web.say import plain

ENDED = frozenset({"closed", "closed_unconfirmed"})
WAITS = (("customer", "the customer"), ("third_party", "a third party"), ("nobody", "nobody"))


def _escalate_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    return asking.escalation(ticket, policy, asking.level_after(ticket, policy))


def _asks_approval(ticket: TicketView, policy: Policy) -> bool:
    return ticket.status in OPEN and bool(asking.approval_kinds(policy))


def _promise(said: Said) -> object:
    due = forms.moment(said.get("due"), said.zone)
    if due is None or due <= said.at:
        raise NotValid("A promise needs a time that is still to come.")
    return work.promise(said.ticket, by=said.by, at=said.at, what=said.get("what"), due=due)


def _escalate(said: Said) -> object:
    """Move up; the hand-off goes along as the evidence of its step, in the same moment."""
    step = handoff_step(said.policy, {**said.facts, "to": said.get("to")})
    form = said.policy.forms.get(step.form or "") if step else None
    given = {one.id: said.get(one.id) for one in form.fields if said.get(one.id)} if form else {}
    return work.escalate(
        said.ticket, by=said.by, at=said.at, to=said.get("to"), reason=said.get("reason"),
        form=given, override=said.get("override"),
    )  # fmt: skip


def _assign(said: Said) -> object:
    agent = said.get("agent")
    if not agent and not said.get("team"):
        raise NotValid("Choose an owner or a team.")
    return work.assign(
        said.ticket, by=said.by, at=said.at,
        agent=int(agent) if agent.isdecimal() else None, team=said.get("team") or None,
    )  # fmt: skip


def _triage(said: Said) -> object:
    return work.triage(
        said.ticket, by=said.by, at=said.at, severity=said.get("severity") or None,
        type=said.get("type") or None, topic=said.get("topic") or None,
        fields=asking.triage_values(said.policy, said.facts, said.answers),
    )  # fmt: skip


def _amount(said: Said) -> int:
    amount = forms.minor_units(said.get("amount"))
    if amount is None:
        raise NotValid("An amount such as 120.00 is needed.")
    return amount


def _in(*statuses: str) -> Callable[[TicketView, Policy], bool]:
    return lambda ticket, policy: ticket.status in statuses


CORE: tuple[Act, ...] = (
    Act(noun="acceptances", name="accept", title="Take it on", button="Take it on",
        shows=lambda ticket, policy: any(
            chip.kind == "acceptance" and chip.verdict in {"pending", "missed"}
            and chip.settled_at is None for chip in ticket.commitments),
        do=lambda said: work.accept(said.ticket, by=said.by, at=said.at)),
    Act(noun="triage", name="triage", title="Triage", button="Triage", fields=asking.triage_fields,
        do=_triage),
    Act(noun="severities", rare=True, name="severity", title="Raise or lower the severity",
        button="Change it", fields=asking.severity_fields,
        shows=lambda ticket, policy: ticket.status in OPEN and bool(ticket.severity),
        do=lambda said: work.change_severity(said.ticket, by=said.by, at=said.at,
                                             to=said.get("to"), reason=said.get("reason"),
                                             override=said.get("override"))),
    Act(noun="assignments", name="assign", title="Owner and team", button="Hand it over",
        fields=asking.assign_fields, do=_assign),
    Act(noun="escalations", name="escalate", key="e", title="Escalate", button="Escalate",
        fields=_escalate_fields, do=_escalate),
    Act(noun="waits", name="wait", key="w", title="Wait on the customer", button="Save",
        fields=lambda ticket, policy: (
            Field(name="who", label="Waiting on", type="choice", choices=WAITS,
                  value=ticket.waiting_on or "customer"),),
        do=lambda said: work.wait(said.ticket, by=said.by, at=said.at, who=said.get("who"))),
    Act(noun="promises", name="promise", key="p", title="Promise a time", button="Promise it",
        fields=lambda ticket, policy: (
            Field(name="what", label="What", type="choice", value="update",
                  choices=(("reply", "a reply"), ("update", "an update"),
                           ("resolution", "a solution"))),
            Field(name="due", label="By", type="moment")),
        do=_promise),
    Act(noun="attempts", rare=True, name="attempt", title="Note a failed attempt",
        button="Note it",
        do=lambda said: work.attempt_failed(said.ticket, by=said.by, at=said.at)),
    Act(noun="approvals", rare=True, name="approval", title="Ask for an approval", button="Ask",
        fields=asking.amount_fields, shows=_asks_approval,
        do=lambda said: approvals.ask(said.ticket, by=said.by, at=said.at,
                                      kind=said.get("kind"), amount=_amount(said))),
    Act(noun="payments", rare=True, name="pay", title="Pay", button="Pay",
        fields=asking.amount_fields, shows=_asks_approval,
        do=lambda said: approvals.pay(said.ticket, by=said.by, at=said.at,
                                      kind=said.get("kind"), amount=_amount(said),
                                      key=said.get("key"))),
    Act(noun="flags", rare=True, name="flag", title="Flag it", button="Flag it",
        fields=asking.flag_fields,
        shows=lambda ticket, policy: ticket.status in OPEN
        and bool(asking.flags_left(ticket, policy)),
        do=lambda said: work.flag(said.ticket, by=said.by, at=said.at, flag=said.get("flag"))),
    Act(noun="resolutions", name="resolve", key="x", title="Resolve", button="Resolve",
        do=lambda said: endings.resolve(said.ticket, by=said.by, at=said.at,
                                        override=said.get("override"))),
    Act(noun="confirmations", name="confirm", title="The customer confirms", button="Confirm",
        shows=_in("resolved", "open", "waiting"),
        do=lambda said: endings.confirm(said.ticket, by=said.by, at=said.at)),
    Act(noun="closures", name="close", title="Close", button="Close the ticket",
        shows=lambda ticket, policy: ticket.status not in ENDED | {"merged", "spam"},
        do=lambda said: endings.close(said.ticket, by=said.by, at=said.at,
                                      override=said.get("override"))),
    Act(noun="reopenings", name="reopen", title="Reopen", button="Reopen the ticket",
        shows=_in("resolved", "closed", "closed_unconfirmed"),
        do=lambda said: endings.reopen(said.ticket, by=said.by, at=said.at)),
    Act(noun="spam", rare=True, name="spam", title="Spam", button="Mark as spam", shows=_in("new"),
        do=lambda said: endings.mark_spam(said.ticket, by=said.by, at=said.at)),
)  # fmt: skip
"""In the order in which the side column shows them."""

EVENTS = {
    "resolved": "Resolve", "closed": "Close", "escalated": "Escalate", "paid": "Pay",
    "agent_public": "This reply", "triaged": "Triage", "waiting_on": "Wait",
    "severity_changed": "This severity", "assigned": "This owner", "confirmed": "Confirm",
    "reopened": "Reopen", "approved": "This approval", "step_done": "This step",
}  # fmt: skip


def named(event: str) -> str:
    """Return what people call an act that an SOP names by its event."""
    return EVENTS.get(event, plain(event).capitalize())


def acknowledge(said: Said) -> object:
    """Silence a page: the person saw it and takes it."""
    notice = said.get("notice")
    number = int(notice) if notice.isdecimal() and len(notice) < 18 else 0
    notices.acknowledge(number, by=said.by, at=said.at)
    return None
