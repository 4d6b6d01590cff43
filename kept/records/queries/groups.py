"""Organisations and households of the reader's desks, with whoever belongs to them."""

from datetime import datetime

from django.db import connection

from kept.records.masks import DOTS
from kept.records.queries.customer_page import MemberView
from kept.records.queries.desks import desks_of
from kept.records.queries.sight import open_desks
from kept.records.queries.views import DeskView, View

PAGE = 100
KINDS = {"household": "role", "organisation": "title"}
"""A kind of group, and what its members' rows call their part in it."""


class GroupLine(View, frozen=True, kw_only=True):
    """A group in a list."""

    id: int
    kind: str
    name: str
    desk: str
    members: int
    about: str


class GroupTicket(View, frozen=True, kw_only=True):
    """A ticket of one of the members."""

    id: int
    subject: str
    status: str
    customer: int
    name: str
    opened_at: datetime


class GroupPageView(View, frozen=True, kw_only=True):
    """A household or an organisation with its people and their tickets."""

    id: int
    kind: str
    desk: DeskView
    name: str
    domain: str
    notes: str
    made_at: datetime
    members: tuple[MemberView, ...]
    tickets: tuple[GroupTicket, ...]


def groups_like(
    agent: int, kind: str, *, words: str = "", after: str = "", limit: int = PAGE
) -> tuple[GroupLine, ...]:
    """Return groups in the order of their names, those whose name holds the words."""
    about = "g.domain" if kind == "organisation" else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT g.id, g.name, d.name, {about},
              (SELECT count(DISTINCT m.customer_id) FROM {kind}_member m
               WHERE m.{kind}_id = g.id AND m.ended_at IS NULL)
            FROM {kind} g JOIN desk d ON d.id = g.desk_id
            WHERE g.desk_id = ANY(%(desks)s) AND g.name > %(after)s
              AND (%(words)s = '' OR position(plain_words(%(words)s) IN plain_words(g.name)) > 0)
            ORDER BY g.name, g.id LIMIT %(limit)s
            """,
            {"desks": [desk.id for desk in desks_of(agent)], "words": words, "after": after,
             "limit": limit},
        )  # fmt: skip
        return tuple(
            GroupLine(id=r[0], kind=kind, name=r[1], desk=r[2], about=r[3], members=r[4])
            for r in cursor.fetchall()
        )


def group_page(agent: int, kind: str, group: int) -> GroupPageView | None:
    """Return a group of one of the reader's desks; any other does not exist."""
    if kind not in KINDS or not 0 < group < 2**63:
        return None
    desks = {desk.id: desk for desk in desks_of(agent)}
    domain = "domain" if kind == "organisation" else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT desk_id, name, {domain}, notes, made_at FROM {kind}"
            " WHERE id = %s AND desk_id = ANY(%s)",
            [group, list(desks)],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    plain = row[0] in open_desks(agent).granted
    return GroupPageView(
        id=group, kind=kind, desk=desks[row[0]], name=row[1], domain=row[2], notes=row[3],
        made_at=row[4], members=_members(kind, group, plain=plain),
        tickets=_tickets(kind, group, row[0], plain=plain),
    )  # fmt: skip


def _members(kind: str, group: int, *, plain: bool) -> tuple[MemberView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.customer_id, c.name, array_agg(m.{KINDS[kind]} ORDER BY m.id)
            FROM {kind}_member m JOIN customer c ON c.id = m.customer_id
            WHERE m.{kind}_id = %s AND m.ended_at IS NULL
            GROUP BY m.customer_id, c.name ORDER BY c.name, m.customer_id LIMIT %s
            """,
            [group, PAGE],
        )
        return tuple(
            MemberView(
                customer=r[0], name=_name(r[1], plain), roles=tuple(word for word in r[2] if word)
            )
            for r in cursor.fetchall()
        )


def _tickets(kind: str, group: int, desk: int, *, plain: bool) -> tuple[GroupTicket, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT t.id, t.subject, t.status, t.customer_id, c.name, t.opened_at
            FROM ticket t JOIN customer c ON c.id = t.customer_id
            WHERE t.desk_id = %s AND t.customer_id IN (
              SELECT customer_id FROM {kind}_member WHERE {kind}_id = %s AND ended_at IS NULL)
            ORDER BY t.id DESC LIMIT %s
            """,
            [desk, group, PAGE],
        )
        return tuple(
            GroupTicket(
                id=r[0], subject=r[1], status=r[2], customer=r[3], name=_name(r[4], plain),
                opened_at=r[5],
            )
            for r in cursor.fetchall()
        )  # fmt: skip


def _name(name: str, plain: bool) -> str:
    return name if plain else f"{name[:1]}{DOTS}"
