"""The ten kinds of rules, from their written form to the compiled one.

`lower_rule` reads the leading key and the common keys; one function per kind reads the rest. A
rule with an error is left out, so that one mistake is told once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from kept.policy.rules import (
    Action,
    ApprovalRule,
    CadenceRule,
    ClockRule,
    Condition,
    EntitlementRule,
    EscalateAction,
    GateRule,
    MeasureRule,
    OnChange,
    ReactionRule,
    Rule,
    StepRule,
    WindowRule,
)
from kept.policy.sop.actions import actions
from kept.policy.sop.figures import Kind
from kept.policy.sop.keys import Keys, plain
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.measure_target import goal
from kept.policy.sop.resolve import BUILT_IN_FIELDS, EVENTS, PAUSES
from kept.policy.sop.source import did_you_mean
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Map, Scalar, Seq
from kept.policy.words import Because, Enforce

SPLITS = ("severity", "level", "channel", "agent", "team", "type", "topic", "customer", "clause")
LONGEST_TITLE = 60
DISTINCT = ("requester", "owner", "payee", "agent", "approver")


class Common(TypedDict):
    """The keys that every rule may have."""

    because: Because
    order: int
    name: str
    title: str
    when: Condition | None
    enforce: Enforce
    calendar: str
    exception_to: tuple[str, ...]
    on_change: OnChange
    fact: tuple[dict[str, Any], ...]


def lower_rule(lowering: Lowering, node: Map, clause: ClauseNode, order: int) -> Rule | None:
    """Return the compiled rule; None when something in it is wrong."""
    keys = lowering.keys(node, clause)
    leading = [key for key in node.entries if key in LOWERED]
    if len(leading) != 1:
        first = next(iter(node.entries), "")
        message = f"a rule has one leading key, not {len(leading)}"
        advice = did_you_mean(first, LOWERED) if not leading else "make two rules of it"
        keys.tell(keys.key_place(first), "E421", message, advice)
        return None
    before = len(lowering.problems.found)
    common = _common(lowering, keys, leading[0], order)
    rule = LOWERED[leading[0]](lowering, keys, common)
    keys.done()
    told = lowering.problems.found[before:]
    return None if any(problem.severity == "error" for problem in told) else rule


def _common(lowering: Lowering, keys: Keys, leading: str, order: int) -> Common:
    scalar = keys.required(leading)
    name = scalar.text.strip() if scalar else ""
    calendar = keys.scalar("calendar")
    if calendar is not None and calendar.text != "24x7":
        lowering.names.refer("calendar", calendar.text, calendar.place, keys.clause.id)
    for one in keys.scalars("exception_to"):
        lowering.names.refer("clause", one.text, one.place, keys.clause.id)
    if keys.flag("locked"):
        lowering.locked[keys.clause.id] = keys.node.place.line
    return Common(
        because=Because(
            clause=keys.clause.id, line=keys.node.place.line, rule=f"{leading}:{name}"
        ),
        order=order,
        name=name,
        title=_title(keys),
        when=lowering.condition(keys, "when"),
        enforce=Enforce(keys.choice("enforce", tuple(Enforce), "block")),
        calendar=calendar.text if calendar else "",
        exception_to=keys.texts("exception_to"),
        on_change=OnChange(keys.choice("on_change", tuple(OnChange), "pin")),
        fact=tuple(_words(node) for node in keys.maps("fact")),
    )


def _title(keys: Keys) -> str:
    given = keys.scalar("title")
    return given.text.strip()[:LONGEST_TITLE] if given else ""


def _words(node: Map) -> dict[str, Any]:
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def _pauses(keys: Keys, default: tuple[str, ...]) -> tuple[str, ...]:
    if not keys.has("pause"):
        return default
    found = []
    for one in keys.scalars("pause"):
        text = one.text.strip()
        if text in ("none", "never"):
            continue
        if text not in PAUSES:
            keys.tell(
                one.place, "E115", f'"{text[:60]}" pauses nothing', did_you_mean(text, PAUSES)
            )
        found.append(text)
    return tuple(found)


def _shares(keys: Keys, lowering: Lowering, key: str) -> tuple[int, ...]:
    """Return percentages as permille, ascending."""
    found = set()
    for scalar in keys.scalars(key):
        one = lowering.figures.resolve(scalar, keys.clause, Kind.PERCENT, bound=False)
        if one is None or one.quantity is None:
            continue
        if not 0 < one.quantity.amount < 1000:
            keys.tell(scalar.place, "E304", f"{scalar.text} warns never", "between 0% and 100%")
        found.add(one.quantity.amount)
    return tuple(sorted(found))


WAITING = ("waiting_on_customer",)


def _clock(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    strict = keys.has("under")
    if keys.has("within") == strict:
        keys.tell(
            keys.node.place, "E430", "a clock has either `within` or `under`",
            "within includes its end, under does not",
        )  # fmt: skip
    target = lowering.target(keys, "under" if strict else "within")
    keys.used.update(("under", "within"))
    if not keys.has("stop"):
        keys.required("stop")
    stop = lowering.events(keys, "stop")
    resolves = not {"resolved", "closed"}.isdisjoint(stop)
    common["calendar"] = lowering.needs_calendar(keys, target, common["calendar"])
    return ClockRule(
        **common,
        start=lowering.events(keys, "start") or ("created",),
        stop=stop,
        target=target,
        strict=strict,
        by=lowering.by(keys),
        pause=_pauses(keys, WAITING if resolves else ()),
        warn=_shares(keys, lowering, "warn"),
        on_warn=actions(lowering, keys, "on_warn"),
        on_miss=actions(lowering, keys, "on_miss"),
    )


def _window(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    for key in ("start", "act", "every"):
        if not keys.has(key):
            keys.required(key)
    every = lowering.target(keys, "every", every=True)
    common["calendar"] = lowering.needs_calendar(keys, every, common["calendar"])
    return WindowRule(
        **common,
        start=lowering.events(keys, "start"),
        act=lowering.events(keys, "act"),
        every=every,
        until=lowering.events(keys, "until") or ("resolved", "closed"),
        by=lowering.by(keys),
        pause=_pauses(keys, WAITING),
        on_miss=actions(lowering, keys, "on_miss"),
    )


def _reference(lowering: Lowering, keys: Keys, kind: str, key: str) -> str | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    lowering.names.refer(kind, scalar.text, scalar.place, keys.clause.id)
    return scalar.text


def _act(lowering: Lowering, keys: Keys, key: str) -> str | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    return lowering.names.refer_event(scalar.text.strip(), scalar.place, keys.clause.id)


def _step(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    target = lowering.target(keys, "within")
    common["calendar"] = lowering.needs_calendar(keys, target, common["calendar"])
    return StepRule(
        **common,
        after=lowering.events(keys, "after"),
        form=_reference(lowering, keys, "form", "form"),
        role=_reference(lowering, keys, "role", "role"),
        target=target,
        before=_act(lowering, keys, "before"),
        auto=lowering.events(keys, "auto"),
        on_miss=actions(lowering, keys, "on_miss"),
    )


def _reaction(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    if keys.has("on") == keys.has("after"):
        keys.tell(
            keys.node.place, "E430", "a reaction has either `on` or `after`",
            "on: [events], or after: a time since start",
        )  # fmt: skip
    after = lowering.target(keys, "after")
    common["calendar"] = lowering.needs_calendar(keys, after, common["calendar"])
    do = actions(lowering, keys, "do")
    if not do:
        keys.tell(keys.key_place("do"), "E430", "the reaction does nothing", "add do: [...]")
    start = lowering.events(keys, "start")
    prevented = _prevented_by(lowering, keys) if keys.has("after") else ()
    return ReactionRule(
        **common,
        on=lowering.events(keys, "on"),
        after=after,
        start=start or (("created",) if keys.has("after") else ()),
        unless=None if prevented else lowering.condition(keys, "unless"),
        unless_events=prevented,
        pause=_pauses(keys, ()),
        do=_with_top(do, actions(lowering, keys, "at_top")),
        once=keys.choice("once", ("per cause", "per ticket", "always"), "per cause"),
    )


def _prevented_by(lowering: Lowering, keys: Keys) -> tuple[str, ...]:
    """Return the events that `unless` names; `resolved` alone is a condition as well as one."""
    node = keys.node_of("unless")
    if not isinstance(node, Seq) and not (
        isinstance(node, Scalar) and node.text.strip() in set(EVENTS) - BUILT_IN_FIELDS.keys()
    ):
        return ()
    return lowering.events(keys, "unless")


def _with_top(do: tuple[Action, ...], at_top: tuple[Action, ...]) -> tuple[Action, ...]:
    """Give the rule's `at_top` to each step up that has none of its own."""
    return tuple(
        EscalateAction(to=one.to, by=one.by, at_top=one.at_top or at_top)
        if isinstance(one, EscalateAction)
        else one
        for one in do
    )


def _gate(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    scalar = keys.scalar("gate")
    if scalar is not None:
        name = scalar.text.strip()
        common["name"] = lowering.names.refer_event(name, scalar.place, keys.clause.id)
    if not keys.has("needs"):
        keys.required("needs")
    return GateRule(**common, needs=lowering.condition(keys, "needs"), say=keys.text("say"))


def _approval(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    for one in keys.scalars("by"):
        lowering.names.refer("role", one.text, one.place, keys.clause.id)
    if not keys.has("by"):
        keys.required("by")
    for one in keys.scalars("distinct_from"):
        if one.text not in DISTINCT and one.text not in lowering.names.of("role"):
            keys.tell(
                one.place, "E115", f'"{one.text[:60]}" is nobody to differ from',
                did_you_mean(one.text, DISTINCT),
            )  # fmt: skip
    return ApprovalRule(
        **common,
        by=keys.texts("by"),
        distinct_from=keys.texts("distinct_from"),
        sum_over=_periods(lowering, keys),
        expires=lowering.target(keys, "expires", bound=False),
        acts=lowering.events(keys, "acts") or ("paid",),
    )


def _periods(lowering: Lowering, keys: Keys) -> tuple[tuple[str, str], ...]:
    node = keys.map("sum_over")
    if node is None:
        return ()
    inner, found = keys.inner(node), []
    for key in ("ticket", "customer", "agent"):
        text = inner.text(key)
        if text and text != "always":
            lowering.quantity(inner, key, Kind.DURATION, bound=False)
        if text:
            found.append((key, text))
    inner.done()
    return tuple(found)


def _entitlement(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    scalar = keys.required("from")
    if scalar is not None and lowering.names.refer(
        "field", scalar.text, scalar.place, keys.clause.id
    ):
        known = lowering.names.fields.get(scalar.text)
        if known is not None and known.type != "date":
            keys.tell(
                scalar.place, "E301", f'"{scalar.text}" is no date', "declare it with type: date"
            )
    fee, _ = lowering.quantity(keys, "fee", Kind.PERCENT)
    return EntitlementRule(
        **common,
        from_field=scalar.text if scalar else "",
        lasts=lowering.target(keys, "for"),
        covers=keys.texts("covers"),
        round=keys.choice("round", ("up", "down"), "up"),
        fee_permille=fee.amount if fee else 0,
        fee_when=lowering.condition(keys, "fee_when"),
    )


def _cadence(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    if not keys.has("every"):
        keys.required("every")
    due = lowering.target(keys, "due")
    common["calendar"] = lowering.needs_calendar(keys, due, common["calendar"])
    return CadenceRule(
        **common,
        every=lowering.target(keys, "every", every=True),
        role=_reference(lowering, keys, "role", "role"),
        form=_reference(lowering, keys, "form", "form"),
        for_each=keys.text("for_each") or None,
        due=due,
    )


def _measure(lowering: Lowering, keys: Keys, common: Common) -> Rule:
    of = keys.required("of")
    op, figure = goal(lowering, keys)
    for one in keys.scalars("split"):
        if one.text not in SPLITS and one.text not in lowering.names.fields:
            keys.tell(
                one.place, "E115", f'"{one.text[:60]}" splits nothing',
                did_you_mean(one.text, SPLITS),
            )  # fmt: skip
    return MeasureRule(
        **common,
        of=of.text.strip() if isinstance(of, Scalar) else "",
        op=op,
        goal=figure,
        over=keys.choice("over", ("day", "week", "month", "quarter", "year"), "month"),
        split=keys.texts("split"),
    )


LOWERED: dict[str, Callable[[Lowering, Keys, Common], Rule]] = {
    "clock": _clock, "window": _window, "step": _step, "reaction": _reaction, "gate": _gate,
    "approval": _approval, "entitlement": _entitlement, "cadence": _cadence, "measure": _measure,
}  # fmt: skip
