"""S23: what a form may not set is not set by writing it in."""

import pytest

from kept.records.models import ApiToken
from tests.security.asking import Street, street


@pytest.fixture
def here(db: None) -> Street:
    return street()


@pytest.mark.parametrize("days", ["0003660000", "367", "1" * 30, "-1", "٣", "1.5", ""])
def test_a_token_lasts_a_year_however_its_days_are_written(here: Street, days: str) -> None:
    before = ApiToken.objects.count()
    told = {"place": "small agent", "name": "t", "days": days}
    assert here.client("amira").post("/account/tokens", told).status_code == 422
    assert ApiToken.objects.count() == before
