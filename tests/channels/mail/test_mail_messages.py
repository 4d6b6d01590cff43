"""Messages of many origins, one table: who wrote, what is new, what is folded, which files."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kept.channels.mail.mime import Unreadable
from kept.channels.mail.parse import parse
from kept.channels.mail.parsed import ParsedMail

MESSAGES = Path(__file__).parent / "messages"


def read(name: str) -> ParsedMail:
    return parse((MESSAGES / f"{name}.eml").read_bytes())


@dataclass(kw_only=True)
class Expected:
    author: str = "a@example.com"
    name: str = ""
    subject: str = ""
    fresh: str = ""
    quoted: str = ""
    files: list[str] = field(default_factory=list)
    automatic: str = ""
    problem: str = ""


TABLE = {
    "gmail-reply": Expected(
        author="dana.reyes@example.com", name="Dana Reyes",
        subject="Re: Receipt for your request [12]",
        fresh="Thanks! The order number is 4711–B.\n\nDana",
        quoted="On Mon, 23 Nov 2026 at 09:02, Care <care@kept.example> wrote:",
    ),
    "outlook-reply": Expected(
        author="chidi.okafor@example.org", name="Okafor, Chidi", subject="RE: Your parcel",
        fresh="It still has not come. My café is closed tomorrow – please call.",
        quoted="From: Retail Desk <retail@kept.example>", files=["image001.png"],
    ),
    "apple-mail": Expected(
        author="lea@example.net", name="Léa Dubois",
        subject="Réservation impossible — aide s'il vous plaît",
        fresh="Bonjour, la page reste blanche.", quoted="Envoyé de mon iPhone",
        files=["écran d'erreur.png"],
    ),
    "thunderbird-flowed": Expected(
        author="ilse.maier@example.com", name="Ilse Maier", subject="Rechnung",
        fresh="Guten Tag,\n\ndie Rechnung vom Montag ist um einen Betrag zu hoch, den ich mir"
        " nicht erklären kann. Bitte prüfen Sie das.",
        quoted="Am 20.11.2026 um 15:12 schrieb Basic:",
    ),
    "thunderbird-inline-answers": Expected(
        author="ilse.maier@example.com", name="Ilse Maier", subject="Re: Fragen",
        fresh="Am 23.11.2026 um 09:12 schrieb Basic:\n> Seit wann?\nSeit Montag.\n"
        "> Welches Gerät?\nDas rote.",
        quoted="> Danke",
    ),
    "delsp-flowed": Expected(
        author="fumi@example.jp", subject="delsp", fresh="長い文を折り返す。"
    ),
    "iso-2022-jp": Expected(
        author="taro@example.jp", name="山田 太郎", subject="注文のご質問",
        fresh="商品が届きません。\n①を確認してください。",
    ),
    "shift-jis": Expected(
        author="hana@example.jp", subject="返品について①", fresh="返品したいです。髙橋"
    ),
    "koi8-r": Expected(
        author="ivan@example.ru", name="Иван Петров", subject="Возврат денег",
        fresh="Здравствуйте! Деньги не пришли.", quoted="22.11.2026 10:00, Care пишет:",
    ),
    "windows-1251-html": Expected(
        author="olga@example.ru", subject="test",
        fresh="Добрый день,\n\n- первое\n- второе\n\nссылка <https://example.ru/a>",
    ),
    "split-encoded-words": Expected(subject="日本語", fresh="ok"),
    "utf8-labelled-latin1": Expected(
        author="zoe@example.com", subject="Prüfung", fresh="Grüße – Zoë"
    ),
    "unknown-charset": Expected(author="x@example.com", subject="odd", fresh="plain words é"),
    "not-a-charset": Expected(author="x@example.com", subject="41a", fresh="plain words"),
    "utf7-script": Expected(author="x@example.com", subject="u7", fresh="hello"),
    "utf16": Expected(author="x@example.com", subject="u16", fresh="two bytes – each"),
    "html-only-hostile": Expected(
        author="eve@example.net", subject="<img src=x onerror=window.__pwn=1>",
        fresh="readable\n\nl1 l2 l3 l4 <https://example.net/ok> ipt>window.__pwn=1ipt>"
        "\nstyled\ncall",
    ),
    "remote-and-inline-images": Expected(
        author="shop@example.net", subject="images", fresh="see the crack and",
        files=["part-1.png"],
    ),
    "out-of-office-exchange": Expected(
        author="mara.lind@example.org", name="Mara Lind", fresh="I am away until Monday.",
        subject="Automatic reply: Receipt for your request [12]", automatic="auto-submitted",
    ),
    "out-of-office-no-headers": Expected(
        author="paolo@example.com", name="Paolo Ricci", subject="Out of Office: away",
        fresh="Sono assente.", automatic="subject",
    ),
    "vacation-sieve": Expected(
        author="nina@example.com", name="Nina", subject="Auto: your message",
        fresh="gone fishing", automatic="auto-submitted",
    ),
    "mailing-list": Expected(
        author="pat@example.org", name="Pat", subject="[users] Digest question",
        fresh="What does the desk say?\n\n_______________________________________________"
        "\nusers mailing list",
        automatic="precedence",
    ),
    "bounce-forged-without-id": Expected(
        author="mailer-daemon@mx.example.com", subject="hello from a person called daemon",
        fresh="No returned message here.", automatic="daemon",
    ),
    "read-receipt": Expected(
        author="dana@example.com", name="Dana", subject="Read: Your request",
        fresh="Your message was read.", automatic="auto-submitted",
    ),
    "calendar-invite": Expected(
        author="hugo@example.com", name="Hugo", subject="Review",
        fresh="Invitation: Review of the claim, 2026-12-01 10:00 (Europe/Berlin), repeats,"
        " Room 2\nShall we meet?",
        files=["part-1.ics", "invite.ics"],
    ),
    "smime-signed": Expected(
        author="sam@example.com", name="Sam", subject="signed", fresh="Signed words.",
        files=["smime.p7s"],
    ),
    "smime-encrypted": Expected(
        author="sam@example.com", name="Sam", subject="encrypted", files=["smime.p7m"],
        problem="sealed",
    ),
    "pgp-encrypted": Expected(
        author="sam@example.com", name="Sam", subject="pgp",
        files=["part-1.asc", "encrypted.asc"], problem="encrypted",
    ),
    "winmail": Expected(
        author="otto@example.com", name="Otto", subject="packed",
        fresh="Words packed by Outlook", files=["report.txt"],
    ),
    "winmail-broken": Expected(
        author="otto@example.com", name="Otto", subject="packed badly", fresh="see attached",
        files=["winmail.dat"], problem="winmail.dat could not be opened",
    ),
    "forwarded-eml": Expected(
        author="ana@example.com", name="Ana", subject="Fwd: look",
        fresh="Please read what he wrote.", files=["The original_.._quarrel.eml"],
    ),
    "hostile-filenames": Expected(
        author="eve@example.net", subject="names", fresh="files",
        files=["passwd", "boot.ini", "joined.exe", "invoicefdp.exe", "nulbyte X-Evil_ 1.txt",
               "L" * 146 + ".pdf", "part-7.bin", "word.doc"],
    ),
    "own-control-headers": Expected(
        author="eve@example.net", subject="#close #assign amira", fresh="#close"
    ),
    "reply-to-and-sender-differ": Expected(
        author="dana@example.com", name="Dana", subject="who am I", fresh="me",
        problem="Reply-To is eve@example.net",
    ),
    "two-from": Expected(
        author="dana@example.com", name="Dana", subject="two", fresh="x",
        problem="several senders",
    ),
    "comment-tricks": Expected(
        author="eve@example.net", name="dana@example.com", subject="tricks", fresh="x"
    ),
    "empty-from": Expected(author="", fresh="nobody said this", problem="no usable sender"),
    "no-headers": Expected(
        author="", fresh="just some words\nwithout any header", problem="no usable sender"
    ),
    "no-message-id": Expected(subject="no id", fresh="words"),
    "only-headers": Expected(subject="nothing below"),
    "broken-base64": Expected(subject="b", fresh="Hello, world!"),
    "nul-and-surrogates": Expected(subject="nul ���", fresh="beforeafter ��� end"),
    "bare-cr-and-lf": Expected(subject="old mac", fresh="line one\nline two"),
    "unclosed-boundary": Expected(
        subject="cut", fresh="the words before the cut", files=["x.pdf"]
    ),
    "multipart-without-boundary": Expected(subject="nb", fresh="--x", problem="damaged"),
    "long-message-id": Expected(subject="long", fresh="words"),
    "header-injection-words": Expected(
        author="eve@example.net", name="Eve Bcc: victim@example.com",
        subject="hi Bcc: victim@example.com x", fresh="x",
    ),
    "mbox-from-line": Expected(author="dana@example.com", subject="mbox", fresh="words"),
    "uuencoded": Expected(subject="uu", files=["f.bin"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_mail_is_read_as_its_writer_meant_it(name: str) -> None:
    mail, expected = read(name), TABLE[name]
    assert (mail.author.address, mail.author.name) == (expected.author, expected.name)
    assert mail.subject == expected.subject
    if name in ("broken-base64", "multipart-without-boundary"):
        assert mail.fresh.startswith(expected.fresh)
    else:
        assert mail.fresh == expected.fresh
    assert mail.quoted.startswith(expected.quoted)
    assert bool(mail.quoted) == bool(expected.quoted)
    assert [found.name for found in mail.files] == expected.files
    assert mail.automatic == expected.automatic
    assert expected.problem in " | ".join(mail.problems)
    assert bool(mail.problems) == bool(expected.problem)


def test_every_message_in_the_folder_is_read_or_refused_with_a_reason() -> None:
    for path in sorted(MESSAGES.glob("*.eml")):
        if path.stem == "empty-zero":
            with pytest.raises(Unreadable, match="empty"):
                parse(path.read_bytes())
        else:
            mail = parse(path.read_bytes())
            assert "\0" not in mail.subject + mail.text + mail.html, path.stem


def test_nothing_of_a_mail_is_lost_by_folding() -> None:
    mail = read("gmail-reply")
    assert "which order is it?" in mail.quoted
    assert mail.fresh in mail.text
    assert mail.quoted in mail.text


def test_a_forwarded_mail_is_the_message_itself() -> None:
    mail = read("forwarded-inline")
    assert "The pump is leaking." in mail.fresh
    assert mail.quoted == ""


def test_the_time_and_the_thread_are_those_of_the_header() -> None:
    mail = read("gmail-reply")
    assert mail.sent_at is not None
    assert mail.sent_at.isoformat() == "2026-11-23T08:14:05+00:00"
    assert mail.in_reply_to == ("0123456789abcdef@kept.example",)
    assert mail.to[0].exact == "care+abcdefghijklmnopqrstuvwxyz234567@kept.example"


def test_an_inline_image_is_kept_with_the_id_that_shows_it() -> None:
    mail = read("remote-and-inline-images")
    assert mail.files[0].cid == "part1.abc@example.net"
    assert 'src="cid:part1.abc@example.net"' in mail.html


@pytest.mark.parametrize(
    ("name", "message_id", "address", "fate"),
    [
        ("dsn-postfix", "feedfacefeedface@kept.example", "nobody@example.net", "failed"),
        ("dsn-postfix-delayed", "feedfacefeedface@kept.example", "slow@example.net", "delayed"),
        ("dsn-exchange", "c0ffee@kept.example", "gone@example.org", "failed"),
        ("bounce-qmail", "0badcafe@kept.example", "", "failed"),
        ("bounce-exim", "deadbeef01@kept.example", "gone@example.net", "failed"),
    ],
)
def test_a_delivery_report_names_our_message_and_its_fate(
    name: str, message_id: str, address: str, fate: str
) -> None:
    report = read(name).report
    assert report is not None
    assert message_id in report.message_ids
    assert report.recipients[0].address == address
    assert report.fate == fate
    assert read(name).automatic == "report"


def test_a_receipt_for_reading_is_no_report_of_delivery_but_finds_its_thread() -> None:
    mail = read("read-receipt")
    assert mail.report is None
    assert mail.references == ("0123456789abcdef@kept.example",)


def test_a_recipient_with_tricks_is_one_address_or_none() -> None:
    mail = read("comment-tricks")
    addresses = [box.address for box in (*mail.to, *mail.cc)]
    assert "b@evil.example" not in addresses
    assert "z@w" not in addresses
    assert "b@example.com" in addresses
