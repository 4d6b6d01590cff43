"""The stories of the demo, as they are told in stories/*.yaml."""

import re
from datetime import timedelta
from importlib import resources

import msgspec

DURATION = re.compile(r"(\d+)\s*([dhm])")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act, `after` the one before; exactly one of the verbs below is given."""

    after: str
    by: str = "amira"
    triage: dict[str, str | bool | int] | None = None
    reply: str | None = None
    note: str | None = None
    customer: str | None = None
    accept: bool = False
    answer: bool = False
    """The teams that were asked for help write their answers."""
    wait: str | None = None
    promise: dict[str, str] | None = None
    escalate: dict[str, str] | None = None
    attempt_failed: bool = False
    step: str | None = None
    ask: dict[str, str | int] | None = None
    approve: bool = False
    finish: bool = False
    resolve: bool = False


class Story(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ticket's life: who wrote when (`ago`), and what followed."""

    sender: str = msgspec.field(name="from")
    ago: str
    subject: str
    text: str
    attentive: bool = False
    """Whether its people do what falls due without the story saying so."""
    forgets: tuple[str, ...] = ()
    """The duties by name that they forget all the same."""
    acts: tuple[Act, ...] = ()


def duration(text: str) -> timedelta:
    """Read `2d 3h 10m`."""
    found = DURATION.findall(text)
    return sum(
        (timedelta(**{UNITS[unit]: int(count)}) for count, unit in found), start=timedelta()
    )


def stories(desk: str) -> tuple[Story, ...]:
    """Return the stories of one desk, oldest first."""
    text = resources.files("kept.demo").joinpath("stories", f"{desk}.yaml").read_bytes()
    told = msgspec.yaml.decode(text, type=tuple[Story, ...])
    return tuple(sorted(told, key=lambda story: duration(story.ago), reverse=True))
