"""Check who a customer is: by a code, a call back, a PIN or an authenticator, as the SOP allows.

What passes or finally fails is a fact with its method; the SOP says what follows. A code goes
only to an address that was on file before the ticket, never to one the ticket brought along.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum

from kept.policy import Policy
from kept.policy.facts import Fact, SopEvent, Verified
from kept.policy.identity import (
    FAILED,
    Way,
    WayKind,
    is_known,
    reacts_to_failure,
    second_step,
    ways,
)
from kept.policy.rules import StepRule
from kept.policy.words import Frozen
from kept.records.instants import instant
from kept.records.models import (
    Customer,
    CustomerAddress,
    CustomerAuthenticator,
    IdentityCheck,
    Ticket,
)
from kept.services import (
    account_secrets,
    mailing,
    one_time_codes,
    permissions,
    personal_reads,
    work,
)
from kept.services.addresses import NUMBERS
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import on_ticket, record
from kept.services.links import new_message_id, reply_token
from kept.services.locking import LockedTicket
from kept.services.outgoing import OutgoingMail
from kept.services.retrying import retried

TRIES = {WayKind.EMAIL_CODE: 5, WayKind.PIN: 3, WayKind.AUTHENTICATOR: 5, WayKind.CALL_BACK: 1}
WRONG_A_DAY = 12
"""Wrong answers about one customer within a day, over all tickets; then every check fails."""
CODES_AN_HOUR = 3
KINDS_OF_ADDRESS = {WayKind.EMAIL_CODE: ("email",), WayKind.CALL_BACK: NUMBERS}
CODE_SUBJECT = "Your code for {desk}"
CODE_TEXT = (
    "Hello {name},\n\nyour code is {code}\n\nRead it to us, or send it to us, within ten minutes."
    " It is good once.\n\nIf you did not ask for anything, somebody else did: tell nobody this"
    " code, and let us know.\n\n{desk}\n"
)


class Answered(Frozen, frozen=True, kw_only=True):
    """How a check came out. `owes` is the step that the account still waits for."""

    passed: bool
    tries_left: int = 0
    owes: str = ""


def send_code(ticket_id: int, *, by: AgentId, at: datetime, address: int) -> int:
    """Send a one-time code by mail; one that was sent before is good no more."""
    if not can_send_codes():
        raise NotValid("No mail server is set, so no code can be sent. Take another way.")

    def once() -> int:
        with on_ticket(ticket_id, at=at) as ticket:
            who, way = _begin(ticket, by, WayKind.EMAIL_CODE)
            target = usable_addresses(
                ticket.customer or 0, ticket.desk, ticket.opened_at, way.kind
            ).filter(pk=address)
            row = target.first()
            if row is None:
                raise NotFound("There is no such address on file from before this ticket.")
            _require_patience(ticket, at)
            IdentityCheck.objects.filter(ticket_id=ticket.id, kind=way.kind, state="open").update(
                state="replaced", settled_at=at
            )
            check = IdentityCheck.objects.create(
                ticket_id=ticket.id, customer_id=ticket.customer or 0, kind=way.kind,
                word=way.word, address_id=address, nonce=one_time_codes.new_nonce(),
                began_by_id=who.agent, began_at=at, good_until=at + one_time_codes.GOOD_FOR,
            )  # fmt: skip
            _mail_code(ticket, check.pk, row.value)
        return check.pk

    return retried(once)


def answer(ticket_id: int, *, by: AgentId, at: datetime, kind: WayKind, told: str) -> Answered:
    """Compare a code or a PIN; the last wrong answer is a failure on record."""
    if kind is WayKind.CALL_BACK:
        raise NotValid("A call back is judged by whoever made it.")

    def once() -> Answered:
        with on_ticket(ticket_id, at=at) as ticket:
            who, way = _begin(ticket, by, kind)
            check = _open_check(ticket, way, who.agent, at)
            if _fits(check, told, at) and _wrong_today(check.customer_id, at) < WRONG_A_DAY:
                return _passed(ticket, who, way, check)
            return _wrong(ticket, who, way, check)

    return retried(once)


def called_back(
    ticket_id: int, *, by: AgentId, at: datetime, address: int, passed: bool
) -> Answered:
    """Note how a call to a number on file came out; only the number is ours to choose."""

    def once() -> Answered:
        with on_ticket(ticket_id, at=at) as ticket:
            who, way = _begin(ticket, by, WayKind.CALL_BACK)
            known = usable_addresses(ticket.customer or 0, ticket.desk, ticket.opened_at, way.kind)
            if not known.filter(pk=address).exists():
                raise NotFound("There is no such number on file from before this ticket.")
            check = IdentityCheck.objects.create(
                ticket_id=ticket.id, customer_id=ticket.customer or 0, kind=way.kind,
                word=way.word, address_id=address, began_by_id=who.agent, began_at=at,
            )  # fmt: skip
            if passed:
                return _passed(ticket, who, way, check)
            return _wrong(ticket, who, way, check)

    return retried(once)


def number_to_call(ticket_id: int, *, by: AgentId, at: datetime, address: int) -> str:
    """Return a number on file for a call back, and put on record who asked for it."""
    ticket = Ticket.objects.filter(pk=ticket_id).select_related("desk").first()
    if ticket is None:
        raise NotFound("There is no such ticket.")
    who = permissions.standing(by, ticket.desk_id)
    permissions.require(who, "verify", active_policy(ticket.desk_id))
    usable = usable_addresses(
        ticket.customer_id or 0, ticket.desk_id, ticket.opened_at, WayKind.CALL_BACK
    )
    row = usable.filter(pk=address).first()
    if row is None:
        raise NotFound("There is no such ticket.")
    personal_reads.note(by, [row.customer_id], at=at, ticket=ticket_id)
    return str(row.value)


def give_up(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Say that no check succeeded; the SOP says who takes over."""

    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = _may_check(ticket, by)
            IdentityCheck.objects.filter(ticket_id=ticket.id, state="open").update(
                state="failed", settled_at=at
            )
            _record_failure(ticket, who, ways(ticket.policy)[0])

    retried(once)


def usable_addresses(customer: int, desk: int, opened_at: datetime, kind: WayKind) -> Any:
    """Return the addresses that can tell who somebody is: those on file before the ticket."""
    return CustomerAddress.objects.filter(
        Q(added_at=None) | Q(added_at__lt=opened_at), Q(desk=None) | Q(desk=desk),
        customer_id=customer, kind__in=KINDS_OF_ADDRESS[kind],
    ).order_by("-is_preferred", "id")  # fmt: skip


def can_send_codes() -> bool:
    """Say whether a mail server is there that could send a code."""
    return bool(settings.KEPT_SMTP_URL)


def _may_check(ticket: LockedTicket, by: AgentId) -> permissions.Standing:
    who = permissions.standing(by, ticket.desk)
    permissions.require(who, "verify", ticket.policy)
    if ticket.customer is None:
        raise NotValid("This ticket has no customer whose identity could be checked.")
    return who


def _begin(ticket: LockedTicket, by: AgentId, kind: WayKind) -> tuple[permissions.Standing, Way]:
    """Return who checks and by which of the SOP's ways; a second factor is another way."""
    who = _may_check(ticket, by)
    way = next((each for each in ways(ticket.policy) if each.kind is kind), None)
    if way is None:
        allowed = ", ".join(each.word for each in ways(ticket.policy))
        raise NotValid(f"The SOP allows: {allowed}.")
    if is_known(ticket.state.facts):
        if not second_step(ticket.policy, ticket.state.facts):
            raise Conflict("This customer is known on this ticket already.")
        if IdentityCheck.objects.filter(ticket_id=ticket.id, kind=kind, state="passed").exists():
            raise NotValid("The second factor is another way than the first.")
    return who, way


def _require_patience(ticket: LockedTicket, at: datetime) -> None:
    sent = IdentityCheck.objects.filter(
        customer_id=ticket.customer or 0, kind=WayKind.EMAIL_CODE,
        began_at__gt=at - timedelta(hours=1), began_at__lte=at,
    ).count()  # fmt: skip
    if sent >= CODES_AN_HOUR:
        raise Conflict(
            f"{CODES_AN_HOUR} codes went to this customer within the hour. Wait, or take another"
            " way."
        )


def _open_check(ticket: LockedTicket, way: Way, by: AgentId, at: datetime) -> IdentityCheck:
    check = IdentityCheck.objects.filter(
        ticket_id=ticket.id, kind=way.kind, state="open"
    ).first()  # fmt: skip
    if way.kind is WayKind.EMAIL_CODE:
        if check is None:
            raise Conflict("There is no code that could come back. Send one first.")
        if check.good_until is not None and check.good_until <= at:
            raise Conflict("The code was good for ten minutes, and they are over. Send another.")
        return check
    return check or IdentityCheck.objects.create(
        ticket_id=ticket.id, customer_id=ticket.customer or 0, kind=way.kind, word=way.word,
        began_by_id=by, began_at=at,
    )  # fmt: skip


def _fits(check: IdentityCheck, told: str, at: datetime) -> bool:
    if check.kind == WayKind.EMAIL_CODE:
        return one_time_codes.same(told, one_time_codes.code_of(check.pk, bytes(check.nonce)))
    if check.kind == WayKind.PIN:
        return account_secrets.pin_fits(check.customer_id, told.strip())
    row = CustomerAuthenticator.objects.select_for_update().filter(
        customer_id=check.customer_id
    ).first()  # fmt: skip
    if row is None:
        return False
    step = one_time_codes.matching_step(
        account_secrets.seed_of(row), told, at=at, after=row.last_step
    )
    if step is None:
        return False
    CustomerAuthenticator.objects.filter(pk=row.pk).update(last_step=step)
    return True


def _passed(
    ticket: LockedTicket, who: permissions.Standing, way: Way, check: IdentityCheck
) -> Answered:
    IdentityCheck.objects.filter(pk=check.pk).update(state="passed", settled_at=ticket.at)
    if check.address_id is not None:
        CustomerAddress.objects.filter(pk=check.address_id).update(
            verified_at=ticket.at, verified_by=way.word[:40]
        )
    if is_known(ticket.state.facts):
        _second_passed(ticket, who, way)
    else:
        fact = Verified(at=instant(ticket.at), by=who.actor(), method=way.word)
        record(ticket, fact, by_agent=who.agent)
    return Answered(passed=True, owes=second_step(ticket.policy, ticket.state.facts))


def _second_passed(ticket: LockedTicket, who: permissions.Standing, way: Way) -> None:
    name = second_step(ticket.policy, ticket.state.facts)
    rule = next(r for r in ticket.policy.rules if isinstance(r, StepRule) and r.name == name)
    answers = step_answers(ticket.policy, rule, way.word)
    record(ticket, work.step_done(ticket, who, rule, answers), by_agent=who.agent)


def step_answers(policy: Policy, rule: StepRule, word: str) -> Mapping[str, Any]:
    """Return a passed check as the answers of the step's form."""
    form = policy.forms.get(rule.form or "")
    answers: dict[str, Any] = {}
    for field in form.fields if form is not None else ():
        if field.type == "yes_no":
            answers[field.id] = "yes"
        elif field.type == "choice":
            fitting = [choice for choice in field.choices if choice == word]
            answers[field.id] = (*fitting, *field.choices)[0]
        elif field.required:
            answers[field.id] = word
    return answers


def _wrong(
    ticket: LockedTicket, who: permissions.Standing, way: Way, check: IdentityCheck
) -> Answered:
    check.tries += 1
    left = TRIES[way.kind] - check.tries
    if _wrong_today(check.customer_id, ticket.at) + 1 >= WRONG_A_DAY:
        left = 0
    IdentityCheck.objects.filter(pk=check.pk).update(tries=check.tries)
    if left <= 0:
        IdentityCheck.objects.filter(pk=check.pk).update(state="failed", settled_at=ticket.at)
        _record_failure(ticket, who, way)
    return Answered(passed=False, tries_left=max(0, left))


def _record_failure(ticket: LockedTicket, who: permissions.Standing, way: Way) -> None:
    """Say it failed so that the SOP hears it: a check that passed before does not drown it."""
    at, actor = instant(ticket.at), who.actor()
    fact: Fact = Verified(at=at, by=actor, method=way.word, passed=False)
    if is_known(ticket.state.facts) and reacts_to_failure(ticket.policy):
        fact = SopEvent(at=at, by=actor, name=FAILED)
    record(ticket, fact, by_agent=who.agent)


def _wrong_today(customer: int, at: datetime) -> int:
    day = IdentityCheck.objects.filter(
        customer_id=customer, began_at__gt=at - timedelta(days=1), began_at__lte=at
    )
    return int(day.aggregate(sum=Sum("tries"))["sum"] or 0)


def _mail_code(ticket: LockedTicket, check: int, to: str) -> None:
    name = Customer.objects.values_list("name", flat=True).get(pk=ticket.customer or 0)
    mail = OutgoingMail(
        to=to,
        to_name=name,
        from_name=ticket.desk_name,
        from_address=ticket.address,
        subject=CODE_SUBJECT.format(desk=ticket.desk_name),
        text=CODE_TEXT.format(name=name, desk=ticket.desk_name, code=one_time_codes.BLANK),
        message_id=new_message_id(),
        ticket=ticket.id,
        reply_token=reply_token(ticket.id, to),
        automatic=True,
        code=check,
    )
    mailing.mail_apart(ticket, mail, cause=f"identity{check}")
