"""Forget a person who asks to be forgotten: their words go, their numbers stay.

The journal names only ids and stays whole, so it still verifies. That it happened is kept, so
that it can be done again after a restore from a backup that still knows them.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from kept.records.models import (
    Attachment,
    Customer,
    CustomerAddress,
    CustomerAuthenticator,
    CustomerDesk,
    CustomerMerge,
    CustomerNote,
    CustomerPin,
    Draft,
    Erasure,
    HouseholdMember,
    ImportRow,
    KeptText,
    LeavingReply,
    Message,
    Notification,
    OrganisationMember,
    Outbox,
    Page,
    Purchase,
    RawMessage,
    ReplyToken,
    RoomLine,
    StepEvidence,
    Ticket,
    TimeEntry,
    Upload,
)
from kept.services import serving
from kept.services.errors import AgentId, NotFound

ERASED = "[erased]"
ELSEWHERE = (
    "This customer is also served by another desk. Somebody who may erase there too has to do it."
)


def erase(customer_id: int, *, by: AgentId, desk: int, at: datetime) -> None:
    """Empty every row with the person's words, on all desks, by somebody who may on each.

    Records that were merged into this one are the same person and go with them.
    """
    with transaction.atomic(durable=True):
        if not CustomerDesk.objects.filter(customer_id=customer_id, desk_id=desk).exists():
            raise NotFound(serving.NOBODY)
        everybody = _with_merged(customer_id)
        _lock_tickets(everybody)
        serving.require_everywhere(everybody, "erase", by=by, otherwise=ELSEWHERE)
        for number in everybody:
            _empty(number, at=at)
            Erasure.objects.get_or_create(customer=number, defaults={"by_id": by, "at": at})


def erased() -> tuple[int, ...]:
    """Return the numbers of all who were erased."""
    return tuple(Erasure.objects.order_by("customer").values_list("customer", flat=True))


def erase_again(numbers: Iterable[int], *, by: AgentId, at: datetime) -> int:
    """Erase once more who a restored backup knows again; return how many there were."""
    done = 0
    for number in sorted(set(numbers)):
        with transaction.atomic(durable=True):
            _lock_tickets((number,))
            back = Customer.objects.filter(pk=number, erased_at=None).exists()
            if back:
                _empty(number, at=at)
                done += 1
            if Customer.objects.filter(pk=number).exists():
                Erasure.objects.get_or_create(customer=number, defaults={"by_id": by, "at": at})
    return done


def _with_merged(customer: int) -> tuple[int, ...]:
    found = [customer]
    for number in found:
        merged = Customer.objects.filter(merged_into_id=number).order_by("id")
        found += merged.values_list("id", flat=True)
    return tuple(sorted(found))


def _lock_tickets(customers: tuple[int, ...]) -> None:
    rows = Ticket.objects.select_for_update().filter(customer_id__in=customers).order_by("id")
    list(rows.values_list("id", flat=True))


def _empty(customer: int, *, at: datetime) -> None:
    """Empty the rows of one record, those of its tickets, and what imports and merges remember."""
    mine = {"customer_id": customer}
    Customer.objects.filter(pk=customer).update(
        name=ERASED, language="", preferred_channel="", erased_at=at
    )
    CustomerDesk.objects.filter(**mine).update(tier="", flags=[])
    for words in (
        CustomerAddress, CustomerNote, Purchase, CustomerPin, CustomerAuthenticator,
        OrganisationMember, HouseholdMember,
    ):  # fmt: skip
        words._default_manager.filter(**mine).delete()
    ImportRow.objects.filter(**mine).update(problem="", before={}, made={})
    CustomerMerge.objects.filter(survivor_id=customer).update(before={})
    CustomerMerge.objects.filter(gone_id=customer).update(before={})
    _empty_tickets(list(Ticket.objects.filter(**mine).values_list("id", flat=True)))


def _empty_tickets(ids: list[int]) -> None:
    Ticket.objects.filter(pk__in=ids).update(subject=ERASED)
    Attachment.objects.filter(message__ticket_id__in=ids).delete()
    Message.objects.filter(ticket_id__in=ids).update(
        sender="", subject=ERASED, text=ERASED, quoted="", html=""
    )
    RawMessage.objects.filter(ticket_id__in=ids).update(body=b"")
    mails = Outbox.objects.filter(ticket_id__in=ids)
    mails.filter(state__in=("queued", "held")).update(state="failed", last_error=ERASED)
    mails.update(recipient=ERASED, payload={})
    KeptText.objects.filter(ticket_id__in=ids).update(body=ERASED)
    StepEvidence.objects.filter(ticket_id__in=ids).update(answers={})
    ReplyToken.objects.filter(ticket_id__in=ids).delete()
    Draft.objects.filter(ticket_id__in=ids).delete()
    Upload.objects.filter(ticket_id__in=ids).delete()
    RoomLine.objects.filter(ticket_id__in=ids).update(text=ERASED)
    Notification.objects.filter(ticket_id__in=ids).update(about=ERASED)
    Page.objects.filter(ticket_id__in=ids).update(about=ERASED)
    TimeEntry.objects.filter(ticket_id__in=ids).update(what="")
    leaving = LeavingReply.objects.filter(ticket_id__in=ids)
    leaving.filter(state="waiting").update(state="stopped", problem=ERASED)
    leaving.update(subject="", text="")
