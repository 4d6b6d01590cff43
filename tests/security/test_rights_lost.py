"""S22: who left a desk has nothing there any more, not even what was their own."""

import pytest

from kept import clock
from kept.records.models import Membership
from kept.services import members, people
from tests.security.asking import Street, knock, street, undone
from tests.security.doors import DOORS
from tests.security.stock import fingerprints
from tests.security.test_secondary_ids import LOGS

KEPT = frozenset({
    "bulk", "view-order", "notices:seen", "notices:choose", "availability:telephone",
    "availability:availability", "bulk-act:do", "bulk-act:undo",
})  # fmt: skip
"""Doors that hold nothing of the desk that was left."""


@pytest.fixture
def here(db: None) -> Street:
    return street()


def test_what_was_ones_own_on_a_desk_is_gone_with_the_place_there(here: Street) -> None:
    amira = here.client("amira")
    people.add_membership(here.agents["amira"], "other", role="agent", level="L1")
    place = Membership.objects.get(agent=here.agents["amira"], desk=here.cast.desk)
    members.end(place.pk, by=here.cast.chen, at=clock.now())
    missing = amira.get("/tickets/999999999").content
    before = fingerprints(LOGS)
    wrong = []
    for door in DOORS:
        if door.anybody or door.own or door.name in KEPT or door.name.startswith("account-act"):
            continue
        with undone(amira):
            answer = knock(amira, door, here.small)
            if answer.status_code != 404 or answer.content != missing:
                wrong.append(f"{door.method} {door.name}: {answer.status_code}")
            after = fingerprints(LOGS)
        wrong += [f"{door.name}: {table}" for table in before if before[table] != after[table]]
    assert not wrong, "\n".join(wrong)


def test_the_pages_of_who_left_hold_no_word_of_the_desk(here: Street) -> None:
    amira = here.client("amira")
    people.add_membership(here.agents["amira"], "other", role="agent", level="L1")
    place = Membership.objects.get(agent=here.agents["amira"], desk=here.cast.desk)
    members.end(place.pk, by=here.cast.chen, at=clock.now())
    for door in DOORS:
        if door.own and door.method == "GET" and door.name not in {"account", "search"}:
            page = knock(amira, door, here.small).content.decode(errors="replace")
            assert "Dana" not in page, door.name
