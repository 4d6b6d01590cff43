"""Programs open tickets, act on them and read what is owed."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from kept import clock
from kept.records.models import Journal, Message, Outbox
from kept.services import verify
from tests.api.conftest import Program, new_ticket
from tests.people import Cast


def test_a_new_ticket_comes_back_with_what_is_owed(agent: Program) -> None:
    answer = agent.post("/tickets", new_ticket(severity="P1", fields={"vip": True}))
    assert answer.status_code == 201
    told = answer.json()
    assert {each["name"] for each in told["commitments"]} >= {"first_response", "resolution"}
    assert all(each["due_at"].endswith("Z") for each in told["commitments"] if each["due_at"])
    row = Journal.objects.filter(ticket_id=told["id"]).order_by("seq").first()
    assert row and row.by_agent == agent.agent
    assert Outbox.objects.filter(ticket_id=told["id"]).count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"severity": "P9"}, "severity"),
        ({"fields": {"vip": "yes"}}, "vip"),
        ({"fields": {"colour": "red"}}, "colour"),
        ({"customer": {}}, "customer"),
        ({"customer": {"email": "a@b.c", "phone": "12345"}}, "both"),
    ],
)
def test_what_the_sop_does_not_know_is_refused(
    agent: Program, changes: dict[str, object], says: str
) -> None:
    answer = agent.post("/tickets", new_ticket(**changes))
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert not Journal.objects.exists()


def test_a_ticket_shows_words_gates_and_the_way_to_its_journal(
    agent: Program, ticket: int
) -> None:
    told = agent.get(f"/tickets/{ticket}").json()
    assert "zebra" in told["messages"][0]["text"]
    gate = next(each for each in told["gates"] if each["clause"] == "small.ending.close")
    assert (gate["act"], gate["passes"], gate["needs"]) == ("closed", False, "resolved")
    assert agent.get(told["links"]["journal"].removeprefix("/api/v1")).status_code == 200
    for name, link in told["links"].items():
        if name.startswith("proof:"):
            assert agent.get(link.removeprefix("/api/v1")).status_code == 200


def test_a_refusal_names_the_clause_and_what_it_needs(agent: Program, ticket: int) -> None:
    answer = agent.post(f"/tickets/{ticket}/closures")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["clause"] == "small.ending.close"
    assert (told["say"], told["needs"]) == ("Resolve the ticket first.", "resolved")
    assert Journal.objects.filter(ticket_id=ticket, refused=True).count() == 1


def test_a_program_takes_a_ticket_from_question_to_end(
    agent: Program, manager: Program, ticket: int
) -> None:
    here, soon = f"/tickets/{ticket}", (clock.now() + timedelta(days=1)).isoformat()
    acts: list[tuple[Program, str, dict[str, object]]] = [
        (agent, "triage", {"type": "fault", "topic": "screen", "fields": {"vip": False}}),
        (agent, "assignments", {"team": "front"}),
        (agent, "messages", {"text": "We are on it."}),
        (agent, "messages", {"text": "She sounds upset.", "kind": "note"}),
        (agent, "messages", {"text": "", "template": "parts", "given": {"part": "lamp"}}),
        (agent, "promises", {"what": "update", "due": soon}),
        (agent, "waits", {"who": "customer"}),
        (agent, "waits", {"who": "nobody"}),
        (agent, "verifications", {"method": "callback", "passed": True}),
        (agent, "approvals", {"kind": "refund", "amount": "150.00"}),
        (manager, "approvals", {"kind": "refund", "decision": "approve"}),
        (agent, "payments", {"kind": "refund", "amount": "150.00"}),
        (agent, "steps", {"step": "write_attempt", "answers": {"what": "lamp", "worked": "yes"}}),
        (agent, "resolutions", {}),
        (agent, "reopenings", {}),
        (agent, "resolutions", {}),
        (agent, "confirmations", {}),
    ]
    for place, (who, noun, body) in enumerate(acts):
        answer = who.post(f"{here}/{noun}", body, Idempotency_Key=f"act-{place}")
        assert answer.status_code == 200, (noun, answer.content)
    closing = agent.post(f"{here}/closures")
    assert closing.status_code in (200, 409)
    kinds = set(Message.objects.filter(ticket_id=ticket).values_list("kind", flat=True))
    assert {"public", "note"} <= kinds
    assert not verify.verify("small").faults


def test_an_escalation_without_its_hand_off_is_refused_and_with_it_passes(
    agent: Program, manager: Program, ticket: int
) -> None:
    answer = agent.post(f"/tickets/{ticket}/escalations", {"to": "L2", "reason": "because"})
    assert answer.status_code == 409
    assert answer.json()["clause"].startswith("small.up.")
    assert answer.json()["say"]


def test_one_ticket_takes_another_in(agent: Program, ticket: int) -> None:
    other = agent.post("/tickets", new_ticket()).json()["id"]
    merged = agent.post(f"/tickets/{other}/merges", {"into": ticket})
    assert (merged.status_code, merged.json()["status"]) == (200, "merged")


def test_the_queue_is_sorted_filtered_and_paged(agent: Program, desk: Cast) -> None:
    numbers = [agent.post("/tickets", new_ticket()).json()["id"] for _ in range(5)]
    urgent = agent.post("/tickets", new_ticket(severity="P1")).json()["id"]
    first = agent.get("/tickets?desk=small&limit=3").json()
    rest = agent.get(f"/tickets?desk=small&limit=3&cursor={first['next_cursor']}").json()
    seen = [each["id"] for each in (*first["tickets"], *rest["tickets"])]
    assert sorted(seen) == sorted([*numbers, urgent])
    dues = [each["due_at"] for each in (*first["tickets"], *rest["tickets"])]
    assert dues == sorted(dues)
    assert rest["next_cursor"] is None
    assert [t["id"] for t in agent.get("/tickets?severity=P1").json()["tickets"]] == [urgent]


@pytest.mark.parametrize(
    "query",
    ["view=x", "cursor=1", "limit=0", "limit=1000", "order=id;drop", "q=a&q=b", "owner=x",
     "status=closed'--", "q=%00"],
)  # fmt: skip
def test_a_query_the_queue_does_not_know_is_refused(agent: Program, query: str) -> None:
    answer = agent.get(f"/tickets?{query}")
    assert answer.status_code == 400
    assert answer.json()["field"] == query.partition("=")[0]


def test_the_journal_comes_in_pages(agent: Program, ticket: int) -> None:
    for number in range(4):
        agent.post(f"/tickets/{ticket}/messages", {"text": f"note {number}", "kind": "note"})
    page = agent.get(f"/tickets/{ticket}/journal?limit=2").json()
    seen = [line["seq"] for line in page["lines"]]
    while page["next_cursor"]:
        page = agent.get(f"/tickets/{ticket}/journal?limit=2&cursor={page['next_cursor']}").json()
        seen += [line["seq"] for line in page["lines"]]
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == Journal.objects.filter(ticket_id=ticket).count()


def test_a_proof_adds_up_to_the_due_time(agent: Program, ticket: int) -> None:
    known = quote("small.resp.first:first_response:1", safe="")
    told = agent.get(f"/tickets/{ticket}/commitments/{known}/proof").json()
    assert told["clause"] == "small.resp.first"
    assert told["clause_text"].startswith("We answer within")
    assert told["due_at"] == told["unpaused_due_at"]
    assert sum(step["amount"] for step in told["steps"] if step["kind"] == "counted") == 3600
