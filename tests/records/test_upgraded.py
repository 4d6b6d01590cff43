"""A newer program may make something else of a stored text; a running desk does not stop."""

import pytest

from kept.records import compiled
from kept.records.models import PolicyVersion
from tests.people import Cast, dana_asks


@pytest.fixture
def upgraded(cast: Cast) -> str:
    """The hash of a policy that was stored by a program with another canonical form."""
    stored = "0" * 64
    PolicyVersion.objects.filter(desk_id=cast.desk).update(hash=stored)
    compiled.policy_by_hash.cache_clear()
    return stored


def test_the_desk_runs_on_under_the_hash_that_was_activated(cast: Cast, upgraded: str) -> None:
    assert compiled.policy_by_hash(upgraded).hash == upgraded
    assert dana_asks() > 0


def test_it_is_told_that_the_text_means_something_else_now(cast: Cast, upgraded: str) -> None:
    other = PolicyVersion.objects.get(desk_id=cast.other_desk).hash
    assert not compiled.compiles_as_stored(upgraded)
    assert compiled.compiles_as_stored(other)
