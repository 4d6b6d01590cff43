"""Acts around the composer: taking a reply back, drafts with names, the room, macros.

They have no card of their own: their buttons stand where they belong.
"""

from dataclasses import replace

from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.services import drafts, leaving, macros, rooms
from kept.services.errors import Conflict, DeskError, NotFound
from kept.web import messages
from kept.web.act import Act, Said
from kept.web.say import plain

ELSEWHERE = "composer"
"""A panel that does not exist: these acts are shown by their own templates."""


class PartlyDone(Conflict):
    """A macro of which something was refused; the sentence tells each."""

    code = "partly_done"
    was_said = True


def _never(ticket: TicketView, policy: Policy) -> bool:
    return False


def _undo(said: Said) -> object:
    return leaving.undo(_number(said, "reply"), by=said.by, at=said.at)


def _put_aside(said: Said) -> None:
    drafts.put_aside(
        said.ticket, by=said.by, at=said.at, text=said.get("text"),
        kind=said.get("kind") or "public", name=said.get("name"),
    )  # fmt: skip


def _draft(said: Said) -> None:
    what, _, number = said.get("choice").partition(":")
    draft = _as_number(number)
    match what:
        case "share" | "unshare":
            drafts.share(draft, by=said.by, at=said.at, shared=what == "share")
        case "discard":
            drafts.discard(draft, by=said.by)
        case "take":
            drafts.take(draft, by=said.by, at=said.at)
        case _:
            raise NotFound("There is no such act.")


def _say_in_room(said: Said) -> object:
    return rooms.say(
        said.ticket, by=said.by, at=said.at, text=said.get("text"), key=said.get("key")
    )


def _run_macro(said: Said) -> None:
    """Say what stands in the box, else the macro's text, and do its acts; tell each."""
    macro = macros.of_ticket(said.ticket, _number(said, "macro"), by=said.by, at=said.at)
    text = _text(said, macro)
    told = [_say(said, macro, text)] if text else []
    told += [_do(said, verb, value) for verb, value in macro.acts]
    if any(one.startswith("Refused") for one in told):
        raise PartlyDone(" ".join(told))


def _text(said: Said, macro: macros.Ready) -> str:
    """Return what is to be said; raise Conflict while a blank of the macro stands in it."""
    text = said.get("text").strip() or macro.text.body.strip()
    for name in macro.text.open_blanks:
        text = text.replace(f"[{name}]", said.get(f"given-{name}") or f"[{name}]")
    left = [name for name in macro.text.open_blanks if f"[{name}]" in text]
    if left:
        raise Conflict(f"The macro still has open blanks: {', '.join(left)}.")
    return text


def _say(said: Said, macro: macros.Ready, text: str) -> str:
    typed = bool(said.get("text").strip())
    kind = said.get("kind") if typed else macro.kind
    messages.send(
        replace(said, answers={**said.answers, "text": text, "kind": kind, "template": ""})
    )
    return "Done: the note." if kind == "note" else "Done: the reply."


def _do(said: Said, verb: str, value: str) -> str:
    name = f"{plain(verb)} {plain(value)}".strip()
    try:
        macros.do(said.ticket, verb, value, key=said.get("key"), by=said.by, at=said.at)
    except DeskError as error:
        because = getattr(error, "because", None)
        clause = f" ({because.clause})" if because else ""
        return f"Refused: {name}: {error.sentence}{clause}"
    return f"Done: {name}."


def _number(said: Said, name: str) -> int:
    return _as_number(said.get(name))


def _as_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound("There is no such thing here.")
    return int(text)


WRITING: tuple[Act, ...] = tuple(
    Act(noun=noun, name=noun, title=title, button=title, do=do, shows=_never, panel=ELSEWHERE)
    for noun, title, do in (
        ("undone-replies", "Take the reply back", _undo),
        ("named-drafts", "Put the draft aside", _put_aside),
        ("draft-acts", "Drafts", _draft),
        ("room-lines", "Say it among us", _say_in_room),
        ("macro-runs", "Run the macro", _run_macro),
    )
)
