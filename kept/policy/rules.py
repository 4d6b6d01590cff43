"""The compiled policy: what `sop/lower` makes of a document and the engine runs.

Every rule keeps its `because` and its place in the document (`order`), which also orders timers
that fall due together. Nothing here holds a zone or a date: calendars are already lowered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from kept.policy.calendars import Calendar
from kept.policy.words import Because, Enforce, Frozen, Instant, Micros, Value

Scope = Mapping[str, Value]
"""Field name -> value; a name that is absent is unknown."""
Truth = bool | None
"""Three-valued: None is unknown, never false."""


class Condition(Frozen, frozen=True, kw_only=True):
    """A typed condition, compiled. `tree` is conditions.Expr, for the lints."""

    source: str
    reads: tuple[str, ...]
    test: Callable[[Scope], Truth]
    tree: Any = None


class TargetUnit(StrEnum):
    """How a target counts: physical time on a calendar, or days of one."""

    TIME = "time"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


class Target(Frozen, frozen=True, kw_only=True):
    """A promised duration: microseconds for TIME, a count of days, months or years else."""

    amount: int
    unit: TargetUnit = TargetUnit.TIME
    text: str = ""
    """As the prose says it: `1 hour`."""
    param: str = ""
    """The parameter or word the figure comes from; empty where the sentence states it."""


class OnChange(StrEnum):
    """What a new version does to running commitments (section 7)."""

    PIN = "pin"
    REBASE = "rebase"
    STRICTEST = "strictest"


# Actions ---------------------------------------------------------------------------------------


class EscalateAction(Frozen, frozen=True, kw_only=True, tag="escalate"):
    """`to` a level, or `by` a number of levels up; never down."""

    to: str | None = None
    by: int = 0
    at_top: tuple[Action, ...] = ()
    """What is done instead when `by` finds no level above."""


class AssignAction(Frozen, frozen=True, kw_only=True, tag="assign"):
    team: str | None = None
    role: str | None = None
    pick: tuple[str, ...] = ()


class PageAction(Frozen, frozen=True, kw_only=True, tag="page"):
    role: str
    every: Micros = 0
    """Repeat until acknowledged; 0 is once."""


class NotifyAction(Frozen, frozen=True, kw_only=True, tag="notify"):
    who: tuple[str, ...]
    by: tuple[str, ...] = ("dashboard",)


class SendAction(Frozen, frozen=True, kw_only=True, tag="send"):
    template: str
    to: str = "customer"


class SurveyAction(Frozen, frozen=True, kw_only=True, tag="survey"):
    """Ask the customer how it was, unless they were asked within the policy's `survey_gap`."""

    template: str


class SetSeverityAction(Frozen, frozen=True, kw_only=True, tag="set_severity"):
    to: str


class FlagAction(Frozen, frozen=True, kw_only=True, tag="flag"):
    flag: str


class OpenAction(Frozen, frozen=True, kw_only=True, tag="open"):
    step: str


class OpenChildAction(Frozen, frozen=True, kw_only=True, tag="open_child"):
    """A ticket for `team` on the sheet `template`."""

    template: str
    team: str


class QueueAction(Frozen, frozen=True, kw_only=True, tag="queue"):
    """Order the desk's queue by `severity` while an outage lasts."""

    by: str = "severity"


class CloseAction(Frozen, frozen=True, kw_only=True, tag="close"):
    as_status: str = "closed"


Action = (
    EscalateAction | AssignAction | PageAction | NotifyAction | SendAction
    | SetSeverityAction | FlagAction | OpenAction | SurveyAction | OpenChildAction | QueueAction
    | CloseAction
)  # fmt: skip


# Rules -----------------------------------------------------------------------------------------


class RuleBase(Frozen, frozen=True, kw_only=True):
    """The common keys. `order` is the rule's place in the document."""

    because: Because
    order: int
    name: str
    title: str = ""
    """What must be done, as people say it: `hand over with a summary`."""
    when: Condition | None = None
    enforce: Enforce = Enforce.BLOCK
    calendar: str = "24x7"
    exception_to: tuple[str, ...] = ()
    """Clause ids this rule beats when both hold."""
    on_change: OnChange = OnChange.PIN
    fact: tuple[dict[str, Any], ...] = ()
    """How `kept sop show` lists this rule: one mapping or a list of them in the SOP. Words only;
    `$figure` stands for the rule's own figure. Scalars stay as written."""


class By(Frozen, frozen=True, kw_only=True):
    """Whose act counts: `human`, `any`, `level`, or a role."""

    kind: str = "human"
    role: str | None = None


class ClockRule(RuleBase, frozen=True, kw_only=True, tag="clock"):
    start: tuple[str, ...]
    stop: tuple[str, ...]
    target: Target | None
    """None while a parameter is unset (the policy is a draft)."""
    strict: bool = False
    """True for `under` (stop < due), False for `within` (stop <= due)."""
    by: By = By()
    pause: tuple[str, ...] = ()
    """Reasons, such as `waiting_on_customer`, during which no time passes."""
    warn: tuple[int, ...] = ()
    """Permille of the target."""
    on_warn: tuple[Action, ...] = ()
    on_miss: tuple[Action, ...] = ()


class WindowRule(RuleBase, frozen=True, kw_only=True, tag="window"):
    start: tuple[str, ...]
    act: tuple[str, ...]
    every: Target | None
    until: tuple[str, ...]
    by: By = By()
    pause: tuple[str, ...] = ()
    on_miss: tuple[Action, ...] = ()


class StepRule(RuleBase, frozen=True, kw_only=True, tag="step"):
    after: tuple[str, ...] = ()
    form: str | None = None
    role: str | None = None
    target: Target | None = None
    before: str | None = None
    """The act that is gated until the step is done: `resolved`, `closed`, `escalated`..."""
    auto: tuple[str, ...] = ()
    """Events that are themselves the evidence."""
    on_miss: tuple[Action, ...] = ()


class ReactionRule(RuleBase, frozen=True, kw_only=True, tag="reaction"):
    on: tuple[str, ...] = ()
    after: Target | None = None
    start: tuple[str, ...] = ()
    unless: Condition | None = None
    unless_events: tuple[str, ...] = ()
    """`unless` where it names what must not have happened since the start."""
    pause: tuple[str, ...] = ()
    do: tuple[Action, ...] = ()
    once: str = "per cause"
    """`per cause`, `per ticket` or `always`."""


class GateRule(RuleBase, frozen=True, kw_only=True, tag="gate"):
    """`name` is the act: an event name such as `closed`."""

    needs: Condition | None = None
    say: str = ""


class ApprovalRule(RuleBase, frozen=True, kw_only=True, tag="approval"):
    """`name` is the kind. `when` reads `amount`, the sum over the periods below included."""

    by: tuple[str, ...] = ()
    distinct_from: tuple[str, ...] = ()
    sum_over: tuple[tuple[str, str], ...] = ()
    """("ticket", "always"), ("customer", "30d")."""
    expires: Target | None = None
    acts: tuple[str, ...] = ("paid",)
    """The acts that need the approval."""


class EntitlementRule(RuleBase, frozen=True, kw_only=True, tag="entitlement"):
    from_field: str
    lasts: Target | None
    covers: tuple[str, ...] = ()
    round: str = "up"
    fee_permille: int = 0
    fee_when: Condition | None = None


class CadenceRule(RuleBase, frozen=True, kw_only=True, tag="cadence"):
    every: Target | None
    role: str | None = None
    form: str | None = None
    for_each: str | None = None
    due: Target | None = None
    """How long after the period begins the task is due; None is the period's end."""


class MeasureRule(RuleBase, frozen=True, kw_only=True, tag="measure"):
    """`of` is the formula's source; measures.py reads it."""

    of: str
    op: str | None = None
    goal: str | None = None
    """The target figure as exact text (`4.5`, `90%`, `5%`), None where the SOP names none."""
    over: str = "month"
    split: tuple[str, ...] = ()


class TableRow(Frozen, frozen=True, kw_only=True):
    when: tuple[tuple[str, tuple[str, ...]], ...]
    """(field, allowed values); an absent field allows anything."""
    then: str
    line: int = 0


class TableRule(RuleBase, frozen=True, kw_only=True, tag="table"):
    """A decision table: derives `output` from `inputs`, first row that holds."""

    inputs: tuple[str, ...]
    output: str
    rows: tuple[TableRow, ...]
    unique: bool = True
    complete: bool = False
    domains: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(input, all its values): what `complete` is measured against."""


Rule = (
    ClockRule | WindowRule | StepRule | ReactionRule | GateRule | ApprovalRule
    | EntitlementRule | CadenceRule | MeasureRule | TableRule
)  # fmt: skip


# Declarations ------------------------------------------------------------------------------------
# `implied` marks what the desk needs and the text does not name: `kept sop show` leaves it out.


class Clause(Frozen, frozen=True, kw_only=True):
    """One clause of the document, in its order."""

    id: str
    line: int
    text: str
    heading: bool = False
    depth: int = 0
    parent: str | None = None
    kinds: tuple[str, ...] = ()
    """The rule kinds that hang on it: `clock`, `gate`, `note`, ..."""
    enforce: Enforce | None = None
    informative: bool = False
    order: int = 0


class Severity(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    definition: tuple[str, ...] = ()
    clause: str = ""
    implied: bool = False


class Level(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    rank: int
    who: str = ""
    team: str | None = None
    scope: tuple[str, ...] = ()
    accept: Target | None = None
    """How long a level has to take an escalated ticket on."""
    clause: str = ""
    implied: bool = False


class Role(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    may: tuple[str, ...] = ()
    """Acts this role may do; empty means the common acts of an agent."""
    level: str | None = None
    limit: int | None = None
    """The largest amount this role may approve, minor units; None is no limit."""
    clause: str = ""
    implied: bool = False


class Team(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    level: str | None = None
    roles: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    clause: str = ""
    implied: bool = False


class Channel(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    kind: str = "email"
    primary: bool = False
    purposes: tuple[str, ...] = ()
    hours: str = ""
    calendar: str | None = None
    secure: bool = False
    clause: str = ""
    implied: bool = False


class FormField(Frozen, frozen=True, kw_only=True):
    id: str
    label: str
    type: str = "text"
    """text, long, choice, number, money, date, time, yes_no, list."""
    required: bool = True
    choices: tuple[str, ...] = ()
    source: str | None = None
    """What fills it beforehand, such as `ticket.subject`."""
    help: str = ""


class Form(Frozen, frozen=True, kw_only=True):
    id: str
    title: str
    fields: tuple[FormField, ...]
    event: str | None = None
    clause: str = ""
    implied: bool = False


class Wording(Frozen, frozen=True, kw_only=True):
    """A template's texts in another language, named as in BCP 47 (`hi`, `pt-BR`)."""

    language: str
    subject: str
    body: str


class Template(Frozen, frozen=True, kw_only=True):
    """`{{ name }}` marks a blank; each blank must have a source in `fields` or the common ones."""

    id: str
    title: str
    subject: str
    body: str
    channel: str = "email"
    fields: tuple[FormField, ...] = ()
    others: tuple[Wording, ...] = ()
    """The same in other languages; who reads none of them gets the template's own words."""
    clause: str = ""
    implied: bool = False

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Return subject and body in each language, the template's own first."""
        return ((self.subject, self.body), *((one.subject, one.body) for one in self.others))

    def worded(self, language: str) -> Template:
        """Return the template in a reader's language, as near as it has it."""
        known = {one.language: one for one in self.others}
        wanted = language.replace("_", "-").lower()
        while wanted:
            if wanted in known:
                found = known[wanted]
                return msgspec.structs.replace(self, subject=found.subject, body=found.body)
            wanted = wanted.rpartition("-")[0]
        return self


class Parameter(Frozen, frozen=True, kw_only=True):
    id: str
    value: str | None
    unit: str
    why: str = ""
    line: int = 0


class CustomField(Frozen, frozen=True, kw_only=True):
    """A ticket field that the SOP declares; its type says how an event's value is read."""

    id: str
    type: str = "text"
    """text, bool, count, money, date, choice or list."""
    values: tuple[str, ...] = ()
    line: int = 0
    of: str = ""
    """`customer` or `purchase` where the desk's own books know it before the ticket does."""


class SopTest(Frozen, frozen=True, kw_only=True):
    """One example of a `yaml test` block, still in wire form."""

    clause: str
    name: str
    line: int
    given: tuple[dict[str, Any], ...]
    expect: dict[str, Any]
    until: str | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class Policy(Frozen, frozen=True, kw_only=True):
    """A compiled SOP. `hash` is the sha256 of its canonical JSON (section 7)."""

    sop: str
    title: str
    version: str
    hash: str
    zone: str
    currency: str = "USD"
    effective_at: Instant | None = None
    tzdata: str = ""
    words: dict[str, str] = msgspec.field(default_factory=dict)
    parameters: dict[str, Parameter] = msgspec.field(default_factory=dict)
    fields: dict[str, CustomField] = msgspec.field(default_factory=dict)
    unset: tuple[str, ...] = ()
    """Parameters without a value: the policy is a draft and cannot be activated."""
    clauses: dict[str, Clause] = msgspec.field(default_factory=dict)
    severities: tuple[Severity, ...] = ()
    """Most urgent first."""
    levels: tuple[Level, ...] = ()
    """Lowest first."""
    roles: dict[str, Role] = msgspec.field(default_factory=dict)
    teams: dict[str, Team] = msgspec.field(default_factory=dict)
    channels: dict[str, Channel] = msgspec.field(default_factory=dict)
    forms: dict[str, Form] = msgspec.field(default_factory=dict)
    templates: dict[str, Template] = msgspec.field(default_factory=dict)
    calendars: dict[str, Calendar] = msgspec.field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    tests: tuple[SopTest, ...] = ()
    confirm_window: Micros = 72 * 3_600_000_000
    """How long a reopened ticket continues its old commitments (R8)."""
    extends: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    """What `kept sop show` adds to the clauses: notes with `facts:` merged by key."""
    earlier: dict[str, Policy] = msgspec.field(default_factory=dict)
    """Older versions that pinned commitments still run under, by hash."""
