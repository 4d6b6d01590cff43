"""What customers read, in their language: the SOP's templates, our own page, times."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client

from kept.policy import compile_sop
from kept.records.models import Customer, Outbox, Ticket
from kept.services import policies
from kept.services.filling import local_time
from kept.services.links import confirm_token
from kept.web import confirmations, speech
from tests.people import MONDAY, Cast, dana_asks
from tests.web.conftest import ago
from tests.web.reading import words
from tests.web.sop import WEB

ROOT = Path(__file__).resolve().parents[2]
SPANISH = WEB.replace("id: receipt\n", """id: receipt
in:
  es: {subject: "Tenemos su mensaje {{ ticket.number }}", body: "Antes del {{ next_due }}."}
""", 1)  # fmt: skip


def link(ticket: int) -> str:
    customer = Ticket.objects.get(pk=ticket).customer_id
    return f"/c/{confirm_token(ticket, customer)}"


def test_every_sentence_of_the_customers_page_is_in_every_catalogue() -> None:
    page = (ROOT / "kept/web/templates/customers/answer.html").read_text()
    said = set(re.findall(r'_\((?:sentence or )?"([^"]+)"\)', page))
    said |= {sentence for pair in confirmations.THANKS.values() for sentence in pair}
    assert len(said) > 8
    assert set(speech.languages()) == {"en", "es", "hi", "kn"}
    for language in speech.languages()[1:]:
        say = speech.speaker(language)
        assert {sentence for sentence in said if say(sentence) == sentence} == set(), language


def test_the_page_speaks_the_customers_language(desk: Cast, ticket: int) -> None:
    Customer.objects.update(language="hi-IN")
    answer = Client().get(link(ticket), headers={"Accept-Language": "es"})
    assert "हाँ, हल हो गई" in words(answer)
    assert '<html lang="hi" dir="ltr"' in answer.content.decode()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.5", "es"), ("en;q=0.2, kn;q=0.8", "kn"), ("fr, de", "en"),
        ("", "en"), ("es;q=0", "en"), ("*;q=broken,;;,hi", "hi"), ("x" * 5000, "en"),
    ],
)  # fmt: skip
def test_where_nobody_said_the_browser_is_asked(accepted: str, language: str) -> None:
    assert speech.chosen("", accepted) == language


def test_writing_goes_the_languages_way() -> None:
    assert speech.direction("ar") == "rtl"
    assert speech.direction("kn") == "ltr"


def test_a_receipt_is_written_in_the_customers_language(desk: Cast) -> None:
    version = policies.propose("small", SPANISH, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    dana_asks(at=ago(60))
    Customer.objects.update(language="es-419")
    second = dana_asks(at=ago(5), severity="P1")
    mail = Outbox.objects.filter(ticket_id=second).latest("id")
    assert mail.payload["subject"].startswith(f"Tenemos su mensaje {second}")
    assert re.search(r"Antes del (lun|mar|mié|jue|vie|sáb|dom) ", mail.payload["text"])


def test_a_blank_of_another_language_needs_a_source_too() -> None:
    text = SPANISH.replace("{{ next_due }}", "{{ nowhere }}")
    told = [problem.code for problem in compile_sop(text).problems]
    assert "E610" in told


@pytest.mark.parametrize(
    "block", ["in: {es spanish: {body: x}}", "in: {es: hola}", "in: {es: {}}"]
)
def test_what_is_no_wording_is_told_in_place(block: str) -> None:
    text = WEB.replace("id: receipt\n", f"id: receipt\n{block}\n", 1)
    assert compile_sop(text).policy is None


def test_an_instant_is_said_in_the_language_with_its_zone() -> None:
    at = datetime.fromisoformat("2025-06-06T09:15+00:00")
    assert local_time(at, "Europe/London") == "Fri 06 Jun 2025 10:15 BST"
    assert local_time(at, "Asia/Kolkata", "hi") == "शुक्र 6 जून 2025 14:45 IST"
    assert local_time(at, "Europe/London", "no such") == "Fri 06 Jun 2025 10:15 BST"
