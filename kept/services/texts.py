"""Texts the journal may only name: reasons and evidence, kept in rows that can be erased."""

from kept.records.models import KeptText


def keep_text(ticket_id: int | None, body: str) -> str:
    """Keep a text and return the id by which facts name it; nothing said gives nothing."""
    cleaned = clean(body).strip()
    if not cleaned:
        return ""
    return str(KeptText.objects.create(ticket_id=ticket_id, body=cleaned).pk)


def clean(body: str) -> str:
    """Return text that PostgreSQL and UTF-8 can hold: no NUL, no lone surrogates."""
    return body.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def one_line(body: str, limit: int = 500) -> str:
    """Return text fit for a header: no line breaks of any kind, no control characters."""
    cleaned = "".join(c if c.isprintable() else " " for c in clean(body))
    return " ".join(cleaned.split())[:limit]
