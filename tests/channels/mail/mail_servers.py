"""Real mail servers on loopback, each with a folder and a configuration of its own.

They run as root and as anybody; under root they serve their mail as an unprivileged user.
"""

import contextlib
import getpass
import grp
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOVECOT = Path("/usr/sbin/dovecot")
EXIM = Path("/usr/sbin/exim4")
START_SECONDS = 15


def need(program: Path) -> None:
    """Skip by name where the program is missing; in CI that is a failure."""
    if program.exists():
        return
    if os.environ.get("CI"):
        pytest.fail(f"{program} is missing")
    pytest.skip(f"{program} is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return once something answers on the port."""
    pause = threading.Event()
    for _ in range(START_SECONDS * 20):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(5)
            if s.recv(1):
                return
        if process is not None and process.poll() is not None:
            break
        pause.wait(0.05)
    pytest.fail(f"nothing answers on port {port}")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A short path that other users may enter: sockets have short names."""
    path = Path(tempfile.mkdtemp(prefix="km"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def make_certificate(path: Path, *, name: str = "127.0.0.1", days: int = 1) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key; the certificate is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    named: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        named = x509.IPAddress(ipaddress.ip_address(name))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC) if days > 0 else start + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = path / f"{name}{days}.crt", path / f"{name}{days}.key"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key_path.chmod(0o644)
    return cert_path, key_path


class Dovecot:
    """An IMAP server. Any user signs in with the password `secret`."""

    def __init__(self, path: Path, *, oauth_url: str = "") -> None:
        self.path = path
        self.port, self.tls_port = free_port(), free_port()
        self.certificate, self.key = make_certificate(path)
        self.is_root = os.getuid() == 0
        self.mail_user = "nobody" if self.is_root else getpass.getuser()
        (path / "mail").mkdir()
        (path / "run").mkdir()
        if self.is_root:
            entry = pwd.getpwnam(self.mail_user)
            os.chown(path / "mail", entry.pw_uid, entry.pw_gid)
        (path / "dovecot.conf").write_text(self._configuration(oauth_url))
        self.process: subprocess.Popen[bytes] | None = None

    def _configuration(self, oauth_url: str) -> str:
        entry = pwd.getpwnam(self.mail_user)
        inner = "dovecot" if self.is_root else self.mail_user
        login = "dovenull" if self.is_root else self.mail_user
        oauth = ""
        if oauth_url:
            (self.path / "oauth.conf").write_text(
                f"tokeninfo_url = {oauth_url}\nusername_attribute = email\n"
            )
            oauth = (
                f"passdb {{\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n"
                f" args = {self.path}/oauth.conf\n}}\n"
            )
        return f"""
base_dir = {self.path}/run
state_dir = {self.path}/run
log_path = {self.path}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self.key}
default_internal_user = {inner}
default_internal_group = {inner if self.is_root else _group()}
default_login_user = {login}
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login{" xoauth2 oauthbearer" if oauth_url else ""}
mail_location = maildir:{self.path}/mail/%u
mail_max_userip_connections = 50
mailbox_idle_check_interval = 1s
{oauth}passdb {{
 driver = static
 args = password=secret
}}
userdb {{
 driver = static
 args = uid={entry.pw_uid} gid={entry.pw_gid} home={self.path}/mail/%u
}}
service imap-login {{
 chroot =
 inet_listener imap {{
  port = {self.port}
 }}
 inet_listener imaps {{
  port = {self.tls_port}
  ssl = yes
 }}
}}
service anvil {{
 chroot =
}}
service stats {{
 chroot =
}}
"""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", self.path / "dovecot.conf"],
            stdout=subprocess.DEVNULL,
            stderr=(self.path / "stderr").open("wb"),
            start_new_session=True,
        )
        try:
            await_port(self.port, self.process)
        except BaseException:
            log = self.path / "log"
            print((self.path / "stderr").read_text(), log.read_text() if log.exists() else "")
            raise

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the master and every service process."""
        if self.process is not None:
            os.killpg(self.process.pid, number)


class Exim:
    """An SMTP server with STARTTLS. `gone@` is unknown, `later@` is put off, others arrive."""

    def __init__(
        self, path: Path, *, tls: bool = True, certificate_for: str = "127.0.0.1"
    ) -> None:
        self.path = path
        self.port = free_port()
        self.is_root = os.getuid() == 0
        self.certificate, self.key = make_certificate(path, name=certificate_for)
        for name in ("spool", "log", "out"):
            (path / name).mkdir()
        user = "Debian-exim" if self.is_root else getpass.getuser()
        if self.is_root:
            entry = pwd.getpwnam(user)
            for name in ("spool", "log", "out"):
                os.chown(path / name, entry.pw_uid, entry.pw_gid)
        (path / "exim.conf").write_text(self._configuration(user, tls))
        (path / "exim.conf").chmod(0o644)
        self.process: subprocess.Popen[bytes] | None = None

    def _configuration(self, user: str, tls: bool) -> str:
        group = "Debian-exim" if self.is_root else _group()
        offered = "*" if tls else ":"
        return f"""
primary_hostname = mx.example.test
spool_directory = {self.path}/spool
log_file_path = {self.path}/log/%slog
pid_file_path = {self.path}/spool/exim.pid
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = {"false" if self.is_root else "true"}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
tls_advertise_hosts = {offered}
tls_certificate = {self.certificate}
tls_privatekey = {self.key}
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
message_size_limit = 20M
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
begin acl
check_rcpt:
  deny local_parts = gone
       message = 5.1.1 User unknown
  defer local_parts = later
       message = 4.7.1 Come back later
  accept
check_data:
  deny condition = ${{if eq{{$h_X-Refuse:}}{{yes}}}}
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = {self.path}/out
  maildir_format
  envelope_to_add
  return_path_add
  user = {user}
  group = {group}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{desk}}}}{{eq{{$auth3}}{{secret}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [EXIM, "-bdf", "-C", self.path / "exim.conf"],
            stdout=subprocess.DEVNULL,
            stderr=(self.path / "stderr").open("wb"),
            start_new_session=True,
        )
        try:
            await_port(self.port, self.process)
        except BaseException:
            print((self.path / "stderr").read_text())
            for log in (self.path / "log").glob("*"):
                print(log.read_text())
            raise

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None

    def delivered(self, count: int) -> list[bytes]:
        """Return what was delivered, once `count` mails are there."""
        pause = threading.Event()
        for _ in range(START_SECONDS * 20):
            found = sorted((self.path / "out" / "new").glob("*"))
            if len(found) >= count:
                break
            pause.wait(0.05)
        return [path.read_bytes() for path in sorted((self.path / "out" / "new").glob("*"))]


def _group() -> str:
    return grp.getgrgid(os.getgid()).gr_name
