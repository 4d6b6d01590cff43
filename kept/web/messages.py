"""Writing on a ticket: replies with their templates, notes, and what a button adds to them."""

from collections.abc import Callable

from kept.policy.rules import Template
from kept.records.instants import moment
from kept.services import conversation, drafts, leaving, uploads
from kept.services.errors import NotValid
from kept.services.filling import BLANK
from kept.web.act import Said


def send(said: Said) -> object:
    """Write the reply or the note."""
    if said.get("kind") == "note":
        return _note(said)
    template = said.policy.templates.get(said.get("template"))
    given = _given(said, template, said.get("text"))
    letter = leaving.Letter(
        text=_complete(said.get("text"), given), template=template.id if template else None,
        given=given, key=said.get("key"), override=said.get("override"),
        files=tuple(said.get("files").split()), seen=_number(said.get("seen")),
    )  # fmt: skip
    return leaving.send_off(said.ticket, letter, by=said.by, at=said.at)


def then(posted: str, promise: str = "") -> tuple[Callable[[Said], object], ...]:
    """Return the verbs of a post: the message first, then what the button adds."""
    follow = {"resolve": _resolve, "wait": _wait}.get(posted)
    promised = (_promise,) if promise else ()
    return (send, *promised, *((follow,) if follow else ()))


def _note(said: Said) -> object:
    files = uploads.chosen(said.ticket, said.by, tuple(said.get("files").split()))
    told = conversation.note(
        said.ticket, by=said.by, at=said.at, text=said.get("text"), key=said.get("key"),
        files=uploads.taken(files),
    )  # fmt: skip
    drafts.forget(said.ticket, by=said.by, kind="note")
    return told


def _resolve(said: Said) -> object:
    return leaving.resolve_then(said.ticket, said.get("key"), by=said.by, at=said.at)


def _wait(said: Said) -> object:
    return leaving.wait_then(said.ticket, said.get("key"), by=said.by, at=said.at)


def _promise(said: Said) -> object:
    due = _number(said.get("promise"))
    if due is None or said.get("kind") == "note":
        return None
    return leaving.promise_then(
        said.ticket, said.get("key"), by=said.by, at=said.at, what="update", due=moment(due)
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


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
