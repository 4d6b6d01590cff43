"""Bodies: which parts of a mail are its words and which are files.

Text is taken from the plain part where there is one, else from the HTML; what is neither shown
nor understood stays a file, so that nothing of a mail is lost to its reader.
"""

import re

from kept.channels.mail import calendars, html
from kept.channels.mail.charsets import clean, decode
from kept.channels.mail.filenames import shown_name
from kept.channels.mail.flowed import unflow
from kept.channels.mail.headers import message_ids, words
from kept.channels.mail.mime import Part, Unreadable, split_header
from kept.channels.mail.parsed import File
from kept.channels.mail.tnef import unpack

LONGEST_TEXT = 1_000_000
MOST_FILES = 200
TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
SHOWN = ("text/plain", "text/html", "text/calendar")
REPORTS = ("message/delivery-status", "message/disposition-notification")
SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
ENDINGS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "message/rfc822": "eml",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "message/feedback-report": "txt",
    "text/rfc822-headers": "txt",
}


class Bodies:
    """Collects the words and the files of one mail, in the order of its parts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.lines: list[str] = []
        self.files: list[File] = []
        self.problems: list[str] = []

    def take(self, part: Part) -> None:
        """Take one part with all below it."""
        kind = part.content_type
        if kind == "multipart/alternative":
            self._alternative(part)
        elif kind == "multipart/encrypted":
            self.problems.append("the message is encrypted; its parts are kept as files")
            for below in part.parts:
                self._file(below)
        elif part.parts:
            for below in part.parts:
                self.take(below)
        elif kind.startswith("multipart/"):
            self._leftover(part)
        else:
            self._leaf(part)

    def text(self) -> str:
        """Return all the words, from the HTML where there are no plain ones."""
        body = "\n".join(text for text in self.texts if text.strip())
        if not body.strip():
            body = "\n".join(html.to_text(markup) for markup in self.htmls)
        if len(body) > LONGEST_TEXT:
            self.problems.append("the text is very long; only its beginning is shown")
            body = body[:LONGEST_TEXT]
        if body.lstrip().startswith("-----BEGIN PGP MESSAGE-----"):
            self.problems.append("the text is encrypted (PGP)")
        return "\n".join([*self.lines, body]) if self.lines else body

    def markup(self) -> str:
        """Return the HTML parts, sanitised, one after the other."""
        return "<hr>".join(html.sanitise(markup) for markup in self.htmls)

    def _alternative(self, part: Part) -> None:
        """Take each form once: the words, the markup with its images, the invitation."""
        texts, markups = len(self.texts), len(self.htmls)
        for below in part.parts:
            first_text = below.content_type != "text/plain" or len(self.texts) == texts
            first_markup = below.content_type != "text/html" or len(self.htmls) == markups
            is_odd = below.content_type.startswith("text/") and below.content_type not in SHOWN
            if first_text and first_markup and not (is_odd and len(self.texts) > texts):
                self.take(below)

    def _leaf(self, part: Part) -> None:
        kind = part.content_type
        named = bool(_given_name(part))
        attached = part.disposition == "attachment"
        if kind == "text/plain" and not attached and not (named and self.texts):
            self.texts.append(_plain(part))
        elif kind in ("text/html", "application/xhtml+xml") and not attached and not named:
            self.htmls.append(_markup(part))
        elif kind == "text/calendar" or (kind == "application/ics" and not self.lines):
            self._calendar(part)
        elif kind in TNEF or _given_name(part).lower() == "winmail.dat":
            self._tnef(part)
        elif kind.startswith("text/") and not attached and not named and "headers" not in kind:
            self.texts.append(_plain(part))
        elif named or attached or kind not in REPORTS:
            if kind in SEALED:
                self.problems.append("the message is sealed (S/MIME); its words lie in the file")
            self._file(part)

    def _leftover(self, part: Part) -> None:
        """A multipart without parts: no boundary, or cut off. Its octets are all there is."""
        if part.octets.strip():
            self.problems.append("a part of the message is damaged and shown as it came")
            self.texts.append(decode(part.octets[:LONGEST_TEXT], None))

    def _calendar(self, part: Part) -> None:
        if not self.lines:
            self.lines.append(calendars.summary_line(part.content()))
        self._file(part)

    def _tnef(self, part: Part) -> None:
        unpacked = unpack(part.content())
        if unpacked is None:
            self.problems.append("winmail.dat could not be opened; it is kept as a file")
            self._file(part)
            return
        if not any(text.strip() for text in self.texts) and unpacked.text:
            self.texts.append(clean(unpacked.text))
        if not self.htmls and unpacked.html:
            self.htmls.append(unpacked.html)
        for name, octets in unpacked.files:
            self._add(shown_name(name, "file"), "application/octet-stream", octets, "", False)

    def _file(self, part: Part) -> None:
        octets = part.content()
        ending = ENDINGS.get(part.content_type, "bin")
        otherwise = f"part-{len(self.files) + 1}.{ending}"
        name = _given_name(part)
        if not name and part.content_type == "message/rfc822":
            name = _subject_of(octets) + ".eml"
        ids = message_ids(part.first("content-id"))
        cid = ids[0] if ids else ""
        inline = bool(cid) and part.disposition != "attachment"
        self._add(shown_name(name, otherwise), part.content_type, octets, cid, inline)

    def _add(self, name: str, kind: str, octets: bytes, cid: str, inline: bool) -> None:
        if len(self.files) >= MOST_FILES:
            problem = "the message has more files than are kept apart; the whole is kept raw"
            if problem not in self.problems:
                self.problems.append(problem)
            return
        found = File(name=name, content_type=kind, octets=octets, cid=cid, inline=inline)
        self.files.append(found)


def _given_name(part: Part) -> str:
    return part.disposition_parameters.get("filename") or part.type_parameters.get("name") or ""


def _plain(part: Part) -> str:
    text = decode(part.content()[: 2 * LONGEST_TEXT], part.type_parameters.get("charset"))
    if part.type_parameters.get("format", "").lower() == "flowed":
        return unflow(text, delsp=part.type_parameters.get("delsp", "").lower() == "yes")
    return text


def _markup(part: Part) -> str:
    octets = part.content()[: html.LONGEST_HTML]
    charset = part.type_parameters.get("charset")
    if not charset:
        match = re.search(rb"charset=[\"']?([A-Za-z0-9_.:-]{2,40})", octets[:2048])
        charset = match[1].decode("ascii") if match else None
    return decode(octets, charset)


def _subject_of(octets: bytes) -> str:
    try:
        fields, _ = split_header(octets[:200_000].lstrip())
    except Unreadable:
        return "message"
    subject = words(dict(reversed(fields)).get("subject", b""))
    return re.sub(r"[\\/]+", "_", subject) or "message"
