"""What a commitment, step or duty is called where people read it.

A rule may bear a `title`, a verb with its object ("hand over with a summary"). Where it bears
none its name is read as words, and the names the field shares have their verb here.
"""

from kept.policy.rules import Policy

DEEDS = {
    "first_response": "reply",
    "response": "reply",
    "next_response": "reply",
    "reply": "reply",
    "resolution": "resolve",
    "resolve": "resolve",
    "acceptance": "take on",
    "accept": "take on",
    "update": "update",
    "promise": "keep the promise",
    "hand_off": "hand over",
    "handoff": "hand over",
}
"""Names that every SOP may use -> what must be done."""
Titles = dict[str, str]


def titles(policy: Policy) -> Titles:
    """Return name -> title of the rules that bear one; of two alike the first counts."""
    return dict(reversed([(rule.name, rule.title) for rule in policy.rules if rule.title]))


def deed(name: str, known: Titles | None = None) -> str:
    """Return what must be done to keep a commitment of this name: `reply`, `resolve`."""
    if known and name in known:
        return known[name]
    return DEEDS.get(name, name.replace("_", " ").replace("-", " "))
