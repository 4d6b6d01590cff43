"""Write mail into the outbox, in the transaction of the fact that caused it.

A cause mails once: the outbox refuses its second row. What must not go out by itself (an open
blank, a machine as recipient, no address) is held where a person sees it.
"""

from collections.abc import Mapping

import msgspec
from django.conf import settings
from django.db import connection

from kept.records.models import CustomerAddress, Message, MessageIdSeen, Outbox, ReplyToken
from kept.services import filling
from kept.services.errors import NotValid
from kept.services.links import new_message_id, reply_token, text_hash, token_hash
from kept.services.locking import LockedTicket
from kept.services.outgoing import OutgoingMail
from kept.services.texts import clean, one_line

REFERENCES_KEPT = 20
AUTOMATIC_PER_HOUR = 3
"""Machine-made mails one address gets within an hour before the rest is held (loops, abuse)."""


def template_text(
    ticket: LockedTicket, template: str, *, agent: int | None, given: Mapping[str, str]
) -> filling.Filled:
    """Return a template of the SOP filled from the ticket; raise NotValid for an unknown one."""
    declared = ticket.policy.templates.get(template)
    if declared is None:
        raise NotValid(f"The SOP has no template named {template}.")
    return filling.fill(declared, filling.sources(ticket, agent=agent, given=given))


def mail_customer(
    ticket: LockedTicket,
    message: Message,
    *,
    cause: str,
    automatic: bool,
    hold: str = "",
) -> None:
    """Queue a message row as mail to the ticket's customer."""
    to, name = _customer_address(ticket.customer)
    reason = hold or _why_held(ticket, to, automatic)
    mail = OutgoingMail(
        to=to,
        to_name=name,
        from_name=ticket.desk_name,
        from_address=ticket.address,
        subject=one_line(message.subject),
        text=clean(message.text),
        message_id=new_message_id(),
        ticket=ticket.id,
        message=message.pk,
        in_reply_to=_last_from_customer(ticket.id),
        references=_references(ticket.id),
        reply_token=_token(ticket, to) if to else "",
        automatic=automatic,
        attachments=tuple(message.attachments.values_list("id", flat=True)),
    )
    Message.objects.filter(pk=message.pk).update(
        message_id=mail.message_id, delivery="held" if reason else "queued"
    )
    MessageIdSeen.objects.bulk_create(
        [
            MessageIdSeen(
                hash=text_hash(mail.message_id),
                desk_id=ticket.desk,
                ticket_id=ticket.id,
                message_id=message.pk,
            )
        ],
        ignore_conflicts=True,
    )
    put(ticket, mail, cause=cause, held=reason)


def put(ticket: LockedTicket, mail: OutgoingMail, *, cause: str, held: str = "") -> None:
    """Add one mail to the outbox unless its cause is there already."""
    Outbox.objects.bulk_create(
        [
            Outbox(
                desk_id=ticket.desk,
                ticket_id=ticket.id,
                message_id=mail.message,
                cause=cause,
                kind="mail",
                recipient=mail.to[:320],
                payload=msgspec.to_builtins(mail),
                mail_id=mail.message_id,
                made_at=ticket.at,
                not_before=ticket.at,
                state=Outbox.State.HELD if held else Outbox.State.QUEUED,
                last_error=held,
            )
        ],
        ignore_conflicts=True,
    )


def subject_of(ticket: LockedTicket, subject: str) -> str:
    """Return the subject of a mail on a ticket; the number helps people, never the threading."""
    told = one_line(subject or ticket.subject)
    tag = f"[{ticket.id}]"
    return told if tag in told else f"{told} {tag}"


def _why_held(ticket: LockedTicket, to: str, automatic: bool) -> str:
    if not to:
        return "The customer has no mail address."
    if not automatic:
        return ""
    if ticket.automatic_sender:
        return "The sender is a machine; a machine does not answer it."
    if to.partition("@")[2] == settings.KEPT_MAIL_DOMAIN or to == ticket.address:
        return "The address is our own; answering it would be a loop."
    if _echoes(ticket, to):
        return "It answers an automatic mail of ours; answering it would be a loop."
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM outbox
            WHERE recipient = %s AND (payload->>'automatic')::boolean IS TRUE
              AND (state <> 'held' OR last_error LIKE 'No mail server%%')
              AND made_at > %s::timestamptz - interval '1 hour'
            """,
            [to, ticket.at],
        )
        row = cursor.fetchone()
    if row is not None and row[0] >= AUTOMATIC_PER_HOUR:
        return f"{AUTOMATIC_PER_HOUR} automatic mails went to this address within the hour."
    return ""


def _echoes(ticket: LockedTicket, to: str) -> bool:
    """Tell whether the ticket's subject repeats that of a mail a machine of ours just sent.

    So do the absence notes of programs that mark their mail in no other way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
              SELECT 1 FROM outbox
              WHERE recipient = %s AND (payload->>'automatic')::boolean IS TRUE
                AND ticket_id <> %s AND made_at > %s::timestamptz - interval '1 hour'
                AND length(payload->>'subject') > 5
                AND position(lower(payload->>'subject') IN lower(%s)) > 0)
            """,
            [to, ticket.id, ticket.at, ticket.subject],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _customer_address(customer: int | None) -> tuple[str, str]:
    if customer is None:
        return "", ""
    row = (
        CustomerAddress.objects.filter(customer_id=customer, kind="email")
        .order_by("id")
        .values_list("value", "customer__name")
        .first()
    )
    return row if row is not None else ("", "")


def _token(ticket: LockedTicket, to: str) -> str:
    token = reply_token(ticket.id, to)
    ReplyToken.objects.bulk_create(
        [
            ReplyToken(
                token_hash=token_hash(token),
                ticket_id=ticket.id,
                customer_id=ticket.customer,
                recipient=to[:320],
                made_at=ticket.at,
            )
        ],
        ignore_conflicts=True,
    )
    return token


def _last_from_customer(ticket_id: int) -> str:
    found = (
        Message.objects.filter(ticket_id=ticket_id, direction="in")
        .exclude(message_id="")
        .order_by("-id")
        .values_list("message_id", flat=True)
        .first()
    )
    return found or ""


def _references(ticket_id: int) -> tuple[str, ...]:
    found = (
        Message.objects.filter(ticket_id=ticket_id)
        .exclude(message_id="")
        .order_by("-id")
        .values_list("message_id", flat=True)[:REFERENCES_KEPT]
    )
    return tuple(reversed(found))
