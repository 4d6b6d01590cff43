"""Tags: words of a desk on its tickets. The journal says which; the rows follow from it.

A tag is named in a fact by its word where the SOP's own conditions know the word, so that a
rule can ask for it, and else by its number: people type names into tags.
"""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from kept.policy import Policy
from kept.policy.facts import Fact, Tagged, Untagged
from kept.policy.vocabulary import known_words
from kept.records.instants import instant
from kept.records.models import Tag
from kept.services import permissions
from kept.services.acting import MakeFact
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.permissions import Standing
from kept.services.retrying import retried
from kept.services.texts import one_line

LONGEST = 40
MOST_TAGS = 30
"""How many tags one ticket may carry."""


def tag(ticket_id: int, *, by: AgentId, at: datetime, name: str) -> None:
    """Put a tag on a ticket; a word that the desk has not used yet becomes one of its tags."""
    word = tag_word(name)

    def make(ticket: LockedTicket, who: Standing) -> Fact:
        if len(tags_in(ticket)) >= MOST_TAGS:
            raise NotValid(f"A ticket carries {MOST_TAGS} tags at most.")
        row = _tag_of(ticket.desk, word)
        if row is None or row.retired_at is not None:
            row = _offer(ticket.desk, word, by=by, at=at)
        return Tagged(at=instant(at), by=who.actor(), tag=_named(ticket, row.pk, row.name))

    _record(ticket_id, by=by, at=at, make=make)


def untag(ticket_id: int, *, by: AgentId, at: datetime, name: str) -> None:
    """Take a tag off a ticket."""

    def make(ticket: LockedTicket, who: Standing) -> Fact:
        row = _tag_of(ticket.desk, tag_word(name))
        if row is None:
            raise NotFound("This desk has no such tag.")
        return Untagged(at=instant(at), by=who.actor(), tag=_named(ticket, row.pk, row.name))

    _record(ticket_id, by=by, at=at, make=make)


def rename_tag(tag_id: int, *, by: AgentId, at: datetime, name: str) -> None:
    """Give a tag another word; a word that the SOP asks for keeps its name."""
    with transaction.atomic():
        row, policy = _managed(tag_id, by)
        word = tag_word(name)
        if row.name in _asked_for(policy):
            raise Conflict(f"The SOP asks for the tag {row.name}; it keeps its name.")
        if word in _asked_for(policy):
            raise Conflict(f"The SOP gives {word} a meaning of its own; put that tag on instead.")
        row.name = word
        try:
            with transaction.atomic():
                row.save(update_fields=["name"])
        except IntegrityError:
            raise Conflict(f"This desk has a tag {word} already.") from None


def retire_tag(tag_id: int, *, by: AgentId, at: datetime) -> None:
    """Offer a tag no more; tickets that carry it keep it."""
    with transaction.atomic():
        row, _ = _managed(tag_id, by)
        row.retired_at = at
        row.save(update_fields=["retired_at"])


def tag_word(name: str) -> str:
    """Return a tag's word as it is kept; raise NotValid where it is none."""
    word = one_line(name, 200).strip().lstrip("#").casefold()
    if not word or len(word) > LONGEST or "," in word:
        raise NotValid(f"A tag is one word or a few, at most {LONGEST} characters, no comma.")
    return word


def tags_in(ticket: LockedTicket) -> tuple[str, ...]:
    """Return the tags of a ticket as its facts name them."""
    held = ticket.state.facts.get("tags") or ()
    assert isinstance(held, tuple)
    return held


def project_tags(ticket: LockedTicket) -> None:
    """Write the rows that follow from the ticket's facts."""
    with connection.cursor() as cursor:
        cursor.execute(_PROJECT, {
            "ticket": ticket.id, "desk": ticket.desk,
            "tags": [word.casefold() for word in tags_in(ticket)],
        })  # fmt: skip


def _record(ticket_id: int, *, by: AgentId, at: datetime, make: MakeFact) -> None:
    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "tag", ticket.policy)
            record(ticket, make(ticket, who), by_agent=by)
            project_tags(ticket)

    retried(once)


def _named(ticket: LockedTicket, number: int, name: str) -> str:
    """Return how facts name a tag: `#7`, or the SOP's own word; what is held keeps its form."""
    own = f"#{number}"
    if own in tags_in(ticket):
        return own
    words = (*tags_in(ticket), *known_words(ticket.policy, "tags"))
    return next((word for word in words if word.casefold() == name), own)


def _asked_for(policy: Policy) -> frozenset[str]:
    return frozenset(word.casefold() for word in known_words(policy, "tags"))


def _tag_of(desk: int, word: str) -> Tag | None:
    return Tag.objects.filter(desk_id=desk, name__iexact=word).first()


def _offer(desk: int, word: str, *, by: AgentId | None, at: datetime) -> Tag:
    row, _ = Tag.objects.update_or_create(
        desk_id=desk, name=word, defaults={"retired_at": None},
        create_defaults={"made_by_id": by, "made_at": at},
    )  # fmt: skip
    return row


def _managed(tag_id: int, by: AgentId) -> tuple[Tag, Policy]:
    row = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if row is None:
        raise NotFound("There is no such tag.")
    who = permissions.standing(by, row.desk_id)
    policy = active_policy(row.desk_id)
    permissions.require(who, "manage_tags", policy)
    return row, policy


_PROJECT = """
WITH wanted AS (
  SELECT g.id FROM tag g WHERE g.desk_id = %(desk)s
    AND ('#' || g.id = ANY(%(tags)s) OR lower(g.name) = ANY(%(tags)s))
), gone AS (
  DELETE FROM ticket_tag WHERE ticket_id = %(ticket)s AND tag_id NOT IN (SELECT id FROM wanted)
)
INSERT INTO ticket_tag (ticket_id, tag_id) SELECT %(ticket)s, id FROM wanted
ON CONFLICT (ticket_id, tag_id) DO NOTHING
"""
