"""The description cannot drift: it is made of what validates, and a fuzzer holds us to it."""

import json
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode, checks

from kept.api.views import ROUTES
from tests.api.conftest import Program

CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
           "response_schema_conformance")  # fmt: skip
EXAMPLES = 20
"""For each operation; all together about half a minute."""


@pytest.fixture
def described() -> dict[str, Any]:
    told: dict[str, Any] = Client().get("/api/v1/openapi.json").json()
    return told


def test_every_route_is_described_and_every_reference_leads_somewhere(
    described: dict[str, Any],
) -> None:
    assert described["openapi"].startswith("3.1")
    operations = {(m.upper(), p) for p, each in described["paths"].items() for m in each}
    assert operations == {(route.method, route.path) for route in ROUTES}
    schemas = described["components"]["schemas"]
    for name in json.dumps(described).split("#/components/schemas/")[1:]:
        assert name.split('"')[0] in schemas


def test_bodies_are_closed_in_the_description_as_in_fact(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for route in ROUTES:
        if route.body:
            assert schemas[route.body.__name__]["additionalProperties"] is False
    assert set(schemas["NewTicket"]["required"]) == {"desk", "customer", "subject", "text"}


@pytest.mark.django_db(transaction=True)
def test_no_generated_request_breaks_the_desk_or_its_description(
    agent: Program, ticket: int, settings: Any
) -> None:
    settings.KEPT_API_RATE = 1_000_000
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    fuzzed = [_fuzz(found.ok(), agent, ticket) for found in schema.get_all_operations()]
    assert len(fuzzed) == len(ROUTES)
    assert sum(fuzzed) > 10 * len(ROUTES)


def _fuzz(operation: Any, agent: Program, ticket: int) -> int:
    """Send well-formed and malformed requests to one operation; return how many."""
    sent = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        derandomize=True, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        here=strategies.booleans(),
    )
    def send(case: Any, here: bool) -> None:
        nonlocal sent
        if here:
            _aim(case, ticket)
        case.call_and_validate(
            checks=[checks.CHECKS.get_one(name) for name in CHECKED],
            headers={
                "Authorization": f"Bearer {agent.secret}",
                "Accept-Encoding": "identity",
            },
        )
        sent += 1

    send()
    return sent


def _aim(case: Any, ticket: int) -> None:
    """Let a request reach something that exists, so that it gets past the first look."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict) and "number" in part:
            part["number"] = ticket
        if isinstance(part, dict) and "desk" in part:
            part["desk"] = "small"
