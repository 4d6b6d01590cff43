"""Machines' mail, both ways (RFC 3834): recognised coming in, marked going out.

A mail that a machine wrote opens or continues a ticket, but nothing automatic answers it.
"""

from kept.channels.mail.headers import mailboxes, words
from kept.channels.mail.mime import Part

DAEMONS = ("mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply",
           "bounce", "bounces", "daemon", "nobody", "listserv", "majordomo")  # fmt: skip
SUBJECTS = (
    "out of office", "automatic reply:", "auto:", "autoreply", "auto-reply", "auto response",
    "automatische antwort:", "abwesenheitsnotiz", "abwesend:", "réponse automatique",
    "absence du bureau", "respuesta automática", "risposta automatica", "resposta automática",
    "automatisch antwoord", "автоответ", "автоматический ответ", "自動応答", "不在",
    "out of the office", "on vacation", "auto antwort",
)  # fmt: skip

OUTGOING = (
    ("Auto-Submitted", "auto-replied"),
    ("X-Auto-Response-Suppress", "All"),
    ("Precedence", "bulk"),
)
"""What every mail carries that no person wrote."""


def machine_sign(message: Part) -> str:
    """Return the sign by which a machine wrote this, or nothing."""
    sign = _by_fields(message)
    if sign:
        return sign
    if message.content_type == "multipart/report":
        return "report"
    authors = mailboxes(message.first("from"))
    local = authors[0].address.partition("@")[0].partition("+")[0] if authors else ""
    if local in DAEMONS or local.endswith("-bounces") or local.startswith("owner-"):
        is_answer = bool(message.first("in-reply-to"))
        return "" if local == "postmaster" and is_answer else "daemon"
    if words(message.first("subject")).lower().startswith(SUBJECTS):
        return "subject"
    return ""


def _by_fields(message: Part) -> str:
    submitted = _first_word(message, "auto-submitted")
    if submitted and submitted != "no":
        return "auto-submitted"
    if any(value.strip() == b"<>" for value in message.every("return-path")):
        return "null sender"
    if _first_word(message, "precedence") in ("bulk", "junk", "list", "auto_reply"):
        return "precedence"
    if any(name.startswith("list-") and name != "list-unsubscribe-post" for name, _ in
           message.fields):  # fmt: skip
        return "list"
    suppress = _first_word(message, "x-auto-response-suppress")
    if suppress and suppress != "none":
        return "x-auto-response-suppress"
    marks = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply", "x-loop",
             "x-vacation", "feedback-id", "x-failed-recipients")  # fmt: skip
    return next((mark for mark in marks if message.first(mark)), "")


def _first_word(message: Part, name: str) -> str:
    value = message.first(name).decode("ascii", "replace").lower()
    return value.partition(";")[0].partition(",")[0].partition("(")[0].strip()
