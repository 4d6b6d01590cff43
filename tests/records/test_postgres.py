"""The embedded server: a direct child that no kill can leave in the way of the next start."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from kept.postgres import Server, ServerError, places
from kept.postgres.leftovers import is_server_of

ROOT = Path(__file__).resolve().parent.parent.parent
FAST = {"fsync": "off", "shared_buffers": "16MB"}
PARENT = """
import signal, sys
from pathlib import Path
from kept.postgres import Server, places
server = Server(places(Path(sys.argv[1])), settings={"fsync": "off", "shared_buffers": "16MB"})
server.start()
print(server.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = Path("/tmp") / f"kept-server-{os.getpid()}-{time.monotonic_ns()}"
    made.mkdir(mode=0o711)
    yield made
    subprocess.run(["rm", "-rf", str(made)], check=True)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    made = Server(places(folder), settings=FAST)
    made.start()
    yield made
    made.stop()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def test_it_serves_stops_cleanly_and_starts_again(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 1 AS n")
    server.stop()
    assert not server.is_alive()
    assert not (server.places.cluster / "postmaster.pid").exists()
    server.start()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT n FROM note").fetchone() == (1,)


def test_it_never_runs_as_root_and_listens_on_no_port(server: Server) -> None:
    uid = Path(f"/proc/{server.pid}").stat().st_uid
    assert uid != 0
    assert server.places.socket.stat().st_mode & 0o077 == 0
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


def test_a_second_kept_on_the_same_folder_is_told_so(server: Server, folder: Path) -> None:
    with pytest.raises(ServerError, match="already running"):
        Server(places(folder), settings=FAST).start()
    assert server.is_alive()


def test_a_killed_server_is_revived(server: Server) -> None:
    os.kill(server.pid or 0, signal.SIGKILL)
    until(lambda: not server.is_alive())
    server.start()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("also_server", [False, True])
def test_after_kill_9_of_the_parent_the_next_start_works(folder: Path, also_server: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    if also_server:
        os.kill(pid, signal.SIGKILL)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    server = Server(places(folder), settings=FAST)
    server.start()
    try:
        assert server.pid != pid
        until(lambda: not is_server_of(pid, server.places.cluster))
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_a_stale_process_file_that_names_somebody_else_is_not_believed(
    server: Server,
) -> None:
    server.stop()
    stale = server.places.cluster / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{server.places.cluster}\n0\n5432\n/tmp\n\n\nready\n")
    server.start()
    assert server.is_alive()
    os.kill(os.getpid(), 0)


def test_a_folder_with_a_long_name_still_has_a_socket(folder: Path) -> None:
    deep = folder / ("long" * 25)
    where = places(deep)
    assert len(str(where.socket)) < 100
    assert where.socket != deep / "socket"
