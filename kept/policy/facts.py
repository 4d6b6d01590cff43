"""Facts: what happened, in the past tense. They come from outside and carry no decision.

The JSON tag of a fact is its event name in an SOP (`start: created`). `at` is the effective
instant (R11); texts are given to `step` but are never part of the journal (`for_journal`).
"""

from enum import StrEnum
from typing import Final

import msgspec

from kept.policy.words import Instant, Micros, Value


class ActorKind(StrEnum):
    """Who can act."""

    HUMAN = "human"
    SYSTEM = "system"
    CUSTOMER = "customer"


PERSON: Final = ActorKind.HUMAN
MACHINE: Final = ActorKind.SYSTEM
"""Asked for with every fact; found faster than on the class."""


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who acted. An act without an actor is a human's, with no known role or level."""

    id: str = ""
    kind: ActorKind = ActorKind.HUMAN
    roles: tuple[str, ...] = ()
    level: str | None = None


UNNAMED = Actor()


class FactBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """What every fact bears. `id` makes a second delivery of the same fact harmless."""

    at: Instant
    id: str = ""
    by: Actor = UNNAMED
    received_at: Instant | None = None
    """When our server heard of it; an untrusted `at` counts from here (R11)."""
    trusted: bool = True
    fields: dict[str, Value] = {}
    """Further typed fields an SOP's forms and conditions may read (`impact`, `order_id`)."""
    override: str = ""
    """The id of a kept reason: lets a `require` gate pass, and is counted."""


class TicketCreated(FactBase, frozen=True, kw_only=True, tag="created"):
    severity: str | None = None
    channel: str | None = None
    text: str = ""
    phrases: tuple[str, ...] | None = None
    """Which of the SOP's phrases the new text has; the journal keeps these, never the text."""
    type: str | None = None
    topic: str | None = None
    customer: str | None = None
    tier: str | None = None


class CustomerReplied(FactBase, frozen=True, kw_only=True, tag="customer_message"):
    text: str = ""
    phrases: tuple[str, ...] | None = None
    channel: str | None = None


class AgentReplied(FactBase, frozen=True, kw_only=True, tag="agent_public"):
    template: str | None = None
    channel: str | None = None
    open_blanks: tuple[str, ...] = ()


class AgentNoted(FactBase, frozen=True, kw_only=True, tag="agent_note"):
    pass


class Triaged(FactBase, frozen=True, kw_only=True, tag="triaged"):
    severity: str | None = None
    type: str | None = None
    topic: str | None = None


class SeverityChanged(FactBase, frozen=True, kw_only=True, tag="severity_changed"):
    to: str
    reason: str = ""


class Assigned(FactBase, frozen=True, kw_only=True, tag="assigned"):
    """To an agent, a team or both; an empty word takes it from whoever had it."""

    team: str | None = None
    agent: str | None = None


class Escalated(FactBase, frozen=True, kw_only=True, tag="escalated"):
    """A person asks to escalate. The policy's own escalations are decisions."""

    to: str
    reason: str = ""


class Accepted(FactBase, frozen=True, kw_only=True, tag="accepted"):
    """A person of the level takes the ticket on."""


class WaitingOn(FactBase, frozen=True, kw_only=True, tag="waiting_on"):
    who: str
    """`customer`, `third_party` or `nobody`."""


class Promised(FactBase, frozen=True, kw_only=True, tag="promised"):
    """A time told to the customer (X27): it gets its own clock."""

    what: str
    due: Instant


class StepDone(FactBase, frozen=True, kw_only=True, tag="step_done"):
    step: str
    evidence: str = ""
    """The id of the kept evidence, never its words."""


class AttemptFailed(FactBase, frozen=True, kw_only=True, tag="attempt_failed"):
    pass


class Resolved(FactBase, frozen=True, kw_only=True, tag="resolved"):
    pass


class Confirmed(FactBase, frozen=True, kw_only=True, tag="confirmed"):
    pass


class Reopened(FactBase, frozen=True, kw_only=True, tag="reopened"):
    pass


class Closed(FactBase, frozen=True, kw_only=True, tag="closed"):
    pass


class Merged(FactBase, frozen=True, kw_only=True, tag="merged"):
    into: str


class Absorbed(FactBase, frozen=True, kw_only=True, tag="absorbed"):
    """Another ticket was merged into this one (R9). `dues` are its open dues by clock name."""

    ticket: str
    dues: dict[str, Instant] = {}
    severity: str | None = None


class Unmerged(FactBase, frozen=True, kw_only=True, tag="unmerged"):
    """An earlier merge is undone; on the survivor `ticket` names the other one."""

    ticket: str = ""


class SplitOff(FactBase, frozen=True, kw_only=True, tag="split_off"):
    """This ticket was split from `ticket`; `starts` are the copied starts by clock name (R9)."""

    ticket: str
    starts: dict[str, Instant] = {}


class OpenedAsChild(FactBase, frozen=True, kw_only=True, tag="opened_as_child"):
    """The first fact of a ticket that another ticket's clause opened for a team.

    It is no `created`: what is owed to a customer stays with the parent, where the customer is.
    """

    parent: str
    template: str
    severity: str | None = None
    type: str | None = None
    topic: str | None = None
    team: str | None = None
    level: str | None = None


class ChildOpened(FactBase, frozen=True, kw_only=True, tag="child_opened"):
    """On the parent: `ticket` was opened on the sheet `template`."""

    ticket: str
    template: str = ""


class ChildEnded(FactBase, frozen=True, kw_only=True, tag="child_ended"):
    """On the parent: a child was resolved, closed, merged or marked as spam (`how`)."""

    ticket: str
    how: str


class ChildReopened(FactBase, frozen=True, kw_only=True, tag="child_reopened"):
    """On the parent: a child that had ended goes on."""

    ticket: str


class TicketLinked(FactBase, frozen=True, kw_only=True, tag="linked"):
    """A person linked this ticket to another one; `kind` as read from this ticket."""

    ticket: str
    kind: str


class TicketUnlinked(FactBase, frozen=True, kw_only=True, tag="unlinked"):
    """A link was taken back."""

    ticket: str
    kind: str


class OutageBegan(FactBase, frozen=True, kw_only=True, tag="outage_began"):
    """A person declared an outage of our own systems; the ticket is tied to its record."""

    outage: str


class OutageEnded(FactBase, frozen=True, kw_only=True, tag="outage_ended"):
    """The outage is `over`, or the ticket turned out to be `unrelated` to it."""

    outage: str
    reason: str = "over"


class Tagged(FactBase, frozen=True, kw_only=True, tag="tagged"):
    """A tag was put on. `tag` is a word that the SOP's conditions know, else the tag's number."""

    tag: str


class Untagged(FactBase, frozen=True, kw_only=True, tag="untagged"):
    """A tag was taken off."""

    tag: str


class ArticleHelped(FactBase, frozen=True, kw_only=True, tag="article_helped"):
    """An article of the desk's knowledge, named by its number, solved it."""

    article: str


class ArticleWithdrawn(FactBase, frozen=True, kw_only=True, tag="article_withdrawn"):
    """It was not that article after all."""

    article: str


class MarkedSpam(FactBase, frozen=True, kw_only=True, tag="spam"):
    pass


class Withdrawn(FactBase, frozen=True, kw_only=True, tag="withdrawn"):
    """The customer took the matter back, or it was a duplicate (`reason`)."""

    reason: str = "withdrawn"


class Verified(FactBase, frozen=True, kw_only=True, tag="verified"):
    method: str
    passed: bool = True


class ApprovalAsked(FactBase, frozen=True, kw_only=True, tag="approval_asked"):
    kind: str
    amount: int = 0
    """Minor units of the SOP's currency."""
    requester: str = ""
    payee: str = ""
    spent_before: dict[str, int] = {}
    """What the same customer received within each period, by period (`30d`), in minor units."""


class Approved(FactBase, frozen=True, kw_only=True, tag="approved"):
    kind: str = ""


class Rejected(FactBase, frozen=True, kw_only=True, tag="rejected"):
    kind: str = ""


class Paid(FactBase, frozen=True, kw_only=True, tag="paid"):
    amount: int
    kind: str = ""
    payee: str = ""


class SurveyAnswered(FactBase, frozen=True, kw_only=True, tag="survey_answered"):
    score: int
    """Thousandths: a 4.5 is 4500."""


class Flagged(FactBase, frozen=True, kw_only=True, tag="note_flag"):
    flag: str


class CallOffered(FactBase, frozen=True, kw_only=True, tag="call_offered"):
    pass


class CallAnswered(FactBase, frozen=True, kw_only=True, tag="call_answered"):
    rings: int | None = None


class CallAbandoned(FactBase, frozen=True, kw_only=True, tag="call_abandoned"):
    pass


class Waived(FactBase, frozen=True, kw_only=True, tag="waived"):
    """Two people lift one commitment, with a reason that is kept."""

    commitment: str
    reason: str
    second: Actor = UNNAMED


class MissRetracted(FactBase, frozen=True, kw_only=True, tag="miss_retracted"):
    """A miss taken back by two people with a reason (R5)."""

    commitment: str
    reason: str
    second: Actor = UNNAMED


class PolicyChanged(FactBase, frozen=True, kw_only=True, tag="policy_changed"):
    """From here on the ticket runs under the policy with this hash (section 7)."""

    policy_hash: str
    from_hash: str = ""
    """The version until here, so that a history tells what it began under."""


class ProfileChanged(FactBase, frozen=True, kw_only=True, tag="profile_changed"):
    """What the desk knows of the customer is other than the ticket was told; `fields` hold it."""

    customer: str | None = None
    tier: str | None = None
    purchase: str | None = None
    """The purchase that the ticket is about."""


class ClockRanOut(FactBase, frozen=True, kw_only=True, tag="clock_ran_out"):
    """Timers due at `at` fired; `fired_at` is when the worker came to it (R12)."""

    fired_at: Instant
    late: Micros = 0


class DeliveryFailed(FactBase, frozen=True, kw_only=True, tag="delivery_failed"):
    """A message did not reach its reader, finally."""

    message: str = ""


class SopEvent(FactBase, frozen=True, kw_only=True, tag="sop_event"):
    """An event that a form or step of the SOP defines by name."""

    name: str


Fact = (
    TicketCreated | CustomerReplied | AgentReplied | AgentNoted | Triaged | SeverityChanged
    | Assigned | Escalated | Accepted | WaitingOn | Promised | StepDone | AttemptFailed
    | Resolved | Confirmed | Reopened | Closed | Merged | Absorbed | Unmerged | SplitOff
    | OpenedAsChild | ChildOpened | ChildEnded | ChildReopened | TicketLinked | TicketUnlinked
    | OutageBegan | OutageEnded
    | Tagged | Untagged | ArticleHelped | ArticleWithdrawn
    | MarkedSpam | Withdrawn | Verified | ApprovalAsked | Approved | Rejected | Paid
    | SurveyAnswered | Flagged | CallOffered | CallAnswered | CallAbandoned | Waived
    | MissRetracted | PolicyChanged | ProfileChanged | ClockRanOut | DeliveryFailed | SopEvent
)  # fmt: skip
