"""A request sent twice with a key has one effect; two at once never have two."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from kept.records.models import IdempotentAnswer, Journal, Outbox, Payment, Ticket
from tests.api.conftest import MEASURED, Program, new_ticket, program
from tests.people import raise_the_curtain


def test_the_same_request_opens_one_ticket(agent: Program) -> None:
    first = agent.post("/tickets", new_ticket(), Idempotency_Key="k1")
    again = agent.post("/tickets", new_ticket(), Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Ticket.objects.count() == 1
    assert agent.post("/tickets", new_ticket(), Idempotency_Key="k2").status_code == 201


def test_another_body_under_the_same_key_is_refused(agent: Program) -> None:
    agent.post("/tickets", new_ticket(), Idempotency_Key="k1")
    answer = agent.post("/tickets", new_ticket(subject="Other"), Idempotency_Key="k1")
    assert answer.status_code == 422
    assert Ticket.objects.count() == 1


def test_a_key_belongs_to_one_token_and_one_address(
    agent: Program, manager: Program, ticket: int
) -> None:
    for who in (agent, manager):
        for noun in ("acceptances", "confirmations"):
            answer = who.post(f"/tickets/{ticket}/{noun}", Idempotency_Key="k")
            assert "Idempotent-Replayed" not in answer
    assert IdempotentAnswer.objects.count() == 4


def test_a_reply_and_a_payment_happen_once(agent: Program, ticket: int) -> None:
    sent = Outbox.objects.count()
    for _ in range(3):
        agent.post(f"/tickets/{ticket}/messages", {"text": "Hello"}, Idempotency_Key="r")
        agent.post(
            f"/tickets/{ticket}/payments", {"kind": "refund", "amount": "50.00"},
            Idempotency_Key="p",
        )  # fmt: skip
    assert Outbox.objects.count() == sent + 1
    assert Payment.objects.count() == 1


def test_a_refusal_is_on_record_once_and_is_replayed(agent: Program, ticket: int) -> None:
    answers = [agent.post(f"/tickets/{ticket}/closures", Idempotency_Key="c") for _ in range(2)]
    assert [each.status_code for each in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    assert Journal.objects.filter(ticket_id=ticket, refused=True).count() == 1


def test_what_had_no_effect_may_be_sent_again(agent: Program) -> None:
    wrong = agent.post("/tickets", new_ticket(severity="P9"), Idempotency_Key="k")
    assert wrong.status_code == 422
    assert agent.post("/tickets", new_ticket(), Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["a b", "x" * 256, "\x7f", "é"])
def test_an_odd_key_is_refused(agent: Program, key: str) -> None:
    assert agent.post("/tickets", new_ticket(), Idempotency_Key=key).status_code == 400
    assert not Ticket.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_a_request_runs_its_second_sending_is_told_so() -> None:
    raise_the_curtain(MEASURED)
    agent = program("small", "agent")
    name = f"{agent.token} /api/v1/tickets k"
    running = connections.create_connection("default")
    running.set_autocommit(False)
    try:
        with running.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        answer = agent.post("/tickets", new_ticket(), Idempotency_Key="k")
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("still_running")
        running.rollback()
    finally:
        running.close()
    assert agent.post("/tickets", new_ticket(), Idempotency_Key="k").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_open_one_ticket() -> None:
    raise_the_curtain(MEASURED)
    agent = program("small", "agent")
    answers: list[Any] = []

    def send() -> None:
        try:
            own = replace(agent, client=Client())
            answers.append(own.post("/tickets", new_ticket(), Idempotency_Key="k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {each.status_code for each in answers} <= {201, 409}
    assert Ticket.objects.count() == 1
    assert len({each.json()["id"] for each in answers if each.status_code == 201}) == 1
