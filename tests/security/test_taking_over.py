"""S35, S63: a desk's own provider and directory open no account that is not theirs."""

import pytest

from kept import clock
from kept.records.models import Agent, IdentityProvider, Session
from kept.services import directory, identities
from kept.services.directory import Entry
from kept.services.errors import NotAllowed
from kept.services.identities import Claims
from tests.people import may_sign_in
from tests.security.asking import Street, street


@pytest.fixture
def here(db: None) -> Street:
    return street()


def enters(here: Street, email: str) -> int:
    """Let the small desk's directory claim somebody under a subject of its choosing."""
    entry = Entry(user_name=email, email=email, external="any-subject")
    return directory.save_user(here.cast.desk, entry, by=here.cast.chen, at=clock.now())


def comes_in(here: Street) -> int:
    provider = IdentityProvider.objects.get(slug="idp-small")
    claims = Claims(issuer=provider.issuer, subject="any-subject")
    return identities.sign_in(provider.pk, claims, at=clock.now())


@pytest.mark.parametrize("has_password", [True, False])
def test_a_directory_that_names_a_stranger_does_not_sign_in_as_them(
    here: Street, has_password: bool
) -> None:
    if has_password:
        may_sign_in(here.cast.eve)
    enters(here, "eve@kept.example")
    with pytest.raises(NotAllowed):
        comes_in(here)


def test_a_directory_signs_in_whom_it_made_itself(here: Street) -> None:
    enters(here, "newcomer@corp.example")
    assert Agent.objects.get(pk=comes_in(here)).email == "newcomer@corp.example"


def test_a_directory_does_not_end_the_sessions_of_a_stranger(here: Street) -> None:
    eve = here.client("eve")
    user = enters(here, "eve@kept.example")
    directory.remove_user(here.cast.desk, user, by=here.cast.chen, at=clock.now())
    assert eve.get("/").status_code == 200
    assert Session.objects.exists() and Agent.objects.get(pk=here.cast.eve).is_active
