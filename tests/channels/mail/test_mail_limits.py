"""Hostile octets: bounded time and memory, and the next mail goes on as if nothing had been."""

import time
from collections.abc import Iterator

import pytest

from kept.channels.mail.html import sanitise, to_text
from kept.channels.mail.mime import Unreadable
from kept.channels.mail.quotes import fold
from kept.channels.mail.sandbox import Sandbox

HEAD = b"From: a@example.com\r\nTo: care@kept.example\r\nSubject: s\r\n"
PLAIN = HEAD + b"Message-ID: <plain@example.com>\r\n\r\nwords\r\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def deep(levels: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(levels)
    )
    return HEAD + opened + b"Content-Type: text/plain\r\n\r\nat the bottom\r\n"


def many_parts(count: int) -> bytes:
    part = b"--p\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=p\r\n\r\n" + part * count + b"--p--"


def commas(count: int) -> bytes:
    return b"From: " + b"<(," * count + b"\r\nTo: " + b'"\\' * count + b"\r\n\r\nx"


HOSTILE = {
    "a thousand levels of multipart": deep(1_000),
    "a hundred thousand parts": many_parts(100_000),
    "a header of ten megabytes": b"Subject: " + b"a" * 10_000_000 + b"\r\n\r\nx",
    "a hundred thousand header fields": b"X-A: b\r\n" * 100_000 + b"\r\nx",
    "a header folded two hundred thousand times": b"Subject: a"
    + b"\r\n a" * 200_000
    + b"\r\n\r\n",
    "hostile addresses": commas(200_000),
    "parameters without end": HEAD
    + b"Content-Type: text/plain"
    + b'; a="' * 100_000
    + b"\r\n\r\nx",
    "encoded words without end": b"Subject: " + b"=?utf-8?q?" * 60_000 + b"\r\n\r\nx",
    "ten megabytes of quotation marks": HEAD + b"\r\n" + b">" * 10_000_000,
    "five million quoted lines": HEAD + b"\r\n" + b">\n" * 5_000_000,
    "fifty megabytes of markup": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 9_000_000,
    "thirty megabytes of base64": HEAD
    + b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"QUJD" * 7_500_000,
    "an event each second": HEAD
    + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
    b"DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "a calendar of half a megabyte": HEAD
    + b"Content-Type: text/calendar\r\n\r\n"
    + b"BEGIN:VEVENT\r\n" * 30_000,
    "winmail.dat of endless small records": HEAD
    + b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x01\x00"
    + b"\x01\x06\x90\x08\x00\x00\x00\x00\x00\x00\x00" * 200_000,
    "two megabytes of one address": b"From: " + b"a" * 2_000_000 + b"@example.com\r\n\r\nx",
    "nothing but zeros": b"\0" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_read_or_refused_in_time_and_the_next_goes_on(
    sandbox: Sandbox, name: str
) -> None:
    started = time.monotonic()
    try:
        sandbox.parse(HOSTILE[name])
    except Unreadable as reason:
        assert str(reason).endswith(".")
    assert time.monotonic() - started < 10
    assert sandbox.parse(PLAIN).fresh == "words"


def test_a_reader_that_stalls_is_killed_and_the_mail_has_a_reason() -> None:
    with Sandbox(seconds=1) as sandbox:
        assert sandbox.parse(PLAIN).fresh == "words"
        child = sandbox._child
        assert child is not None
        child.process.send_signal(19)
        with pytest.raises(Unreadable, match="longer than 1 seconds"):
            sandbox.parse(PLAIN)
        assert sandbox.parse(PLAIN).fresh == "words"


def test_a_reader_that_eats_memory_costs_only_its_own_mail() -> None:
    large = HEAD + b"Content-Type: application/zip\r\n\r\n" + b"x" * 49_000_000
    with Sandbox(memory_bytes=120_000_000) as sandbox:
        with pytest.raises(Unreadable, match=r"memory|broke down"):
            sandbox.parse(large)
        assert sandbox.parse(PLAIN).fresh == "words"


def test_a_mail_larger_than_any_is_refused_with_its_limit() -> None:
    with Sandbox() as sandbox, pytest.raises(Unreadable, match="larger than 50 MB"):
        sandbox.parse(HEAD + b"\r\n" + b"x" * 50_000_001)


@pytest.mark.parametrize(
    "text",
    ["> " * 500_000, ">\n" * 500_000, "On 1 wrote:\n" * 80_000, "From: a\nTo: b\n" * 70_000,
     "On 1 " + "x" * 900_000, "-- \n" * 250_000, "_" * 900_000],
    ids=["marks", "lines", "attributions", "headers", "long", "signatures", "underscores"],
)  # fmt: skip
def test_folding_takes_a_moment_whatever_the_text(text: str) -> None:
    started = time.process_time()
    fold(text)
    assert time.process_time() - started < 2


def test_markup_of_any_depth_becomes_text_in_time() -> None:
    started = time.process_time()
    to_text("<blockquote>" * 100_000 + "words" + "<a href='http://a.'>" * 10_000)
    sanitise("http://a. " * 20_000)
    assert time.process_time() - started < 8
