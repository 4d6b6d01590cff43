"""`kept verify`, `backup`, `restore` and `export history`: looking after a desk."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from kept.cli.database import database
from kept.cli.output import (
    Commands,
    Stop,
    coloured,
    command,
    group,
    json_flag,
    print_json,
    say,
)


def register(commands: Commands) -> None:
    """Add the commands that look after a desk."""
    verify = command(
        commands, "verify", run_verify, says="recompute the journal and check its chain",
        examples="kept verify\nkept verify --desk esc --json",
    )  # fmt: skip
    verify.add_argument("--desk", metavar="DESK", help="one desk; all of them without")
    json_flag(verify)
    backup = command(
        commands, "backup", run_backup, says="write the whole database to a file",
        examples="kept backup desk.dump",
    )  # fmt: skip
    backup.add_argument("file", metavar="FILE", type=Path)
    restore = command(
        commands, "restore", run_restore, says="read a backup into an empty database",
        examples="kept restore desk.dump",
    )  # fmt: skip
    restore.add_argument("file", metavar="FILE", type=Path)
    export = group(commands, "export", says="take what happened out, in the open")
    history = command(
        export, "history", run_history, says="write every ticket's events as JSON lines",
        examples="kept export history --desk esc > history.jsonl",
    )  # fmt: skip
    history.add_argument("--desk", metavar="DESK", help="one desk; all of them without")


# Books -------------------------------------------------------------------------------------------


def run_verify(chosen: argparse.Namespace) -> int:
    """Print what verifying found; 1 where something differs."""
    with database():
        from kept.services.verify import verify

        report = verify(chosen.desk)
    faults = [{"ticket": f.ticket, "seq": f.seq, "what": f.what} for f in report.faults]
    if chosen.json:
        print_json(
            {
                "ok": report.ok, "tickets": report.tickets, "rows": report.rows,
                "faults": faults, "orphans": report.orphans,
            }
        )  # fmt: skip
        return 0 if report.ok else 1
    for fault in faults:
        say(f"ticket {fault['ticket']}, row {fault['seq'] or '-'}: {fault['what']}")
    if report.orphans:
        say(f"{report.orphans} journals or tickets stand alone")
    verdict = coloured("all well", "green") if report.ok else coloured("differs", "red")
    say(f"{report.tickets} tickets, {report.rows} rows: {verdict}")
    return 0 if report.ok else 1


# Copies ------------------------------------------------------------------------------------------


def run_backup(chosen: argparse.Namespace) -> int:
    """Dump the database; a half-written file never takes the name, nobody else may read it."""
    half = chosen.file.with_name(chosen.file.name + ".part")
    try:
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)
        with database():
            _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={half}")
        half.replace(chosen.file)
    except OSError as wrong:
        raise Stop(f"cannot write {chosen.file}: {wrong.strerror or wrong}") from None
    finally:
        half.unlink(missing_ok=True)
    say(f"{chosen.file}: {chosen.file.stat().st_size} bytes")
    return 0


def run_restore(chosen: argparse.Namespace) -> int:
    """Restore a dump into a database without tables, in one transaction."""
    if not chosen.file.is_file():
        raise Stop(f"there is no file {chosen.file}")
    with database():
        from django.db import connection

        if connection.introspection.table_names():
            raise Stop("the database is not empty; a backup is restored into an empty one", code=1)
        _postgres(
            "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
            f"--dbname={_url()[0]}", str(chosen.file), url=False,
        )  # fmt: skip
    say(f"{chosen.file}: restored")
    return 0


def _postgres(program: str, *options: str, url: bool = True) -> None:
    """Run one of PostgreSQL's own programs, the system's where there is one."""
    from kept.postgres.places import binaries

    path = binaries(None) / program
    found = str(path) if path.exists() else shutil.which(program)
    if found is None:
        raise Stop(f"{program} is not installed", code=1)
    address, password = _url()
    words = [found, *options, *([f"--dbname={address}"] if url else [])]
    around = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    ran = subprocess.run(words, capture_output=True, text=True, env=around)
    if ran.returncode:
        raise Stop(f"{program} failed: {ran.stderr.strip()[-400:]}", code=1)


def _url() -> tuple[str, str]:
    """Return the database's URL and, apart, the password: everybody may read a command line."""
    from django.conf import settings

    url = str(settings.DATABASE_URL)
    parts = urlsplit(url)
    if not parts.password:
        return url, ""
    who, _, place = parts.netloc.rpartition("@")
    user = who.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{place}")), unquote(parts.password)


def run_history(chosen: argparse.Namespace) -> int:
    """Write one JSON object a line: desk, ticket, seq, policy and the event."""
    write: Callable[[Any], int] = sys.stdout.write
    with database():
        from kept.records.queries.history import history

        for line in history(chosen.desk):
            write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0
