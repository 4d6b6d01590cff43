"""Eve's program asks every address and learns nothing; a token ends at once."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from kept import clock
from kept.api.verbs import VERBS
from kept.api.views import ROUTES
from kept.records.models import ApiToken, Journal, Membership, Ticket
from kept.services import articles, people, rosters, tokens
from kept.services.article_wording import Wording
from kept.services.errors import NotValid
from tests.api.conftest import Program, new_ticket, program
from tests.people import Cast

BODIES: dict[str, dict[str, object]] = {
    "messages": {"text": "I am Eve"}, "triage": {"type": "x"}, "assignments": {"team": "front"},
    "escalations": {"to": "L2", "reason": "x"}, "waits": {"who": "customer"},
    "promises": {"what": "update", "due": "2030-01-01T00:00:00Z"}, "steps": {"step": "x"},
    "merges": {"into": 1}, "approvals": {"kind": "refund", "decision": "approve"},
    "payments": {"kind": "refund", "amount": "1.00"},
    "verifications": {"method": "x", "passed": True},
}  # fmt: skip
KNOWN = quote("small.resp.first:first_response:1", safe="")


def customer_number(ticket: int | str) -> int:
    """Return the number of a ticket's customer, or one that nobody has."""
    found = Ticket.objects.filter(pk=ticket).values_list("customer_id", flat=True).first()
    return found or 999_999


def article_number(ticket: int | str) -> int:
    """Return the number of an article of the ticket's desk, or one that nobody has."""
    desk = Ticket.objects.filter(pk=ticket).values_list("desk__slug", flat=True).first()
    lead = Membership.objects.filter(desk__slug=desk, role="lead").first() if desk else None
    if desk is None or lead is None:
        return 999_999
    by = lead.agent_id
    number = articles.write(
        Wording(title="Zebra", body="Stripes"), by=by, at=clock.now(), desk=desk
    )
    articles.publish(number, by=by, at=clock.now())
    return number


def read_paths(ticket: int | str) -> dict[str, str]:
    """Return a foreign address for every read that leads to something of one desk."""
    return {
        "get_ticket": f"/tickets/{ticket}",
        "get_journal": f"/tickets/{ticket}/journal",
        "get_proof": f"/tickets/{ticket}/commitments/{KNOWN}/proof",
        "get_customer": f"/customers/{customer_number(ticket)}",
        "get_article": f"/articles/{article_number(ticket)}",
        "list_articles": "/articles?desk=small&q=zebra",
        "list_tickets": "/tickets?desk=small",
        "get_sop": "/desks/small/sop",
        "get_compliance": "/compliance?desk=small",
        "get_measures": "/measures?desk=small",
    }


@pytest.mark.django_db
def test_every_read_is_of_the_own_desk_or_guarded_here() -> None:
    reads = {route.name for route in ROUTES if route.method == "GET"}
    assert reads == {*read_paths(1), "list_desks", "list_customers", "search"}
    assert {noun for noun, _, _ in VERBS} >= set(BODIES)


def test_what_is_anothers_answers_byte_for_byte_as_what_does_not_exist(
    eve: Program, ticket: int
) -> None:
    missing = eve.get("/tickets/999999999")
    assert missing.status_code == 404
    for name, path in read_paths(ticket).items():
        answer = eve.get(path)
        assert (answer.status_code, answer.content) == (404, missing.content), name
        nowhere = eve.get(path.replace(str(ticket), "999999").replace("small", "nowhere"))
        assert nowhere.content == answer.content, name
    for path in ("/no/such/address", "/tickets/", "/tickets/1/x%0Ay/proof", "/desks/a%0Ab/sop"):
        assert eve.get(path).content == missing.content, path


@pytest.mark.parametrize("noun", [noun for noun, _, _ in VERBS])
@pytest.mark.parametrize("key", ["", "one"])
def test_no_act_of_an_outsider_does_anything(
    eve: Program, ticket: int, noun: str, key: str
) -> None:
    facts = Journal.objects.count()
    headers = {"Idempotency_Key": key} if key else {}
    answer = eve.post(f"/tickets/{ticket}/{noun}", BODIES.get(noun), **headers)
    assert (answer.status_code, answer.content) == (404, eve.get("/nothing").content)
    assert Journal.objects.count() == facts


def test_a_foreign_id_in_a_body_is_no_way_in(eve: Program, agent: Program, ticket: int) -> None:
    own = eve.post("/tickets", new_ticket(desk="other")).json()["id"]
    facts = Journal.objects.count()
    assert eve.post(f"/tickets/{own}/merges", {"into": ticket}).status_code == 404
    assert eve.post(f"/tickets/{own}/assignments", {"agent": agent.agent}).status_code == 404
    assert eve.post("/tickets", new_ticket()).status_code == 404
    assert Journal.objects.count() == facts


def test_search_customers_and_desks_hold_nothing_of_another_desk(
    eve: Program, agent: Program, ticket: int
) -> None:
    assert agent.get("/search?q=zebra").json()["hits"][0]["ticket"] == ticket
    assert agent.get("/customers").json()["customers"][0]["name"] == "Dana"
    for path in ("/search?q=zebra", "/search?q=dana@example.com", "/search?q=Dana", "/customers",
                 "/customers?q=Dana", "/tickets", "/tickets?q=Help", "/desks"):  # fmt: skip
        text = eve.get(path).content.decode()
        assert "zebra" not in text, path
        assert "Dana" not in text, path
        assert "small" not in text.replace('"sop":"small"', ""), path


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer kept_pat_", "Basic a2VwdDpw", "kept_pat_x",
               "Bearer kept_pat_" + "a" * 5000, "Bearer kept_pat_\udcff"],
)  # fmt: skip
def test_without_a_token_in_force_nothing_is_answered(
    desk: Cast, ticket: int, header: str
) -> None:
    for path in read_paths(ticket).values():
        answer = Client().get(f"/api/v1{path}", headers={"Authorization": header})
        assert answer.status_code == 401, path
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"


def test_a_session_of_the_pages_opens_nothing_here(desk: Cast, ticket: int) -> None:
    from django.contrib.auth import get_user_model

    client = Client()
    client.force_login(get_user_model().objects.get(pk=desk.amira))
    assert client.get(f"/api/v1/tickets/{ticket}").status_code == 401


def test_a_revoked_an_expired_and_a_locked_out_token_end_at_once(desk: Cast) -> None:
    at = clock.now()
    made = tokens.create("small", role="agent", name="shop", at=at, lasts=timedelta(days=1))
    assert tokens.holder(made.secret, at=at)
    assert tokens.holder(made.secret, at=at + timedelta(days=1)) is None
    tokens.revoke(made.id, at=at)
    assert tokens.holder(made.secret, at=at) is None
    other = tokens.create("small", role="agent", name="shop", at=at)
    people.end_memberships(other.agent, "small", at=at)
    assert tokens.holder(other.secret, at=at) is None
    third = tokens.create("small", role="agent", name="shop", at=at)
    people.disable(third.agent, at=at)
    assert tokens.holder(third.secret, at=at) is None


def test_a_token_is_kept_as_a_hash_and_says_when_it_was_used(agent: Program) -> None:
    assert re.fullmatch(r"kept_pat_[A-Za-z0-9_-]{43}", agent.secret)
    agent.get("/desks")
    row = ApiToken.objects.get(pk=agent.token)
    assert row.last_used_at
    assert agent.secret.encode() not in bytes(row.token_hash)
    assert agent.secret not in repr(tokens.listed())


def test_a_role_that_the_sop_does_not_know_gets_no_token(desk: Cast) -> None:
    with pytest.raises(NotValid, match="roles"):
        tokens.create("small", role="admin", name="x", at=clock.now())


def test_a_program_gets_no_duty_no_page_and_no_sign_in(agent: Program, desk: Cast) -> None:
    assert agent.agent not in {each.id for each in rosters.colleagues(desk.desk, clock.now())}
    token = ApiToken.objects.select_related("agent").get(pk=agent.token)
    assert people.sign_in(token.agent.email, "") is None


def test_rights_are_those_of_the_role(agent: Program, manager: Program, ticket: int) -> None:
    here = f"/tickets/{ticket}"
    agent.post(f"{here}/approvals", {"kind": "refund", "amount": "500.00"})
    refused = agent.post(f"{here}/approvals", {"kind": "refund", "decision": "approve"})
    assert refused.status_code == 409
    assert refused.json()["clause"] == "small.money.refund"
    unpaid = agent.post(f"{here}/payments", {"kind": "refund", "amount": "500.00"})
    assert unpaid.status_code == 409
    passed = manager.post(f"{here}/approvals", {"kind": "refund", "decision": "approve"})
    assert passed.status_code == 200


def test_too_many_requests_are_told_when_to_come_back(agent: Program, settings: object) -> None:
    settings.KEPT_API_RATE = 3  # type: ignore[attr-defined]  # pytest-django's own fixture
    left = [agent.get("/desks")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    over = agent.get("/desks")
    assert over.status_code == 429
    assert 0 < int(over["Retry-After"]) <= 61
    assert over.json()["status"] == 429


def test_a_token_for_people_alone_hears_nothing_of_what_was_written(
    agent: Program, ticket: int
) -> None:
    directory = program("small", "agent", "people")
    number = customer_number(ticket)
    told = directory.get(f"/customers/{number}").json()
    assert (told["name"], told["tickets"], told["history"]) == ("Dana", [], [])
    assert agent.get(f"/customers/{number}").json()["history"]
