"""Find or make the customer behind an address, and forget one who asks to be forgotten."""

from datetime import datetime

from django.db import connection, transaction

from kept.records.compiled import policy_by_hash
from kept.records.models import (
    Attachment,
    Customer,
    CustomerAddress,
    Draft,
    KeptText,
    Message,
    Outbox,
    RawMessage,
    ReplyToken,
    StepEvidence,
    Ticket,
)
from kept.services import permissions
from kept.services.errors import AgentId, NotAllowed, NotFound, NotValid
from kept.services.texts import one_line

ERASED = "[erased]"


def normal_address(kind: str, value: str) -> str:
    """Return an address as it is compared: e-mail in lower case, a number as its digits."""
    cleaned = one_line(value, 320)
    if kind == "email":
        return cleaned.lower()
    if kind == "phone":
        digits = "".join(c for c in cleaned if c.isdigit())
        return f"+{digits}" if digits else ""
    return cleaned


def find_or_make(kind: str, value: str, name: str) -> int:
    """Return the customer with this address; two at once make one."""
    address = normal_address(kind, value)
    if not address:
        raise NotValid("A customer needs an address.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id FROM customer_address WHERE kind = %s AND value = %s",
            [kind, address],
        )
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        cursor.execute(
            """
            WITH made AS (
              INSERT INTO customer (name, language, preferred_channel, tier, flags)
              VALUES (%s, '', '', '', '{}') RETURNING id)
            INSERT INTO customer_address (customer_id, kind, value)
            SELECT id, %s, %s FROM made
            ON CONFLICT (kind, value) DO NOTHING RETURNING customer_id
            """,
            [one_line(name, 200), kind, address],
        )
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        # Somebody else committed the address meanwhile; the name row just made stays unused.
        cursor.execute(
            "SELECT customer_id FROM customer_address WHERE kind = %s AND value = %s",
            [kind, address],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such customer.")
    return int(row[0])


def erase(customer_id: int, *, by: AgentId, desk: int, at: datetime) -> None:
    """Empty every row with the person's words; the journal names only ids and stays whole.

    A customer of several desks is erased on all of them at once, by somebody who may on each.
    """
    with transaction.atomic(durable=True):
        permissions.standing(by, desk)
        tickets = list(
            Ticket.objects.select_for_update()
            .filter(customer_id=customer_id)
            .order_by("id")
            .values_list("id", "desk_id", "policy_hash")
        )
        if all(each[1] != desk for each in tickets):
            raise NotFound("There is no such customer on this desk.")
        _require_erase(by, {each[1]: each[2] for each in tickets})
        ids = [each[0] for each in tickets]
        Customer.objects.filter(pk=customer_id).update(
            name=ERASED, language="", preferred_channel="", tier="", flags=[], erased_at=at
        )
        CustomerAddress.objects.filter(customer_id=customer_id).delete()
        Ticket.objects.filter(pk__in=ids).update(subject=ERASED)
        Attachment.objects.filter(message__ticket_id__in=ids).delete()
        Message.objects.filter(ticket_id__in=ids).update(
            sender="", subject=ERASED, text=ERASED, quoted="", html=""
        )
        RawMessage.objects.filter(ticket_id__in=ids).update(body=b"")
        Outbox.objects.filter(ticket_id__in=ids).update(recipient=ERASED, payload={})
        KeptText.objects.filter(ticket_id__in=ids).update(body=ERASED)
        StepEvidence.objects.filter(ticket_id__in=ids).update(answers={})
        ReplyToken.objects.filter(ticket_id__in=ids).delete()
        Draft.objects.filter(ticket_id__in=ids).delete()


def _require_erase(by: AgentId, policies: dict[int, str]) -> None:
    """Raise unless the agent may erase on each of the desks."""
    for desk, policy_hash in sorted(policies.items()):
        try:
            who = permissions.standing(by, desk)
        except NotFound:
            raise NotAllowed(
                "This customer also wrote to another desk. Somebody who may erase there too "
                "has to do it."
            ) from None
        permissions.require(who, "erase", policy_by_hash(policy_hash))
