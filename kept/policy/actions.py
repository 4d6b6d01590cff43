"""Reactions: what makes the desk act by itself, and the acts (section 3).

Each reaction runs at most once per outside event, so the fixpoint ends; `once: per cause` keeps
it from answering the same cause again.
"""

from __future__ import annotations

from collections.abc import Sequence

from kept.policy.children import is_child, open_child
from kept.policy.clocks import settle
from kept.policy.commitments import start
from kept.policy.decisions import (
    Assign,
    CloseTicket,
    Notify,
    OpenStep,
    OrderQueue,
    RaiseFlag,
    Send,
)
from kept.policy.facts import MACHINE
from kept.policy.ladder import call, change_severity, climb, level_above
from kept.policy.plans import Plan, holds, is_beaten
from kept.policy.reach import Choice
from kept.policy.rules import (
    Action,
    AssignAction,
    ClockRule,
    CloseAction,
    EscalateAction,
    FlagAction,
    NotifyAction,
    OpenAction,
    OpenChildAction,
    PageAction,
    QueueAction,
    ReactionRule,
    SendAction,
    SetSeverityAction,
    SurveyAction,
)
from kept.policy.run import Event, Run
from kept.policy.state import Commitment
from kept.policy.words import KEPT, Because, Status

CLASSIFYING = frozenset({"created", "triaged", "severity_changed", "assigned", "escalated"})
"""Events that tell how a ticket stands: the cause is what the condition reads, not the event."""
TOLD_ONCE = frozenset(
    {"text", "template", "reason", "to", "who", "kind", "method", "what", "how", "clock", "clause",
     "raised", "lowered", "by_role", "by_level", "by_kind", "missing", "rings"}
)  # fmt: skip
"""What only an event tells: a condition that reads it is about that event alone."""
SURVEY_WITHHELD = "survey_withheld"
"""The flag of a ticket whose survey would have come too soon after another."""


def react(run: Run, name: str, event: Event, choice: Choice) -> None:
    """Run the reactions to one event; one may change what those after it read."""
    if name == "agent_public" and run.actor.kind is MACHINE:
        return
    reached = -1
    found: tuple[Plan, ...] = choice.among(run.scope)
    while found:
        for plan in found:
            test = plan.test
            if test is not None and test(run.scope) is not True:
                continue
            if plan.index > reached and _answers(run, plan, name, event):
                reached = plan.index
                run.ran.add(plan.key)
                perform(run, plan.actions, plan.because, cause=name)
                if run.changed:
                    found = choice.among(run.scope)
                    break
        else:
            return


def _answers(run: Run, plan: Plan, name: str, event: Event) -> bool:
    """Say whether a reaction whose condition holds is to run now, and note that it has."""
    scope, rule = run.scope, plan.rule
    if plan.key in run.ran or (plan.beaten_by and is_beaten(plan, scope)):
        return False
    assert isinstance(rule, ReactionRule)
    if rule.unless is not None and rule.unless.test(scope) is True:
        return False
    return _is_new_cause(run, plan, name, event)


def fire(run: Run, timer: Commitment, plan: Plan) -> None:
    """A reaction's delay is over: act, unless what it waited for has come or no longer holds."""
    rule = plan.rule
    assert isinstance(rule, ReactionRule)
    settle(run, timer, KEPT)
    del run.memory.timers[timer.id]
    if rule.unless is not None and rule.unless.test(run.scope) is True:
        return
    if holds(plan, run.scope) is True and not run.memory.ended_as:
        run.memory.fired[plan.key] = run.memory.fired.get(plan.key, 0) + 1
        perform(run, rule.do, plan.because, cause=plan.name)


def _is_new_cause(run: Run, plan: Plan, name: str, event: Event) -> bool:
    """Note the cause of a reaction; False when it has been answered before."""
    rule = plan.rule
    assert isinstance(rule, ReactionRule)
    if rule.once == "always":
        return True
    key = plan.key
    if rule.once != "per ticket":
        cause = _cause(run, plan, name, event)
        if not cause:
            return True
        key = f"{plan.key}|{cause}"
    elif key in run.memory.fired:
        return False
    known = run.memory.fired.get(key, 0)
    run.memory.fired[key] = known + 1
    return not known


def _cause(run: Run, plan: Plan, name: str, event: Event) -> str:
    """Return what a reaction answers; empty where each event is a cause of its own."""
    if name in CLASSIFYING and plan.reads and plan.reads.isdisjoint(TOLD_ONCE):
        return ",".join(f"{field}={run.scope.get(field)}" for field in sorted(plan.reads))
    return event.cause and f"{name}:{event.cause}" if name in ("missed", "warned") else ""


# The acts --------------------------------------------------------------------------------------


def perform(
    run: Run, actions: Sequence[Action], because: Because, *, cause: str,
    owed: Plan | None = None,
) -> None:  # fmt: skip
    """Carry out a rule's actions; `owed` is the missed commitment's rule, if that is the cause."""
    for action in actions:
        match action:
            case EscalateAction():
                _escalate(run, action, because, cause=cause, owed=owed)
            case AssignAction():
                _assign(run, action, because)
            case PageAction():
                call(run, action.role, action.every, because)
            case NotifyAction():
                _notify(run, action, because, about=cause)
            case SendAction():
                _send(run, action, because)
            case SurveyAction():
                _survey(run, action, because)
            case SetSeverityAction():
                change_severity(run, action.to, because)
            case FlagAction():
                _flag(run, action.flag, because)
            case OpenAction():
                _open(run, action.step, because)
            case OpenChildAction():
                open_child(run, action, because)
            case QueueAction():
                if run.word("outage") is not None:
                    run.emit(OrderQueue(at=run.now, because=because, by=action.by))
            case CloseAction():
                _close(run, action.as_status, because)


def _escalate(
    run: Run, action: EscalateAction, because: Because, *, cause: str, owed: Plan | None
) -> None:
    if action.to is not None:
        climb(run, action.to, because, cause=cause)
        return
    level = level_above(run, action.by)
    if level is None:
        perform(run, action.at_top, because, cause=cause)
        return
    answers = owed is not None and "accepted" in owed.stop and isinstance(owed.rule, ClockRule)
    if not run.memory.unaccepted or answers:
        climb(run, level.id, because, cause=cause)


def _assign(run: Run, action: AssignAction, because: Because) -> None:
    if action.team is not None and not action.pick and run.word("team") == action.team:
        return
    if action.team is not None:
        run.put("team", action.team)
    run.emit(
        Assign(at=run.now, because=because, team=action.team, role=action.role, pick=action.pick)
    )
    run.derive("assigned", to=action.team or action.role or "")


def _notify(run: Run, action: NotifyAction, because: Because, *, about: str) -> None:
    who = action.who
    if "customer" in who and is_child(run):
        who = tuple(each for each in who if each != "customer")
    if who:
        run.emit(Notify(at=run.now, because=because, who=who, by=action.by, about=about))


def _send(run: Run, action: SendAction, because: Because) -> None:
    if action.to == "customer" and is_child(run):
        return
    run.emit(Send(at=run.now, because=because, template=action.template, to=action.to))
    if action.to == "customer":
        run.derive("agent_public", template=action.template)


def _survey(run: Run, action: SurveyAction, because: Because) -> None:
    """Send a survey, or say on the ticket that it was withheld: exempt, and counted."""
    if run.facts.get("surveyed_lately") is True:
        _flag(run, SURVEY_WITHHELD, because)
    else:
        _send(run, SendAction(template=action.template), because)


def _flag(run: Run, flag: str, because: Because) -> None:
    if run.add_to("flags", flag):
        run.emit(RaiseFlag(at=run.now, because=because, flag=flag))
        run.derive("note_flag", f"note_flag:{flag}", cause=flag)


def _open(run: Run, step: str, because: Because) -> None:
    plan = run.program.steps.get(step)
    if plan is None:
        run.emit(OpenStep(at=run.now, because=because, step=step))
    elif not any(other is plan for _, other in run.open.values()):
        start(run, plan, run.now)


def _close(run: Run, as_status: str, because: Because) -> None:
    if run.state.status in (Status.CLOSED, Status.CLOSED_UNCONFIRMED) or run.memory.ended_as:
        return
    run.stand(Status(as_status))
    run.emit(CloseTicket(at=run.now, because=because, as_status=as_status))
    run.derive("closed")
