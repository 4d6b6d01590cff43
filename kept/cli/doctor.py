"""`kept doctor`: look at everything that can go wrong around a desk, and say what to do."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path

from kept.cli.database import answers, set_up
from kept.cli.output import Commands, coloured, command, counted, json_flag, print_json, say

OLDEST_SERVER = 150_000
BEAT_SECONDS = 45.0
LAG_SECONDS = 60.0
OUTBOX_SECONDS = 300.0
MAILBOX_SECONDS = 600.0
SKEW_SECONDS = 2.0
FREE_BYTES = 500_000_000
GAP_AHEAD = timedelta(days=7)
Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was found or what to do."""


def register(commands: Commands) -> None:
    """Add `kept doctor`."""
    doctor = command(
        commands, "doctor", run_doctor, says="look whether everything is well",
        examples="kept doctor\nkept doctor --json",
    )  # fmt: skip
    json_flag(doctor)


def run_doctor(chosen: argparse.Namespace) -> int:
    """Print what was looked at; 1 where something is not well."""
    found = list(_findings())
    well = all(ok for _, ok, _ in found)
    if chosen.json:
        checks = [{"check": name, "ok": ok, "found": told} for name, ok, told in found]
        print_json({"ok": well, "checks": checks})
        return 0 if well else 1
    for name, ok, told in found:
        say(f"{coloured('ok ', 'green') if ok else coloured('no ', 'red')} {name}: {told}")
    return 0 if well else 1


def _findings() -> Iterator[Finding]:
    set_up()
    from django.conf import settings

    yield "settings", True, "read"
    yield from _of_folder(Path(settings.KEPT_DATA))
    reached = answers()
    advice = "start `kept run`, or set DATABASE_URL"
    yield "database", reached, "answers" if reached else f"does not answer: {advice}"
    if reached and (yield from _of_server()):
        yield from _of_work()


def _of_folder(data: Path) -> Iterator[Finding]:
    near = next(each for each in (data, *data.parents) if each.exists())
    writable = os.access(near, os.W_OK)
    yield "data folder", writable, str(data) if writable else f"cannot write to {near}"
    free = shutil.disk_usage(near).free
    told = f"{free / 1e9:.1f} GB free"
    advice = f"{told}: make room; a full disk stops the desk" if free < FREE_BYTES else told
    yield "disk", free >= FREE_BYTES, advice


def _of_server() -> Generator[Finding, None, bool]:
    """Look at version and tables; the return value tells whether more can be asked."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    number = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's connection has it
    good = number >= OLDEST_SERVER
    yield "server", good, f"PostgreSQL {number // 10_000}" + ("" if good else ": 15 is the oldest")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    told = f"{counted(len(waiting), 'migration')} to run: `kept migrate`"
    yield "tables", not waiting, told if waiting else "up to date"
    return not waiting


def _of_work() -> Iterator[Finding]:
    from kept import clock
    from kept.records.queries.condition import condition
    from kept.records.queries.health import health

    at = clock.now()
    now, more = health(at), condition(at)
    told = f"{abs(more.skew):.1f} s between our clock and the database's"
    off = abs(more.skew) > SKEW_SECONDS
    yield "time", not off, f"{told}: set both hosts by NTP" if off else told
    yield _workers(more.beats)
    late = now.clock_lag > LAG_SECONDS
    told = f"the oldest timer that should have fired waits {now.clock_lag:.0f} s"
    yield "clocks", not late, f"{told}: is a worker running?" if late else "nothing waits"
    late = now.intake_age > LAG_SECONDS
    told = f"the oldest mail not read waits {now.intake_age:.0f} s"
    yield "intake", not late, f"{told}: is a worker running?" if late else "nothing waits"
    held = now.intake["quarantined"]
    told = f"{counted(held, 'message')} nobody could read: look at /quarantine"
    yield "quarantine", not held, told if held else "empty"
    yield _outbox(now.outbox["failed"], now.outbox_age)
    problems = dict(more.mailbox_problems)
    for box in now.mailboxes:
        yield _mailbox(box.mailbox, box.poll_age, problems.get(f"{box.desk} {box.mailbox}", ""))
    yield _policies()
    yield _rosters()
    told = ", ".join(map(str, more.broken_heads[:10]))
    yield (
        "journal", not more.broken_heads,
        f"the chain ends elsewhere at ticket {told}: run `kept verify`"
        if more.broken_heads else f"{counted(more.heads, 'chain')} end where the tickets say",
    )  # fmt: skip
    told = f"{counted(now.alarms, 'alarm')} raised: look at the wallboard"
    yield "alarms", not now.alarms, told if now.alarms else "none"


def _rosters() -> Finding:
    from kept import clock
    from kept.records.queries.rotas import every_gap

    gaps = every_gap(clock.now(), within=GAP_AHEAD)
    if not gaps:
        return "rosters", True, "somebody is planned wherever the handbooks need it"
    first = gaps[0]
    who = first.who.replace("_", " ") or "anybody"
    told = f"{counted(len(gaps), 'gap')} within 7 days, the first on {first.desk} ({who})"
    return "rosters", False, f"{told} at {first.starts_at:%Y-%m-%d %H:%M} UTC: look at /rota"


def _policies() -> Finding:
    from kept.records.compiled import compiles_as_stored
    from kept.records.queries.desks import hashes_in_force

    changed = [desk for desk, hash_ in hashes_in_force() if not compiles_as_stored(hash_)]
    told = f"of {', '.join(changed)} means something else to this version of Kept"
    advice = "they run on; propose and activate the same text anew"
    return "policies", not changed, f"{told}: {advice}" if changed else "mean what was activated"


def _workers(beats: tuple[float, ...]) -> Finding:
    alive = sum(age < BEAT_SECONDS for age in beats)
    if not alive:
        seen = f"the last was heard {beats[0]:.0f} s ago" if beats else "none was ever heard"
        return "workers", False, f"{seen}: start `kept run`, or `kept worker`"
    lost = len(beats) - alive
    told = f"{alive} alive"
    return "workers", True, f"{told}, {lost} ended without a word" if lost else told


def _outbox(failed: int, age: float) -> Finding:
    if failed:
        return "outbox", False, f"{counted(failed, 'mail')} failed for good: look at /outbox"
    if age > OUTBOX_SECONDS:
        told = f"the oldest mail waits {age:.0f} s"
        return "outbox", False, f"{told}: does the server of KEPT_SMTP_URL answer?"
    return "outbox", True, "nothing waits long"


def _mailbox(name: str, age: float | None, problem: str) -> Finding:
    told = f"read {age:.0f} s ago" if age is not None else "never read yet"
    well = age is not None and age < MAILBOX_SECONDS and not problem
    advice = problem or "check its host, name and password"
    return f"mailbox {name}", well, told if well else f"{told}: {advice}"
