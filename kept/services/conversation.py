"""Say something on a ticket: a public reply, an internal note, the customer's next turn."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from kept.policy import Outcome
from kept.policy.facts import Actor, ActorKind, AgentNoted, AgentReplied, CustomerReplied, Reopened
from kept.policy.words import Status, Value
from kept.records.instants import instant
from kept.records.models import Attachment, Message
from kept.services import mailing, mentions, permissions
from kept.services.errors import AgentId, NotValid
from kept.services.incoming import IncomingFile
from kept.services.journal import is_known, on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.retrying import retried
from kept.services.texts import clean, keep_text, one_line

TEXT_LIMIT = 200_000
ENDED = (Status.RESOLVED, Status.CLOSED, Status.CLOSED_UNCONFIRMED)


def reply(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    text: str = "",
    template: str | None = None,
    given: Mapping[str, str] | None = None,
    files: Sequence[IncomingFile] = (),
    key: str = "",
    override: str = "",
) -> Outcome:
    """Answer the customer by mail; a template's open blanks refuse it.

    The same `key` twice, as from a doubled click, sends one reply.
    """

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "reply", ticket.policy)
            fact_id = f"reply:{by}:{key}" if key else ""
            if fact_id and is_known(ticket, fact_id):
                return Outcome(state=ticket.state, decisions=(), refused=None)
            subject, body = words_of(ticket, by, text, template, given or {})
            fact = AgentReplied(
                at=instant(at), id=fact_id, by=who.actor(), template=template, channel="email",
                override=keep_text(ticket.id, override),
            )  # fmt: skip
            outcome = record(ticket, fact, by_agent=by)
            if outcome.refused is None:
                message = say_publicly(ticket, by, subject, body, template or "", said_at=at)
                attach(message.pk, files)
                mailing.mail_customer(ticket, message, cause=f"m{message.pk}", automatic=False)
        return outcome

    return retried(once)


def note(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    text: str,
    files: Sequence[IncomingFile] = (),
    key: str = "",
) -> Outcome:
    """Write an internal note; a customer never sees it."""

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "note", ticket.policy)
            fact_id = f"note:{by}:{key}" if key else ""
            if fact_id and is_known(ticket, fact_id):
                return Outcome(state=ticket.state, decisions=(), refused=None)
            body = _checked(text)
            fact = AgentNoted(at=instant(at), id=fact_id, by=who.actor())
            outcome = record(ticket, fact, by_agent=by)
            if outcome.refused is None:
                message = Message.objects.create(
                    ticket_id=ticket.id, kind="note", agent_id=by, text=body, sent_at=at
                )
                attach(message.pk, files)
                mentions.tell_named(ticket, message.pk, body, by=by)
        return outcome

    return retried(once)


def hear(
    ticket: LockedTicket,
    *,
    text: str,
    at: datetime,
    trusted: bool,
    customer: int | None,
    channel: str,
    fact_id: str,
    fields: Mapping[str, Value] | None = None,
) -> None:
    """Record the customer's next turn on a ticket under lock; an ended one is reopened."""
    actor = Actor(id=f"c{customer}" if customer else "", kind=ActorKind.CUSTOMER)
    ended = ticket.state.status in ENDED
    fact = CustomerReplied(
        at=instant(at),
        id=fact_id,
        by=actor,
        trusted=trusted,
        text=text,
        channel=channel,
        fields=dict(fields or {}),
    )
    record(ticket, fact)
    if ended and ticket.state.status in ENDED:
        record(ticket, Reopened(at=instant(at), id=f"{fact_id}:reopen", by=actor, trusted=trusted))


def attach(message: int, files: Sequence[IncomingFile]) -> None:
    """Keep the files of a message; names are cut to one harmless line."""
    if not files:
        return
    Attachment.objects.bulk_create(
        Attachment(
            message_id=message,
            filename=one_line(file.filename, 255) or "file",
            content_type=one_line(file.content_type, 127) or "application/octet-stream",
            size=len(file.body),
            sha256=hashlib.sha256(file.body).digest(),
            body=file.body,
            inline_cid=one_line(file.inline_cid, 250),
        )
        for file in files
    )


def words_of(
    ticket: LockedTicket, by: AgentId, text: str, template: str | None, given: Mapping[str, str]
) -> tuple[str, str]:
    """Return subject and body as they go out; raise NotValid while a blank is open."""
    if template is None:
        return mailing.subject_of(ticket, ""), _checked(text)
    filled = mailing.template_text(ticket, template, agent=by, given=given)
    if filled.open_blanks:
        raise NotValid(f"The template still has open blanks: {', '.join(filled.open_blanks)}.")
    return mailing.subject_of(ticket, filled.subject), _checked(text or filled.body)


def say_publicly(
    ticket: LockedTicket, by: AgentId, subject: str, body: str, template: str, *, said_at: datetime
) -> Message:
    """Write a reply into the conversation, at the instant at which it was said."""
    return Message.objects.create(
        ticket_id=ticket.id,
        kind="public",
        direction="out",
        agent_id=by,
        channel="email",
        subject=subject,
        text=body,
        template=template,
        sent_at=said_at,
    )


def _checked(text: str) -> str:
    body = clean(text).strip()
    if not body:
        raise NotValid("There is nothing to say yet: the text is empty.")
    if len(body) > TEXT_LIMIT:
        raise NotValid(f"The text is longer than {TEXT_LIMIT} characters.")
    return body
