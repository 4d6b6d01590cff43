"""Check what a person filled in against a form of the SOP, and read it as typed values.

Free text stays in the evidence row; a fact gets only what conditions can read and the journal
may hold.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from kept.policy import Policy
from kept.policy.rules import FormField
from kept.policy.words import Value
from kept.services.errors import NotValid

GIVEN = "given"
MOST_DIGITS = 18
FREE = ("text", "long", "list")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_YES = {"yes", "true", "on", "1"}
_NO = {"no", "false", "off", "0"}


def check_form(policy: Policy, form: str, answers: Mapping[str, Any]) -> None:
    """Raise NotValid naming every field that is missing, unknown or not readable."""
    declared = policy.forms.get(form)
    if declared is None:
        raise NotValid(f"The SOP has no form named {form}.")
    known = {field.id for field in declared.fields}
    wrong = [f"{key} is not part of the form" for key in answers if key not in known]
    for field in declared.fields:
        answer = answers.get(field.id)
        if answer in (None, "", []):
            if field.required:
                wrong.append(f"{field.label or field.id} is missing")
            continue
        try:
            _typed(field, answer)
        except (ValueError, InvalidOperation):
            wrong.append(f"{field.label or field.id} cannot be read as {field.type}")
    if wrong:
        raise NotValid("; ".join(wrong) + ".")


def form_values(policy: Policy, form: str, answers: Mapping[str, Any]) -> dict[str, Value]:
    """Return the typed answers as `FORM.FIELD` and `FIELD`; texts only say that they exist."""
    values: dict[str, Value] = {}
    for field in policy.forms[form].fields:
        answer = answers.get(field.id)
        if answer in (None, "", []):
            continue
        value = GIVEN if field.type in FREE else _typed(field, answer)
        values[f"{form}.{field.id}"] = value
        if field.id in policy.fields:
            values[field.id] = value
    return values


def field_values(policy: Policy, given: Mapping[str, Value]) -> dict[str, Value]:
    """Return a ticket's own fields as a fact may hold them; free text only as being there."""
    values: dict[str, Value] = {}
    for name, value in given.items():
        declared = policy.fields.get(name)
        if declared is None:
            raise NotValid(f"The SOP has no field named {name}.")
        if declared.values and value not in declared.values:
            raise NotValid(f"{name} is one of: {', '.join(declared.values)}.")
        if not _fits(declared.type, value):
            raise NotValid(f"{name} cannot be read as {declared.type}.")
        free = declared.type in FREE and not declared.values
        values[name] = GIVEN if free and value else value
    return values


def _fits(kind: str, value: Value) -> bool:
    """Tell whether a value is of a field's type; a condition must never meet another."""
    if value is None:
        return True
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "count" | "money" | "score":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "list":
            return isinstance(value, tuple | list)
        case "date":
            return isinstance(value, str) and bool(_DATE.fullmatch(value))
    return isinstance(value, str)


def _short(told: str) -> str:
    """Return a number's text; one of a hundred digits or an exponent is a slip or an attack."""
    if len(told) > MOST_DIGITS or "e" in told.lower():
        raise ValueError(told)
    return told


def _typed(field: FormField, answer: Any) -> Value:
    told = str(answer).strip()
    match field.type:
        case "choice":
            if field.choices and told not in field.choices:
                raise ValueError(told)
            return told
        case "number":
            return int(_short(told))
        case "money":
            amount = Decimal(_short(told).replace(",", "")) * 100
            if not amount.is_finite() or amount != amount.to_integral_value():
                raise ValueError(told)
            return int(amount)
        case "date":
            return date.fromisoformat(told).isoformat()
        case "time":
            return time.fromisoformat(told).isoformat()
        case "yes_no":
            if told.lower() not in _YES | _NO:
                raise ValueError(told)
            return told.lower() in _YES
        case "list":
            given = answer if isinstance(answer, list | tuple) else [answer]
            return tuple(str(each) for each in given)
    return told
