"""One process tree: what falls comes back, and an end is an end for all."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from kept.supervise import is_free

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
