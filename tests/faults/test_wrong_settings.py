"""A wrong setting is one clear line that names it, and nothing is left running."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kept.postgres import Server, places

KEPT = (sys.executable, "-m", "kept.cli")


def said(tmp_path: Path, *words: str, **settings: str) -> tuple[int, list[str]]:
    left_out = ("DATABASE_URL", "KEPT_DATA", "KEPT_URL")
    around = {name: value for name, value in os.environ.items() if name not in left_out}
    ended = subprocess.run(
        [*KEPT, *words], env={**around, "KEPT_DATA": str(tmp_path / "data"), **settings},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return ended.returncode, ended.stderr.splitlines()


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


@pytest.fixture
def free() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"DATABASE_URL": "mysql://nowhere/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://h:port/x"}, "DATABASE_URL"),
        ({"KEPT_SECRET": "short"}, "KEPT_SECRET"),
        ({"KEPT_SECRET_FILE": "/nowhere"}, "KEPT_SECRET_FILE"),
        ({"KEPT_RECEIVER_PORT": "many"}, "KEPT_RECEIVER_PORT"),
    ],
)
def test_a_setting_nobody_can_use_is_named(
    tmp_path: Path, free: str, settings: dict[str, str], names: str
) -> None:
    code, lines = said(tmp_path, "run", "--port", free, **settings)
    assert code == 2
    assert len(lines) == 1 and names in lines[0]


def test_a_database_that_nobody_reaches_is_named(tmp_path: Path, free: str) -> None:
    code, lines = said(
        tmp_path, "run", "--port", free, DATABASE_URL="postgresql://kept@127.0.0.1:1/kept",
        KEPT_RECEIVER_PORT="0",
    )  # fmt: skip
    assert code == 1
    assert len(lines) == 1 and "DATABASE_URL" in lines[0]


def test_a_taken_receiver_port_is_named(tmp_path: Path, taken: str, free: str) -> None:
    code, lines = said(tmp_path, "run", "--port", free, KEPT_RECEIVER_PORT=taken)
    assert code == 1
    assert len(lines) == 1 and "KEPT_RECEIVER_PORT" in lines[0]


def test_a_second_kept_on_the_same_folder_is_refused(tmp_path: Path, free: str) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o711)
    first = Server(places(data), settings={"fsync": "off"})
    first.start()
    try:
        code, lines = said(tmp_path, "run", "--port", free, KEPT_RECEIVER_PORT="0")
    finally:
        first.stop()
    assert code == 1
    assert len(lines) == 1 and "another Kept is already running" in lines[0]
