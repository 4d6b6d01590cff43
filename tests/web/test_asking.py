"""Forms in the SOP's own words, level by level; a refusal leads to what would lift it."""

from pathlib import Path

import pytest
from django.test import Client

from kept.records.models import Ticket
from kept.services import policies
from tests.people import Cast, dana_asks
from tests.web.conftest import ago
from tests.web.reading import kept_values, words

ESC = Path(__file__).resolve().parents[2] / "sops" / "esc.md"
HTMX = {"HX-Request": "true", "HX-Target": "act-escalate"}


@pytest.fixture
def ladder(desk: Cast) -> int:
    """A ticket of a desk whose SOP hands off differently at each level."""
    version = policies.propose("small", ESC.read_text(), by=None, at=ago(60))
    policies.activate(version.pk, by=None, at=ago(60))
    return dana_asks("The export stops.", at=ago(5))


def test_triage_offers_the_words_of_the_sop(amira: Client, ladder: int) -> None:
    page = kept_values(amira.get(f"/tickets/{ladder}"))
    assert '<option value="feature_request">feature request</option>' in page
    assert 'name="field-next_step"' in page
    assert '<option value="several_customers">several customers</option>' in page
    assert '<option value="escalation_asked">escalation asked</option>' in page


def test_each_level_asks_for_its_own_hand_off(amira: Client, ladder: int) -> None:
    page = kept_values(amira.get(f"/tickets/{ladder}"))
    assert 'id="handoff-next_steps"' in page
    assert 'id="handoff-analysis"' not in page
    chosen = {"to": "L4", "reason": "unsolved", "form": "only", "summary": "So far."}
    part = amira.post(f"/tickets/{ladder}/escalations", chosen, headers=HTMX)
    assert part.status_code == 200
    said = kept_values(part)
    assert said.lstrip().startswith("<details")
    assert 'id="handoff-analysis"' in said
    assert ">So far.</textarea>" in said
    assert "Help" in said, "the subject fills the issue"
    assert Ticket.objects.get(pk=ladder).level != "L4"


def test_an_act_opens_by_its_address(amira: Client, ticket: int) -> None:
    page = kept_values(amira.get(f"/tickets/{ticket}/triage"))
    assert 'data-act="triage" open' in page
    assert amira.get(f"/tickets/{ticket}/unicorns").status_code == 404


def test_a_refusal_leads_to_the_step_that_lifts_it(amira: Client, ticket: int) -> None:
    refused = amira.post(f"/tickets/{ticket}/resolutions")
    page = kept_values(refused)
    assert "Do it: Write what was tried" in words(refused)
    assert f'href="/tickets/{ticket}/steps?step=write_attempt"' in page
    assert 'name="override"' in page
    assert 'data-act="resolve" open' in page
    there = kept_values(amira.get(f"/tickets/{ticket}/steps?step=write_attempt"))
    assert 'data-act="step" open' in there


def test_send_and_resolve_refused_offers_to_resolve_with_a_reason(
    amira: Client, ticket: int
) -> None:
    page = kept_values(
        amira.post(f"/tickets/{ticket}/messages", {"text": "Done.", "then": "resolve"})
    )
    assert 'data-act="resolve" open' in page
    assert 'name="override"' in page


def test_a_severity_is_changed_with_a_reason(amira: Client, ticket: int) -> None:
    form = {"to": "P2", "reason": "Only one screen."}
    assert amira.post(f"/tickets/{ticket}/severities", {"to": "P2"}).status_code == 422
    assert amira.post(f"/tickets/{ticket}/severities", form).status_code == 302
    assert Ticket.objects.get(pk=ticket).severity == "P2"


def test_triage_sets_the_fields_that_the_sop_declares(amira: Client, ladder: int) -> None:
    typed = {"severity": "P3", "type": "bug", "field-next_step": "We read the log."}
    assert amira.post(f"/tickets/{ladder}/triage", typed).status_code == 302
    assert "Given already" in words(amira.get(f"/tickets/{ladder}"))
