"""S81: whatever is written into an address or a field, no page falls over."""

import re

import pytest
from django.test import Client

from tests.security.asking import Street, ask, street, undone
from tests.security.doors import DOORS

NUMBERS = ("0", "9223372036854775808", "99999999999999999999999999", "1" * 4400, "%00", "%ff")
VALUES = (
    "9223372036854775807", "9" * 5000, "-1", "٣٤", "1e309", "NaN", "\x00", "0001-01-01T00:00",
    "9999-12-31T23:59", "2026-03-01T14:00+14:00", "\u202e\ud7ff\ufffe'\"><{{7*7}}", "%s%n$(id)",
    "x" * 1_000_000,
)  # fmt: skip
NAMED = re.compile(r"\{(\w+)\}")
QUERIES = (
    ("/", ("view", "words", "severity", "owner", "customer", "desk", "status", "due_before", "tag",
           "level", "team", "cursor", "updated_before", "opened_after", "sort", "after")),
    ("/search", ("q",)), ("/search/suggestions", ("q",)), ("/colleagues", ("desk", "q")),
    ("/customers", ("words", "before")), ("/customers/duplicates", ("one", "other")),
    ("/households", ("words", "after")), ("/outbox", ("state", "before")),
    ("/views", ("deleted",)), ("/macros", ("edit", "desk")), ("/duties", ("of",)),
    ("/availability", ("availability", "until", "moved", "reason")), ("/rota", ("desk", "week")),
    ("/admin/audit", ("person", "kind", "from", "to", "cursor")), ("/account", ("done",)),
    ("/admin/people", ("desk",)), ("/sign-in", ("next",)),
    ("/customers/{customer}", ("before",)), ("/tickets/{ticket}", ("view", "words", "cursor")),
    ("/tickets/{ticket}/texts", ("template", "macro", "shortcut")),
    ("/tickets/{ticket}/what-if", ("act",)), ("/messages/{message}/frame", ("images",)),
)  # fmt: skip
SLOW = frozenset({"sign-in", "reset", "invitation"})
"""Doors that hash passwords on purpose."""


@pytest.fixture
def here(db: None) -> Street:
    return street()


@pytest.fixture
def chen(here: Street) -> Client:
    return here.client("chen")


def _falls(client: Client, method: str, path: str, body: dict[str, object]) -> bool:
    with undone(client):
        return ask(client, method, path, body).status_code >= 500


def test_no_number_in_an_address_fells_a_page(here: Street, chen: Client) -> None:
    fell = [
        f"{door.method} {door.name} {name}={number[:30]}"
        for door in DOORS
        for name in sorted(set(NAMED.findall(door.path)))
        for number in NUMBERS
        if _falls(chen, door.method, *door.at(here.small, **{name: number}))
    ]
    assert not fell, "\n".join(fell)


def test_no_words_in_a_query_fell_a_page(here: Street, chen: Client) -> None:
    fell = [
        f"{path}?{name}={value[:30]!r}"
        for path, names in QUERIES
        for name in names
        for value in VALUES
        if _falls(chen, "GET", path.format(**here.small.named()), {name: value[:8000]})
    ]
    assert not fell, "\n".join(fell)


def test_no_words_in_a_form_fell_a_page(here: Street, chen: Client) -> None:
    fell = []
    for door in DOORS:
        if door.body is None or door.name in SLOW:
            continue
        path, body = door.at(here.small)
        for place, name in enumerate(body):
            if name in {"noun", "password"}:
                continue
            fell += [
                f"{door.name} {name}={value[:30]!r}"
                for value in VALUES[place % 3 :: 3]
                if _falls(chen, "POST", path, {**body, name: value})
            ]
            if _falls(chen, "POST", path, {**body, name: [body[name], "2", "3"]}):
                fell.append(f"{door.name} {name} three times")
    assert not fell, "\n".join(fell)
