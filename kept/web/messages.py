"""Writing on a ticket: replies with their templates, notes, and what a button adds to them."""

from collections.abc import Callable

from kept.policy.rules import Template
from kept.services import conversation, endings, work
from kept.services.errors import NotValid
from kept.services.filling import BLANK
from kept.web.act import Said


def send(said: Said) -> object:
    """Write the reply or the note."""
    text, key = said.get("text"), said.get("key")
    if said.get("kind") == "note":
        return conversation.note(said.ticket, by=said.by, at=said.at, text=text, key=key)
    template = said.policy.templates.get(said.get("template"))
    given = _given(said, template, text)
    return conversation.reply(
        said.ticket, by=said.by, at=said.at, text=_complete(text, given),
        template=template.id if template else None, given=given, key=key,
        override=said.get("override"),
    )  # fmt: skip


def then(wanted: str) -> tuple[Callable[[Said], object], ...]:
    """Return the verbs of a post: the message first, then what the button adds."""
    follow = {"resolve": _resolve, "wait": _wait}.get(wanted)
    return (send, follow) if follow else (send,)


def _resolve(said: Said) -> object:
    return endings.resolve(said.ticket, by=said.by, at=said.at)


def _wait(said: Said) -> object:
    return work.wait(said.ticket, by=said.by, at=said.at, who="customer")


def _given(said: Said, template: Template | None, text: str) -> dict[str, str]:
    """Return what fills the template's own blanks; one that still stands in the text is open."""
    if template is None:
        return {}
    names = {match.group(1) for match in BLANK.finditer(template.subject + template.body)}
    given = {name: said.get(f"given-{name}") for name in names if said.get(f"given-{name}")}
    left = [name for name in sorted(names) if f"[{name}]" in text and name not in given]
    if left:
        raise NotValid(f"The template still has open blanks: {', '.join(left)}.")
    return given


def _complete(text: str, given: dict[str, str]) -> str:
    for name, words in given.items():
        text = text.replace(f"[{name}]", words)
    return text
