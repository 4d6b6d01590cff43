"""What a killed server leaves behind: an orphan that still runs, or a stale process file.

Called with the data folder's lock held, so any server found here has lost its parent. A number
in `postmaster.pid` proves nothing: it may be a zombie's or some other program's by now.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

ORPHAN_SECONDS = 15.0


def clear_leftovers(cluster: Path, socket: Path) -> None:
    """Stop an orphaned server of this cluster; remove process and socket files that lie."""
    _clear_server(cluster)
    for left in socket.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def _clear_server(cluster: Path) -> None:
    path = cluster / "postmaster.pid"
    try:
        number = int(path.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        path.unlink(missing_ok=True)
        return
    if is_server_of(number, cluster):
        _end(number, cluster)
    path.unlink(missing_ok=True)


def is_server_of(number: int, cluster: Path) -> bool:
    """Tell whether the process lives, is PostgreSQL and works in this very cluster."""
    process = Path(f"/proc/{number}")
    if Path("/proc/self").exists():
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            command = (process / "cmdline").read_bytes().split(b"\0")[0]
            folder = (process / "cwd").readlink()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False
        return state != "Z" and command.endswith(b"postgres") and folder == cluster.resolve()
    shown = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(number)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return not shown.startswith("Z") and "postgres" in shown and str(cluster) in shown


def _end(number: int, cluster: Path) -> None:
    for push in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, push)
        deadline = time.monotonic() + ORPHAN_SECONDS
        while time.monotonic() < deadline:
            if not is_server_of(number, cluster):
                return
            time.sleep(0.01)
