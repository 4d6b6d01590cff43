"""One measured figure, what it is held against, and the table of all of them."""

import json
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`at_most` or `at_least` is the target; neither set, the figure only informs."""

    name: str
    value: float
    unit: str
    beside: str = ""
    """The yardstick of the same run: a ratio, a count of statements."""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool | None:
        """None where there is no target."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"<= {written(self.at_most)}"
        return f">= {written(self.at_least)}" if self.at_least is not None else ""


def written(value: float) -> str:
    """Return a number with three figures that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def line(figure: Figure) -> str:
    """Return one line of the table."""
    met = {True: "met", False: "MISSED", None: ""}[figure.is_met]
    value = f"{written(figure.value)} {figure.unit}"
    return f"{figure.name:46} {value:>18}  {figure.target:>9} {met:6}  {figure.beside}".rstrip()


def as_json(figures: Iterable[Figure]) -> str:
    """Return the figures and the machine they are of."""
    rows = [{**asdict(each), "is_met": each.is_met} for each in figures]
    return json.dumps({"machine": machine(), "figures": rows}, indent=2)


def machine() -> dict[str, object]:
    """Return what the figures depend on: processors, their kind, and who else was at work."""
    kind = platform.machine()
    with suppress(OSError):
        told = Path("/proc/cpuinfo").read_text().splitlines()
        kind = next((one.split(": ")[1] for one in told if "model name" in one), kind)
    load = [round(each, 1) for each in os.getloadavg()]
    return {"processors": os.cpu_count(), "kind": kind, "load": load}
