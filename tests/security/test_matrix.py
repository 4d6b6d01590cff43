"""S14: every address of the pages, asked for by everybody; only what matrix.txt says succeeds.

A new route or act fails here until it has a door (tests/security/doors.py) and its line. After
the door is made, `KEPT_MATRIX=write pytest tests/security/test_matrix.py` writes the line anew:
read each changed cell before it is committed.
"""

import os
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from kept.web import account, article_pages, availability, customer_acts, people_admin, rotas
from kept.web.act_table import BY_NOUN
from tests.security import doors
from tests.security.asking import Street, knock, street, undone
from tests.security.doors import DOORS, Door

MATRIX = Path(__file__).with_name("matrix.txt")
WHO = ("nobody", "gone", "eve", "former", "guest", "amira", "bo", "chen")
"""Nobody is signed in, gone is disabled, eve works another desk, former left this one, guest may
only note; amira is agent and owner of the stock, bo leads, chen manages.
"""
ELSEWHERE = {"messages", "steps", "acknowledgements", "approval-decisions"}
"""Acts of a ticket that stand in no table."""


@pytest.fixture
def here(db: None) -> Street:
    return street()


def test_every_route_has_a_door() -> None:
    routes = {str(each.name) for each in get_resolver().url_patterns if hasattr(each, "name")}
    assert routes == {door.name.partition(":")[0] for door in DOORS}


@pytest.mark.parametrize(
    ("place", "nouns"),
    [
        (doors.ON_TICKET, {*BY_NOUN, *ELSEWHERE}), (doors.ON_CUSTOMER, customer_acts.BY_NOUN),
        (doors.ON_ACCOUNT, account.ACTS), (doors.ON_PEOPLE, people_admin.VERBS),
        (doors.ON_AVAILABILITY, availability.VERBS), (doors.ON_ROTA, rotas.VERBS),
        (doors.ON_ARTICLE, article_pages.ACTS),
    ],
)  # fmt: skip
def test_every_act_has_a_door(place: doors.Nouns, nouns: set[str]) -> None:
    assert {noun for noun, _ in place.nouns} == set(nouns)


def test_only_what_the_matrix_says_succeeds(here: Street) -> None:
    clients = {who: here.client(who) for who in WHO}
    found = "\n".join(_line(here, door, clients) for door in DOORS) + "\n"
    if os.environ.get("KEPT_MATRIX") == "write":
        MATRIX.write_text(_head() + found, encoding="utf-8")
    told = MATRIX.read_text(encoding="utf-8").removeprefix(_head())
    changed = sorted(set(found.splitlines()) ^ set(told.splitlines()))
    assert not changed, "\n".join(changed)


def test_nothing_of_a_desk_answers_whoever_is_no_member() -> None:
    for door, cells in _told():
        if not door.anybody:
            assert cells["nobody"] == cells["gone"] == "door", door.name
        if not (door.anybody or door.own or door.name in HARMLESS):
            assert cells["eve"] == cells["former"] == "404", door.name


HARMLESS = frozenset({
    "bulk", "view-order", "notices:seen", "notices:choose", "availability:telephone",
    "account-act:password", "account-act:authenticator-removal", "account-act:recovery-codes",
    "account-act:passkey-question", "account-act:passkeys", "account-act:preferences",
    "account-act:identity-removal", "account-act:authenticator",
})  # fmt: skip
"""Doors that name nothing of a desk, or skip without a word what the reader may not see."""


def _told() -> list[tuple[Door, dict[str, str]]]:
    lines = MATRIX.read_text(encoding="utf-8").removeprefix(_head()).splitlines()
    return [
        (door, dict(zip(WHO, line.split()[2:], strict=True)))
        for door, line in zip(DOORS, lines, strict=True)
    ]


def _head() -> str:
    return f"{'':41}" + " ".join(f"{who:6}" for who in WHO).rstrip() + "\n"


def _line(here: Street, door: Door, clients: dict[str, Client]) -> str:
    cells = []
    for who in WHO:
        with undone(clients[who]):
            cells.append(_outcome(knock(clients[who], door, here.small)))
    return f"{door.method:5}{door.name:36}" + " ".join(f"{cell:6}" for cell in cells).rstrip()


def _outcome(answer: HttpResponse) -> str:
    if answer.headers.get("Location", "").startswith("/sign-in?next="):
        return "door"
    return str(answer.status_code)
