"""S58: guessing passwords is slow, and costs the people of the desk nothing."""

from datetime import timedelta

import pytest
from django.test import Client

from kept import clock
from kept.records.models import SignInTry
from kept.services import sign_ins
from tests.people import PASSWORD, Cast, may_sign_in

AMIRA = "amira@kept.example"


def sign_in(password: str, *, source: str = "192.0.2.7", address: str = AMIRA) -> int:
    typed = {"address": address, "password": password}
    return Client(REMOTE_ADDR=source).post("/sign-in", typed).status_code


def wrong_tries(count: int, *, source: str = "192.0.2.7", address: str = AMIRA) -> None:
    for _ in range(count):
        sign_ins.begin_try(address, source=source, at=clock.now())


def test_after_many_wrong_tries_even_the_right_pair_waits_and_cannot_be_told_apart(
    desk: Cast,
) -> None:
    may_sign_in(desk.amira)
    wrong_tries(sign_ins.PAIR_TRIES)
    held, wrong = (
        Client(REMOTE_ADDR="192.0.2.7").post("/sign-in", {"address": AMIRA, "password": typed})
        for typed in (PASSWORD, "guess")
    )
    assert held.status_code == wrong.status_code == 422
    assert "csrfmiddlewaretoken" in held.content.decode()
    assert len(held.content) == len(wrong.content)
    assert SignInTry.objects.filter(result="held").count() == 2


def test_the_wait_ends_with_the_window_however_often_one_knocks(desk: Cast) -> None:
    at = clock.now()
    for minute in range(14):
        for _ in range(5):
            sign_ins.begin_try(AMIRA, source="192.0.2.7", at=at + timedelta(minutes=minute))
    later = sign_ins.begin_try(AMIRA, source="192.0.2.7", at=at + timedelta(minutes=17))
    assert not later.is_held


def test_guesses_from_many_places_hold_strangers_but_not_amira_at_her_desk(desk: Cast) -> None:
    may_sign_in(desk.amira)
    assert sign_in(PASSWORD, source="198.51.100.4") == 302
    for number in range(sign_ins.ACCOUNT_TRIES):
        wrong_tries(1, source=f"203.0.113.{number}")
    assert sign_in(PASSWORD, source="203.0.113.200") == 422
    assert sign_in(PASSWORD, source="198.51.100.4") == 302


def test_one_place_cannot_try_every_account(db: None) -> None:
    for number in range(sign_ins.SOURCE_TRIES):
        wrong_tries(1, address=f"a{number}@kept.example")
    assert sign_ins.begin_try(AMIRA, source="192.0.2.7", at=clock.now()).is_held
    assert not sign_ins.begin_try(AMIRA, source="192.0.2.8", at=clock.now()).is_held


def test_a_right_try_forgets_the_slips_before_it_and_names_who_came(desk: Cast) -> None:
    may_sign_in(desk.amira)
    wrong_tries(sign_ins.PAIR_TRIES - 1)
    assert sign_in(PASSWORD) == 302
    right = SignInTry.objects.get(result="right")
    assert (right.agent_id, right.source) == (desk.amira, "192.0.2.7")
    assert sign_in("slip") == 422
    assert sign_in(PASSWORD) == 302


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff", "2001:db8::/64"),
        ('"><script>', "unknown"),
        ("", "unknown"),
    ],
)
def test_one_source_is_one_address_or_one_network(address: str, source: str) -> None:
    assert sign_ins.source_of(address) == source
