"""The promise ledger: what was promised, by when, in which message, and what became of it."""

from dataclasses import dataclass

from kept.records.queries.promises import PromiseView, promises
from kept.records.queries.views import CommitmentChip
from kept.web.panels.panel import Glance, Panel
from kept.web.rail import SETTLED, TONES, WORDS
from kept.web.say import plain

DELAY = ("delay", "late", "postponed")
"""Parts of the names by which an SOP calls its template for telling of a delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    view: PromiseView
    tone: str
    words: str
    live: bool
    at_risk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    promises: tuple[Promise, ...]
    template: str
    """The SOP's template that tells of a delay, empty where it has none."""


def read(glance: Glance) -> Ledger | None:
    chips = [chip for chip in glance.page.ticket.commitments if chip.kind == "promise"]
    if not chips:
        return None
    made = promises(glance.me, glance.page.ticket.id)
    template = next(
        (one for one in glance.page.policy.templates if any(part in one for part in DELAY)), ""
    )
    return Ledger(promises=tuple(_promise(view, chips) for view in made), template=template)


def _promise(view: PromiseView, chips: list[CommitmentChip]) -> Promise:
    chip = next(
        (one for one in chips if one.started_at == view.at and one.due_at == view.due_at), None
    )
    standing = chip.standing if chip else "cancelled"
    replaced = chip is not None and chip.reason == "superseded"
    words = "a later time took its place" if replaced else WORDS.get(standing, plain(standing))
    return Promise(
        view=view, tone=TONES.get(standing, "ended"), words=words,
        live=standing not in SETTLED, at_risk=standing in {"at_risk", "missed"},
    )  # fmt: skip


PANEL = Panel(name="promises", title="Promises", read=read)
