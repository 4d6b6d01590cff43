"""What may be sent, what is refused, and how fast."""

import json
from time import perf_counter

import pytest
from django.test import Client

from tests.api.conftest import Program, new_ticket

PLAIN = json.dumps(new_ticket()).encode()
HOSTILE: dict[str, bytes] = {
    "not json": b"{",
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a key twice": PLAIN[:-1] + b',"desk":"other"}',
    "a key twice inside": b'{"customer":{"email":"a@b.c","email":"d@e.f"}}',
    "NaN": b'{"desk":NaN}',
    "Infinity": b'{"desk":-Infinity}',
    "out of range": b'{"desk":1e400}',
    "many digits": b'{"desk":' + b"9" * 100_000 + b"}",
    "a lone surrogate": b'{"desk":"\\ud800x"}',
    "a lone low surrogate": b'{"desk":"\\udc00"}',
    "NUL": b'{"desk":"a\\u0000b"}',
    "not UTF-8": b'{"desk":"\xff"}',
    "a mark first": b"\xef\xbb\xbf{}",
    "two values": b"{}{}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_json_that_is_not_plain_is_refused_in_under_a_second(agent: Program, name: str) -> None:
    begun = perf_counter()
    answer = agent.post("/tickets", HOSTILE[name])
    assert perf_counter() - begun < 1
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"requester_id": 1}, "requester_id"),
        ({"number": 7}, "number"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "created_at"),
        ({"customer": {"email": "d@e.f", "is_admin": True}}, "customer.is_admin"),
        ({"subject": 5}, "subject"),
        ({"channel": "x" * 41}, "channel"),
        ({"fields": {"vip": 10**40}}, "fields"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    agent: Program, changes: dict[str, object], field: str
) -> None:
    answer = agent.post("/tickets", new_ticket(**changes))
    assert answer.status_code == 422, answer.content
    assert answer.json()["field"].startswith(field)


def test_a_body_that_is_too_large_is_not_read(agent: Program) -> None:
    begun = perf_counter()
    assert agent.post("/tickets", b" " * 50_000_000).status_code == 413
    assert perf_counter() - begun < 1


def test_a_body_of_another_kind_is_refused(agent: Program) -> None:
    answer = Client().post(
        "/api/v1/tickets", {"desk": "small"}, headers={"Authorization": f"Bearer {agent.secret}"}
    )
    assert answer.status_code == 415


def test_a_method_that_is_not_there_names_those_that_are(agent: Program) -> None:
    answer = Client().delete("/api/v1/tickets/1")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert Client().head("/api/v1/openapi.json").status_code == 200


@pytest.mark.parametrize("amount", ["-1", "0", "1e309", "1.234", "NaN", "150 EUR", 150, "9" * 30])
def test_an_odd_amount_pays_nothing(agent: Program, ticket: int, amount: object) -> None:
    from kept.records.models import Payment

    told = {"kind": "refund", "amount": amount}
    assert agent.post(f"/tickets/{ticket}/payments", told).status_code == 422
    assert not Payment.objects.exists()


@pytest.mark.parametrize("number", ["0", "-1", "01", "9" * 30, "1.5", "%00", "1;drop", "１"])
def test_an_odd_number_is_no_ticket(agent: Program, ticket: int, number: str) -> None:
    assert agent.get(f"/tickets/{number}").status_code == 404
    assert agent.post(f"/tickets/{number}/acceptances").status_code == 404
