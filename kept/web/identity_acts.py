"""The acts of the customer panel: check who the customer is, say which purchase is meant."""

from kept.policy.identity import WayKind, is_known
from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.services import identity, purchases, work
from kept.services.errors import Conflict, NotValid
from kept.web import asking
from kept.web.act import OPEN, Act, Said

ANSWERED = (WayKind.EMAIL_CODE, WayKind.PIN, WayKind.AUTHENTICATOR)


def _never(ticket: TicketView, policy: Policy) -> bool:
    """The panel shows these forms itself, with what it read."""
    return False


def _may_check(ticket: TicketView, policy: Policy) -> bool:
    return ticket.status in OPEN and not is_known(ticket.facts)


def _number(said: Said, name: str) -> int:
    told = said.get(name)
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0


def _code(said: Said) -> object:
    return identity.send_code(
        said.ticket, by=said.by, at=said.at, address=_number(said, "address")
    )


def _answer(said: Said) -> object:
    kind = next((one for one in ANSWERED if one.value == said.get("kind")), None)
    if kind is None or not said.get("told").strip():
        raise NotValid("Type what the customer said.")
    found = identity.answer(said.ticket, by=said.by, at=said.at, kind=kind, told=said.get("told"))
    return _judged(found)


def _call(said: Said) -> object:
    return identity.called_back(
        said.ticket, by=said.by, at=said.at, address=_number(said, "address"),
        passed=said.get("passed") == "yes",
    )  # fmt: skip


def _judged(found: identity.Answered) -> object:
    """Say a wrong answer on the page; it is on record already."""
    if found.passed:
        return found
    if found.tries_left:
        left = found.tries_left
        raise Conflict(f"That is not it. {left} {'try' if left == 1 else 'tries'} left.")
    raise Conflict("That is not it, and it was the last try. The SOP says who takes over.")


ACTS: tuple[Act, ...] = (
    Act(noun="verifications", name="verify", title="Check who the customer is", button="Save",
        panel="customer", shows=_may_check, fields=asking.verify_fields,
        do=lambda said: work.verify_identity(said.ticket, by=said.by, at=said.at,
                                             method=said.get("method"),
                                             passed=said.get("passed") == "yes")),
    Act(noun="identity-codes", name="identity-code", title="Send a code", button="Send the code",
        panel="customer", shows=_never, do=_code),
    Act(noun="identity-answers", name="identity-answer", title="Compare", button="Compare",
        panel="customer", shows=_never, do=_answer),
    Act(noun="identity-calls", name="identity-call", title="Called back", button="Save",
        panel="customer", shows=_never, do=_call),
    Act(noun="identity-failures", name="identity-failure", title="Nobody could be checked",
        button="Hand over", panel="customer", shows=_never,
        do=lambda said: identity.give_up(said.ticket, by=said.by, at=said.at)),
    Act(noun="purchase-choices", name="purchase-choice", title="It is about this",
        button="It is about this", panel="customer", shows=_never,
        do=lambda said: purchases.choose(said.ticket, by=said.by, at=said.at,
                                         purchase=_number(said, "purchase"))),
)  # fmt: skip
