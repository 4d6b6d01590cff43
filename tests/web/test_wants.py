"""What the composer says stands in the way of an ending is owed on this ticket, not somewhere."""

from django.test import Client

from kept.web.wants import hints
from tests.sops import handbook
from tests.web.reading import words


def test_a_step_that_never_began_stands_in_nobodys_way() -> None:
    told = [hint.words for hint in hints(handbook.policy("retail"), {}, ())]
    assert not any("do " in each for each in told)


def test_an_open_step_is_named_before_somebody_runs_into_it(amira: Client, ticket: int) -> None:
    assert "Resolve: first write what was tried" in words(amira.get(f"/tickets/{ticket}"))
