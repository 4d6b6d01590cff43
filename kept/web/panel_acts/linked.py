"""Acts of the panel of linked tickets: link, merge, split, and each taken back."""

from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.services import endings, linking, parting
from kept.services.errors import NotFound, NotValid
from kept.web.act import Act, GoTo, Said


def _number(told: str) -> int:
    """Return a ticket's number from `42`, `#42` or `#42 Its subject`."""
    word = told.strip().lstrip("#").partition(" ")[0]
    if not (word.isascii() and word.isdigit() and len(word) < 18):
        raise NotValid("Name the other ticket by its number, such as 42.")
    return int(word)


def _no_such(number: int) -> NotValid:
    """Say that the other number leads nowhere; what was typed stays in its form."""
    return NotValid(f"There is no ticket {number} on this desk.")


def _link(said: Said) -> object:
    to, kind = _number(said.get("other")), said.get("kind")
    try:
        return linking.link(said.ticket, to=to, kind=kind, by=said.by, at=said.at)
    except NotFound:
        raise _no_such(to) from None


def _unlink(said: Said) -> object:
    linking.unlink(said.ticket, _number(said.get("link")), by=said.by, at=said.at)
    return None


def _merge(said: Said) -> object:
    into = _number(said.get("into"))
    try:
        endings.merge(said.ticket, into=into, by=said.by, at=said.at)
    except NotFound:
        raise _no_such(into) from None
    return GoTo(ticket=into)


def _unmerge(said: Said) -> object:
    merged = _number(said.get("merged") or str(said.ticket))
    parting.unmerge(merged, by=said.by, at=said.at)
    return GoTo(ticket=merged)


def _split(said: Said) -> object:
    chosen = [
        int(name.removeprefix("message-"))
        for name, value in said.answers.items()
        if name.startswith("message-") and value and name[8:].isdecimal() and len(name) < 26
    ]
    new = parting.split(
        said.ticket, messages=chosen, subject=said.get("subject"), by=said.by, at=said.at
    )
    return GoTo(ticket=new)


def _merged(ticket: TicketView, policy: Policy) -> bool:
    return ticket.status != "spam"


def _always(ticket: TicketView, policy: Policy) -> bool:
    return True


ACTS: tuple[Act, ...] = (
    Act(noun="links", name="link", title="Link a ticket", button="Link it", do=_link,
        panel="linked", shows=_always),
    Act(noun="link-endings", name="unlink", title="Take the link back", button="Take it back",
        do=_unlink, panel="linked", shows=_always),
    Act(noun="merges", name="merge", title="Merge into another ticket", button="Merge it",
        do=_merge, panel="linked"),
    Act(noun="merge-endings", name="unmerge", title="Take the merge back",
        button="Take the merge back", do=_unmerge, panel="linked", shows=_merged),
    Act(noun="splits", name="split", title="Split off messages", button="Open a ticket of them",
        do=_split, panel="linked"),
)  # fmt: skip
