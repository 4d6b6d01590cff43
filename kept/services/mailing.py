"""Write mail into the outbox, in the transaction of the fact that caused it.

A cause mails once: the outbox refuses its second row. What must not go out by itself (an open
blank, a machine as recipient, no address) is held where a person sees it.
"""

from collections.abc import Mapping

import msgspec
from django.db import connection

from kept.policy.words import Frozen
from kept.records.models import Message
from kept.services import budgets, filling
from kept.services.errors import NotValid
from kept.services.hints import hint
from kept.services.links import new_message_id, reply_token, text_hash, token_hash
from kept.services.locking import LockedTicket
from kept.services.outgoing import OutgoingMail
from kept.services.texts import clean, one_line

REFERENCES_KEPT = 20


def template_text(
    ticket: LockedTicket, template: str, *, agent: int | None, given: Mapping[str, str]
) -> filling.Filled:
    """Return a template of the SOP filled from the ticket; raise NotValid for an unknown one."""
    declared = ticket.policy.templates.get(template)
    if declared is None:
        raise NotValid(f"The SOP has no template named {template}.")
    known = filling.sources(ticket, agent=agent, given=given)
    if agent is None:
        known |= budgets.neutral_words(ticket, known["customer.name"])
    return filling.fill(declared.worded(known["customer.language"]), known)


def mail_customer(
    ticket: LockedTicket,
    message: Message,
    *,
    cause: str,
    automatic: bool,
    hold: str = "",
) -> None:
    """Queue a message row as mail to the ticket's customer."""
    told = _correspondence(ticket)
    reason = hold or budgets.why_held(ticket, told.to, automatic=automatic)
    mail = OutgoingMail(
        to=told.to,
        to_name=budgets.harmless_name(told.name) if automatic else told.name,
        from_name=ticket.desk_name,
        from_address=ticket.address,
        subject=one_line(message.subject),
        text=clean(message.text),
        message_id=new_message_id(),
        ticket=ticket.id,
        message=message.pk,
        in_reply_to=told.last_from_customer,
        references=told.references,
        reply_token=reply_token(ticket.id, told.to) if told.to else "",
        automatic=automatic,
        attachments=told.files.get(message.pk, ()),
    )
    _write(ticket, mail, cause=cause, held=reason)


def mail_apart(ticket: LockedTicket, mail: OutgoingMail, *, cause: str) -> None:
    """Queue a mail that is no turn of the conversation, such as a one-time code."""
    _write(ticket, mail, cause=cause, held="")


def subject_of(ticket: LockedTicket, subject: str) -> str:
    """Return the subject of a mail on a ticket; the number helps people, never the threading."""
    told = one_line(subject or ticket.subject)
    tag = f"[{ticket.id}]"
    if told.count(tag) > 1 and told.endswith(tag):
        told = told.removesuffix(tag).rstrip(" :;,-")
    return told if tag in told else f"{told} {tag}"


class _Correspondence(Frozen, frozen=True, kw_only=True):
    """What was written on a ticket so far, as far as the next mail needs it."""

    to: str
    name: str
    references: tuple[str, ...]
    last_from_customer: str
    files: dict[int, tuple[int, ...]]


def _correspondence(ticket: LockedTicket) -> _Correspondence:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT
              (SELECT ARRAY[a.value, c.name] FROM customer_address a
               JOIN customer c ON c.id = a.customer_id
               WHERE a.customer_id = %(customer)s AND a.kind = 'email'
                 AND (a.desk_id IS NULL OR a.desk_id = %(desk)s)
               ORDER BY a.id = (  -- Who wrote last is answered where they wrote from.
                   SELECT w.id FROM customer_address w JOIN LATERAL (
                     SELECT lower(sender) AS sender FROM message
                     WHERE ticket_id = %(ticket)s AND direction = 'in' AND kind = 'public'
                     ORDER BY id DESC LIMIT 1) m ON position(w.value IN m.sender) > 0
                   WHERE w.customer_id = %(customer)s AND w.kind = 'email'
                     AND (w.desk_id IS NULL OR w.desk_id = %(desk)s)
                   ORDER BY length(w.value) DESC LIMIT 1) IS TRUE DESC,
                 a.is_preferred AND a.desk_id IS NOT NULL DESC, a.is_preferred DESC, a.id
               LIMIT 1),
              (SELECT array_agg(r.message_id ORDER BY r.id) FROM (
                 SELECT id, message_id FROM message
                 WHERE ticket_id = %(ticket)s AND message_id <> '' ORDER BY id DESC
                 LIMIT %(kept)s) r),
              (SELECT message_id FROM message WHERE ticket_id = %(ticket)s AND direction = 'in'
                 AND message_id <> '' ORDER BY id DESC LIMIT 1),
              (SELECT array_agg(ARRAY[f.message_id, f.id] ORDER BY f.id) FROM attachment f
               JOIN message m ON m.id = f.message_id
               WHERE m.ticket_id = %(ticket)s AND m.direction = 'out')
            """,
            {
                "customer": ticket.customer,
                "ticket": ticket.id,
                "kept": REFERENCES_KEPT,
                "desk": ticket.desk,
            },
        )
        person, references, last, pairs = cursor.fetchone()
    files: dict[int, tuple[int, ...]] = {}
    for message, file in pairs or ():
        files[message] = (*files.get(message, ()), file)
    return _Correspondence(
        to=person[0] if person else "",
        name=person[1] if person else "",
        references=tuple(references or ()),
        last_from_customer=last or "",
        files=files,
    )


def _write(ticket: LockedTicket, mail: OutgoingMail, *, cause: str, held: str) -> None:
    """Write the mail, its token and its Message-ID in one statement; a cause mails once."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "desk": ticket.desk,
                "ticket": ticket.id,
                "message": mail.message,
                "customer": ticket.customer,
                "mail_id": mail.message_id,
                "mail_hash": text_hash(mail.message_id),
                "token": token_hash(mail.reply_token) if mail.reply_token else None,
                "recipient": mail.to[:320],
                "cause": cause,
                "payload": msgspec.json.encode(mail).decode(),
                "at": ticket.at,
                "state": "held" if held else "queued",
                "held": held,
            },
        )
    if not held:
        hint("outbox")


_WRITE = """
WITH o AS (
  INSERT INTO outbox (desk_id, ticket_id, message_id, cause, kind, recipient, payload, mail_id,
                      made_at, not_before, fence, attempts, state, last_error)
  VALUES (%(desk)s, %(ticket)s, %(message)s, %(cause)s, 'mail', %(recipient)s,
          %(payload)s::jsonb, %(mail_id)s, %(at)s, %(at)s, 0, 0, %(state)s, %(held)s)
  ON CONFLICT (cause) DO NOTHING
), s AS (
  INSERT INTO message_id_seen (hash, desk_id, ticket_id, message_id)
  VALUES (%(mail_hash)s, %(desk)s, %(ticket)s, %(message)s)
  ON CONFLICT (desk_id, hash) DO NOTHING
), r AS (
  INSERT INTO reply_token (token_hash, ticket_id, customer_id, recipient, made_at)
  SELECT %(token)s::bytea, %(ticket)s, %(customer)s::bigint, %(recipient)s, %(at)s
  WHERE %(token)s::bytea IS NOT NULL ON CONFLICT (token_hash) DO NOTHING
)
UPDATE message SET message_id = %(mail_id)s, delivery = %(state)s WHERE id = %(message)s
"""
