"""The acts that can be done to many tickets at once, each with its fact and its undoing.

A new one is one line of EVERY: the pages, the preview and the undo follow from it.
"""

from datetime import datetime

from kept.policy.facts import (
    AgentReplied,
    Assigned,
    Closed,
    Fact,
    Merged,
    Resolved,
    SeverityChanged,
    WaitingOn,
)
from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.instants import instant
from kept.services import (
    conversation,
    endings,
    following,
    permissions,
    snoozes,
    tagging,
    work,
)
from kept.services.bulk import Bulk, Given, Undo
from kept.services.errors import DeskError, NotValid
from kept.services.permissions import Standing
from kept.services.seen import Seen, seen_tickets


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 18 else 0


def _owner(given: Given) -> int | None:
    told = given.get("agent")
    return given.by if told == "me" else _number(told) or None


def _policy(seen: Seen) -> Policy:
    return policy_by_hash(seen.policy_hash)


def _check_assign(seen: Seen, given: Given) -> str:
    team, owner = given.get("team"), _owner(given)
    if not team and owner is None:
        return "Choose an owner or a team."
    if team and team not in _policy(seen).teams:
        return f"The SOP of {seen.desk} has no team named {team}."
    if owner is not None:
        try:
            permissions.standing(owner, seen.desk_id)
        except DeskError:
            return f"That person is no member of {seen.desk}."
    return ""


def _assigned(seen: Seen, who: Standing, given: Given) -> Fact:
    owner = _owner(given)
    return Assigned(
        at=instant(given.at), by=who.actor(), team=given.get("team") or None,
        agent=str(owner) if owner is not None else None,
    )  # fmt: skip


def _assign(ticket: int, given: Given) -> object:
    return work.assign(
        ticket, by=given.by, at=given.at, agent=_owner(given), team=given.get("team") or None
    )


def _give_back(ticket: int, before: Undo, given: Given) -> object:
    return work.give_back(
        ticket, by=given.by, at=given.at, agent=before["owner"], team=before["team"]
    )


def _check_severity(seen: Seen, given: Given) -> str:
    if any(each.id == given.get("to") for each in _policy(seen).severities):
        return ""
    return f"The SOP of {seen.desk} has no severity named {given.get('to')}."


def _severity(ticket: int, given: Given) -> object:
    return work.change_severity(
        ticket, by=given.by, at=given.at, to=given.get("to"), reason=given.get("reason")
    )


def _severity_back(ticket: int, before: Undo, given: Given) -> object:
    if before["severity"] is None:
        raise NotValid("It had no severity before; a ticket cannot lose one again.")
    return work.change_severity(
        ticket, by=given.by, at=given.at, to=before["severity"], reason="Undone at once."
    )


def _tags(seen: Seen) -> list[str]:
    carried = seen.state.facts.get("tags") or ()
    return sorted(str(one) for one in carried) if isinstance(carried, tuple) else []


def _untag(ticket: int, before: Undo, given: Given) -> None:
    """Take the tag off again, unless the ticket carried it before."""
    now = seen_tickets(given.by, (ticket,))
    if now and _tags(now[0]) != before["tags"]:
        tagging.untag(ticket, by=given.by, at=given.at, name=before["tag"])


def _until(given: Given) -> datetime | None:
    return datetime.fromisoformat(given.get("until")) if given.get("until") else None


def _check_snooze(seen: Seen, given: Given) -> str:
    try:
        until = _until(given)
    except ValueError:
        return "Give a time such as 2026-03-01T14:00."
    if until is None and given.get("on_answer") != "yes":
        return "Say until when, or until the customer answers."
    if until is not None and (until.tzinfo is None or until <= given.at):
        return "A snooze ends in the future."
    return ""


def _snooze(ticket: int, given: Given) -> None:
    snoozes.snooze(
        ticket, by=given.by, at=given.at, until=_until(given),
        on_answer=given.get("on_answer") == "yes",
    )  # fmt: skip


def _check_reply(seen: Seen, given: Given) -> str:
    known = {each.id for each in _policy(seen).templates.values()}
    if given.get("template") in known:
        return ""
    return f"The SOP of {seen.desk} has no template named {given.get('template')}."


def _replied(seen: Seen, who: Standing, given: Given) -> Fact:
    return AgentReplied(
        at=instant(given.at), by=who.actor(), template=given.get("template"), channel="email"
    )


def _reply(ticket: int, given: Given) -> object:
    return conversation.reply(
        ticket, by=given.by, at=given.at, template=given.get("template"),
        key=f"bulk-{given.get('token')}"[:60],
    )  # fmt: skip


def _check_merge(seen: Seen, given: Given) -> str:
    into = _number(given.get("into"))
    if not into:
        return "Give the number of the ticket that goes on."
    return "It is the ticket that goes on." if into == seen.id else ""


def _check_wait(seen: Seen, given: Given) -> str:
    return "" if given.get("who") in work.WAITS else "Choose whom it waits for."


EVERY: tuple[Bulk, ...] = (
    Bulk(name="assign", may="assign", check=_check_assign, fact=_assigned, do=_assign,
         before=lambda seen, given: {"owner": seen.owner, "team": seen.team}, undo=_give_back),
    Bulk(name="severity", may="severity", check=_check_severity, needs=("to", "reason"),
         fact=lambda seen, who, given: SeverityChanged(
             at=instant(given.at), by=who.actor(), to=given.get("to"),
             reason=given.get("reason")),
         do=_severity, before=lambda seen, given: {"severity": seen.severity},
         undo=_severity_back),
    Bulk(name="tag", may="tag", needs=("tag",),
         before=lambda seen, given: {"tag": given.get("tag"), "tags": _tags(seen)},
         do=lambda ticket, given: tagging.tag(ticket, by=given.by, at=given.at,
                                              name=given.get("tag")),
         undo=_untag),
    Bulk(name="wait", may="wait", check=_check_wait,
         fact=lambda seen, who, given: WaitingOn(
             at=instant(given.at), by=who.actor(), who=given.get("who")),
         do=lambda ticket, given: work.wait(ticket, by=given.by, at=given.at,
                                            who=given.get("who"))),
    Bulk(name="follow", may="note",
         do=lambda ticket, given: following.follow(ticket, by=given.by, at=given.at),
         before=lambda seen, given: {"follows": seen.follows},
         undo=lambda ticket, before, given: before["follows"] or following.unfollow(
             ticket, by=given.by)),
    Bulk(name="snooze", may="note", check=_check_snooze, do=_snooze,
         undo=lambda ticket, before, given: snoozes.unsnooze(ticket, by=given.by)),
    Bulk(name="reply", may="reply", check=_check_reply, needs=("template",), fact=_replied,
         do=_reply),
    Bulk(name="resolve", may="resolve",
         fact=lambda seen, who, given: Resolved(at=instant(given.at), by=who.actor()),
         do=lambda ticket, given: endings.resolve(ticket, by=given.by, at=given.at)),
    Bulk(name="close", may="close",
         fact=lambda seen, who, given: Closed(at=instant(given.at), by=who.actor()),
         do=lambda ticket, given: endings.close(ticket, by=given.by, at=given.at)),
    Bulk(name="merge", may="merge", check=_check_merge, needs=("into",),
         fact=lambda seen, who, given: Merged(
             at=instant(given.at), by=who.actor(), into=given.get("into")),
         do=lambda ticket, given: endings.merge(ticket, into=_number(given.get("into")),
                                                by=given.by, at=given.at)),
)  # fmt: skip
BY_NAME = {act.name: act for act in EVERY}
