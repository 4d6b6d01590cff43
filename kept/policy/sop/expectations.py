"""Test blocks held against the policy they speak of, each word at its own place.

An example that names a clause, a verdict or a field that does not exist shows nothing, and one
that expects it to be nothing would even pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from kept.policy.rules import Policy
from kept.policy.sop.figures import Kind
from kept.policy.sop.keys import Keys, plain
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.params import read_figure
from kept.policy.sop.resolve import BUILT_IN_FIELDS
from kept.policy.sop.source import Place, did_you_mean
from kept.policy.sop.testing import LISTS, NOT, NOT_ACTIVATED, clause_named
from kept.policy.sop.trace import BadEvent, read_event
from kept.policy.sop.yaml import Map, Node, Scalar, Seq
from kept.policy.wire import instant_from_wire
from kept.policy.words import DAY, Instant, Verdict

VERDICTS = (*Verdict, *NOT_ACTIVATED)
LONGEST_LIFE = 3_653 * DAY
DETAILS = ("verdict", "due", "started", "reason", "late")


def check_examples(lowering: Lowering, policy: Policy, examples: list[Keys]) -> None:
    """Tell what the examples of a policy name and it does not have.

    Where the policy itself has mistakes, what it lacks may be their fault: only words are read.
    """
    fields, whole = _fields(policy), not lowering.problems.has_errors
    for example in examples:
        if example.node.place.source is not lowering.source:
            continue  # an example of the parent speaks of the parent
        for event in example.maps("given") if whole else ():
            _check_event(example, policy, event)
        _check_span(example, policy)
        expect = example.map("expect")
        for name, (key, wanted) in (expect.entries if expect else {}).items():
            if name in _lists():
                example.flat(wanted, name)
            elif _is_commitment(policy, name, example.clause.id):
                _check_commitment(example, policy, wanted)
            elif whole and name not in fields:
                known = [*fields, *_ends(policy), *(rule.name for rule in policy.rules)]
                example.tell(
                    key.place, "E112", f'nothing is called "{name[:60]}"',
                    did_you_mean(name, known) or "name a clause, a commitment or a field",
                )  # fmt: skip


def _check_span(example: Keys, policy: Policy) -> None:
    """A ticket's life of decades is a slip of the pen, and takes as long to live through."""
    written = [event.get("at") for event in example.maps("given")] + [example.node.get("until")]
    lived: list[tuple[Instant, Place]] = []
    for one in written:
        if isinstance(one, Scalar):
            try:
                lived.append((instant_from_wire(policy, one.text), one.place))
            except (ValueError, OverflowError):
                continue  # told where the times are read
    if not lived:
        return
    (first, _), (last, place) = min(lived, key=itemgetter(0)), max(lived, key=itemgetter(0))
    if last - first > LONGEST_LIFE:
        years = (last - first) // (365 * DAY)
        example.tell(
            place, "E304", f"the example lasts {years} years", "correct the year: ten are the most"
        )


def _lists() -> Iterator[str]:
    yield "assigned"
    for name in LISTS:
        yield name
        yield NOT + name


def _fields(policy: Policy) -> set[str]:
    """Return what a ticket may be asked for at its end."""
    found = {"severity", "level", "status", "channel", "team", "owner", "now"}
    found |= set(BUILT_IN_FIELDS) | set(policy.fields)
    for form in policy.forms.values():
        for part in form.fields:
            found |= {part.id, f"{form.id}.{part.id}"}
    return found


def _ends(policy: Policy) -> Iterator[str]:
    return (clause.rpartition(".")[2] for clause in policy.clauses)


def _is_commitment(policy: Policy, name: str, near: str) -> bool:
    made = {f"accept_{level.id}" for level in policy.levels} | {"promise"}
    return (
        name in made
        or any(rule.name == name for rule in policy.rules)
        or clause_named(policy, name, near=near) is not None
    )


def _check_event(example: Keys, policy: Policy, event: Map) -> None:
    if event.get("at") is None or event.get("event") is None:
        return
    try:
        read_event(policy, plain(event))
    except BadEvent as wrong:
        example.tell(event.place, "E301", str(wrong), "correct the event")


def _check_commitment(example: Keys, policy: Policy, wanted: Node) -> None:
    for one in wanted.values if isinstance(wanted, Seq) else [wanted]:
        if isinstance(one, Scalar):
            _check_verdict(example, one)
        elif isinstance(one, Map):
            for name, (key, value) in one.entries.items():
                if name not in DETAILS:
                    example.tell(
                        key.place, "E114", f'unknown key "{name[:60]}"',
                        did_you_mean(name, DETAILS),
                    )  # fmt: skip
                elif not isinstance(value, Scalar):
                    example.tell(value.place, "E431", f'"{name}" takes one value')
                else:
                    _check_detail(example, policy, name, value)
        else:
            example.tell(one.place, "E431", "a verdict is one word", "as in kept")


def _check_detail(example: Keys, policy: Policy, name: str, value: Scalar) -> None:
    if name == "verdict":
        _check_verdict(example, value)
    elif name == "late" and read_figure(value.text, Kind.DURATION) is None:
        example.tell(value.place, "E301", f'"{value.text[:60]}" is no duration', "write 30m")
    elif name in ("due", "started") and value.text not in ("none", "null"):
        try:
            instant_from_wire(policy, value.text)
        except (ValueError, OverflowError):
            example.tell(
                value.place, "E301", f'"{value.text[:60]}" is no instant', "write 2025-06-02T10:00"
            )


def _check_verdict(example: Keys, value: Scalar) -> None:
    word, bracket, _ = value.text.partition("(")
    if word not in VERDICTS or (bracket and not value.text.endswith(")")):
        example.tell(
            value.place, "E115", f'"{value.text[:60]}" is no verdict',
            did_you_mean(word, VERDICTS),
        )  # fmt: skip
