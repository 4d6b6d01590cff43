"""The damage itself, each as a function of a desk that is not started yet."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from kept.postgres import places
from tests.faults.running import END_SECONDS, LONGEST_ANSWER, Load, Running, wait_until

Fault = Callable[[Running], str]


def begin(desk: Running) -> None:
    """Start the desk, point our own Django at its database, and set the small desk up."""
    desk.data.mkdir(exist_ok=True)
    desk.start()
    os.environ["DATABASE_URL"] = desk.database_url
    import django
    from django.conf import settings
    from django.db import connections

    django.setup()
    from kept.settings import database_settings

    connections.close_all()
    place = database_settings(desk.database_url)
    settings.DATABASES["default"].update(place)
    connections["default"].settings_dict.update(
        {key: place[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )
    from tests.people import raise_the_curtain

    raise_the_curtain()


def finish(desk: Running, load: Load) -> str:
    """Look that all is well, then that a stop leaves no process."""
    from django.db import connections

    from tests.faults.oracle import look

    told = look(load.kept)
    connections.close_all()
    took = desk.stop()
    assert took < END_SECONDS, f"ending took {took:.1f} s"
    slowest = max((seconds for _, seconds in load.answers), default=0.0)
    bad = [status for status, _ in load.answers if status in range(500, 600) and status != 503]
    assert not bad, f"pages answered {sorted(set(bad))}"
    assert slowest < LONGEST_ANSWER, f"a page took {slowest:.1f} s"
    return f"{told}, slowest page {slowest:.1f} s, ended in {took:.1f} s"


def killed(word: str, *, only_last: bool = False) -> Fault:
    """Return the fault that kills our processes with a word in their command, three times."""

    def fault(desk: Running) -> str:
        begin(desk)
        with Load(desk) as load:
            for _ in range(3):
                time.sleep(2)
                pids = desk.children(word)
                for pid in pids[-1:] if only_last else pids:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(3)
            wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back")
            count = len(load.kept)
            wait_until(lambda: len(load.kept) > count, "mail to be taken again")
        return finish(desk, load)

    return fault


def killed_backend(desk: Running) -> str:
    begin(desk)
    with Load(desk) as load:
        time.sleep(2)
        backends = [
            pid for pid, said in desk.family().items() if said.startswith("postgres: kept")
        ]
        os.kill(backends[0], signal.SIGKILL)
        took = wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back", 10)
        time.sleep(4)
    return f"back in {took:.1f} s, {finish(desk, load)}"


def killed_postmaster(desk: Running) -> str:
    begin(desk)
    with Load(desk) as load:
        time.sleep(2)
        os.kill(desk.postmaster(), signal.SIGKILL)
        time.sleep(0.5)
        took = wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back", 60)
        time.sleep(4)
    return f"back in {took:.1f} s, {finish(desk, load)}"


def killed_supervisor(desk: Running) -> str:
    begin(desk)
    with Load(desk) as load:
        time.sleep(3)
        assert desk.process is not None
        desk.process.kill()
        desk.process.wait()
        took = wait_until(lambda: not desk.family(), "the orphans to end", 30)
        desk.start()
        time.sleep(4)
    return f"orphans gone in {took:.1f} s, {finish(desk, load)}"


def frozen_postmaster(desk: Running, seconds: float = 60.0) -> str:
    begin(desk)
    with Load(desk) as load:
        time.sleep(2)
        number = desk.postmaster()
        os.kill(number, signal.SIGSTOP)
        # Sessions that were open go on under a frozen postmaster; only new ones hang.
        for pid, said in desk.family().items():
            if said.startswith("postgres: kept"):
                os.kill(pid, signal.SIGTERM)
        time.sleep(seconds)
        os.kill(number, signal.SIGCONT)
        took = wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back", 30)
        count = len(load.kept)
        wait_until(lambda: len(load.kept) > count, "mail to be taken again")
    seen = {status for status, _ in load.answers}
    assert 503 in seen, f"pages said {seen}"
    assert load.refused and all(400 <= code < 500 for code in load.refused), load.refused
    return f"back in {took:.1f} s, {finish(desk, load)}"


def full_disk(desk: Running) -> str:
    """Fill the data folder's own small volume; free it again."""
    desk.data.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200m,mode=0711", "tmpfs", str(desk.data)], check=True
    )
    try:
        begin(desk)
        with Load(desk) as load:
            time.sleep(2)
            ballast = desk.data / "ballast"
            fill(ballast)
            time.sleep(25)
            ballast.unlink()
            took = wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back", 60)
            count = len(load.kept)
            wait_until(lambda: len(load.kept) > count, "mail to be taken again", 60)
        return f"back in {took:.1f} s, {finish(desk, load)}"
    finally:
        desk.clear()
        time.sleep(0.5)
        subprocess.run(["umount", "-l", str(desk.data)], check=False)


def full_log_disk(desk: Running) -> str:
    """Fill the volume of the server's write-ahead log, which makes it give up; free it again."""
    desk.data.mkdir(exist_ok=True)
    desk.start()
    desk.stop()
    log = places(desk.data).cluster / "pg_wal"
    kept = log.with_name("pg_wal_before")
    log.rename(kept)
    owner = kept.stat()
    log.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o",
         f"size=120m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}", "tmpfs", str(log)],
        check=True,
    )  # fmt: skip
    subprocess.run(["cp", "-a", f"{kept}/.", str(log)], check=True)
    try:
        begin(desk)
        with Load(desk) as load:
            time.sleep(2)
            ballast = log / "ballast"
            fill(ballast)
            use_up_log(desk)
            time.sleep(15)
            ballast.unlink()
            took = wait_until(lambda: desk.answer("/readyz")[0] == 200, "pages to be back", 60)
            count = len(load.kept)
            wait_until(lambda: len(load.kept) > count, "mail to be taken again", 60)
        seen = {status for status, _ in load.answers}
        return f"pages said {sorted(seen)}, back in {took:.1f} s, {finish(desk, load)}"
    finally:
        desk.clear()
        time.sleep(0.5)
        subprocess.run(["umount", "-l", str(log)], check=False)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            pass


def use_up_log(desk: Running) -> None:
    """Ask for new segments of the log until the server falls over it."""
    from django.db import DatabaseError, connection

    for _ in range(40):
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 9999))"
                )
                cursor.execute("SELECT pg_switch_wal()")
        except DatabaseError:
            connection.close()
            return


def locked_tickets(desk: Running) -> str:
    from django.db import connection, transaction

    begin(desk)
    with Load(desk) as load:
        time.sleep(2)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
            time.sleep(20)
        time.sleep(2)
    return finish(desk, load)


def lost_sessions(desk: Running) -> str:
    begin(desk)
    from kept.records.listening import listening_connection

    with Load(desk) as load:
        until = time.monotonic() + 15
        while time.monotonic() < until:
            with listening_connection() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                    " backend_type = 'client backend' AND pid <> pg_backend_pid()"
                    " ORDER BY random() LIMIT 1"
                )
            time.sleep(0.3)
        time.sleep(2)
    return finish(desk, load)


def ended(how: signal.Signals) -> Fault:
    def fault(desk: Running) -> str:
        begin(desk)
        with Load(desk) as load:
            time.sleep(2)
            took = desk.stop(how)
            assert took < END_SECONDS, f"ending took {took:.1f} s"
            desk.start()
        return f"first ended in {took:.1f} s, {finish(desk, load)}"

    return fault


FAULTS: dict[str, tuple[str, Fault]] = {
    "web-killed": ("F06", killed("kept.cli web")),
    "worker-killed": ("F05", killed("kept.cli worker")),
    "receiver-killed": ("F01", killed("kept.cli receiver")),
    "restarted": ("F08", ended(signal.SIGTERM)),
    "interrupted": ("F08", ended(signal.SIGINT)),
    "backend-killed": ("F13", killed_backend),
    "postmaster-killed": ("F12", killed_postmaster),
    "supervisor-killed": ("F07", killed_supervisor),
    "sessions-lost": ("F14", lost_sessions),
    "postmaster-frozen": ("F15", frozen_postmaster),
    "disk-full": ("F16", full_disk),
    "log-disk-full": ("F17", full_log_disk),
    "tickets-locked": ("F19", locked_tickets),
}
