"""What the API is told: one struct for each body and each query. They validate and document.

The limits are those of the columns and of common sense; what a word may be is the SOP's.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Word = Annotated[str, Meta(max_length=60)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Line = Annotated[str, Meta(max_length=500)]
Said = Annotated[str, Meta(max_length=5000)]
Text = Annotated[str, Meta(max_length=200_000)]
Number = Annotated[int, Meta(ge=1, le=2**53)]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Amount = Annotated[
    str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{2})?$", description="As people write it: 150.00")
]
Day = Annotated[
    str,
    Meta(
        pattern=r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-[0-9]{2}-[0-9]{2}"
        r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?$",
        description="A day of the desk's own zone, or an instant such as 2026-11-02T08:00:00Z",
    ),
]
Short = Annotated[str, Meta(max_length=1000)]
FieldValue = bool | Whole | Annotated[float, Meta(ge=-1e12, le=1e12)] | Short | list[Short] | None
Fields = Annotated[dict[Name, FieldValue], Meta(max_length=200)]
AnswerValue = (
    bool | Whole | Annotated[float, Meta(ge=-1e12, le=1e12)] | Text
    | Annotated[list[Short], Meta(max_length=100)] | None
)  # fmt: skip
Answers = Annotated[dict[Name, AnswerValue], Meta(max_length=200)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something told to the desk; what it does not know is refused by name."""


class NewCustomer(Asked, frozen=True, kw_only=True):
    """Who asks: an e-mail address or a telephone number, not both."""

    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9 ()./-]{3,40}$")] | None = None
    name: Annotated[str, Meta(max_length=200)] = ""


class NewTicket(Asked, frozen=True, kw_only=True):
    """A customer's request, told by a program."""

    desk: Word
    customer: NewCustomer
    subject: Line
    text: Text
    channel: Annotated[str, Meta(min_length=1, max_length=40)] = "api"
    severity: Word | None = None
    type: Word | None = None
    topic: Word | None = None
    fields: Fields = {}


class NewMessage(Asked, frozen=True, kw_only=True):
    """A reply to the customer or an internal note. `given` fills a template's open blanks."""

    text: Text = ""
    kind: Literal["public", "note"] = "public"
    template: Name | None = None
    given: Annotated[dict[Name, Short], Meta(max_length=100)] = {}


class Nothing(Asked, frozen=True, kw_only=True):
    """An act that needs no words."""


class Triage(Asked, frozen=True, kw_only=True):
    """What it is about and how bad."""

    severity: Word | None = None
    type: Word | None = None
    topic: Word | None = None
    fields: Fields = {}


class Assignment(Asked, frozen=True, kw_only=True):
    """An agent's number, a team of the SOP, or both."""

    agent: Number | None = None
    team: Word | None = None


class Escalation(Asked, frozen=True, kw_only=True):
    """To which level and why; `form` answers the hand-off the SOP wants."""

    to: Word
    reason: Said
    form: Answers = {}
    override: Said = ""


class Wait(Asked, frozen=True, kw_only=True):
    """Whom the ticket waits for."""

    who: Literal["customer", "third_party", "nobody"]


class Promise(Asked, frozen=True, kw_only=True):
    """A time the customer was told: a reply, an update or a resolution."""

    what: Annotated[str, Meta(min_length=1, max_length=40)]
    due: Annotated[datetime, Meta(tz=True)]


class StepDone(Asked, frozen=True, kw_only=True):
    """A step of the SOP, with its form as evidence."""

    step: Name
    answers: Answers = {}


class Ending(Asked, frozen=True, kw_only=True):
    """Resolve or close; `override` passes a clause that allows it, with a reason."""

    override: Said = ""


class Merge(Asked, frozen=True, kw_only=True):
    """The ticket that goes on."""

    into: Number


class Approval(Asked, frozen=True, kw_only=True):
    """Ask for an approval, or decide one that was asked for."""

    kind: Name
    decision: Literal["ask", "approve", "reject"] = "ask"
    amount: Amount | None = None
    payee: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,100}$")] = ""


class Payment(Asked, frozen=True, kw_only=True):
    """Money that goes out; refused without the approval the SOP demands."""

    kind: Name
    amount: Amount
    payee: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,100}$")] = ""


class Verification(Asked, frozen=True, kw_only=True):
    """How the customer's identity was checked, and whether it is them."""

    method: Annotated[str, Meta(min_length=1, max_length=200)]
    passed: bool


# Queries -----------------------------------------------------------------------------------

Limit = Annotated[int, Meta(ge=1, le=100)]
Place = Annotated[str, Meta(pattern=r"^-?[0-9]{1,19}\.[0-9]{1,19}$")]


class NoQuery(Asked, frozen=True, kw_only=True):
    """Nothing to choose."""


class QueueQuery(Asked, frozen=True, kw_only=True):
    """Which tickets, sorted by what is due next."""

    desk: Word | None = None
    view: Annotated[
        str,
        Meta(
            min_length=1, max_length=400,
            description="all, mine, unowned, at_risk, missed, waiting, following, mentions,"
            " snoozed, resolved or closed; `saved:12`; or a filter in words such as"
            " `severity:P1,P2 owner:none due_before:+4h`",
        ),
    ] = "all"  # fmt: skip
    q: Annotated[str, Meta(max_length=200)] = ""
    severity: Word | None = None
    level: Word | None = None
    team: Word | None = None
    owner: Number | None = None
    status: Word | None = None
    cursor: Place | None = None
    limit: Limit = 50


class Paged(Asked, frozen=True, kw_only=True):
    """A page that begins after `cursor`."""

    cursor: Number | None = None
    limit: Limit = 50


class CustomerQuery(Paged, frozen=True, kw_only=True):
    """Customers whose name or address holds the words."""

    q: Annotated[str, Meta(max_length=200)] = ""


class SearchQuery(Paged, frozen=True, kw_only=True):
    """Words, "a phrase", -not, or, and filters: from:dana is:open desk:esc before:2026-01-01."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]


class Span(Asked, frozen=True, kw_only=True):
    """A desk and a span of time: `from` belongs to it, `to` does not."""

    desk: Word
    since: Day | None = msgspec.field(default=None, name="from")
    until: Day | None = msgspec.field(default=None, name="to")
