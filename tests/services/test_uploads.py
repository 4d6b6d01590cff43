"""Files before they are sent: limits, harmless names, their owner's alone; out as real MIME."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from kept.channels.mail.outgoing import octets_of
from kept.records.models import Attachment, Message, Outbox, Upload
from kept.records.queries import writing
from kept.records.queries.conversation import picture
from kept.services import conversation, leaving, outbox, uploads
from kept.services.errors import NotFound, NotValid
from tests.people import MONDAY, Cast, dana_asks

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY)


def add(ticket: int, by: int, name: str = "a.txt", body: bytes = b"cable") -> str:
    return uploads.add(
        ticket, by=by, at=MONDAY, filename=name, content_type="text/plain", body=body
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\boot.txt", "boot.txt"),
        ("/abs/olute.txt", "olute.txt"),
        ("a\r\nContent-Type: text/html\r\n\r\nx.txt", "html x.txt"), ("a\0b.txt", "ab.txt"),
        ("\u202egnp.txt", "gnp.txt"), ("a\u200bb.txt", "a b.txt"), ("dots...", "dots"),
        ("", "file"),
        ("x" * 5000 + ".pdf", "x" * 146 + ".pdf"), ("a\u2028b.txt", "a b.txt"),
    ],
)  # fmt: skip
def test_a_name_is_one_harmless_line(cast: Cast, ticket: int, sent: str, kept: str) -> None:
    add(ticket, cast.amira, sent)
    assert Upload.objects.get().filename == kept


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("run.EXE", b"x", "a program"), ("picture.png", b"MZ\x90\0", "a program"),
        ("a", b"\x7fELF..", "a program"), ("empty.txt", b"", "is empty"),
        ("big.bin", b"x" * (uploads.LARGEST + 1), "more than 10 MB"),
    ],
)  # fmt: skip
def test_what_mail_servers_would_refuse_is_refused_here(
    cast: Cast, ticket: int, name: str, body: bytes, why: str
) -> None:
    with pytest.raises(NotValid, match=why):
        add(ticket, cast.amira, name, body)
    assert not Upload.objects.exists()


def test_a_message_and_a_person_have_their_limits(
    cast: Cast, ticket: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_TOGETHER", 10)
    monkeypatch.setattr(uploads, "QUOTA", 14)
    add(ticket, cast.amira, body=b"x" * 9)
    with pytest.raises(NotValid, match="together"):
        add(ticket, cast.amira, body=b"xx")
    with pytest.raises(NotValid, match="were not sent"):
        add(dana_asks("Another", at=MONDAY), cast.amira, body=b"x" * 6)


def test_a_file_is_its_owners_until_it_is_sent(cast: Cast, ticket: int) -> None:
    token = add(ticket, cast.amira)
    assert len(token) >= 30
    assert writing.uploads(cast.bo, ticket) == ()
    assert writing.upload_body(cast.bo, token) is None
    for other in (cast.bo, cast.eve):
        with pytest.raises(NotFound):
            uploads.remove(token, by=other)
    with pytest.raises(NotFound):
        add(ticket, cast.eve)
    assert writing.upload_body(cast.amira, token) == ("a.txt", b"cable", False)


def test_a_screenshot_goes_out_inline_and_a_file_attached(cast: Cast, ticket: int) -> None:
    tokens = (add(ticket, cast.amira), add(ticket, cast.amira, "shot.png", PNG))
    letter = leaving.Letter(text="See the picture.", key="k", files=tokens)
    leaving.send_off(ticket, letter, by=cast.amira, at=MONDAY)
    message = Message.objects.get(agent_id=cast.amira)
    (receipt,) = outbox.claim(at=MONDAY + timedelta(seconds=1), limit=9)
    outbox.mark_sent(receipt, at=MONDAY + timedelta(seconds=1))
    (claimed,) = outbox.claim(at=MONDAY + timedelta(seconds=2), limit=9)
    mail = claimed.mail
    assert mail.message == message.pk
    read = message_from_bytes(octets_of(mail, at=MONDAY), policy=policy.default)
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
        "text/html", "image/png", "text/plain",
    ]  # fmt: skip
    shown = next(part for part in read.walk() if part.get_content_type() == "image/png")
    assert shown.get_content_disposition() == "inline"
    assert shown.get_payload(decode=True) == PNG
    html = next(part for part in read.walk() if part.get_content_type() == "text/html")
    assert f"cid:{shown['Content-ID'].strip('<>')}" in html.get_content()
    attached = list(read.walk())[-1]
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("a.txt", b"cable")


def test_a_note_takes_files_too_and_they_never_leave(cast: Cast, ticket: int) -> None:
    files = uploads.taken(uploads.chosen(ticket, cast.amira, (add(ticket, cast.amira),)))
    mails = Outbox.objects.count()
    conversation.note(ticket, by=cast.amira, at=MONDAY, text="For us", files=files)
    assert Attachment.objects.get().message.kind == "note"
    assert Outbox.objects.count() == mails


def test_only_what_is_a_picture_by_its_bytes_is_shown_as_one(cast: Cast, ticket: int) -> None:
    files = (
        add(ticket, cast.amira, "a.png", b"<svg onload=alert(1)>"),
        add(ticket, cast.amira, "b", PNG),
    )
    conversation.note(
        ticket, by=cast.amira, at=MONDAY, text="x",
        files=uploads.taken(uploads.chosen(ticket, cast.amira, files)),
    )  # fmt: skip
    fake, real = Attachment.objects.order_by("id")
    assert picture(cast.bo, fake.pk) is None
    assert picture(cast.bo, real.pk) == ("image/png", PNG)
    assert picture(cast.eve, real.pk) is None


def test_what_nobody_sent_goes_after_two_weeks(cast: Cast, ticket: int) -> None:
    add(ticket, cast.amira)
    assert uploads.forget_old(at=MONDAY + timedelta(days=13)) == 0
    assert uploads.forget_old(at=MONDAY + timedelta(days=15)) == 1
