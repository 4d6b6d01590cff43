"""Decisions: what follows from a fact. Each says because of which clause.

Some change only what the desk owes (start, pause, miss, settle); the others are *effects* that
the shell must carry out. The constructor needs a `Because`, so an effect without a citation
cannot exist.
"""

import msgspec

from kept.policy.words import Because, CommitmentKind, Enforce, Instant, Micros, Verdict


class DecisionBase(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True
):
    """What every decision bears: the instant it holds from and the clause behind it."""

    at: Instant
    because: Because


# What the desk owes ------------------------------------------------------------------------


class StartCommitment(DecisionBase, frozen=True, kw_only=True, tag="start"):
    commitment: str
    name: str
    what: CommitmentKind
    started_at: Instant
    due_at: Instant | None = None


class MoveDue(DecisionBase, frozen=True, kw_only=True, tag="move_due"):
    commitment: str
    due_at: Instant | None
    why: str
    """`resumed`, `severity_raised`, `severity_lowered`, `reopened`, `merged`, `calendar`, ..."""


class PauseCommitment(DecisionBase, frozen=True, kw_only=True, tag="pause"):
    commitment: str
    reason: str


class WarnDue(DecisionBase, frozen=True, kw_only=True, tag="warn"):
    commitment: str
    permille: int
    due_at: Instant


class MissCommitment(DecisionBase, frozen=True, kw_only=True, tag="miss"):
    """The due passed unmet: once per commitment. `at` is the due instant or when it was known."""

    commitment: str
    due_at: Instant


class SettleCommitment(DecisionBase, frozen=True, kw_only=True, tag="settle"):
    """The commitment ended. A missed one that was done after all stays `missed`, with lateness."""

    commitment: str
    verdict: Verdict
    reason: str = ""
    late_open: Micros = 0
    late_wall: Micros = 0


class RetractMiss(DecisionBase, frozen=True, kw_only=True, tag="retract"):
    """A miss is taken back by a late proof (R11), a correction (R10) or two people (R5)."""

    commitment: str
    reason: str


class ReopenCommitment(DecisionBase, frozen=True, kw_only=True, tag="reopen"):
    """A settled commitment goes on (R7 severity returned, R8 reopened)."""

    commitment: str
    due_at: Instant | None
    why: str


# Gates and approvals -------------------------------------------------------------------------


class Refuse(DecisionBase, frozen=True, kw_only=True, tag="refuse"):
    """The act is forbidden; `say` and `needs` tell what would allow it."""

    act: str
    say: str
    needs: str = ""
    enforce: Enforce = Enforce.BLOCK


class Overrule(DecisionBase, frozen=True, kw_only=True, tag="override"):
    """A `require` gate was passed with a reason, or a softer one noted; it is counted."""

    act: str
    enforce: Enforce
    reason: str = ""


class AskApproval(DecisionBase, frozen=True, kw_only=True, tag="ask_approval"):
    approval: str
    kind_of: str
    amount: int
    roles: tuple[str, ...]
    expires_at: Instant | None = None


class SettleApproval(DecisionBase, frozen=True, kw_only=True, tag="settle_approval"):
    """`result` is approved, rejected, expired, void or not_needed."""

    approval: str
    result: str
    by: str = ""


# Effects -------------------------------------------------------------------------------------


class Escalate(DecisionBase, frozen=True, kw_only=True, tag="escalate"):
    to: str
    from_level: str | None = None
    accept_by: Instant | None = None
    cause: str = ""


class Assign(DecisionBase, frozen=True, kw_only=True, tag="assign"):
    """Give the ticket to a team, a role's holder or an agent; `pick` names the scorer's needs."""

    team: str | None = None
    role: str | None = None
    agent: str | None = None
    pick: tuple[str, ...] = ()


class PageRole(DecisionBase, frozen=True, kw_only=True, tag="page"):
    """Call people who must acknowledge; `page` is the same for each repeat."""

    page: str
    role: str
    repeat: int = 0


class Notify(DecisionBase, frozen=True, kw_only=True, tag="notify"):
    """`who` are role ids or `owner`, `assignee`, `customer`, `team`; `by` are means."""

    who: tuple[str, ...]
    by: tuple[str, ...]
    about: str = ""


class Send(DecisionBase, frozen=True, kw_only=True, tag="send"):
    """Send a template of the SOP to the customer, filled from the ticket."""

    template: str
    to: str = "customer"


class SetSeverity(DecisionBase, frozen=True, kw_only=True, tag="set_severity"):
    to: str


class RaiseFlag(DecisionBase, frozen=True, kw_only=True, tag="flag"):
    flag: str


class OpenStep(DecisionBase, frozen=True, kw_only=True, tag="open_step"):
    step: str
    role: str | None = None
    form: str | None = None
    due_at: Instant | None = None


class OpenChild(DecisionBase, frozen=True, kw_only=True, tag="open_child"):
    """Open a ticket of its own for a team, on a template of the SOP, linked to this one."""

    template: str
    team: str
    level: str | None = None


class OrderQueue(DecisionBase, frozen=True, kw_only=True, tag="order_queue"):
    """While the outage lasts, the desk's queue puts `severity` before what is due next."""

    by: str


class CloseTicket(DecisionBase, frozen=True, kw_only=True, tag="close_ticket"):
    """The policy closes the ticket itself; `as_status` is `closed` or `closed_unconfirmed`."""

    as_status: str


class SetField(DecisionBase, frozen=True, kw_only=True, tag="set_field"):
    """A decision table derived a field."""

    field: str
    value: str


Decision = (
    StartCommitment | MoveDue | PauseCommitment | WarnDue | MissCommitment | SettleCommitment
    | RetractMiss | ReopenCommitment | Refuse | Overrule | AskApproval | SettleApproval
    | Escalate | Assign | PageRole | Notify | Send | SetSeverity | RaiseFlag | OpenStep
    | OpenChild | OrderQueue | CloseTicket | SetField
)  # fmt: skip

Effect = (
    Escalate | Assign | PageRole | Notify | Send | SetSeverity | RaiseFlag | OpenStep
    | OpenChild | OrderQueue | CloseTicket
)  # fmt: skip
