"""Building outgoing mail: header fields in full control, text and HTML, files.

Nothing that came from a person reaches a header with a line break in it: such a value is
refused, not repaired, and the finished octets are read back before they count as a mail.
"""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from urllib.parse import quote

from kept.channels.mail.addresses import with_token
from kept.channels.mail.autoreply import OUTGOING
from kept.channels.mail.headers import mailboxes, message_ids, plain_address, words
from kept.channels.mail.mime import Tree, split_header
from kept.channels.mail.parsed import File
from kept.services.outgoing import OutgoingMail

LONGEST_SUBJECT = 400
LONGEST_NAME = 120
MOST_REFERENCES = 30

_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_PLAIN_ID = re.compile(r"[!-;=?-~]{1,240}")
_PIECES = re.compile(r"(?:%[0-9A-F]{2}|[^%]){1,20}")
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}")


class NotMailable(ValueError):
    """A value cannot stand in a mail; the sentence says which."""


def build(mail: OutgoingMail, *, at: datetime, files: Sequence[File] = ()) -> bytes:
    """Return the octets of one mail. The same mail gives the same octets but for its Date."""
    fields = _fields(mail, at)
    body_fields, body = _body(mail, files)
    head = b"".join(f"{name}: {value}\r\n".encode() for name, value in fields)
    octets = head + body_fields + b"\r\n" + body
    _read_back(octets, mail, [name for name, _ in fields])
    return octets


def _fields(mail: OutgoingMail, at: datetime) -> list[tuple[str, str]]:
    """Return the header fields in order, folded; only a recipient may be beyond ASCII."""
    sender = _address(mail.from_address, "sender")
    reply_to = _address(with_token(mail.from_address, mail.reply_token), "reply")
    fields = [
        ("From", _named(mail.from_name, sender)),
        ("To", _named(mail.to_name, _address(mail.to, "recipient"))),
        ("Subject", _words(_line(mail.subject, "subject")[:LONGEST_SUBJECT], 9)),
        ("Date", format_datetime(at)),
        ("Message-ID", _id(mail.message_id)),
    ]
    if mail.reply_token:
        fields.append(("Reply-To", _named(mail.from_name, reply_to)))
    if _PLAIN_ID.fullmatch(bare_id(_line(mail.in_reply_to, "message id"))):
        # An odd id of the customer's own program must not keep our answer from going out.
        fields.append(("In-Reply-To", _id(mail.in_reply_to)))
    named = (bare_id(one) for one in (*mail.references, mail.in_reply_to))
    chain = [one for one in dict.fromkeys(named) if _PLAIN_ID.fullmatch(one)]
    if chain:
        kept = [*chain[:1], *chain[1:][-MOST_REFERENCES:]]
        fields.append(("References", "\r\n ".join(_id(one) for one in kept)))
    if mail.automatic:
        fields += OUTGOING
    return [*fields, ("MIME-Version", "1.0")]


def _line(text: str, what: str) -> str:
    if _FORBIDDEN.search(text):
        raise NotMailable(f"The {what} has a line break or a control character in it.")
    return text.strip()


def _address(address: str, what: str) -> str:
    """Return one plain address; a list, a group or a comment is none."""
    plain = plain_address(_line(address, what))
    if not plain or (what != "recipient" and not plain.isascii()):
        raise NotMailable(f"The {what} is not one plain address.")
    return address.strip()


def _id(message_id: str) -> str:
    message_id = bare_id(message_id)
    if not _PLAIN_ID.fullmatch(message_id):
        raise NotMailable("A message id has a character that no id has.")
    return f"<{message_id}>"


def bare_id(message_id: str) -> str:
    """Return a Message-ID without its angle brackets."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def _named(name: str, address: str) -> str:
    name = _line(name, "name")[:LONGEST_NAME]
    if not name:
        return address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"\r\n <{address}>'
    return f"{_words(name, 10)}\r\n <{address}>"


def _words(text: str, indent: int) -> str:
    """Return `text` as encoded words where it needs any, folded under 76 columns."""
    is_plain = text.isascii() and "=?" not in text
    if is_plain and len(text) + indent < 76:
        return text
    pieces: list[bytes] = [b""]
    for letter in text:
        octets = letter.encode("utf-8")
        if len(pieces[-1]) + len(octets) > 42:
            pieces.append(b"")
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(p).decode()}?=" for p in pieces)


def _body(mail: OutgoingMail, files: Sequence[File]) -> tuple[bytes, bytes]:
    """Return the content fields and the body: text and HTML, with files around them."""
    seed = sha256(mail.message_id.encode()).hexdigest()[:24]
    shown = [found for found in files if found.inline and _PLAIN_ID.fullmatch(found.cid)]
    text = _part("text/plain; charset=utf-8", mail.text.encode("utf-8", "replace"))
    markup = as_html(mail.text, [found.cid for found in shown]).encode("utf-8", "replace")
    html = _part("text/html; charset=utf-8", markup)
    if shown:
        html_head, html_body = _multipart(
            "related", f"rel-{seed}", [html, *(_file(found, inline=True) for found in shown)]
        )
        html = html_head + b"\r\n" + html_body
    head, body = _multipart("alternative", f"alt-{seed}", [text, html])
    attached = [found for found in files if found not in shown]
    if not attached:
        return head, body
    parts = [head + b"\r\n" + body, *(_file(found) for found in attached)]
    return _multipart("mixed", f"mix-{seed}", parts)


def _multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the field and the body. All parts are base64, so no line can be the boundary."""
    mark = f"--{boundary}".encode("ascii")
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode("ascii")
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head, body + mark + b"--\r\n"


def _part(content_type: str, octets: bytes, disposition: str = "") -> bytes:
    encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    head = f"Content-Type: {content_type}\r\n{disposition}Content-Transfer-Encoding: base64\r\n"
    return head.encode("ascii") + b"\r\n" + encoded.removesuffix(b"\r\n")


def _file(found: File, *, inline: bool = False) -> bytes:
    name = _line(found.name, "file name")
    pieces = _PIECES.findall(quote(name, safe=""))
    if len(pieces) == 1:
        shown = f" filename*=utf-8''{pieces[0]}"
    else:
        first = f" filename*0*=utf-8''{pieces[0]}"
        rest = [f" filename*{number}*={piece}" for number, piece in enumerate(pieces[1:], 1)]
        shown = ";\r\n".join([first, *rest])
    kind = found.content_type
    if not re.fullmatch(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", kind) or "multipart" in kind:
        kind = "application/octet-stream"
    place = "inline" if inline else "attachment"
    named = f"Content-ID: {_id(found.cid)}\r\n" if inline else ""
    return _part(kind, found.octets, f"{named}Content-Disposition: {place};\r\n{shown}\r\n")


def as_html(text: str, pictures: Sequence[str] = ()) -> str:
    """Return plain text as modest HTML; pictures of the mail stand below it, by Content-ID."""
    paragraphs = re.split(r"\n[ \t]*\n", text.strip("\n"))
    shown = "\n".join(f"<p>{_inline(paragraph)}</p>" for paragraph in paragraphs)
    shown += "".join(f'\n<p><img src="cid:{escape(cid)}" alt=""></p>' for cid in pictures)
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8"></head>'
        f"<body>\n{shown}\n</body></html>\n"
    )


def _inline(paragraph: str) -> str:
    pieces: list[str] = []
    place = 0
    for match in _LINK.finditer(paragraph):
        address = match.group().rstrip(".,;:!?)")
        pieces.append(escape(paragraph[place : match.start()]))
        pieces.append(f'<a href="{escape(address)}">{escape(address)}</a>')
        place = match.start() + len(address)
    pieces.append(escape(paragraph[place:]))
    return "".join(pieces).replace("\n", "<br>\n")


def _read_back(octets: bytes, mail: OutgoingMail, names: list[str]) -> None:
    """Read the mail as its receiver will; raise unless it says what was meant, no more."""
    fields, _ = split_header(octets)
    found = [name for name, _ in fields]
    wanted = [name.lower() for name in names] + ["content-type"]
    read = dict(fields)
    to = mailboxes(read["to"])
    if (
        found != wanted
        or len(to) != 1
        or to[0].address != plain_address(mail.to)
        or message_ids(read["message-id"]) != (bare_id(mail.message_id),)
        or len(mailboxes(read["from"])) != 1
        or words(read["subject"]) != words(mail.subject[:LONGEST_SUBJECT].strip().encode())
        or not Tree().read(octets).parts
    ):
        raise NotMailable("The mail does not read back as it was meant.")
