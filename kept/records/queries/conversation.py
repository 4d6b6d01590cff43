"""Messages of a ticket, their files and their HTML; rights are asked here or by the caller."""

from typing import Any

from django.db import connection

from kept.records.pictures import picture_type
from kept.records.queries.views import AttachmentBody, AttachmentView, MessageView

_MEMBER = """
EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
        WHERE m.desk_id = t.desk_id AND m.agent_id = %s AND m.ended_at IS NULL AND a.is_active)
"""


def messages_of(ticket: int) -> tuple[MessageView, ...]:
    """Return a ticket's conversation in order, in two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT f.message_id, f.id, f.filename, f.content_type, f.size, f.inline_cid
            FROM attachment f JOIN message m ON m.id = f.message_id
            WHERE m.ticket_id = %s ORDER BY f.id
            """,
            [ticket],
        )
        files: dict[int, list[AttachmentView]] = {}
        for row in cursor.fetchall():
            view = AttachmentView(
                id=row[1], filename=row[2], content_type=row[3], size=row[4], inline_cid=row[5]
            )
            files.setdefault(row[0], []).append(view)
        cursor.execute(
            """
            SELECT m.id, m.kind, m.direction, a.name, m.agent_id, c.name, m.customer_id, m.sender,
                   m.channel, m.subject, m.text, m.quoted, m.html <> '', m.template, m.warning,
                   m.sent_at, m.delivery
            FROM message m LEFT JOIN agent a ON a.id = m.agent_id
            LEFT JOIN customer c ON c.id = m.customer_id
            WHERE m.ticket_id = %s ORDER BY m.sent_at, m.id
            """,
            [ticket],
        )
        return tuple(_message(row, tuple(files.get(row[0], ()))) for row in cursor.fetchall())


def message_html(agent: int, message: int) -> str | None:
    """Return the sanitised HTML of a message the agent may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.html FROM message m JOIN ticket t ON t.id = m.ticket_id
            WHERE m.id = %s AND {_MEMBER}
            """,
            [message, agent],
        )
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def inline_files(message: int, *, largest: int) -> tuple[tuple[str, bytes], ...]:
    """Return the parts that a mail's own markup shows, by Content-ID; whoever asks may see it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT inline_cid, body FROM attachment
            WHERE message_id = %s AND inline_cid <> '' AND size <= %s ORDER BY id LIMIT 40
            """,
            [message, largest],
        )
        return tuple((row[0], bytes(row[1])) for row in cursor.fetchall())


def attachment(agent: int, attachment_id: int) -> AttachmentBody | None:
    """Return a file of a message the agent may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT f.filename, f.content_type, f.body FROM attachment f
            JOIN message m ON m.id = f.message_id JOIN ticket t ON t.id = m.ticket_id
            WHERE f.id = %s AND {_MEMBER}
            """,
            [attachment_id, agent],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return AttachmentBody(filename=row[0], content_type=row[1], body=bytes(row[2]))


def picture(agent: int, attachment_id: int) -> tuple[str, bytes] | None:
    """Return type and bytes of a file that is a picture by its bytes, for who may see it."""
    file = attachment(agent, attachment_id)
    kind = picture_type(file.body) if file is not None else None
    return (kind, file.body) if file is not None and kind is not None else None


def files_to_send(ids: tuple[int, ...]) -> tuple[AttachmentBody, ...]:
    """Return the files of an outgoing mail, for the sending loop."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT filename, content_type, body, inline_cid FROM attachment"
            " WHERE id = ANY(%s) ORDER BY id",
            [list(ids)],
        )
        return tuple(
            AttachmentBody(
                filename=row[0], content_type=row[1], body=bytes(row[2]), inline_cid=row[3]
            )
            for row in cursor.fetchall()
        )


def _message(row: tuple[Any, ...], files: tuple[AttachmentView, ...]) -> MessageView:
    (number, kind, direction, agent, agent_id, customer, customer_id, sender, channel, subject,
     text, quoted, has_html, template, warning, sent_at, delivery) = row  # fmt: skip
    if agent_id is not None:
        author, author_kind, author_id = agent, "agent", agent_id
    elif direction == "in" and kind == "public":
        whose = "stranger" if customer_id is None else "customer"
        author, author_kind, author_id = customer or sender, whose, customer_id
    else:
        author, author_kind, author_id = sender, "system", None
    return MessageView(
        id=number,
        kind=kind,
        direction=direction,
        author=str(author or ""),
        author_kind=author_kind,
        author_id=author_id,
        channel=str(channel),
        subject=str(subject),
        text=str(text),
        quoted=str(quoted),
        has_html=bool(has_html),
        template=str(template),
        warning=str(warning),
        sent_at=sent_at,
        delivery=str(delivery),
        attachments=files,
    )
