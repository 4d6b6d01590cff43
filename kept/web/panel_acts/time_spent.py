"""Acts of the panel of time spent."""

from kept.services import time_spent
from kept.services.errors import NotValid
from kept.web.act import Act, Said


def _note(said: Said) -> object:
    minutes = time_spent.minutes_of(said.get("minutes"))
    return time_spent.note_time(
        said.ticket, by=said.by, at=said.at, minutes=minutes, what=said.get("what")
    )


def _strike(said: Said) -> object:
    entry = said.get("entry")
    if not (entry.isascii() and entry.isdigit() and len(entry) < 18):
        raise NotValid("Name the entry to take back.")
    time_spent.strike_time(int(entry), by=said.by, at=said.at)
    return None


ACTS: tuple[Act, ...] = (
    Act(noun="times", name="time", title="Note time spent", button="Note it", do=_note,
        panel="time_spent", shows=lambda ticket, policy: True),
    Act(noun="time-endings", name="untime", title="Take the entry back", button="Take it back",
        do=_strike, panel="time_spent", shows=lambda ticket, policy: True),
)  # fmt: skip
