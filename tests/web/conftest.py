"""The small desk as its people open it in a browser; the present is the clock's own."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from kept import clock
from tests.people import Cast, dana_asks, raise_the_curtain
from tests.web.sop import WEB


@pytest.fixture
def desk(db: None) -> Cast:
    return raise_the_curtain(WEB)


def signed_in_as(agent: int) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=agent))
    return client


@pytest.fixture
def amira(desk: Cast) -> Client:
    return signed_in_as(desk.amira)


@pytest.fixture
def chen(desk: Cast) -> Client:
    return signed_in_as(desk.chen)


@pytest.fixture
def eve(desk: Cast) -> Client:
    return signed_in_as(desk.eve)


def ago(minutes: int) -> datetime:
    return clock.now() - timedelta(minutes=minutes)


@pytest.fixture
def ticket(desk: Cast) -> int:
    """Dana's request of five minutes ago, critical."""
    return dana_asks("My screen is dark.", at=ago(5), severity="P1")
