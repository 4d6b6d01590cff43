"""The commands that need a database, on an embedded server of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from kept.postgres import Server, places

KEPT = (sys.executable, "-m", "kept.cli")
LETTER = b"""From: Dana <dana@example.com>
To: esc@kept.example
Subject: The export is broken
Message-ID: <first@example.com>

Since this morning the export stops half-way.
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment without a database but the embedded one of a new folder."""
    folder = tmp_path_factory.mktemp("desk")
    folder.chmod(0o711)
    left_out = ("DATABASE_URL", "KEPT_DATA", "KEPT_URL")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "KEPT_DATA": str(folder), "KEPT_RECEIVER_PORT": str(free_port())}


def run(
    surroundings: dict[str, str], *words: str | Path, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*KEPT, *map(str, words)], env=surroundings, input=given, capture_output=True, timeout=300
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that stays up, as one does under `kept run`."""
    folder = tmp_path_factory.mktemp("server")
    folder.chmod(0o711)
    running = Server(places(folder), settings={"fsync": "off"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def desk(surroundings: dict[str, str], server: Server) -> dict[str, str]:
    """The same folder with a database, tables and one desk in it."""
    surroundings = {**surroundings, "DATABASE_URL": server.url}
    migrated = run(surroundings, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    code = (
        "from kept.cli.database import database\n"
        "with database():\n"
        "    from pathlib import Path\n"
        "    from kept.clock import now\n"
        "    from kept.services import desks, policies\n"
        "    desks.create_desk('esc', name='Escalations', sop='esc',\n"
        "        address='esc@kept.example', zone='Europe/London')\n"
        "    text = Path('sops/esc.md').read_text()\n"
        "    version = policies.propose('esc', text, by=None, at=now())\n"
        "    policies.activate(version.pk, by=None, at=now())\n"
    )
    made = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True)
    assert made.returncode == 0, made.stderr.decode()
    return surroundings


def test_a_letter_is_taken_in_once(desk: dict[str, str]) -> None:
    first = run(desk, "mail", "receive", "--desk", "esc", given=LETTER)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert (told["created"], told["duplicate"], told["problems"]) == (True, False, [])
    again = json.loads(run(desk, "mail", "receive", "--desk", "esc", given=LETTER).stdout)
    assert (again["ticket"], again["duplicate"]) == (told["ticket"], True)


def test_a_desk_that_is_not_there_is_a_no(desk: dict[str, str]) -> None:
    answer = run(desk, "mail", "receive", "--desk", "nowhere", given=LETTER)
    assert answer.returncode == 1
    assert answer.stderr == b"kept: There is no desk named nowhere.\n"


def test_a_person_is_given_a_place(desk: dict[str, str]) -> None:
    words = ("user", "create", "--email", "amira@kept.example", "--name", "Amira", "--json")
    short = run(desk, *words, given=b"short\n")
    assert short.returncode == 1 and b"at least 12" in short.stderr
    made = run(desk, *words, "--desk", "esc", "--role", "agent", given=b"a long password\n")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["desk"] == "esc"


def test_the_history_comes_out_as_events_and_the_journal_verifies(desk: dict[str, str]) -> None:
    run(desk, "mail", "receive", "--desk", "esc", given=LETTER)
    lines = [json.loads(line) for line in run(desk, "export", "history").stdout.splitlines()]
    assert lines[0]["event"] == "created" and lines[0]["desk"] == "esc"
    assert "half-way" not in json.dumps(lines), "no word of the customer's is in the journal"
    verified = run(desk, "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["ok"] is True


def test_a_backup_goes_into_an_empty_database_only(desk: dict[str, str], tmp_path: Path) -> None:
    dump = tmp_path / "desk.dump"
    assert run(desk, "backup", dump).returncode == 0
    assert dump.stat().st_mode & 0o077 == 0, "a backup holds everything that customers wrote"
    refused = run(desk, "restore", dump)
    assert refused.returncode == 1 and b"not empty" in refused.stderr
    folder = tmp_path / "other"
    folder.mkdir(mode=0o711)
    empty = {k: v for k, v in desk.items() if k != "DATABASE_URL"} | {"KEPT_DATA": str(folder)}
    restored = run(empty, "restore", dump)
    assert restored.returncode == 0, restored.stderr
    before, after = (run(where, "export", "history").stdout for where in (desk, empty))
    assert before == after


def test_the_doctor_says_what_is_missing(surroundings: dict[str, str], tmp_path: Path) -> None:
    answer = run({**surroundings, "KEPT_DATA": str(tmp_path)}, "doctor", "--json")
    assert answer.returncode == 1
    checks = {one["check"]: one for one in json.loads(answer.stdout)["checks"]}
    assert checks["settings"]["ok"] and not checks["database"]["ok"]


def test_a_wrong_setting_is_one_line_that_names_it(surroundings: dict[str, str]) -> None:
    answer = run({**surroundings, "DATABASE_URL": "mysql://nowhere/x"}, "doctor")
    assert answer.returncode == 2
    assert answer.stderr == b"kept: DATABASE_URL: must begin with postgresql:// .\n"


def test_a_taken_port_is_said_at_once(surroundings: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        answer = run(surroundings, "run", "--port", port)
    assert answer.returncode == 1 and b"--port" in answer.stderr


@pytest.fixture
def running(surroundings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    process = subprocess.Popen(
        [*KEPT, "run", "--port", str(port)], env=surroundings, stdout=subprocess.PIPE, bufsize=0
    )
    late = threading.Timer(300, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        welcome = f"Kept is at http://127.0.0.1:{port}\n".encode()
        assert any(line == welcome for line in process.stdout), "it ended without a welcome"
        yield process, port
    finally:
        late.cancel()
        process.kill()
        process.wait()


def test_everything_runs_in_one_tree_and_ends_on_sigterm(
    running: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = running
    answered = threading.Event()
    waiting = threading.Event()
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as page:
                assert page.status == 200
                answered.set()
                break
        except OSError:
            waiting.wait(0.1)
    assert answered.is_set()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=90) == 0


def test_the_doctor_looks_at_the_work_and_says_what_to_do(desk: dict[str, str]) -> None:
    checks = {c["check"]: c for c in json.loads(run(desk, "doctor", "--json").stdout)["checks"]}
    assert not checks["workers"]["ok"] and "kept worker" in checks["workers"]["found"]
    whole = {"disk", "time", "clocks", "intake", "quarantine", "outbox", "journal", "alarms"}
    assert all(checks[name]["ok"] for name in whole), checks


def test_a_worker_tells_the_doctor_that_it_lives_and_that_it_ended(desk: dict[str, str]) -> None:
    worker = subprocess.Popen([*KEPT, "worker"], env=desk)
    waiting = threading.Event()
    try:
        for _ in range(100):
            answer = run(desk, "doctor", "--json")
            if answer.returncode == 0:
                break
            waiting.wait(0.2)
        assert answer.returncode == 0, answer.stdout
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
    assert b"none was ever heard" in run(desk, "doctor").stdout
