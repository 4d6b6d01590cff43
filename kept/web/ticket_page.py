"""The ticket page as values: the ticket, its rail, its talk, and what may be done next.

Built from one view and the policy the ticket runs under; nothing here asks the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kept.policy.rules import Policy
from kept.policy.titles import deed, titles
from kept.records.queries.views import ApprovalView, JournalLine, StepView, TicketView
from kept.services.errors import DeskError, Refused
from kept.services.filling import BLANK
from kept.services.newer import Newer
from kept.web import act_table, acts, asking, forms, talk, wants
from kept.web.act import OPEN, Act
from kept.web.book import clause_sentence
from kept.web.changed import Changed, changes_of
from kept.web.deeds import sentence
from kept.web.forms import Field
from kept.web.rail import Rail, rail
from kept.web.say import condition, plain
from kept.web.ways import Opening, Way, ways

OVERRIDE = Field(
    name="override", label="Do it all the same, because", type="long",
    help="The clause lets you pass with a reason. It is kept, and counted.", key="override",
)  # fmt: skip
PASSED = {
    "resolved": "resolve", "closed": "close", "escalated": "escalate",
    "severity_changed": "severity", "agent_public": "text",
}  # fmt: skip
"""An event whose `require` gate may be passed with a reason -> the act that asks for it."""
WRITTEN = frozenset({"messages", "named-drafts", "macro-runs"})
"""Nouns whose form is the composer's."""
SAID = "said"
"""In place of a noun: the message went out, and only what follows it was refused."""
LONGEST_STEP = 90
"""A clause's sentence longer than this says too much for a line; the step's name stands in."""
STEP_TONES = {"open": "open", "done": "kept", "missed": "missed", "cancelled": "ended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActCard:
    """One act as the side column shows it."""

    noun: str
    name: str
    title: str
    button: str
    fields: tuple[Field, ...]
    key: str = ""
    why: str = ""
    """The first sentence of its clause."""
    clause: str = ""
    tone: str = ""
    due_at: datetime | None = None
    open: bool = False
    rare: bool = False
    panel: str = ""

    @property
    def folded(self) -> int:
        return sum(one.folded for one in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCard:
    view: StepView
    tone: str
    title: str
    words: str
    act: ActCard | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCard:
    view: ApprovalView
    open: bool
    settled_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """A template of the SOP that fits the ticket's channel; its text is fetched when chosen."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an act was not done: the clause in its own words, and what would allow it."""

    title: str
    sentence: str = ""
    clause: str = ""
    words: str = ""
    allows: str = ""
    event: str = ""
    overridable: bool = False
    ways: tuple[Way, ...] = ()
    changes: tuple[Changed, ...] = ()
    """What others did meanwhile; pressing the same button again does it all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a refused post had typed, so that nothing is lost."""

    noun: str = ""
    step: str = ""
    fields: tuple[Field, ...] = ()
    posted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """Everything `tickets/_ticket.html` shows."""

    ticket: TicketView
    policy: Policy
    me_id: int
    zone: str
    query: str
    rank: int
    severity_name: str
    level_name: str
    rail: Rail
    talk: tuple[talk.Entry, ...]
    acts: tuple[ActCard, ...]
    steps: tuple[StepCard, ...]
    approvals: tuple[ApprovalCard, ...]
    templates: tuple[TemplateChoice, ...]
    hints: tuple[wants.Hint, ...]
    verified: str
    may_resolve: bool
    may_wait: bool
    refusal: Refusal | None
    typed_text: str
    typed_kind: str
    typed_template: str
    was_said: bool
    """Whether the words of the refused post went out, so that no machine keeps them."""
    blanks: tuple[Field, ...]
    passing: str
    key: str

    def clause_words(self, clause: str) -> str:
        """Return a clause in its own words, for a hover."""
        found = self.policy.clauses.get(clause)
        return found.text if found else "Open the proof"


def ticket_page(
    ticket: TicketView,
    policy: Policy,
    journal: Sequence[JournalLine],
    *,
    me_id: int,
    now: datetime,
    query: str,
    key: str,
    refusal: Refusal | None = None,
    typed: Typed | None = None,
) -> TicketPage:
    """Return the page of a ticket at one instant, with what a refused act had typed."""
    said = typed or Typed()
    known = titles(policy)
    names = known | {level.id: f"{level.id} {level.name}" for level in policy.levels}
    names |= {str(person.id): person.name for person in ticket.people}
    names |= {team.id: team.name for team in policy.teams.values()}
    passing = PASSED.get(refusal.event, "") if refusal and refusal.overridable else ""
    message = said.posted if said.noun in WRITTEN else {}
    cards = tuple(
        _act(act, ticket, policy, said, passing)
        for act in act_table.TABLE
        if act.shows(ticket, policy)
    )
    steps = _steps(ticket, policy, said)
    return TicketPage(
        ticket=ticket,
        policy=policy,
        me_id=me_id,
        zone=ticket.desk.zone,
        query=query,
        rank=rank(policy, ticket.severity),
        severity_name=next((s.name for s in policy.severities if s.id == ticket.severity), ""),
        level_name=names.get(ticket.level or "", ticket.level or ""),
        rail=rail(ticket.commitments, opened_at=ticket.opened_at, now=now,
                  pauses=talk.pauses(journal)),
        talk=talk.talk(ticket.messages, journal, names),
        acts=cards,
        steps=steps,
        approvals=tuple(_approval(view, ticket) for view in ticket.approvals),
        templates=_templates(ticket, policy),
        hints=wants.hints(policy, ticket.facts, ticket.steps) if ticket.status in OPEN else (),
        verified="yes" if ticket.facts.get("verified") is True else "not yet",
        may_resolve=ticket.status in OPEN,
        may_wait=ticket.status in OPEN and ticket.waiting_on != "customer",
        refusal=_with_changes(_with_ways(refusal, policy, cards, steps), journal, names),
        typed_text=message.get("text", ""),
        typed_kind=message.get("kind", "public") if message else "",
        typed_template=message.get("template", ""),
        was_said=said.noun == SAID,
        blanks=(*_blanks(policy, message, refusal), *((OVERRIDE,) if passing == "text" else ())),
        passing=passing,
        key=key,
    )  # fmt: skip


def refusal_of(error: DeskError, policy: Policy) -> Refusal:
    """Return what the page says about an act that was not done."""
    if not isinstance(error, Refused):
        title = "Not sent" if isinstance(error, Newer) else "Not done"
        return Refusal(title=title, sentence=error.sentence, changes=changes_of(error))
    clause = policy.clauses.get(error.because.clause)
    act = acts.named(error.act)
    return Refusal(
        title=f"{act} is refused by {error.because.clause}",
        sentence=error.say,
        clause=error.because.clause,
        words=clause.text if clause else "",
        allows="" if error.say else condition(error.needs),
        event=error.act,
        overridable=str(error.enforce) == "require",
    )


def rank(policy: Policy, severity: str | None) -> int:
    """Return a severity's place, 1 for the most urgent; 0 where there is none."""
    places = [one.id for one in policy.severities]
    return places.index(severity) + 1 if severity in places else 0


def _with_ways(
    refusal: Refusal | None, policy: Policy, cards: Sequence[ActCard], steps: Sequence[StepCard]
) -> Refusal | None:
    """Return the refusal with the acts of this page that would lift it."""
    if refusal is None or not refusal.clause:
        return refusal
    here = ways_here(policy, refusal.clause, refusal.event, cards, steps)
    return replace(refusal, ways=here, allows="" if here else refusal.allows)


def ways_here(
    policy: Policy, clause: str, event: str, cards: Sequence[ActCard], steps: Sequence[StepCard]
) -> tuple[Way, ...]:
    """Return the acts of this page that would let an act pass a clause."""
    known = {card.name: Opening(title=card.title, noun=card.noun) for card in cards}
    known["text"] = Opening(title="Write to the customer", noun="messages")
    named = {f"step:{step.view.name}": step.act for step in steps if step.act}
    known |= {name: Opening(title=f"Do it: {act.title}", noun=act.name)
              for name, act in named.items()}  # fmt: skip
    return tuple(
        replace(way, act=named[way.act].name, noun="steps", step=way.act.removeprefix("step:"))
        if way.act in named
        else way
        for way in ways(policy, clause, event, known)
    )


def _with_changes(
    refusal: Refusal | None, journal: Sequence[JournalLine], names: Mapping[str, str]
) -> Refusal | None:
    """Return the refusal with what others did in words, from the journal's own lines."""
    if refusal is None or not any(one.seq for one in refusal.changes):
        return refusal
    lines = {line.seq: line for line in journal}
    found = tuple(
        replace(one, words=talk.told(lines[one.seq], names)) if one.seq in lines else one
        for one in refusal.changes
    )
    return replace(refusal, changes=found)


def _act(act: Act, ticket: TicketView, policy: Policy, typed: Typed, passing: str) -> ActCard:
    """Return an act's card, open where it was posted or may be passed with a reason."""
    posted = typed.noun == act.noun
    fields = typed.fields if posted and typed.fields else act.fields(ticket, policy)
    if act.name == passing and all(one.name != "override" for one in fields):
        fields = (*fields, replace(OVERRIDE, key=""))
    return ActCard(
        noun=act.noun, name=act.name, title=act.title, button=act.button, key=act.key,
        fields=forms.keyed(fields, act.name), open=posted or act.name == passing,
        rare=act.rare, panel=act.panel,
    )  # fmt: skip


def _steps(ticket: TicketView, policy: Policy, typed: Typed) -> tuple[StepCard, ...]:
    cards = []
    first = True
    for number, view in enumerate(ticket.steps):
        todo = view.state in {"open", "missed"} and view.done_at is None
        act = _step_act(view, ticket, policy, typed, number, first) if todo else None
        first = first and act is None
        words = f"done by {view.done_by}" if view.done_by else plain(view.state)
        tone = STEP_TONES.get(view.state, "open")
        title = act.title if act else step_title(policy, view)
        cards.append(StepCard(view=view, title=title, tone=tone, words=words, act=act))
    return tuple(cards)


def step_title(policy: Policy, view: StepView) -> str:
    """Return what a step asks for: its title, else its clause's sentence, else its name."""
    known = titles(policy)
    told = "" if view.name in known else clause_sentence(policy, view.clause)
    return told if 0 < len(told) <= LONGEST_STEP else sentence(deed(view.name, known))


def _step_act(
    view: StepView, ticket: TicketView, policy: Policy, typed: Typed, number: int, first: bool
) -> ActCard:
    here = typed.noun == "steps" and typed.step == view.name
    asked = asking.step_fields(ticket, policy, view.form, f"step-{number}")
    fields = typed.fields if here and typed.fields else asked
    return ActCard(
        noun="steps", name="step" if first else f"step-{number}",
        title=step_title(policy, view),
        button="Do the step", key="s" if first else "", clause=view.clause,
        why=clause_sentence(policy, view.clause),
        tone="missed" if view.state == "missed" else "open", due_at=view.due_at, open=here,
        fields=(Field(name="step", label="", type="hidden", value=view.name),
                *(replace(one, key=f"step-{number}-{one.name}") for one in fields)),
    )  # fmt: skip


def _approval(view: ApprovalView, ticket: TicketView) -> ApprovalCard:
    people = {str(person.id): person.name for person in ticket.people}
    return ApprovalCard(
        view=view, open=not view.result, settled_by=people.get(view.settled_by, view.settled_by)
    )


def _blanks(
    policy: Policy, message: Mapping[str, str], refusal: Refusal | None
) -> tuple[Field, ...]:
    """Return fields for a template's open blanks, once a post was held back for them."""
    template = policy.templates.get(message.get("template", ""))
    if template is None or refusal is None:
        return ()
    labels = {one.id: one.label for one in template.fields}
    names = dict.fromkeys(
        match.group(1) for match in BLANK.finditer(template.subject + template.body)
    )
    return tuple(
        Field(name=f"given-{name}", key=f"given-{number}", label=labels.get(name, plain(name)),
              value=message.get(f"given-{name}", ""), required=False)
        for number, name in enumerate(names)
        if name in labels or f"[{name}]" in message.get("text", "")
    )  # fmt: skip


def _templates(ticket: TicketView, policy: Policy) -> tuple[TemplateChoice, ...]:
    return tuple(
        TemplateChoice(id=one.id, title=one.title or plain(one.id))
        for one in policy.templates.values()
        if one.channel in {"email", ticket.channel}
    )
