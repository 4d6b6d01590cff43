"""Start, watch and stop one embedded server.

The server is a direct child: it gets a fast shutdown when its parent dies, and one lock file,
not a process number, says whether somebody else is using the data folder.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kept.postgres.leftovers import clear_leftovers
from kept.postgres.places import Places, binaries

START_SECONDS = 60.0
"""Long enough for crash recovery of a busy desk."""
STOP_SECONDS = 10.0
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class ServerError(Exception):
    """The embedded server cannot run; the sentence says why and names the log."""


class Server:
    """The embedded server of one data folder."""

    def __init__(self, where: Places, *, settings: Mapping[str, str] | None = None) -> None:
        self.places = where
        self.settings = {**SETTINGS, **(settings or {})}
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def url(self) -> str:
        """The DATABASE_URL of this server."""
        return self.places.url

    @property
    def pid(self) -> int | None:
        """The postmaster's process number while it lives."""
        return self._child.pid if self._child is not None and self.is_alive() else None

    def is_alive(self) -> bool:
        """Tell whether our child still runs; a crashed one may be started again."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the server, making its cluster and database on first use. Call again to revive.

        Call it from the main thread: the parent whose death ends the server is a thread.
        """
        if self.is_alive():
            return
        folder = binaries(self.places.account)
        self._prepare_folders()
        self._take_lock()
        try:
            if not (self.places.cluster / "PG_VERSION").exists():
                self._make_cluster(folder)
            clear_leftovers(self.places.cluster, self.places.socket)
            self._launch(folder)
            self._make_database(folder)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop by a fast shutdown, then harder; release the data folder."""
        child, self._child = self._child, None
        if child is not None:
            for push, patience in (
                (signal.SIGINT, STOP_SECONDS),
                (signal.SIGQUIT, STOP_SECONDS),
                (signal.SIGKILL, None),
            ):
                child.send_signal(push)
                child.send_signal(signal.SIGCONT)  # a frozen one would never hear it
                try:
                    child.wait(patience)
                    break
                except subprocess.TimeoutExpired:
                    continue
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare_folders(self) -> None:
        self.places.cluster.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.places.socket.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = self.places.account
        owner = account.pw_uid if account is not None else os.geteuid()
        if self.places.socket.stat().st_uid not in {owner, os.geteuid()}:
            raise ServerError(f"{self.places.socket} belongs to somebody else; remove it.")
        self.places.socket.chmod(0o700)
        self.places.log.touch(mode=0o600)
        self._hand_over(self.places.socket)
        self._hand_over(self.places.log)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = os.open(self.places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise ServerError(
                f"another Kept is already running on {self.places.cluster.parent}"
            ) from None
        self._lock = lock

    def _make_cluster(self, folder: Path) -> None:
        """Make it beside its place and rename, so that a killed first start leaves nothing."""
        half = self.places.cluster.with_name("postgres.half")
        if half.exists():
            shutil.rmtree(half)
        half.mkdir(mode=0o700)
        self._hand_over(half)
        command = [
            str(folder / "initdb"), "--pgdata", str(half), "--username", "kept",
            "--auth", "trust", "--encoding", "UTF8", "--locale-provider", "builtin",
            "--builtin-locale", "C.UTF-8", "--locale", "C", "--data-checksums",
            "--no-instructions",
        ]  # fmt: skip
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        with self.places.log.open("ab") as log:
            done = subprocess.run(
                command, stdout=log, stderr=log, check=False, env=_environment(), cwd="/",
                user=self._user, group=self._group,
                extra_groups=None if self._user is None else [],
            )  # fmt: skip
        if done.returncode != 0:
            raise ServerError(f"initdb failed; {self._last_words()}")
        half.rename(self.places.cluster)

    def _launch(self, folder: Path) -> None:
        """Try until recovery is over; backends of a killed server may hold its memory a while."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._spawn(folder)
            while self.is_alive():
                if self._is_ready():
                    return
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"not ready after {START_SECONDS:.0f} s; {self._last_words()}"
                    )
                time.sleep(0.005)
            if time.monotonic() > deadline or "still in use" not in self._last_words():
                raise ServerError(f"postgres ended; {self._last_words()}")
            time.sleep(0.1)

    def _spawn(self, folder: Path) -> None:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        command = [
            str(folder / "postgres"), "-D", str(self.places.cluster),
            "-k", str(self.places.socket), *options,
        ]  # fmt: skip
        with self.places.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
                env=_environment(),
                cwd="/",
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
            )

    def _is_ready(self) -> bool:
        try:
            lines = (self.places.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        child = self._child
        return (
            child is not None
            and len(lines) >= 8
            and lines[0].strip() == str(child.pid)
            and lines[7].strip() == "ready"
        )

    def _make_database(self, folder: Path) -> None:
        marker = self.places.cluster / "kept_database"
        if marker.exists():
            return
        done = subprocess.run(
            [str(folder / "createdb"), "-h", str(self.places.socket), "-U", "kept", "kept"],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
        )
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise ServerError(f"cannot make the database: {done.stderr.strip()}")
        marker.touch()
        self._hand_over(marker)

    def _hand_over(self, path: Path) -> None:
        if self.places.account is not None:
            os.chown(path, self.places.account.pw_uid, self.places.account.pw_gid)

    @property
    def _user(self) -> int | None:
        return self.places.account.pw_uid if self.places.account is not None else None

    @property
    def _group(self) -> int | None:
        return self.places.account.pw_gid if self.places.account is not None else None

    def _last_words(self) -> str:
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = self.places.log.read_text(errors="replace").splitlines()[-3:]
        return f"{' / '.join(lines)} (log: {self.places.log})"


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


def _die_with_parent() -> Callable[[], None] | None:
    """Ask the kernel for a fast shutdown when we die; only Linux can."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        library.prctl(1, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
