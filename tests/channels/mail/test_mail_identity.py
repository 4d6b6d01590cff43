"""Who speaks: the address of From, what our own server says of it, and the reply address."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kept.channels.mail.addresses import base_address, token_in, with_token
from kept.channels.mail.authentication import vouched
from kept.channels.mail.headers import mailboxes, message_ids, parameters, plain_address, words
from kept.channels.mail.parse import parse, sent_instant
from kept.channels.mail.parsed import ParsedMail
from kept.channels.mail.thread import incoming

MESSAGES = Path(__file__).parent / "messages"
TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
OURS = ("mx.kept.example",)


def mail_with(*results: str, author: str = "dana@example.com") -> ParsedMail:
    fields = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    return parse(f"{fields}From: {author}\r\n\r\nx".encode())


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((), None),
        (("mx.kept.example; dmarc=pass header.from=example.com",), True),
        (("mx.kept.example 1; DMARC=Pass (p=none) header.from=example.com",), True),
        (("mx.kept.example; dkim=pass header.d=example.com",), True),
        (("mx.kept.example; dkim=pass header.i=@example.com; spf=fail",), True),
        (("mx.kept.example; spf=pass smtp.mailfrom=bounce@example.com",), True),
        (("mx.kept.example; dkim=pass header.d=evil.example; spf=fail",), False),
        (("mx.kept.example; spf=softfail smtp.mailfrom=dana@example.com",), False),
        (("mx.kept.example; dkim=pass header.d=evil.example",), None),
        (("mx.kept.example; dkim=none; spf=none; dmarc=none",), None),
        (
            ("mx.kept.example; dmarc=fail header.from=example.com; dkim=pass header.d=x.org",),
            False,
        ),
        (("elsewhere.example; dmarc=pass header.from=example.com",), None),
        (("elsewhere.example; dmarc=fail header.from=example.com",), False),
        (("mx.kept.example; spf=none", "mx.kept.example; dmarc=pass"), None),
        (("mx.kept.example; dmarc=pass (dmarc=fail) header.from=example.com",), True),
        (("; ; ;",), None),
    ],
)
def test_only_our_servers_word_proves_a_sender(
    results: tuple[str, ...], expected: bool | None
) -> None:
    assert vouched(mail_with(*results), OURS) is expected


def test_without_a_trusted_server_nobody_is_proved_but_a_failure_counts() -> None:
    assert vouched(mail_with("mx.kept.example; dmarc=pass"), ()) is None
    assert vouched(mail_with("mx.kept.example; dmarc=fail"), ()) is False


def test_several_senders_are_never_proved() -> None:
    mail = mail_with("mx.kept.example; dmarc=pass", author="dana@example.com, eve@example.net")
    assert vouched(mail, OURS) is False


@pytest.mark.parametrize(
    ("recipient", "token"),
    [
        (f"care+{TOKEN}@kept.example", TOKEN),
        (f"CARE+{TOKEN}@KEPT.example", TOKEN),
        (f"care+{TOKEN.upper()}@kept.example", ""),
        (f"esc+{TOKEN}@kept.example", ""),
        (f"care+{TOKEN}@kept.example.evil.net", ""),
        (f"care+x+{TOKEN}@kept.example", ""),
        ("care+12@kept.example", ""),
        ("care@kept.example", ""),
        (f"care+{TOKEN * 3}@kept.example", ""),
        ("", ""),
    ],
)
def test_a_token_is_read_from_our_own_address_only(recipient: str, token: str) -> None:
    assert token_in([recipient], "care@kept.example") == token


def test_a_reply_address_is_made_and_taken_apart() -> None:
    made = with_token("care@kept.example", TOKEN)
    assert made == f"care+{TOKEN}@kept.example"
    assert base_address(made) == "care@kept.example"
    assert len(made.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"Dana <dana@example.com>", [("Dana", "dana@example.com")]),
        (b'"Reyes, Dana" <DANA@Example.com>, pat@x.org', [("Reyes, Dana", "dana@example.com"),
                                                          ("", "pat@x.org")]),
        (b"=?utf-8?Q?Reyes=2C_Dana?= <d@x.org>", [("Reyes, Dana", "d@x.org")]),
        (b"=?utf-8?B?PGV2ZUB4Lm9yZz4=?= <d@x.org>", [("<eve@x.org>", "d@x.org")]),
        ("Zoë <zoë@münchen.example>".encode(), [("Zoë", "zoë@xn--mnchen-3ya.example")]),
        (b"a@corp.com.evil.tld", [("", "a@corp.com.evil.tld")]),
        (b'"a@corp.com"@evil.tld', []),
        (b"dana@example.com <eve@x.org>", [("dana@example.com", "eve@x.org")]),
        (b"eve@x.org(dana@example.com)", [("", "eve@x.org")]),
        (b"undisclosed-recipients:;", []),
        (b"<>", []),
        (b"a@b@c.org", []),
        (b"<a@x.org\r\n>", [("", "a@x.org")]),
    ],
)  # fmt: skip
def test_an_address_field_is_read_by_its_structure(
    octets: bytes, expected: list[tuple[str, str]]
) -> None:
    found = [(box.name, box.address) for box in mailboxes(octets) if box.address]
    assert found == expected


def test_an_address_is_plain_or_none() -> None:
    assert plain_address("a\u2028b@x.org") == ""
    assert plain_address("a@x..org") == ""
    assert plain_address("a@" + "x" * 400) == ""
    assert plain_address(" Dana@Example.COM. ") == "dana@example.com"


def test_ids_are_read_with_and_without_brackets() -> None:
    assert message_ids(b"<a@b> (comment) <c@d>\t<a@b>") == ("a@b", "c@d")
    assert message_ids(b"a@b") == ("a@b",)
    assert message_ids(b"Your message of Monday") == ()


def test_parameters_in_pieces_and_charsets_are_joined() -> None:
    octets = b"attachment; filename*1*=%C3%A4.txt; filename*0*=utf-8'de'%C3%BC; size=\"1;2\""
    assert parameters(octets) == ("attachment", {"filename": "üä.txt", "size": "1;2"})


def test_encoded_words_never_make_a_second_line() -> None:
    assert words(b"=?utf-8?Q?a=0D=0AX-Evil:_1=00=E2=80=A9b?=") == "a X-Evil: 1 b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 09:14:05 +0100", "2026-11-23T08:14:05+00:00"),
        ("23 Nov 26 09:14 -0330", "2026-11-23T12:44:00+00:00"),
        ("Mon, 23 Nov 2026 09:14:60 GMT", "2026-11-23T09:14:59+00:00"),
        ("Mon, 31 Feb 2026 09:14:05 +0000", None),
        ("yesterday", None),
        ("1 Jan 0001 00:00:00 +2359", None),
        ("", None),
    ],
)
def test_a_date_is_an_instant_or_nothing(text: str, expected: str | None) -> None:
    found = sent_instant(text)
    assert (found.isoformat() if found else None) == expected
    assert found is None or found.tzinfo is UTC


def test_intake_gets_ids_in_the_form_in_which_they_are_kept() -> None:
    mail = parse((MESSAGES / "gmail-reply.eml").read_bytes())
    message = incoming(mail, desk_address="care@kept.example")
    assert message.message_id == "<CAFh-7aXk2@mail.example.com>"
    assert message.references == ("<0123456789abcdef@kept.example>",)
    assert message.reply_token == TOKEN
    assert message.sent_at == datetime(2026, 11, 23, 8, 14, 5, tzinfo=UTC)
    assert msgspec.json.encode(message)


def test_a_report_that_names_no_mail_is_a_report_all_the_same() -> None:
    raw = (MESSAGES / "dsn-postfix.eml").read_bytes().replace(b"Message-ID: <feed", b"X: <feed")
    assert incoming(parse(raw), desk_address="care@kept.example").bounce_of == ("<>",)


@pytest.mark.parametrize(
    ("servers", "results", "expected"),
    [
        (("a.kept.example", "b.kept.example"),
         ("a.kept.example; spf=none", "b.kept.example; dmarc=pass"), None),
        (("-",), ("spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com;"
                  "dmarc=pass action=none header.from=example.com;compauth=pass",), True),
        (("-",), ("spf=fail; dkim=none; dmarc=fail header.from=example.com",), False),
        (("mx.kept.example",), ("dmarc=pass header.from=example.com",), None),
        (("-",), ("mx.evil.example; dmarc=pass",), None),
    ],
)  # fmt: skip
def test_only_the_topmost_verdict_proves_a_sender(
    servers: tuple[str, ...], results: tuple[str, ...], expected: bool | None
) -> None:
    assert vouched(mail_with(*results), servers) is expected
