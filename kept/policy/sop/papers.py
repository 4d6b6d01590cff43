"""Forms, templates, decision tables, notes and test blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kept.policy.conditions import FieldType, Type
from kept.policy.rules import (
    CustomField,
    Form,
    FormField,
    SopTest,
    TableRow,
    TableRule,
    Template,
    Wording,
)
from kept.policy.sop.declare import Declarations
from kept.policy.sop.front import FIELD_NAME
from kept.policy.sop.keys import Keys, plain, typed
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.parse import Loaded
from kept.policy.sop.source import did_you_mean
from kept.policy.sop.yaml import Map, Node, Scalar, Seq
from kept.policy.wire import FIRST_YEAR, LAST_YEAR
from kept.policy.words import Because

FORM_TYPES = {
    "text": Type.CHOICE, "long": Type.CHOICE, "choice": Type.CHOICE, "number": Type.COUNT,
    "money": Type.MONEY, "date": Type.DATE, "time": Type.CHOICE, "yes_no": Type.BOOL,
    "list": Type.LIST,
}  # fmt: skip
WALL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?")

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Papers:
    """Collects what a document's forms, templates, tables, notes and tests say."""

    def __init__(self, lowering: Lowering, declarations: Declarations) -> None:
        self.lowering = lowering
        self.declarations = declarations
        self.forms: dict[str, Form] = {}
        self.templates: dict[str, Template] = {}
        self.table_fields: dict[str, CustomField] = {}
        self.tests: list[SopTest] = []
        self.examples: list[Keys] = []
        """The tests as written, to be held against the policy once it is whole."""
        self.facts: dict[str, Any] = {}
        self.informative: set[str] = set()

    # Forms and templates -------------------------------------------------------------------

    def form(self, keys: Keys) -> None:
        found = self.declarations.identify(keys, "form")
        event = keys.text("event") or None
        fields = self._form_fields(keys)
        title = keys.text("title")
        if found is None:
            return
        name = found[0]
        if event is not None and event not in self.lowering.names.of("event"):
            self.lowering.names.of("event")[event] = keys.node.place.line
        for one in fields:
            kind = FieldType(type=FORM_TYPES[one.type], values=one.choices)
            self.lowering.names.fields[f"{name}.{one.id}"] = kind
        self.forms[name] = Form(
            id=name, title=title or name, fields=fields, event=event, clause=keys.clause.id
        )

    def _form_fields(self, keys: Keys) -> tuple[FormField, ...]:
        found: dict[str, FormField] = {}
        for node in keys.maps("fields"):
            inner = keys.inner(node)
            scalar = inner.required("id")
            name = scalar.text.strip() if scalar else ""
            one = FormField(
                id=name,
                label=inner.text("label") or name.replace("_", " ").capitalize(),
                type=inner.choice("type", FORM_TYPES, "text"),
                required=inner.flag("required", default=True),
                choices=inner.texts("choices"),
                source=inner.text("source") or None,
                help=inner.text("help"),
            )
            if one.type == "choice" and not one.choices:
                inner.required("choices")
            inner.done()
            if scalar is None:
                continue
            if not FIELD_NAME.match(name) or name in found:
                keys.tell(
                    scalar.place, "E420" if name in found else "E432",
                    f'"{name[:60]}" cannot name this field', "letters, digits and _, each once",
                )  # fmt: skip
                continue
            found[name] = one
        return tuple(found.values())

    def template(self, keys: Keys) -> None:
        found = self.declarations.identify(keys, "template")
        channel = keys.scalar("channel")
        if channel is not None and self.lowering.names.of("channel"):
            self.lowering.names.refer("channel", channel.text, channel.place, keys.clause.id)
        body = keys.required("body")
        template = Template(
            id=found[0] if found else "",
            title=keys.text("title") or (found[0] if found else ""),
            subject=keys.text("subject"),
            body=body.text if body else "",
            channel=channel.text if channel else "email",
            fields=self._form_fields(keys),
            others=self._wordings(keys),
            clause=keys.clause.id,
            implied=keys.flag("implied"),
        )
        if found is not None:
            self.templates[template.id] = template

    def _wordings(self, keys: Keys) -> tuple[Wording, ...]:
        """Read `in`, a template's texts by language."""
        found = []
        languages = keys.map("in")
        for name, (key, node) in (languages.entries if languages else {}).items():
            if not LANGUAGE.fullmatch(name):
                keys.tell(
                    key.place, "E432", f'"{name[:60]}" names no language', "as in hi, es or pt-BR"
                )
                continue
            if not isinstance(node, Map):
                keys.tell(key.place, "E431", f'"{name}" takes a mapping', "subject and body")
                continue
            inner = keys.inner(node)
            body = inner.required("body")
            subject = inner.text("subject")
            inner.done()
            found.append(
                Wording(language=name.lower(), subject=subject, body=body.text if body else "")
            )
        return tuple(sorted(found, key=lambda one: one.language))

    # Tables ----------------------------------------------------------------------------------

    def table_inputs(self, keys: Keys) -> None:
        """Declare the fields a table reads and derives, before any condition names them."""
        node = keys.node_of("inputs")
        for name, (key, value) in (node.entries if isinstance(node, Map) else {}).items():
            values = tuple(one.text for one in keys.flat(value, name))
            self._declare(keys, name, key, values)
        output = keys.scalar("output")
        if output is not None and output.text not in self.lowering.names.fields:
            then = [inner.text("then") for inner in map(keys.inner, keys.maps("rows"))]
            self._declare(keys, output.text, output, tuple(dict.fromkeys(filter(None, then))))

    def _declare(self, keys: Keys, name: str, place: Scalar, values: tuple[str, ...]) -> None:
        known = self.lowering.names.fields.get(name)
        if known is not None:
            extra = [value for value in values if known.values and value not in known.values]
            if extra:
                keys.tell(
                    place.place, "E107", f'"{extra[0][:60]}" is no {name} of this SOP',
                    did_you_mean(extra[0], known.values),
                )  # fmt: skip
            return
        if not FIELD_NAME.match(name):
            keys.tell(place.place, "E432", f'"{name[:60]}" cannot name a field', "letters and _")
            return
        self.lowering.names.fields[name] = FieldType(type=Type.CHOICE, values=values)
        self.lowering.names.of("field")[name] = place.place.line
        self.table_fields[name] = CustomField(
            id=name, type="choice", values=values, line=place.place.line
        )

    def table(self, keys: Keys, order: int) -> TableRule | None:
        before = len(self.lowering.problems.found)
        name = keys.required("name")
        domains = tuple(self._domains(keys))
        output = keys.required("output")
        if not keys.has("inputs"):
            keys.required("inputs")
        out = output.text if output else ""
        rows = tuple(self._row(keys.inner(node), dict(domains), out) for node in keys.maps("rows"))
        if not rows:
            keys.tell(keys.node.place, "E430", "the table has no rows", "add rows:")
        unique, complete = keys.flag("unique", default=True), keys.flag("complete")
        keys.used.update(("enforce", "on_change"))
        keys.done()
        told = self.lowering.problems.found[before:]
        if name is None or any(problem.severity == "error" for problem in told):
            return None
        return TableRule(
            because=Because(
                clause=keys.clause.id, line=keys.node.place.line, rule=f"table:{name.text}"
            ),
            order=order, name=name.text, inputs=tuple(field for field, _ in domains),
            output=out, rows=rows, unique=unique, complete=complete, domains=domains,
        )  # fmt: skip

    def _domains(self, keys: Keys) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each input and its values: those listed here, or those of the field."""
        node = keys.node_of("inputs")
        if isinstance(node, Map):
            for name, (_, value) in node.entries.items():
                yield name, tuple(one.text for one in keys.flat(value, name))
            return
        for one in keys.flat(node, "inputs") if node is not None else []:
            known = self.lowering.names.fields.get(one.text)
            if known is None:
                self.lowering.names.refer("field", one.text, one.place, keys.clause.id)
                continue
            values = ("true", "false") if known.type is Type.BOOL else known.values
            if not values:
                keys.tell(
                    one.place, "E422", f'"{one.text}" has no list of values',
                    f"write inputs: {{{one.text}: [...]}}",
                )  # fmt: skip
            yield one.text, values

    def _row(self, keys: Keys, domains: dict[str, tuple[str, ...]], output: str) -> TableRow:
        when = []
        for field in keys.node.entries:
            if field not in domains:
                continue
            for one in keys.scalars(field):
                if domains[field] and one.text not in domains[field]:
                    keys.tell(
                        one.place, "E107", f'"{one.text[:60]}" is no {field} of this table',
                        did_you_mean(one.text, domains[field]),
                    )  # fmt: skip
            when.append((field, keys.texts(field)))
        then = keys.required("then")
        known = self.lowering.names.fields.get(output)
        if (
            then is not None
            and known is not None
            and known.values
            and then.text not in known.values
        ):
            keys.tell(
                then.place, "E107", f'"{then.text[:60]}" is no {output} of this SOP',
                did_you_mean(then.text, known.values),
            )  # fmt: skip
        keys.done()
        return TableRow(
            when=tuple(when), then=then.text if then else "", line=keys.node.place.line
        )

    # Notes and tests -------------------------------------------------------------------------

    def note(self, loaded: Loaded) -> None:
        node = loaded.node
        if isinstance(node, Scalar):
            if node.text != "informative":
                self._wrong(loaded, node, "a note is a mapping or the word informative")
            self.informative.add(loaded.clause.id)
            return
        if not isinstance(node, Map):
            self._wrong(loaded, node, "a note is a mapping or the word informative")
            return
        keys = self.lowering.keys(node, loaded.clause)
        if keys.flag("informative"):
            self.informative.add(loaded.clause.id)
        if keys.flag("locked"):
            self.lowering.locked[loaded.clause.id] = node.place.line
        keys.used.update(("why", "evidence"))
        facts = keys.map("facts")
        if facts is not None:
            merge(self.facts, typed(facts))
        keys.done()

    def test(self, loaded: Loaded) -> None:
        node = loaded.node
        for value in node.values if isinstance(node, Seq) else [node]:
            if not isinstance(value, Map):
                self._wrong(loaded, value, "a test block is a list of tests")
                continue
            self._one_test(self.lowering.keys(value, loaded.clause))

    def _one_test(self, keys: Keys) -> None:
        self.examples.append(keys)
        name, expect = keys.required("name"), keys.map("expect")
        until = keys.scalar("until")
        if until is not None:
            self._check_time(keys, until)
        given = []
        for event in keys.maps("given"):
            inner = keys.inner(event)
            at, what = inner.required("at"), inner.required("event")
            if at is not None:
                self._check_time(keys, at)
            if what is not None:
                self.lowering.names.refer_event(what.text, what.place, keys.clause.id)
            given.append(plain(event))
        if not keys.has("expect"):
            keys.required("expect")
        parameters = keys.map("parameters")
        keys.done()
        self.tests.append(
            SopTest(
                clause=keys.clause.id,
                name=name.text if name else "",
                line=keys.node.place.line,
                given=tuple(one for one in given if isinstance(one, dict)),
                expect=_mapping(expect),
                until=until.text if until else None,
                parameters={key: str(value) for key, value in _mapping(parameters).items()},
            )
        )

    def _check_time(self, keys: Keys, scalar: Scalar) -> None:
        try:
            if not WALL_TIME.match(scalar.text):
                raise ValueError
            if not FIRST_YEAR <= datetime.fromisoformat(scalar.text).year <= LAST_YEAR:
                raise ValueError
        except ValueError:
            keys.tell(
                scalar.place, "E301", f'"{scalar.text[:60]}" is no instant',
                "write 2025-06-02T10:00",
            )  # fmt: skip

    def _wrong(self, loaded: Loaded, node: Node, message: str) -> None:
        self.lowering.problems.error(node.place, "E431", message, clause=loaded.clause.id)


def _mapping(node: Map | None) -> dict[str, Any]:
    value = plain(node) if node is not None else {}
    return value if isinstance(value, dict) else {}


def merge(into: dict[str, Any], more: object) -> None:
    """Add facts by key: lists grow, mappings merge, anything else is replaced."""
    assert isinstance(more, dict)
    for key, value in more.items():
        old = into.get(key)
        if isinstance(old, list) and isinstance(value, list):
            old.extend(value)
        elif isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        else:
            into[key] = value
