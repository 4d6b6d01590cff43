"""Programs at the small desk: one token for each role, and Eve's of another desk."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kept import clock
from kept.services import tokens
from tests.people import Cast, dana_asks, raise_the_curtain
from tests.web.sop import WEB

MEASURED = (
    WEB
    + """
## Figures {#figures}
First answers come in time in 90 % of cases. {#share}
```yaml rule
measure: first_in_time
of: rate(first_response)
target: ">= $text"
```
"""
)


@dataclass(frozen=True, slots=True)
class Program:
    """A client of the API with its token."""

    secret: str
    agent: int
    token: int
    client: Client = field(default_factory=Client)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self._with(headers))

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.client.post(
            f"/api/v1{path}", sent, content_type="application/json", headers=self._with(headers)
        )

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Authorization": f"Bearer {self.secret}", **given}


def program(desk: str, role: str, *scopes: str) -> Program:
    made = tokens.create(
        desk, role=role, name=f"{role} program", at=clock.now(), scopes=scopes
    )  # fmt: skip
    return Program(secret=made.secret, agent=made.agent, token=made.id)


@pytest.fixture
def desk(db: None) -> Cast:
    return raise_the_curtain(MEASURED)


@pytest.fixture
def agent(desk: Cast) -> Program:
    return program("small", "agent")


@pytest.fixture
def manager(desk: Cast) -> Program:
    return program("small", "manager")


@pytest.fixture
def eve(desk: Cast) -> Program:
    return program("other", "agent")


@pytest.fixture
def ticket(desk: Cast) -> int:
    """Dana's critical request of five minutes ago."""
    return dana_asks(
        "My zebra printer is dark.", at=clock.now() - timedelta(minutes=5), severity="P1"
    )


def new_ticket(**changes: object) -> dict[str, object]:
    told = {
        "desk": "small", "customer": {"email": "dana@example.com", "name": "Dana"},
        "subject": "Help", "text": "My screen is dark.", "channel": "web",
    }  # fmt: skip
    return {**told, **changes}
