"""Proof, handbook, wall, outbox, quarantine, downloads, and what every answer carries."""

import re

from django.test import Client

from kept import clock
from kept.records.models import Attachment, CommitmentRow, Message, Notification, RawMessage
from kept.services import conversation, intake
from kept.services.links import confirm_token
from tests.people import Cast, dana_asks
from tests.web.conftest import ago
from tests.web.reading import kept_values, words


def proof_address(ticket: int, name: str = "first_response") -> str:
    row = CommitmentRow.objects.get(ticket_id=ticket, name=name)
    return f"/tickets/{ticket}/commitments/{row.commitment}/proof"


def test_a_due_time_opens_its_sums_and_its_sentence(amira: Client, ticket: int) -> None:
    said = words(amira.get(proof_address(ticket)))
    assert "Why reply by" in said
    assert "We answer within 1 hour." in said
    assert "Promised 1 hour" in said
    assert "every hour of every day" in said
    assert re.search(r"small\.resp\.first , line \d+ of small 1\.0\.0", said)


def test_the_proof_opens_in_place_too(amira: Client, ticket: int) -> None:
    in_place = {"HX-Request": "true", "HX-Target": "proof"}
    part = kept_values(amira.get(proof_address(ticket), headers=in_place))
    assert "<html" not in part
    assert "We answer within 1 hour." in part


def test_the_handbook_says_what_each_clause_does_and_how_it_was_kept(
    amira: Client, desk: Cast, ticket: int
) -> None:
    conversation.reply(ticket, by=desk.amira, at=clock.now(), text="Press it.")
    dana_asks(at=ago(90))
    page = amira.get("/sop/small")
    said = words(page)
    assert "The small desk" in said
    assert "clock 1 hour" in said
    assert "50 % kept, n = 2" in said
    assert "gate: close" in said
    assert "<em>tried</em>" in kept_values(page)
    assert 'id="small.resp.first"' in kept_values(page)
    assert "clock: first_response" in kept_values(page)


def test_the_wall_shows_each_desk_and_who_is_there(amira: Client, ticket: int) -> None:
    said = words(amira.get("/wallboard"))
    assert "Small desk" in said
    assert "0 missed today" in said
    assert "Reply: Help" in said
    assert "nobody on call" in said


def test_the_wall_tells_who_was_paged_and_whether_they_answered(
    amira: Client, desk: Cast, ticket: int
) -> None:
    page = Notification.objects.create(
        agent_id=desk.bo, desk_id=desk.desk, ticket_id=ticket, cause="c", page="p", at=ago(7)
    )
    assert "Bo: paged 7 min ago, no answer" in words(amira.get("/wallboard"))
    Notification.objects.filter(pk=page.pk).update(acknowledged_at=ago(2))
    assert "Bo: page acknowledged" in words(amira.get("/wallboard"))


def test_the_wall_counts_what_was_missed_today(amira: Client, desk: Cast) -> None:
    number = dana_asks(at=ago(3000))
    CommitmentRow.objects.filter(ticket_id=number).update(missed_at=clock.now())
    count = CommitmentRow.objects.filter(ticket_id=number).count()
    assert f"{count} missed today" in words(amira.get("/wallboard"))
    CommitmentRow.objects.filter(ticket_id=number).update(missed_at=ago(3000))
    assert "0 missed today" in words(amira.get("/wallboard"))


def test_the_outbox_shows_every_message_with_its_state(amira: Client, ticket: int) -> None:
    said = words(amira.get("/outbox"))
    assert "queued" in said
    assert f"We have your request {ticket}" in said
    assert "Nothing here" in words(amira.get("/outbox?state=failed"))


def test_what_could_not_be_read_waits_for_a_person(amira: Client, desk: Cast) -> None:
    assert "Nothing is held back" in words(amira.get("/quarantine"))
    raw = intake.keep_raw("small", "small@kept.example", b"<b>broken", at=clock.now())
    RawMessage.objects.filter(pk=raw).update(state="quarantined", problem="It has no end.")
    page = amira.get("/quarantine")
    assert "It has no end." in words(page)
    assert "&lt;b&gt;broken" in page.content.decode()
    amira.post("/quarantine", {"raw": str(raw), "decision": "again"})
    assert RawMessage.objects.get(pk=raw).state == "received"
    assert amira.post("/quarantine", {"raw": "x", "decision": "again"}).status_code == 422


def test_a_file_is_only_ever_downloaded(amira: Client, ticket: int) -> None:
    message = Message.objects.filter(ticket_id=ticket).first()
    assert message
    name = '../../e"vil\r\n.html'
    file = Attachment.objects.create(
        message=message, filename=name, content_type="text/html", size=9, sha256=b"x",
        body=b"<script>1</script>",
    )  # fmt: skip
    answer = amira.get(f"/attachments/{file.pk}")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''e%22vil%0D%0A.html"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_customer_answers_by_the_link_and_opening_it_changes_nothing(
    desk: Cast, ticket: int
) -> None:
    from kept.records.models import Journal, Ticket

    customer = Ticket.objects.get(pk=ticket).customer_id
    link = f"/c/{confirm_token(ticket, customer)}"
    facts = Journal.objects.count()
    stranger = Client()
    assert "Is it solved?" in words(stranger.get(link))
    assert Journal.objects.count() == facts
    assert "Thank you" in words(stranger.post(link, {"answer": "confirm"}))
    assert Journal.objects.count() > facts
    assert stranger.get(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404
    assert stranger.get("/c/nonsense").status_code == 404


def test_every_answer_forbids_what_no_page_needs(amira: Client, ticket: int) -> None:
    for address in ("/", f"/tickets/{ticket}", "/sop/small", "/wallboard", "/nowhere"):
        answer = amira.get(address)
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy, address
        assert "unsafe" not in policy, address
        assert answer["Cache-Control"] == "no-store", address
        assert answer["X-Frame-Options"] == "DENY", address
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), address
        assert not re.search(r"\s(style|on\w+)=", page), address


def test_the_processes_say_how_they_are(db: None) -> None:
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").content == b"ready\n"
