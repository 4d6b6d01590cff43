"""One process tree: what falls comes back, and an end is an end for all."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from kept.postgres.supervisor import ServerError
from kept.supervise import Part, Revival, is_free

FAMILY = textwrap.dedent(
    """
    import sys
    from kept.supervise import Part, watch

    folder = sys.argv[1]
    child = (
        "import os, sys, signal;"
        "open(os.path.join(sys.argv[1], sys.argv[2]), 'a').write(str(os.getpid()) + '\\\\n');"
        "signal.pause()"
    )
    parts = [Part(name, (sys.executable, "-c", child, folder, name), {}) for name in ("a", "b")]
    watch(parts, database=None, say=lambda line: print(line, flush=True),
          ready=lambda: print("ready", flush=True))
    print("over", flush=True)
    """
)


def start(folder: Path) -> subprocess.Popen[str]:
    family = subprocess.Popen(
        (sys.executable, "-c", FAMILY, str(folder)), stdout=subprocess.PIPE, text=True
    )
    assert family.stdout is not None
    assert family.stdout.readline() == "ready\n"
    return family


def numbers(path: Path, count: int) -> list[int]:
    """Wait for the part's lines by watching the file, for 20 s at most."""
    for _ in range(20_000):
        lines = path.read_text().split() if path.exists() else []
        if len(lines) >= count:
            return [int(line) for line in lines]
        os.sched_yield()
        subprocess.run(("true",), check=True)
    raise AssertionError(f"{path.name} did not start {count} times")


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_part_that_falls_is_started_again(tmp_path: Path) -> None:
    family = start(tmp_path)
    (first,) = numbers(tmp_path / "a", 1)
    numbers(tmp_path / "b", 1)
    os.kill(first, signal.SIGKILL)
    again = numbers(tmp_path / "a", 2)
    assert again[1] != first
    family.send_signal(signal.SIGTERM)
    rest, _ = family.communicate(timeout=20)
    assert "a ended with code -9" in rest
    assert rest.endswith("over\n")
    assert family.returncode == 0
    assert not is_alive(again[1])


def test_parts_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    family = start(tmp_path)
    (child,) = numbers(tmp_path / "a", 1)
    numbers(tmp_path / "b", 1)
    family.kill()
    family.wait(timeout=20)
    for _ in range(5_000):
        if not is_alive(child):
            return
        subprocess.run(("true",), check=True)
    raise AssertionError("the part outlived its supervisor")


def test_a_port_in_use_is_known_before_anything_starts() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free("127.0.0.1", taken.getsockname()[1])


def test_what_a_part_started_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "sys.exit(3)\n"
    )
    told: list[str] = []
    note = tmp_path / "child"
    part = Part("a", (sys.executable, "-c", code, str(note)), {})
    part.start()
    assert part.child is not None
    part.child.wait(20)
    part.look(told.append)
    assert told == ["a ended with code 3; again in 1 s"]
    assert ends(int(note.read_text()))


def ends(number: int) -> bool:
    """Wait for a process to be gone or a zombie that nobody waits for."""
    for _ in range(5_000):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        subprocess.run(("true",), check=True)
    return False


class FullDisk:
    """A database that cannot start at first, as on a full disk."""

    def __init__(self) -> None:
        self.tries = 0

    def is_alive(self) -> bool:
        return self.tries > 1

    def start(self) -> None:
        self.tries += 1
        if self.tries == 1:
            raise ServerError("no space left on device")

    def stop(self) -> None: ...


def test_a_database_that_cannot_start_is_tried_again_later() -> None:
    told: list[str] = []
    disk = FullDisk()
    revival = Revival(disk)
    revival.look(told.append)
    assert disk.tries == 1 and "no space left" in told[-1]
    revival.look(told.append)
    assert disk.tries == 1, "it waits"
    revival.next_try_at = 0.0
    revival.look(told.append)
    assert disk.tries == 2 and revival.falls == 0
