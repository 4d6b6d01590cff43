"""Sending to a real SMTP server: verified TLS, one result for each mail, never a repaired mail."""

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from kept.channels.mail.message import NotMailable, as_html, build
from kept.channels.mail.oauth import OAuthFailed
from kept.channels.mail.outgoing import server_of
from kept.channels.mail.parse import parse
from kept.channels.mail.parsed import File
from kept.channels.mail.send import (
    Connection,
    Later,
    MailServer,
    Never,
    ServerWrong,
    SettingWrong,
    server_from_url,
)
from kept.services.outgoing import OutgoingMail
from tests.channels.mail.fault_proxy import FaultProxy
from tests.channels.mail.mail_servers import (
    EXIM,
    Exim,
    folder,
    free_port,
    make_certificate,
    need,
)

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAIL = OutgoingMail(
    to="dana@example.com",
    to_name='Dana "D" Ünal',
    from_name="Care, first desk",
    from_address="care@kept.example",
    subject="Ваш запрос принят [12]",
    text="Hello Dana,\n\nsee https://kept.example/c/abc?x=1&y=2.\n> quoted <b>\n\nCare",
    message_id="<0123456789abcdef@kept.example>",
    in_reply_to="<CAFh-7aXk2@mail.example.com>",
    references=("<first@example.com>", "<CAFh-7aXk2@mail.example.com>"),
    reply_token="abcdefghijklmnopqrstuvwxyz234567",
    automatic=True,
)
FORBIDDEN = ["\r\nBcc: eve@example.net", "\nX-Evil: 1", "\r", "\0", "\u2028x", "\u2029x", "\x85x",
             "\x0bx", "\ud800"]  # fmt: skip


def changed(**changes: object) -> OutgoingMail:
    return msgspec.structs.replace(MAIL, **changes)


def test_a_mail_reads_back_with_the_standard_parser_as_it_was_meant() -> None:
    octets = build(MAIL, at=AT)
    read = BytesParser(policy=policy.default).parsebytes(octets)
    assert read["subject"] == MAIL.subject
    assert str(read["from"]) == '"Care, first desk" <care@kept.example>'
    assert read["to"].addresses[0].addr_spec == "dana@example.com"
    assert read["to"].addresses[0].display_name == 'Dana "D" Ünal'
    assert read["message-id"] == MAIL.message_id
    assert read["in-reply-to"] == MAIL.in_reply_to
    assert read["references"].split() == list(MAIL.references)
    assert "care+abcdefghijklmnopqrstuvwxyz234567@kept.example" in read["reply-to"]
    assert read["auto-submitted"] == "auto-replied"
    assert read["x-auto-response-suppress"] == "All"
    plain, marked = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert marked is not None
    assert plain.get_content().rstrip("\n") == MAIL.text
    assert "&lt;b&gt;" in marked.get_content()
    assert 'href="https://kept.example/c/abc?x=1&amp;y=2"' in marked.get_content()
    assert all(len(line) < 999 for line in octets.splitlines())


def test_the_same_mail_is_the_same_octets_but_for_its_date() -> None:
    assert build(MAIL, at=AT) == build(MAIL, at=AT)


def test_a_mail_that_a_person_wrote_bears_no_sign_of_a_machine() -> None:
    read = BytesParser(policy=policy.default).parsebytes(build(changed(automatic=False), at=AT))
    assert read["auto-submitted"] is None
    assert read["precedence"] is None


@pytest.mark.parametrize("evil", FORBIDDEN)
@pytest.mark.parametrize(
    "place", ["subject", "to", "to_name", "from_name", "from_address", "message_id", "in_reply_to"]
)
def test_a_line_break_in_any_header_value_is_refused(place: str, evil: str) -> None:
    good = getattr(MAIL, place)
    with pytest.raises(NotMailable):
        build(changed(**{place: good[:4] + evil + good[4:]}), at=AT)


def test_a_line_break_in_a_file_name_is_refused_and_odd_names_are_encoded() -> None:
    evil = File(name="a\r\nBcc: x@y", content_type="text/plain", octets=b"1")
    with pytest.raises(NotMailable):
        build(MAIL, at=AT, files=[evil])
    odd = File(name='Ünï "q"; x=.pdf' * 6, content_type="text/html\r\nX: y", octets=b"%PDF")
    octets = build(MAIL, at=AT, files=[odd])
    read = next(iter(BytesParser(policy=policy.default).parsebytes(octets).iter_attachments()))
    assert read.get_filename() == odd.name
    assert read.get_content_type() == "application/octet-stream"
    assert parse(octets).files[0].octets == b"%PDF"


@pytest.mark.parametrize(
    "to",
    ["a@example.com, b@example.com", "a@example.com;b@example.com", "group: a@example.com;",
     "a@x.example)b@y.example", "a@x.example (b@y.example)", "<a@x.example>b@y.example", "",
     "a@x@y", "a" * 2_000_000 + "@example.com", "a b@example.com",
     "a@exa mple"],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_no_recipient(to: str) -> None:
    with pytest.raises(NotMailable):
        build(changed(to=to), at=AT)


def test_long_texts_stay_within_the_lines_that_servers_take() -> None:
    long = changed(
        subject="x" * 5_000, to_name="ü" * 500, text="y" * 100_000,
        references=tuple(f"<{number}@{'d' * 60}.example>" for number in range(100)),
    )  # fmt: skip
    octets = build(long, at=AT)
    assert all(len(line) < 999 for line in octets.splitlines())
    assert len(parse(octets).references) <= 33


def test_text_becomes_paragraphs_and_never_markup() -> None:
    assert "<script" not in as_html("<script>alert(1)</script>\n\n{{ config }}")


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [("smtp://mx.example.com", 587, "starttls"), ("smtps://mx.example.com", 465, "tls"),
     ("smtp://u:p%40@mx.example.com:25?tls=starttls", 25, "starttls"),
     ("smtp://127.0.0.1:1025?tls=none", 1025, "none")],
)  # fmt: skip
def test_the_setting_of_a_mail_server_is_read(url: str, port: int, tls: str) -> None:
    server = server_from_url(url)
    assert server is not None
    assert (server.port, server.tls) == (port, tls)


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://h:port", "smtp://u:p@h?tls=none", "smtp://h?tls=maybe"]
)
def test_a_wrong_setting_says_what_is_wrong(url: str) -> None:
    with pytest.raises(SettingWrong, match="KEPT_SMTP_URL"):
        server_from_url(url)


def there(server: Exim, **changes: object) -> MailServer:
    made = MailServer(
        host="127.0.0.1", port=server.port, user="desk", password="secret",
        ca_file=str(server.certificate), timeout=10,
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.system
def test_mails_go_out_over_one_verified_session_each_with_its_own_fate(exim: Exim) -> None:
    before = len(exim.delivered(0))
    with Connection(there(exim)) as smtp:
        assert smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))[:3] == "250"
        with pytest.raises(Never, match=r"5\.1\.1 User unknown"):
            smtp.send("care@kept.example", "gone@example.com", build(MAIL, at=AT))
        with pytest.raises(Later, match=r"4\.7\.1 Come back later"):
            smtp.send("care@kept.example", "later@example.com", build(MAIL, at=AT))
        other = changed(message_id="<second@kept.example>")
        smtp.send("care@kept.example", "pat@example.com", build(other, at=AT))
    arrived = exim.delivered(before + 2)
    assert len(arrived) == before + 2
    ids = [parse(octets).message_id for octets in arrived]
    assert {"0123456789abcdef@kept.example", "second@kept.example"} <= set(ids)


@pytest.mark.system
def test_a_mail_that_the_server_refuses_after_data_is_never_sent_again(exim: Exim) -> None:
    octets = b"X-Refuse: yes\r\n" + build(MAIL, at=AT)
    with Connection(there(exim)) as smtp, pytest.raises(Never):
        smtp.send("care@kept.example", "dana@example.com", octets)


@pytest.mark.system
def test_a_session_cut_after_data_is_tried_again_under_the_same_id(exim: Exim) -> None:
    before = len(exim.delivered(0))
    cut = iter([True])
    mail = changed(message_id="<cut@kept.example>")

    def after_data(said: bytes, answered: bytes) -> bool:
        return said.endswith(b"\r\n.\r\n") and b"250 OK id=" in answered and next(cut, False)

    with FaultProxy(exim.port, after_data) as proxy:
        plain = there(exim, port=proxy.port, tls="none", user="", password="")
        with Connection(plain) as smtp:
            with pytest.raises(Later, match="connection was lost"):
                smtp.send("care@kept.example", "dana@example.com", build(mail, at=AT))
            smtp.send("care@kept.example", "dana@example.com", build(mail, at=AT))
        assert proxy.cuts == 1
    arrived = exim.delivered(before + 2)[before:]
    assert len(arrived) <= 2
    assert {parse(octets).message_id for octets in arrived if b"cut@" in octets} == {
        "cut@kept.example"
    }


@pytest.mark.system
def test_a_certificate_that_nobody_vouches_for_gets_no_password(exim: Exim) -> None:
    with Connection(there(exim, ca_file=None)) as smtp, pytest.raises(ServerWrong, match="trust"):
        smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))


@pytest.mark.system
def test_a_certificate_of_another_host_and_a_stripped_starttls_are_refused() -> None:
    need(EXIM)
    for options, told in (
        ({"certificate_for": "elsewhere.example"}, "trust"),
        ({"tls": False}, "STARTTLS"),
    ):
        with folder() as path:
            server = Exim(path, **options)
            server.start()
            with Connection(there(server)) as smtp, pytest.raises(ServerWrong, match=told):
                smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))
            server.stop()


@pytest.mark.system
def test_a_wrong_password_is_the_servers_matter_and_is_not_told(exim: Exim) -> None:
    wrong = there(exim, password="hunter2-wrong")
    with Connection(wrong) as smtp, pytest.raises(ServerWrong) as refused:
        smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))
    assert "hunter2" not in str(refused.value)


def test_a_server_that_is_not_there_costs_no_mail_its_attempt() -> None:
    server = MailServer(host="127.0.0.1", port=free_port(), tls="none", timeout=2)
    with Connection(server) as smtp, pytest.raises(ServerWrong, match="cannot be used"):
        smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))


class TokenDoor:
    """A server that signs in with XOAUTH2 and the one right token."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def auth_XOAUTH2(self, server: SMTP, words: list[bytes]) -> AuthResult:
        said = base64.b64decode(words[1])
        return AuthResult(success=said == b"user=desk\1auth=Bearer token-1\1\1", handled=False)

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        self.mails.append(envelope.original_content or b"")
        return "250 OK"


@contextmanager
def token_server(path: Path) -> Iterator[tuple[TokenDoor, MailServer]]:
    certificate, key = make_certificate(path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    door = TokenDoor()
    controller = Controller(
        door, hostname="127.0.0.1", port=free_port(), tls_context=context, auth_required=True,
        auth_exclude_mechanism=["LOGIN", "PLAIN"],
    )  # fmt: skip
    controller.start()
    try:
        yield (
            door,
            MailServer(
                host="127.0.0.1", port=controller.port, user="desk", ca_file=str(certificate)
            ),
        )
    finally:
        controller.stop()


def no_token() -> str:
    raise OAuthFailed("The provider gives no token: 400 invalid_grant")


def test_a_server_that_wants_a_token_gets_it_over_tls(tmp_path: Path) -> None:
    with token_server(tmp_path) as (door, server):
        with Connection(replace(server, token=lambda: "token-1")) as smtp:
            smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))
        with (
            Connection(replace(server, token=lambda: "stolen")) as smtp,
            pytest.raises(ServerWrong, match="refuses our user") as refused,
        ):
            smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))
        assert "stolen" not in str(refused.value)
        with (
            Connection(replace(server, token=no_token)) as smtp,
            pytest.raises(ServerWrong, match="invalid_grant"),
        ):
            smtp.send("care@kept.example", "dana@example.com", build(MAIL, at=AT))
    assert len(door.mails) == 1


def test_the_oauth_setting_replaces_the_password() -> None:
    client = '{"token_url": "https://login.example.com/t", "client_id": "k", "refresh_token": "r"}'
    server = server_of("smtp://desk:p@mx.example.com", client, now=lambda: AT)
    assert server is not None
    assert server.token is not None
    assert server.password == ""
    with pytest.raises(OAuthFailed, match="cannot be read"):
        server_of("smtp://mx.example.com", "{}", now=lambda: AT)
