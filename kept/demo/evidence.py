"""What the demo's agents write into forms: plausible, never empty, by the kind of field."""

from datetime import datetime
from typing import Any

from kept.policy.rules import Form, FormField

LINES = {
    "happened": "It began in the night; the caregiver noticed it at once and called us.",
    "done": "Called back, looked at the record, told the customer what comes next.",
    "cause": "A change of the day before had a side effect nobody had seen.",
    "tried": "The first remedies of the guide, one after the other.",
    "next": "Look at it with a second pair of eyes and write to the customer today.",
    "promised": "An answer today.",
    "reference": "R-20418",
    "summary": "As described by the customer; repeated it on our side.",
}


def answers(form: Form, subject: str, at: datetime) -> dict[str, Any]:
    """Fill every field of a form."""
    return {field.id: _answer(field, subject, at) for field in form.fields}


def _answer(field: FormField, subject: str, at: datetime) -> Any:
    match field.type:
        case "choice":
            return field.choices[0] if field.choices else "other"
        case "number":
            return "4"
        case "money":
            return "80.00"
        case "date":
            return at.date().isoformat()
        case "time":
            return at.strftime("%H:%M")
        case "yes_no":
            return "no" if field.id == "none_found" else "yes"
        case "list":
            return [LINES["tried"]]
    return LINES.get(field.id, f"{subject}: {LINES['summary']}")
