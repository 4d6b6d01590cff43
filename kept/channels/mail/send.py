"""Send: one connection to the mail server that is set, verified TLS, an answer for each mail.

An answer of 4xx, a lost connection and silence all mean "again later, under the same id"; 5xx
about a mail is final. What is wrong with the server itself is the fault of no mail.
"""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

from kept.channels.mail.oauth import OAuthFailed

TIMEOUT_SECONDS = 30
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TLS_MODES = ("starttls", "tls", "none")


class SettingWrong(ValueError):
    """KEPT_SMTP_URL cannot be used; the sentence says why."""


class SendFailed(Exception):
    """The mail did not go out. `is_permanent` when it never will."""

    is_permanent = False


class Later(SendFailed):
    """Not now: 4xx, or nobody knows whether it went. Try again with the same Message-ID."""


class Never(SendFailed):
    """5xx about this mail or this recipient."""

    is_permanent = True


class ServerWrong(SendFailed):
    """The server cannot be used at all: unreachable, not trusted, or it refuses our sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where outgoing mail goes."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = "starttls"
    ca_file: str | None = None
    timeout: float = TIMEOUT_SECONDS
    token: Callable[[], str] | None = None
    """Gives an access token where the server wants XOAUTH2 instead of a password."""


def server_from_url(url: str) -> MailServer | None:
    """Read `smtp://user:password@host:587?tls=starttls`; an empty setting means no server."""
    if not url.strip():
        return None
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SettingWrong("KEPT_SMTP_URL has a port that is not a number.") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingWrong("KEPT_SMTP_URL must look like smtp://user:password@host:587 .")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    otherwise = "tls" if parts.scheme == "smtps" else "starttls"
    tls = options.get("tls", otherwise)
    if tls not in TLS_MODES:
        raise SettingWrong("KEPT_SMTP_URL: tls is one of starttls, tls, none.")
    if tls == "none" and parts.username and parts.hostname not in LOOPBACK:
        raise SettingWrong("KEPT_SMTP_URL would send a password without TLS; use tls=starttls.")
    return MailServer(
        host=parts.hostname,
        port=port or (465 if tls == "tls" else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        ca_file=options.get("ca") or None,
    )


class Connection:
    """A session with the mail server, opened at the first mail and again when it was lost."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session politely, if there is one."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (smtplib.SMTPException, OSError):
                smtp.close()

    def send(self, sender: str, recipient: str, octets: bytes) -> str:
        """Hand over one mail for one recipient and return what the server answered."""
        if self._smtp is None:
            self._smtp = _opened(self._server)
        try:
            return _hand_over(self._smtp, sender, recipient, octets)
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            self._drop()
            raise Later(f"The connection was lost: {_told(problem)}") from problem
        except SendFailed as failure:
            self._reset(failure)
            raise

    def _reset(self, failure: SendFailed) -> None:
        """Leave the session ready for the next mail, whatever became of this one."""
        if self._smtp is None or isinstance(failure, ServerWrong):
            self._drop()
            return
        try:
            self._smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _opened(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=server.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    smtp: smtplib.SMTP | None = None
    try:
        if server.tls == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        smtp.ehlo()
        if server.tls == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
        _sign_in(smtp, server)
    except (smtplib.SMTPException, OSError, OAuthFailed) as problem:
        if smtp is not None:
            smtp.close()
        raise ServerWrong(_server_told(problem)) from problem
    return smtp


def _sign_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    if server.token is not None:
        token = server.token()
        answer = f"user={server.user}\1auth=Bearer {token}\1\1"
        smtp.auth("XOAUTH2", lambda challenge=None: answer if challenge is None else "")
    elif server.user:
        smtp.login(server.user, server.password)


def _server_told(problem: Exception) -> str:
    match problem:
        case ssl.SSLCertVerificationError():
            return f"The mail server's certificate is not trusted: {problem.verify_message}."
        case OAuthFailed():
            return str(problem)
        case smtplib.SMTPNotSupportedError():
            return "The mail server offers no STARTTLS; nothing was sent."
        case smtplib.SMTPAuthenticationError():
            return f"The mail server refuses our user and password ({problem.smtp_code})."
        case _:
            return f"The mail server cannot be used: {_told(problem)}"


def _hand_over(smtp: smtplib.SMTP, sender: str, recipient: str, octets: bytes) -> str:
    """Say MAIL, RCPT and DATA ourselves: an answer of each decides what becomes of the mail."""
    options = [f"size={len(octets)}"] if smtp.has_extn("size") else []
    smtp.command_encoding = "ascii"
    if not recipient.isascii():
        if not smtp.has_extn("smtputf8"):
            raise Never("The mail server takes no address beyond ASCII (SMTPUTF8).")
        smtp.command_encoding = "utf-8"
        options.append("SMTPUTF8")
    _raise_for(*smtp.mail(sender, options))
    _raise_for(*smtp.rcpt(recipient))
    try:
        code, answer = smtp.data(octets)
    except smtplib.SMTPDataError as refused:
        code, answer = refused.smtp_code, _octets(refused.smtp_error)
    _raise_for(code, answer)
    return f"{code} {_text(answer)}"


def _octets(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode("utf-8", "replace")


def _raise_for(code: int, answer: bytes) -> None:
    if code == 421:
        raise ServerWrong(f"The mail server closes for now: 421 {_text(answer)}")
    if 400 <= code < 500:
        raise Later(f"{code} {_text(answer)}")
    if code in (530, 535):
        raise ServerWrong(f"The mail server wants us to sign in: {code} {_text(answer)}")
    if code >= 500:
        raise Never(f"{code} {_text(answer)}")


def _text(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())[:300]


def _told(problem: Exception) -> str:
    return f"{type(problem).__name__} {problem}"[:300].strip()
