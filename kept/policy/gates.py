"""Gates: acts that a clause forbids until something holds.

Asked before the fact is taken in, with what the fact itself would tell. A refused act changes
nothing; one that passes against a clause is counted.
"""

from __future__ import annotations

from kept.policy.decisions import Overrule, Refuse
from kept.policy.facts import Fact, MissRetracted, WaitingOn, Waived
from kept.policy.plans import Plan
from kept.policy.rules import GateRule, Scope
from kept.policy.run import Run
from kept.policy.words import Because, Enforce


def gate(run: Run, fact: Fact, names: tuple[str, ...], scope: Scope) -> Refuse | None:
    """Return the refusal of an act, or None; what passes against a gate is noted."""
    overrules: list[Overrule] = []
    for name in names:
        for rule in run.program.gates.get(name, ()):
            if not _stands(rule, scope):
                refusal = _weigh(run, fact, name, rule, overrules)
                if refusal is not None:
                    return refusal
        for plan in run.program.steps_before.get(name, ()):
            if _is_open(run, plan):
                refusal = _weigh(run, fact, name, plan.rule, overrules)
                if refusal is not None:
                    return refusal
    refusal = _built_in(run, fact)
    if refusal is None:
        for overrule in overrules:
            run.emit(overrule)
    return refusal


def _stands(rule: GateRule, scope: Scope) -> bool:
    """Say whether a gate lets an act pass; an unknown need is not met."""
    if rule.when is not None and rule.when.test(scope) is not True:
        return True
    return rule.needs is not None and rule.needs.test(scope) is True


def _is_open(run: Run, plan: Plan) -> bool:
    return any(other is plan and not clock.suspended for clock, other in run.open.values())


def _weigh(
    run: Run, fact: Fact, act: str, rule: object, overrules: list[Overrule]
) -> Refuse | None:
    """Refuse, or note that the clause was passed, as hard as it is enforced."""
    because: Because = rule.because  # type: ignore[attr-defined]  # every rule has one
    enforce: Enforce = rule.enforce  # type: ignore[attr-defined]  # every rule has one
    blocks = enforce is Enforce.BLOCK or (enforce is Enforce.REQUIRE and not fact.override)
    if not blocks:
        reason = fact.override if enforce is Enforce.REQUIRE else ""
        overrules.append(
            Overrule(at=run.now, because=because, act=act, enforce=enforce, reason=reason)
        )
        return None
    needs, say = _needs(rule)
    return Refuse(at=run.now, because=because, act=act, say=say, needs=needs, enforce=enforce)


def _needs(rule: object) -> tuple[str, str]:
    if isinstance(rule, GateRule):
        return (rule.needs.source if rule.needs else ""), rule.say
    return f"step:{rule.name}", ""  # type: ignore[attr-defined]  # a step has a name


def _built_in(run: Run, fact: Fact) -> Refuse | None:
    """Refuse what the language itself forbids."""
    match fact:
        case WaitingOn(who="customer") if run.memory.turn != "agent":
            return _refuse(run, "waiting_on", "R6", "agent_public")
        case Waived() | MissRetracted():
            two = {fact.by.id, fact.second.id} - {""}
            if len(two) < 2 or not fact.reason:
                return _refuse(run, "waived", "R5", "two people and a reason")
    return None


def _refuse(run: Run, act: str, rule: str, needs: str) -> Refuse:
    return Refuse(at=run.now, because=run.own(rule), act=act, say="", needs=needs)
