"""S15-S21: a number inside a form that leads to another desk's thing leads nowhere.

Amira posts her own desk's address with one thing of the other desk in the body. The answer is,
but for the number itself, the one for a thing that does not exist, and nothing has changed.
"""

import re

import pytest
from django.http import HttpResponse

from kept import clock
from kept.services import people
from tests.security.asking import Street, ask, street, undone
from tests.security.doors import DOORS, Door
from tests.security.stock import fingerprints

NOBODYS = 999_999_999_999
PASSING = re.compile(r'name="(csrfmiddlewaretoken|key)" value="[^"]*"|/bulk/[\w-]{20,}')
"""What is new in each answer."""
LOGS = frozenset({"django_session", "session", "access_event", "personal_read", "bulk_act"})
"""What is written of any request, whatever it asks for."""
NAMED = re.compile(r"\{(\w+)\}")
NOT_THINGS = {"desk", "desk_id", "policy", "soon", "later"}
WHO = {
    "bo": (
        "people", "tag", "macros", "outage", "access-review", "customer-import", "rota",
        "availability:terms", "availability:stale", "customer-act:erasures",
    )
}  # fmt: skip


def aimed() -> list[tuple[Door, str]]:
    """Return each door that posts, with each thing that its address or body names."""
    return [
        (door, name)
        for door in DOORS
        if door.body is not None and not door.anybody
        for name in sorted(set(NAMED.findall(door.path + " ".join(door.body.values()))))
        if name not in NOT_THINGS
    ]


@pytest.fixture
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> Street:
    made = street()
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    return made


def test_a_thing_of_another_desk_is_as_one_that_does_not_exist(here: Street) -> None:
    amira, bo = here.client("amira"), here.client("bo")
    before = fingerprints(LOGS)
    wrong = []
    for door, name in aimed():
        client = bo if door.name.startswith(WHO["bo"]) else amira
        foreign = here.other.named()[name]
        answers: list[tuple[int, str]] = []
        for thing in (foreign, NOBODYS if isinstance(foreign, int) else "none-of-that-name"):
            path, body = door.at(here.small, **{name: thing})
            with undone(client):
                answer = ask(client, door.method, path, body)
                answers.append((answer.status_code, _plain(answer, thing)))
                after = fingerprints(LOGS)
            changed = [table for table in before if before[table] != after.get(table)]
            if changed and name not in HARMLESS.get(door.name, ()):
                wrong.append(f"{door.name} with another's {name} changed {', '.join(changed)}")
        if answers[0] != answers[1]:
            wrong.append(f"{door.name} tells another's {name}: {answers[0][0]} {answers[1][0]}")
    assert not wrong, "\n".join(wrong)


HARMLESS = {"upload": ("ticket",), "view-order": ("view",)}
"""Where the number only says where to go afterwards, or is passed over while the rest is done."""


def _plain(answer: HttpResponse, thing: object) -> str:
    """Return an answer without what is new in each, and without the number that was asked."""
    text = f"{answer.headers.get('Location', '')} {answer.content.decode(errors='replace')}"
    return re.sub(rf"\b{re.escape(str(thing))}\b", "N", PASSING.sub("", text))


def test_a_lead_sets_no_terms_on_a_desk_that_is_only_the_colleagues(here: Street) -> None:
    people.add_membership(here.agents["amira"], "other", role="agent", level="L1")
    told = {"noun": "terms", "agent": str(here.agents["amira"]), "most": "0"}
    bo = here.client("bo")
    assert bo.post("/availability", {**told, "desk": str(here.cast.desk)}).status_code == 302
    assert bo.post("/availability", {**told, "desk": str(here.cast.other_desk)}).status_code == 404
