"""Actions: what a rule makes the desk do, from their written form.

Each is a mapping with one leading key; what it names must be declared.
"""

from __future__ import annotations

from collections.abc import Callable

from kept.policy.rules import (
    Action,
    AssignAction,
    CloseAction,
    EscalateAction,
    FlagAction,
    NotifyAction,
    OpenAction,
    OpenChildAction,
    PageAction,
    QueueAction,
    SendAction,
    SetSeverityAction,
    SurveyAction,
    TargetUnit,
)
from kept.policy.sop.figures import Kind
from kept.policy.sop.keys import Keys
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.resolve import MEANS, PEOPLE
from kept.policy.sop.source import did_you_mean
from kept.policy.sop.yaml import Map, Scalar, Seq
from kept.policy.words import SECOND, Micros, Status

PICKS = ("skill", "availability", "workload", "language", "expertise")


def actions(lowering: Lowering, keys: Keys, key: str) -> tuple[Action, ...]:
    """Return the actions under a key, in their order."""
    node = keys.node_of(key)
    if node is None:
        return ()
    found: list[Action] = []
    for value in node.values if isinstance(node, Seq) else [node]:
        if not isinstance(value, Map):
            keys.tell(value.place, "E431", f'"{key}" takes actions', "as in {escalate: +1}")
            continue
        if action := _action(lowering, keys.inner(value)):
            found.append(action)
    return tuple(found)


def _action(lowering: Lowering, keys: Keys) -> Action | None:
    for leading, read in READERS.items():
        if keys.has(leading):
            action = read(lowering, keys)
            keys.done()
            return action
    first = next(iter(keys.node.entries), "")
    keys.tell(
        keys.key_place(first), "E114", f'"{first[:60]}" is no action',
        did_you_mean(first, READERS),
    )  # fmt: skip
    return None


def _escalate(lowering: Lowering, keys: Keys) -> Action | None:
    scalar = keys.required("escalate")
    at_top = actions(lowering, keys, "at_top")
    if scalar is None:
        return None
    text = scalar.text.strip()
    if text.startswith("+") and text[1:].isascii() and text[1:].isdigit() and len(text) < 4:
        if not int(text[1:]):
            keys.tell(scalar.place, "E304", "+0 escalates nowhere", "write +1 or the level's id")
        return EscalateAction(by=int(text[1:]), at_top=at_top)
    lowering.names.refer("level", text, scalar.place, keys.clause.id)
    return EscalateAction(to=text, at_top=at_top)


def _assign(lowering: Lowering, keys: Keys) -> Action | None:
    node = keys.node_of("assign")
    if isinstance(node, Map):
        inner = keys.inner(node)
        team, role = inner.scalar("team"), inner.scalar("role")
        for kind, one in (("team", team), ("role", role)):
            if one is not None:
                lowering.names.refer(kind, one.text, one.place, keys.clause.id)
        for one in inner.scalars("pick"):
            if one.text not in PICKS:
                inner.tell(one.place, "E115", f'"{one.text[:60]}" is no pick',
                           did_you_mean(one.text, PICKS))  # fmt: skip
        inner.done()
        return AssignAction(
            team=team.text if team else None, role=role.text if role else None,
            pick=inner.texts("pick"),
        )  # fmt: skip
    scalar = keys.required("assign")
    if scalar is None:
        return None
    if scalar.text in lowering.names.of("team"):
        return AssignAction(team=scalar.text)
    if scalar.text in lowering.names.of("role") or scalar.text in PEOPLE:
        return AssignAction(role=scalar.text)
    known = [*lowering.names.of("team"), *lowering.names.of("role")]
    keys.tell(
        scalar.place, "E118", f'unknown team or role "{scalar.text[:60]}"',
        did_you_mean(scalar.text, known),
    )  # fmt: skip
    return None


def _page(lowering: Lowering, keys: Keys) -> Action | None:
    node = keys.node_of("page")
    inner = keys.inner(node) if isinstance(node, Map) else keys
    scalar = inner.required("role" if inner is not keys else "page")
    every = _page_again(lowering, inner)
    if inner is not keys:
        inner.done()
    if scalar is None:
        return None
    lowering.names.refer("role", scalar.text, scalar.place, keys.clause.id)
    return PageAction(role=scalar.text, every=every)


def _page_again(lowering: Lowering, keys: Keys) -> Micros:
    """Return after what time a page is repeated, 0 when it says nothing of that."""
    every, _ = lowering.quantity(keys, "every", Kind.DURATION, bound=False)
    if every is None:
        return 0
    if every.unit is not TargetUnit.TIME or every.amount < SECOND:
        keys.tell(
            keys.key_place("every"), "E304", f'nobody can be paged every "{every.text}"',
            "write a time of at least a second, such as 5m",
        )  # fmt: skip
        return 0
    return every.amount


def _notify(lowering: Lowering, keys: Keys) -> Action | None:
    known = [*PEOPLE, *lowering.names.of("role"), *lowering.names.of("team")]
    who = keys.scalars("notify")
    for one in who:
        if one.text not in known:
            keys.tell(
                one.place, "E102", f'unknown role "{one.text[:60]}"',
                did_you_mean(one.text, known),
            )  # fmt: skip
    for one in keys.scalars("by"):
        if one.text not in MEANS:
            keys.tell(
                one.place, "E115", f'"{one.text[:60]}" is no way to notify',
                did_you_mean(one.text, MEANS),
            )  # fmt: skip
    if not who:
        keys.tell(keys.node.place, "E430", "nobody is notified", "name roles or owner")
        return None
    by = keys.texts("by")
    return NotifyAction(who=tuple(one.text for one in who), by=by or ("dashboard",))


def _send(lowering: Lowering, keys: Keys) -> Action | None:
    template = _template(lowering, keys, "send")
    return SendAction(template=template, to=keys.text("to", "customer")) if template else None


def _survey(lowering: Lowering, keys: Keys) -> Action | None:
    template = _template(lowering, keys, "survey")
    return SurveyAction(template=template) if template else None


def _template(lowering: Lowering, keys: Keys, key: str) -> str:
    scalar = keys.required(key)
    if scalar is None:
        return ""
    lowering.names.refer("template", scalar.text, scalar.place, keys.clause.id)
    return scalar.text


def _set_severity(lowering: Lowering, keys: Keys) -> Action | None:
    scalar = keys.required("set_severity")
    if scalar is None:
        return None
    lowering.names.refer("severity", scalar.text, scalar.place, keys.clause.id)
    return SetSeverityAction(to=scalar.text)


def _flag(lowering: Lowering, keys: Keys) -> Action | None:
    scalar = keys.required("flag")
    if scalar is None:
        return None
    if not scalar.text.strip():
        keys.tell(scalar.place, "E432", "a flag without a name", "as in flag: safety")
    return FlagAction(flag=scalar.text.strip())


def _open(lowering: Lowering, keys: Keys) -> Action | None:
    scalar = keys.required("open")
    if scalar is None:
        return None
    step = scalar.text.removeprefix("step:")
    lowering.names.refer("step", step, scalar.place, keys.clause.id)
    return OpenAction(step=step)


def _open_child(lowering: Lowering, keys: Keys) -> Action | None:
    node = keys.node_of("open_child")
    if not isinstance(node, Map):
        keys.tell(
            keys.node.place, "E431", "open_child names a template and a team",
            "as in {open_child: {template: sheet, team: technical}}",
        )  # fmt: skip
        return None
    inner = keys.inner(node)
    template, team = inner.required("template"), inner.required("team")
    inner.done()
    if template is None or team is None:
        return None
    lowering.names.refer("template", template.text, template.place, keys.clause.id)
    if not lowering.names.refer("team", team.text, team.place, keys.clause.id):
        return None
    return OpenChildAction(template=template.text, team=team.text)


def _queue(lowering: Lowering, keys: Keys) -> Action | None:
    return QueueAction(by=keys.choice("queue", ("severity",), "severity"))


def _close(lowering: Lowering, keys: Keys) -> Action | None:
    node = keys.node_of("close")
    allowed = (Status.CLOSED.value, Status.CLOSED_UNCONFIRMED.value, Status.RESOLVED.value)
    if not isinstance(node, Scalar) or node.text in ("true", "yes"):
        return CloseAction()
    return CloseAction(as_status=keys.choice("close", allowed, "closed"))


READERS: dict[str, Callable[[Lowering, Keys], Action | None]] = {
    "escalate": _escalate, "assign": _assign, "page": _page, "notify": _notify, "send": _send,
    "survey": _survey, "set_severity": _set_severity, "flag": _flag, "open": _open,
    "open_child": _open_child, "queue": _queue, "close": _close,
}  # fmt: skip
