"""Who knocks, and how: the people of the matrix, each request undone after its answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from kept import clock
from kept.records.models import Agent, Membership
from kept.records.session_store import ABOUT
from kept.services import members, people
from tests.people import Cast
from tests.security.doors import Door
from tests.security.stock import Stock, curtain, stock

NEAR, FAR = 1_000_000, 870_000_000


@dataclass(frozen=True, slots=True)
class Street:
    """Two desks with all their things, and everybody who may come along."""

    cast: Cast
    small: Stock
    other: Stock
    agents: dict[str, int]

    def client(self, name: str) -> Client:
        """Return a browser in which somebody signed in just now."""
        client = Client(raise_request_exception=False)
        if name == "nobody":
            return client
        sign_in(client, self.agents[name])
        if name == "gone":
            Agent.objects.filter(pk=self.agents[name]).update(is_active=False)
        return client


def street() -> Street:
    """Raise the curtain with everybody who can knock."""
    _number_from(NEAR)
    cast = curtain()
    agents = {"amira": cast.amira, "bo": cast.bo, "chen": cast.chen, "eve": cast.eve}
    for name, desk, role in (
        ("guest", "small", "guest"), ("gone", "small", "manager"), ("former", "small", "manager"),
        ("gil", "other", "lead"),
    ):  # fmt: skip
        agents[name] = people.create_agent(email=f"{name}@kept.example", name=name.title())
        people.add_membership(agents[name], desk, role=role, level="L2")
    people.add_membership(agents["former"], "other", role="agent", level="L1")
    small = stock("small", cast.amira, cast.bo)
    _number_from(FAR)
    made = Street(
        cast=cast,
        small=small,
        other=stock("other", cast.eve, agents["gil"], word="Foreign"),
        agents=agents,
    )
    left = Membership.objects.get(agent=agents["former"], desk=cast.desk)
    members.end(left.pk, by=cast.chen, at=clock.now())
    return made


def _number_from(first: int) -> None:
    """Give what is made from now on numbers that stand nowhere else in a page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename),"
            " %s + 10000 * row_number() OVER (ORDER BY sequencename))"
            " FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype",
            [first],
        )


def sign_in(client: Client, agent: int) -> None:
    client.force_login(get_user_model().objects.get(pk=agent))
    session = client.session
    session[ABOUT] = {"method": "test", "begun_at": clock.now().isoformat()}
    session.save()


@contextmanager
def undone(*clients: Client) -> Iterator[None]:
    """Take back what happens inside, so that no request meets what another one did."""
    cookies = [client.cookies.copy() for client in clients]
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # services open durable ones inside
    with block:
        yield
        transaction.set_rollback(True)
    for client, kept in zip(clients, cookies, strict=True):
        client.cookies = kept


def knock(client: Client, door: Door, held: Stock, **changed: object) -> HttpResponse:
    """Ask at a door and return the answer."""
    path, body = door.at(held, **changed)
    return ask(client, door.method, path, body)


def ask(client: Client, method: str, path: str, body: Mapping[str, Any]) -> HttpResponse:
    """Ask and return the answer, read to its end where it streams."""
    verb = client.get if method == "GET" else client.post
    answer: Any = verb(path, body)
    if not answer.streaming:
        return answer
    whole = HttpResponse(b"".join(answer.streaming_content), status=answer.status_code)
    whole.headers = answer.headers
    return whole
