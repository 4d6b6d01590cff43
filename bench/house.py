"""A desk to measure: the embedded server with fsync as in production, in a folder of its own.

Started at first use and gone with the process; everything that needs the database shares it.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from kept.clock import now
from kept.postgres import Server, binaries, places

PASSWORD = "a-long-password-for-measuring"
DESK = "retail"
AGENT = "amira@kept.example"


@dataclass(frozen=True, slots=True)
class House:
    """The running server, with five desks and their people."""

    server: Server
    url: str

    def pgbench(self, script: Path, *, clients: int, seconds: int, given: dict[str, str]) -> str:
        """Run a script by pgbench, prepared, and return what it says."""
        where = self.server.places
        command = [
            str(binaries(where.account) / "pgbench"), "--no-vacuum", "--protocol=prepared",
            f"--client={clients}", "--jobs=2", f"--time={seconds}", f"--file={script}",
            f"--host={where.socket}", "--username=kept",
            *(f"--define={name}={value}" for name, value in given.items()), where.database,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@cache
def house() -> House:
    """Start the server, make the tables and the demo's desks, and return it."""
    folder = Path(tempfile.mkdtemp(prefix="kept-bench-"))
    folder.chmod(0o711)
    server = Server(places(folder))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(shutil.rmtree, server.places.cluster.parent, ignore_errors=True)
    atexit.register(server.stop)
    server.start()
    os.environ["DATABASE_URL"] = server.url
    os.environ["KEPT_DATA"] = str(folder)
    os.environ["KEPT_SECRET_KEY"] = "for-measuring-only-" * 3
    ready()
    from django.core.management import call_command

    from kept.demo.cast import set_up

    call_command("migrate", verbosity=0)
    set_up(password=PASSWORD, at=now() - timedelta(days=1))
    return House(server, server.url)


def ready() -> None:
    """Load the product's settings; the database is the one in the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kept.settings")
    import django

    django.setup()


def execute(statement: str, values: Sequence[Any] | None = None) -> list[tuple[object, ...]]:
    """Run one statement and return its rows, if it has any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def together(what: str, *, processes: int, threads: int, seconds: int) -> float:
    """Let processes of so many threads do one thing over and over; return times a second."""
    command = [sys.executable, "-m", "bench.clients", what, str(threads), str(seconds)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n", what
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    done = [int(one.communicate(timeout=60)[0]) for one in running]
    return sum(done) / seconds
