"""The type checker of conditions: a parsed tree against the table of fields.

It puts fields on the left, turns literals into the field's own units and parameters into values;
after it the tree is safe to compile. All problems of a condition are found, not only the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from kept.policy.conditions import COMPARISONS, ConditionProblem, Expr, Fields, FieldType, Type
from kept.policy.words import Value

Figure = Callable[[str, Type, int], Value]
"""The value of `$name` in the units of a type, at an offset; None where it is not set (yet)."""

SCALE = {Type.COUNT: 1, Type.MONEY: 100, Type.SCORE: 1000}
SAID = {
    Type.BOOL: "a yes or no", Type.COUNT: "a count", Type.MONEY: "an amount of money",
    Type.SCORE: "a score", Type.DATE: "a date", Type.CHOICE: "a word", Type.LIST: "a list",
    Type.TEXT: "a text",
}  # fmt: skip
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
MAX_NUMBER = 10**17
DAY_FORM = re.compile(r"\d{4}-\d{2}-\d{2}$")
BROKEN = Expr(op="unset")


class Checker:
    """Checks one condition; `problems` holds what it found."""

    def __init__(self, fields: Fields, figure: Figure) -> None:
        self.fields = fields
        self.figure = figure
        self.problems: list[ConditionProblem] = []

    def tell(
        self, at: Expr, code: str, message: str, advice: str = "",
        unknown: tuple[str, str] | None = None,
    ) -> Expr:  # fmt: skip
        self.problems.append(
            ConditionProblem(
                offset=at.start, code=code, message=message, advice=advice, unknown=unknown
            )
        )
        return BROKEN

    def truth(self, tree: Expr) -> Expr:
        """Check a node that must be true or false."""
        match tree.op:
            case "and" | "or" | "not":
                return _with(tree, *(self.truth(part) for part in tree.args))
            case "known":
                self.field(tree)
                return tree
            case "field":
                if (field := self.field(tree)) and field.type is not Type.BOOL:
                    said = SAID[field.type]
                    return self.tell(
                        tree, "E301", f'"{tree.name}" is {said}, not a yes or no',
                        f"compare it, or ask known({tree.name})",
                    )  # fmt: skip
                return tree
            case "literal" if isinstance(tree.value, bool):
                return tree
            case "in":
                return self.membership(tree)
            case "has":
                return self.search(tree)
            case op if op in COMPARISONS:
                return self.comparison(tree)
            case _:
                return self.tell(
                    tree, "E302", "a value stands where a condition should",
                    "compare a field with it",
                )  # fmt: skip

    def field(self, node: Expr) -> FieldType | None:
        known = self.fields.get(node.name)
        if known is None:
            self.tell(node, "E105", f'unknown field "{node.name}"', unknown=("field", node.name))
        return known

    # Comparisons -------------------------------------------------------------------------

    def comparison(self, tree: Expr) -> Expr:
        left, right = tree.args
        op = tree.op
        if left.op != "field" and right.op == "field":
            left, right, op = right, left, FLIPPED[op]
        if left.op != "field":
            return self.tell(
                tree, "E302", "a comparison needs a field", "name a field of the ticket or event"
            )
        field = self.field(left)
        if field is None:
            return BROKEN
        if not self.comparable(left, field, op):
            return BROKEN
        if right.op == "field":
            return self.two_fields(tree, op, left, right)
        value = self.value(right, left.name, field)
        return Expr(op=op, args=(left, value), start=tree.start)

    def comparable(self, left: Expr, field: FieldType, op: str) -> bool:
        if field.type in (Type.TEXT, Type.LIST):
            advice = 'write: text has ["word"]' if field.type is Type.TEXT else (
                f'write: "word" in {left.name}'
            )  # fmt: skip
            self.tell(left, "E303", f'"{left.name}" is {SAID[field.type]}: {op} fails', advice)
            return False
        ordered = field.ordered or field.type not in (Type.CHOICE, Type.BOOL)
        if op not in ("==", "!=") and not ordered:
            self.tell(
                left, "E303", f'"{left.name}" has no order: {op} fails',
                f"write: {left.name} in [...]",
            )  # fmt: skip
            return False
        return True

    def two_fields(self, tree: Expr, op: str, left: Expr, right: Expr) -> Expr:
        one, other = self.fields[left.name], self.field(right)
        if other is not None and (one.type is not other.type or one.ordered):
            return self.tell(
                tree, "E301",
                f'"{left.name}" is {SAID[one.type]}, "{right.name}" {SAID[other.type]}',
                "compare a field with a value",
            )  # fmt: skip
        return Expr(op=op, args=(left, right), start=tree.start)

    def value(self, node: Expr, name: str, field: FieldType) -> Expr:
        """Return a literal in the field's own units."""
        if node.op == "param":
            found = self.figure(node.name, field.type, node.start)
            if found is None:
                return Expr(op="unset", name=node.name, start=node.start)
            if isinstance(found, str) and field.values and found not in field.values:
                return self._no_value(node, name, found)
            return Expr(op="literal", name="figure", value=found, start=node.start)
        if node.op != "literal":
            return self.tell(node, "E302", "one value belongs here", "use `in` for a list")
        value = node.value
        if isinstance(value, bool) != (field.type is Type.BOOL):
            return self._clash(node, name, field)
        if isinstance(value, bool):
            return node
        if field.type in SCALE:
            return self.number(node, name, field)
        if node.name != "text":
            return self._clash(node, name, field)
        if field.type is Type.DATE:
            return node if _is_date(str(value)) else self._clash(node, name, field)
        if field.values and value not in field.values:
            return self._no_value(node, name, str(value))
        return node

    def number(self, node: Expr, name: str, field: FieldType) -> Expr:
        written = str(node.value)
        if node.name != "number" or written.endswith("%"):
            return self._clash(node, name, field)
        amount = Fraction(written.replace(",", "").replace("_", "")) * SCALE[field.type]
        if abs(amount) > MAX_NUMBER:
            return self.tell(node, "E304", "the number is too large", "write a smaller one")
        if amount.denominator != 1:
            return self.tell(
                node, "E304", f"{written} is finer than {SAID[field.type]} can be",
                "round it",
            )  # fmt: skip
        return Expr(op="literal", name=field.type, value=int(amount), start=node.start)

    def _clash(self, node: Expr, name: str, field: FieldType) -> Expr:
        advice = {
            Type.BOOL: "write true or false",
            Type.DATE: 'write "2026-12-31"',
            Type.CHOICE: "put the word in quotes",
        }.get(field.type, "write a bare number")
        return self.tell(
            node, "E301", f'"{name}" is {SAID[field.type]}; {_shown(node)} is not', advice
        )

    def _no_value(self, node: Expr, name: str, value: str) -> Expr:
        return self.tell(
            node, "E107", f'"{value}" is no {name} of this SOP', unknown=(name, value)
        )

    # Lists ---------------------------------------------------------------------------------

    def membership(self, tree: Expr) -> Expr:
        left, right = tree.args
        if right.op == "field":
            return self.within_field(tree, left, right)
        if left.op != "field" or right.op != "list":
            return self.tell(
                tree, "E302", "`in` needs a field and a list",
                'write: severity in ["P1", "P2"], or "word" in flags',
            )  # fmt: skip
        field = self.field(left)
        if field is None:
            return BROKEN
        if field.type in (Type.TEXT, Type.LIST):
            return self.tell(left, "E303", f'"{left.name}" is {SAID[field.type]}: `in` fails')
        values = tuple(self.value(part, left.name, field) for part in right.args)
        if not values:
            return self.tell(right, "E302", "the list is empty", "name at least one value")
        return Expr(op="in", args=(left, _with(right, *values)), start=tree.start)

    def within_field(self, tree: Expr, left: Expr, right: Expr) -> Expr:
        field = self.field(right)
        if field is None:
            return BROKEN
        if field.type is not Type.LIST:
            return self.tell(right, "E303", f'"{right.name}" is {SAID[field.type]}, not a list')
        value = self.value(left, right.name, FieldType(type=Type.CHOICE, values=field.values))
        return Expr(op="in", args=(value, right), start=tree.start)

    def search(self, tree: Expr) -> Expr:
        left, right = tree.args
        if left.op != "field" or left.name != "text":
            return self.tell(left, "E303", "`has` searches only `text`", "write: text has [...]")
        if right.op == "literal":
            right = Expr(op="list", args=(right,), start=right.start)
        if right.op != "list" or not right.args:
            return self.tell(right, "E302", "`has` needs a list of words", 'as in ["down"]')
        for part in right.args:
            if part.op != "literal" or part.name != "text" or not str(part.value).strip():
                self.tell(part, "E302", "a word in quotes belongs here", 'as in ["down"]')
        return Expr(op="has", args=(left, right), start=tree.start)


def _with(tree: Expr, *args: Expr) -> Expr:
    return Expr(op=tree.op, name=tree.name, value=tree.value, args=args, start=tree.start)


def _is_date(text: str) -> bool:
    if not DAY_FORM.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _shown(node: Expr) -> str:
    return f'"{node.value}"' if node.name == "text" else str(node.value).lower()
