"""Conditions: a typed, three-valued subset of CEL, compiled to closures.

Parsed once, checked against a table of fields, then run as plain Python closures; nothing is ever
evaluated as code. An unknown fact makes a condition unknown (None), never false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kept.policy.phrases import fold, phrases_in
from kept.policy.rules import Condition, Scope, Truth
from kept.policy.words import Frozen, Value

MAX_NODES = 64
MAX_SOURCE = 4_000

Test = Callable[[Scope], Truth]


class Type(StrEnum):
    """What a field holds. `text` can only be searched with `has`."""

    BOOL = "bool"
    COUNT = "count"
    MONEY = "money"
    SCORE = "score"
    DATE = "date"
    CHOICE = "choice"
    LIST = "list"
    TEXT = "text"


class FieldType(Frozen, frozen=True, kw_only=True):
    """A row of the field table. `values` are a choice's own; `ordered` ones compare by place."""

    type: Type
    values: tuple[str, ...] = ()
    ordered: bool = False


Fields = Mapping[str, FieldType]


class Expr(Frozen, frozen=True, kw_only=True):
    """A node of a condition.

    `op` is and, or, not, a comparison, in, has, known, field, literal, list or unset (a parameter
    without value). `value` of a checked literal is in the field's own units: cents, thousandths.
    `start` is the node's offset in the source.
    """

    op: str
    name: str = ""
    value: Value = None
    args: tuple[Expr, ...] = ()
    start: int = 0


class ConditionProblem(Frozen, frozen=True, kw_only=True):
    """What is wrong with a condition, `offset` characters into it."""

    offset: int
    code: str
    message: str
    advice: str = ""
    unknown: tuple[str, str] | None = None
    """(kind of name, the name) where a name is not declared: the caller knows the others."""


class ConditionError(Exception):
    """Carries the first problem out of the parser; the checker collects its own."""

    def __init__(self, problem: ConditionProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


# Reading -----------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||==|!=|<=|>=|<|>|!|\(|\)|\[|\]|,)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>-?\d[\d_,]*(?:\.\d+)?%?)
    |(?P<param>\$[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?))""",
    re.VERBOSE,
)
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
WRITTEN_OTHERWISE = {"and": "&&", "or": "||", "not": "!", "=": "==", "&": "&&", "|": "||"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int


def parse(source: str) -> Expr:
    """Return the tree of a condition; raise ConditionError at the first thing out of place."""
    if len(source) > MAX_SOURCE:
        raise _wrong(0, f"a condition of {len(source)} characters", "split the rule", "E904")
    parser = _Parser(list(_tokens(source)), len(source))
    tree = parser.either()
    parser.end()
    return tree


def _wrong(offset: int, message: str, advice: str = "", code: str = "E310") -> ConditionError:
    return ConditionError(
        ConditionProblem(offset=offset, code=code, message=message, advice=advice)
    )


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    end = len(source.rstrip())
    while position < end:
        found = TOKEN.match(source, position)
        if found is None:
            start = position + len(source[position:]) - len(source[position:].lstrip())
            sign = source[start]
            better = WRITTEN_OTHERWISE.get(sign)
            advice = f'write "{better}"' if better else "quote words and compare with == or in"
            raise _wrong(start, f'"{sign}" means nothing in a condition', advice)
        kind = found.lastgroup or ""
        yield Token(kind, found[kind], found.start(kind))
        position = found.end()


class _Parser:
    def __init__(self, tokens: list[Token], length: int) -> None:
        self.tokens = tokens
        self.length = length
        self.at = 0
        self.nodes = 0

    def peek(self) -> Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return Token("end", "", self.length)

    def take(self, *texts: str) -> Token | None:
        token = self.peek()
        if token.text in texts and token.kind in ("op", "name"):
            self.at += 1
            return token
        return None

    def expect(self, text: str) -> None:
        if self.take(text) is None:
            raise _wrong(self.peek().start, f'"{text}" is missing here')

    def end(self) -> None:
        token = self.peek()
        if token.kind != "end":
            better = WRITTEN_OTHERWISE.get(token.text)
            advice = f'write "{better}"' if better else "join conditions with && or ||"
            raise _wrong(token.start, f'"{token.text[:40]}" does not follow here', advice)

    def node(self, op: str, start: int, *args: Expr, name: str = "", value: Value = None) -> Expr:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _wrong(
                start, f"more than {MAX_NODES} parts in one condition", "split the rule", "E904"
            )
        return Expr(op=op, name=name, value=value, args=args, start=start)

    def either(self) -> Expr:
        left = self.both()
        while token := self.take("||"):
            left = self.node("or", token.start, left, self.both())
        return left

    def both(self) -> Expr:
        left = self.negated()
        while token := self.take("&&"):
            left = self.node("and", token.start, left, self.negated())
        return left

    def negated(self) -> Expr:
        if token := self.take("!"):
            node = self.node("not", token.start)
            return Expr(op="not", args=(self.negated(),), start=node.start)
        return self.comparison()

    def comparison(self) -> Expr:
        left = self.operand()
        if token := self.take(*COMPARISONS):
            return self.node(token.text, token.start, left, self.operand())
        if token := self.take("in", "has"):
            return self.node(token.text, token.start, left, self.operand())
        return left

    def operand(self) -> Expr:
        token = self.peek()
        self.at += 1
        if token.text == "(":
            self.node("group", token.start)
            inside = self.either()
            self.expect(")")
            return inside
        if token.text == "[" and token.kind == "op":
            return self.list(token)
        if token.kind == "text":
            said = re.sub(r"\\(.)", r"\1", token.text[1:-1])
            return self.node("literal", token.start, value=said, name="text")
        if token.kind == "number":
            return self.node("literal", token.start, value=token.text, name="number")
        if token.kind == "param":
            return self.node("param", token.start, name=token.text[1:])
        if token.kind == "name":
            return self.name(token)
        shown = f'"{token.text}"' if token.text else "the end"
        raise _wrong(token.start, f"{shown} stands where a field or a value should")

    def list(self, opening: Token) -> Expr:
        values: list[Expr] = []
        while self.take("]") is None:
            if values:
                self.expect(",")
            if len(values) > MAX_NODES:
                raise _wrong(opening.start, "the list is too long", "split the rule", "E904")
            values.append(self.operand())
        self.nodes -= len(values)
        return self.node("list", opening.start, *values)

    def name(self, token: Token) -> Expr:
        if token.text in ("true", "false"):
            return self.node("literal", token.start, value=token.text == "true", name="bool")
        if token.text == "known" and self.take("("):
            field = self.peek()
            self.at += 1
            if field.kind != "name":
                raise _wrong(field.start, "known() takes the name of a field")
            self.expect(")")
            return self.node("known", token.start, name=field.text)
        return self.node("field", token.start, name=token.text)


def walk(tree: Expr) -> Iterator[Expr]:
    """Yield every node, the root first."""
    yield tree
    for argument in tree.args:
        yield from walk(argument)


# Running -----------------------------------------------------------------------------------


def compile_tree(tree: Expr, fields: Fields) -> Test:
    """Return the closure of a checked tree."""
    match tree.op:
        case "and":
            return _and(*(compile_tree(part, fields) for part in tree.args))
        case "or":
            return _or(*(compile_tree(part, fields) for part in tree.args))
        case "not":
            return _not(compile_tree(tree.args[0], fields))
        case "literal":
            truth = bool(tree.value)
            return lambda scope: truth
        case "unset":
            return lambda scope: None
        case "known":
            return _known(tree.name)
        case "field":
            return _field(tree.name)
        case "in":
            return _in(tree)
        case "has":
            return _has(tree)
        case _:
            return _compare(tree, fields)


def _and(left: Test, right: Test) -> Test:
    def test(scope: Scope) -> Truth:
        first = left(scope)
        if first is False:
            return False
        second = right(scope)
        if second is False:
            return False
        return None if first is None or second is None else True

    return test


def _or(left: Test, right: Test) -> Test:
    def test(scope: Scope) -> Truth:
        first = left(scope)
        if first is True:
            return True
        second = right(scope)
        if second is True:
            return True
        return None if first is None or second is None else False

    return test


def _not(inner: Test) -> Test:
    def test(scope: Scope) -> Truth:
        truth = inner(scope)
        return None if truth is None else not truth

    return test


def _known(name: str) -> Test:
    if name == "text":
        return lambda scope: scope.get("phrases") is not None or scope.get("text") is not None
    return lambda scope: scope.get(name) is not None


def _field(name: str) -> Test:
    def test(scope: Scope) -> Truth:
        value = scope.get(name)
        return None if value is None else value is True

    return test


def _in(tree: Expr) -> Test:
    left, right = tree.args
    if right.op == "unset" or left.op == "unset":
        return lambda scope: None
    name = right.name
    wanted = left.value
    if right.op == "field":

        def holds(scope: Scope) -> Truth:
            value = scope.get(name)
            return wanted in value if isinstance(value, tuple | list) else None

        return holds
    allowed = frozenset(part.value for part in right.args if isinstance(part.value, str | int))
    field = left.name

    def test(scope: Scope) -> Truth:
        value = scope.get(field)
        return None if value is None else value in allowed

    return test


def _compare(tree: Expr, fields: Fields) -> Test:
    """A comparison; the checker has put the field on the left."""
    left, right = tree.args
    if left.op == "unset" or right.op == "unset":
        return lambda scope: None
    if right.op == "field":
        return _compare_fields(tree.op, left.name, right.name)
    field = fields.get(left.name)
    if field is not None and field.ordered and tree.op not in ("==", "!="):
        return _compare_ranks(tree.op, left.name, str(right.value), field.values)
    return _compare_values(tree.op, left.name, right.value)


def _compare_values(op: str, name: str, wanted: Value) -> Test:
    if op == "==":

        def equal(scope: Scope) -> Truth:
            value = scope.get(name)
            return None if value is None else value == wanted

        return equal
    if op == "!=":

        def unequal(scope: Scope) -> Truth:
            value = scope.get(name)
            return None if value is None else value != wanted

        return unequal
    return ORDERED[op](name, wanted, type(wanted))


def _compare_ranks(op: str, name: str, wanted: str, values: tuple[str, ...]) -> Test:
    ranks = {value: rank for rank, value in enumerate(values)}
    goal = ranks.get(wanted, -1)
    compare = ORDER[op]

    def test(scope: Scope) -> Truth:
        value = scope.get(name)
        rank = ranks.get(value) if isinstance(value, str) else None
        return None if rank is None else compare(rank, goal)

    return test


def _compare_fields(op: str, left: str, right: str) -> Test:
    compare = ORDER[op]

    def test(scope: Scope) -> Truth:
        first, second = scope.get(left), scope.get(right)
        if first is None or type(first) is not type(second):
            return None
        return compare(first, second)

    return test


# Spelled out, because a call more would double the time that a test takes.
ORDERED: dict[str, Callable[[str, Any, type], Callable[[Any], Any]]] = {
    "<": lambda name, wanted, kind: (
        lambda scope: value < wanted if type(value := scope.get(name)) is kind else None
    ),
    "<=": lambda name, wanted, kind: (
        lambda scope: value <= wanted if type(value := scope.get(name)) is kind else None
    ),
    ">": lambda name, wanted, kind: (
        lambda scope: value > wanted if type(value := scope.get(name)) is kind else None
    ),
    ">=": lambda name, wanted, kind: (
        lambda scope: value >= wanted if type(value := scope.get(name)) is kind else None
    ),
}
ORDER: dict[str, Callable[[object, object], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]  # the checker compares like with like
    "<=": lambda a, b: a <= b,  # type: ignore[operator]  # the checker compares like with like
    ">": lambda a, b: a > b,  # type: ignore[operator]  # the checker compares like with like
    ">=": lambda a, b: a >= b,  # type: ignore[operator]  # the checker compares like with like
}


# Phrases -----------------------------------------------------------------------------------


def _has(tree: Expr) -> Test:
    phrases = tuple(str(part.value) for part in tree.args[1].args)
    wanted = frozenset(fold(phrase) for phrase in phrases)

    def test(scope: Scope) -> Truth:
        found = scope.get("phrases")
        if isinstance(found, tuple | list):
            return not wanted.isdisjoint(found)
        text = scope.get("text")
        return bool(phrases_in(text, wanted)) if isinstance(text, str) else None

    return test


def phrases_of(condition: Condition | None) -> frozenset[str]:
    """Return the folded phrases that a condition looks for in a text."""
    if condition is None or condition.tree is None:
        return frozenset()
    return frozenset(
        fold(str(part.value))
        for node in walk(condition.tree)
        if node.op == "has"
        for part in node.args[1].args
    )
