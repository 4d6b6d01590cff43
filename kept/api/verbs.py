"""Acts: each reads its struct, calls one verb and answers the ticket with what it owes now."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from kept.api import asked
from kept.api.calls import Call, Route
from kept.policy import Policy
from kept.policy.words import Value
from kept.records.compiled import policy_by_hash
from kept.records.queries.briefs import TicketBrief, brief
from kept.services import approvals, conversation, endings, paging, tickets, work
from kept.services.beginning import active_policy
from kept.services.errors import NotFound, NotValid

FURTHEST = timedelta(days=3660)


def open_ticket(call: Call) -> TicketBrief:
    """Open a ticket for a customer of the token's desk."""
    told: asked.NewTicket = call.body
    kind, address = _address(told.customer)
    if told.desk != call.holder.slug:
        raise NotFound("There is no such desk.")
    fields = _fields(active_policy(call.holder.desk), told.fields) if told.fields else {}
    opened = tickets.open_ticket(
        told.desk,
        tickets.Opening(
            subject=told.subject, text=told.text, channel=told.channel, severity=told.severity,
            type=told.type, topic=told.topic, fields=fields,
        ),
        address=address, address_kind=kind, name=told.customer.name, by=call.holder.agent,
        at=call.at,
    )  # fmt: skip
    return _brief(call, opened.ticket)


def _address(customer: asked.NewCustomer) -> tuple[str, str]:
    if customer.email and customer.phone:
        raise NotValid("Give the customer's e-mail address or telephone number, not both.")
    if customer.email:
        return "email", customer.email
    if customer.phone:
        return "phone", customer.phone
    raise NotValid("A customer needs an e-mail address or a telephone number.")


def _message(call: Call) -> object:
    told: asked.NewMessage = call.body
    if told.kind == "note":
        if told.template or told.given:
            raise NotValid("A note has no template.")
        return conversation.note(
            call.number, by=call.holder.agent, at=call.at, text=told.text, key=call.key
        )
    return conversation.reply(
        call.number, by=call.holder.agent, at=call.at, text=told.text, template=told.template,
        given=told.given, key=call.key,
    )  # fmt: skip


def _triage(call: Call) -> object:
    told: asked.Triage = call.body
    if not (told.severity or told.type or told.topic or told.fields):
        raise NotValid("Say at least one of severity, type, topic and fields.")
    here = _brief(call, call.number)
    return work.triage(
        call.number, by=call.holder.agent, at=call.at, severity=told.severity, type=told.type,
        topic=told.topic, fields=_fields(policy_by_hash(here.policy_hash), told.fields),
    )  # fmt: skip


def _assign(call: Call) -> object:
    told: asked.Assignment = call.body
    if told.agent is None and not told.team:
        raise NotValid("Choose an agent or a team.")
    return work.assign(
        call.number, by=call.holder.agent, at=call.at, agent=told.agent, team=told.team
    )


def _escalate(call: Call) -> object:
    told: asked.Escalation = call.body
    return work.escalate(
        call.number, by=call.holder.agent, at=call.at, to=told.to, reason=told.reason,
        form=told.form, override=told.override,
    )  # fmt: skip


def _promise(call: Call) -> object:
    told: asked.Promise = call.body
    if told.due > call.at + FURTHEST:
        raise NotValid("A promised time lies within ten years.")
    return work.promise(
        call.number, by=call.holder.agent, at=call.at, what=told.what, due=told.due
    )


def _step(call: Call) -> object:
    told: asked.StepDone = call.body
    return work.do_step(
        call.number, by=call.holder.agent, at=call.at, step=told.step, answers=told.answers
    )


def _merge(call: Call) -> None:
    told: asked.Merge = call.body
    endings.merge(call.number, into=told.into, by=call.holder.agent, at=call.at)


def _approval(call: Call) -> object:
    told: asked.Approval = call.body
    who, at = call.holder.agent, call.at
    if told.decision != "ask":
        if told.amount is not None or told.payee:
            raise NotValid("A decision is about what was asked for: it has no amount or payee.")
        decide = approvals.approve if told.decision == "approve" else approvals.reject
        return decide(call.number, by=who, at=at, kind=told.kind)
    if told.amount is None:
        raise NotValid("An approval is asked for an amount.")
    return approvals.ask(
        call.number, by=who, at=at, kind=told.kind, amount=approvals.amount_of(told.amount),
        payee=told.payee,
    )  # fmt: skip


def _pay(call: Call) -> object:
    told: asked.Payment = call.body
    return approvals.pay(
        call.number, by=call.holder.agent, at=call.at, kind=told.kind,
        amount=approvals.amount_of(told.amount), payee=told.payee, key=call.key,
    )  # fmt: skip


def _verify(call: Call) -> object:
    told: asked.Verification = call.body
    return work.verify_identity(
        call.number, by=call.holder.agent, at=call.at, method=told.method, passed=told.passed
    )


def _plainly(verb: Callable[..., object]) -> Callable[[Call], object]:
    return lambda call: verb(call.number, by=call.holder.agent, at=call.at)


def _ending(verb: Callable[..., object]) -> Callable[[Call], object]:
    return lambda call: verb(
        call.number, by=call.holder.agent, at=call.at, override=call.body.override
    )


VERBS: tuple[tuple[str, type[asked.Asked], Callable[[Call], object]], ...] = (
    ("messages", asked.NewMessage, _message),
    ("triage", asked.Triage, _triage),
    ("assignments", asked.Assignment, _assign),
    ("escalations", asked.Escalation, _escalate),
    ("acceptances", asked.Nothing, _plainly(work.accept)),
    ("acknowledgements", asked.Nothing, _plainly(paging.acknowledge_all)),
    ("waits", asked.Wait, lambda call: work.wait(
        call.number, by=call.holder.agent, at=call.at, who=call.body.who)),
    ("promises", asked.Promise, _promise),
    ("steps", asked.StepDone, _step),
    ("resolutions", asked.Ending, _ending(endings.resolve)),
    ("confirmations", asked.Nothing, _plainly(endings.confirm)),
    ("closures", asked.Ending, _ending(endings.close)),
    ("reopenings", asked.Nothing, _plainly(endings.reopen)),
    ("merges", asked.Merge, _merge),
    ("approvals", asked.Approval, _approval),
    ("payments", asked.Payment, _pay),
    ("verifications", asked.Verification, _verify),
)  # fmt: skip


def _acting(verb: Callable[[Call], object]) -> Callable[[Call], TicketBrief]:
    def act(call: Call) -> TicketBrief:
        if not call.number:
            raise NotFound("There is no such ticket.")
        verb(call)
        return _brief(call, call.number)

    return act


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST", path="/tickets", name="open_ticket", tag="tickets", run=open_ticket,
        says="Open a ticket; the answer holds what the desk owes from now on.",
        body=asked.NewTicket, answer=TicketBrief, status=201, scope="reply",
    ),
    *(
        Route(
            method="POST", path=f"/tickets/{{number}}/{noun}", name=f"post_{noun}", tag="acts",
            says=(body.__doc__ or "").split("\n")[0], run=_acting(verb), body=body,
            answer=TicketBrief, scope="reply" if noun == "messages" else "act",
        )
        for noun, body, verb in VERBS
    ),
)  # fmt: skip


def _brief(call: Call, number: int) -> TicketBrief:
    found = brief(call.holder.agent, number, at=call.at)
    if found is None:
        raise NotFound("There is no such ticket.")
    return found


def _fields(policy: Policy, told: Mapping[str, Any]) -> dict[str, Value]:
    """Return fields as the policy holds them: money in cents, scores in thousandths."""
    return {name: _value(policy, name, value) for name, value in told.items()}


def _value(policy: Policy, name: str, value: Any) -> Value:
    declared = policy.fields.get(name)
    kind = declared.type if declared else ""
    if isinstance(value, list):
        return tuple(value)
    if kind == "money" and isinstance(value, str):
        return approvals.amount_of(value) if len(value) < 20 else None
    if kind == "score" and isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1000)
    if isinstance(value, float):
        raise NotValid(f"{name} is no fraction; write money as text, such as 150.00.")
    kept: Value = value
    return kept
