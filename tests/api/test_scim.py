"""SCIM: an outsider's reading of the RFC, what groups give, and what deprovisioning ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from kept import clock
from kept.records.models import Agent, Membership, ScimUser, Session
from kept.services import people, tokens
from kept.wsgi import application
from tests.people import Cast, may_sign_in

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def bearer(
    role: str = "manager", desk: str = "small", scopes: tuple[str, ...] = ("people",)
) -> str:
    return tokens.create(desk, role=role, name="directory", at=clock.now(), scopes=scopes).secret


class Directory:
    """A directory that speaks to one desk."""

    def __init__(self, secret: str) -> None:
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return Client().generic(
            method, f"/scim/v2{path}", json.dumps(body) if body is not None else "",
            content_type="application/scim+json", headers=self.headers,
        )  # fmt: skip

    def user(self, name: str = "new@corp.example", **more: Any) -> str:
        body = {"schemas": [USER], "userName": name, "displayName": "New", "active": True, **more}
        made = self.ask("POST", "/Users", body)
        assert made.status_code == 201, made.content
        return str(made.json()["id"])

    def group(self, name: str, *members: str) -> str:
        body = {"schemas": [GROUP], "displayName": name,
                "members": [{"value": each} for each in members]}  # fmt: skip
        made = self.ask("POST", "/Groups", body)
        assert made.status_code == 201, made.content
        return str(made.json()["id"])

    def patch(self, address: str, /, **operation: Any) -> Any:
        return self.ask("PATCH", address, {"schemas": [PATCH], "Operations": [operation]})


@pytest.fixture
def small(cast: Cast) -> Directory:
    return Directory(bearer())


def agent_of(user: str) -> Agent:
    return ScimUser.objects.get(pk=int(user)).agent


def roles_of(agent: int) -> set[str]:
    return set(
        Membership.objects.filter(agent_id=agent, ended_at=None).values_list("role", flat=True)
    )


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's connection through whole requests, as Django's own client does."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_an_outsider_finds_no_fault_in_it(cast: Cast, one_connection: None) -> None:
    client = WSGISCIMClient(
        application, base_url="http://localhost/scim/v2",
        headers={"Authorization": f"Bearer {bearer()}"}, environ={"HTTP_HOST": "localhost"},
    )  # fmt: skip
    found = check_server(client)
    faults = [
        f"{each.title}: {each.reason}"
        for each in found
        if each.status in (Status.ERROR, Status.CRITICAL)
    ]
    assert len(found) > 30
    assert "\n".join(faults) == ""


def test_a_group_named_as_a_role_gives_it_and_takes_it_back(small: Directory) -> None:
    user = small.user()
    group = small.group("Agent", user)
    agent = agent_of(user)
    assert roles_of(agent.pk) == {"agent"} and agent.name == "New"
    removed = small.patch(f"/Groups/{group}", op="remove", path=f'members[value eq "{user}"]')
    assert removed.status_code == 200 and roles_of(agent.pk) == set()
    small.patch(f"/Groups/{group}", op="add", path="members", value=[{"value": user}])
    assert roles_of(agent.pk) == {"agent"}
    assert small.ask("DELETE", f"/Groups/{group}").status_code == 204
    assert roles_of(agent.pk) == set()


def test_deprovisioning_ends_roles_tokens_and_sessions(small: Directory) -> None:
    user = small.user()
    small.group("agent", user)
    agent = agent_of(user).pk
    own = tokens.create("small", role="agent", name="x", at=clock.now(), owner=agent)
    client = Client()
    client.force_login(Agent.objects.get(pk=agent))
    assert client.get("/").status_code == 200
    answer = small.patch(f"/Users/{user}", op="replace", path="active", value=False)
    assert answer.status_code == 200 and answer.json()["active"] is False
    assert client.get("/").status_code == 302 and not Session.objects.exists()
    assert tokens.holder(own.secret, at=clock.now()) is None
    assert not Agent.objects.get(pk=agent).is_active
    small.patch(f"/Users/{user}", op="replace", value={"active": True})
    assert Agent.objects.get(pk=agent).is_active and roles_of(agent) == {"agent"}


def test_somebody_of_another_desk_keeps_what_they_have_there(small: Directory, cast: Cast) -> None:
    may_sign_in(cast.eve)
    user = small.user("eve@kept.example", displayName="Renamed")
    small.group("agent", user)
    assert Agent.objects.get(pk=cast.eve).name == "Eve"
    assert small.ask("DELETE", f"/Users/{user}").status_code == 204
    assert Agent.objects.get(pk=cast.eve).is_active
    assert Membership.objects.filter(agent_id=cast.eve, desk_id=cast.other_desk, ended_at=None)


def test_a_locked_account_is_not_opened_by_another_desk(small: Directory, cast: Cast) -> None:
    people.disable(cast.eve, at=clock.now())
    small.user("eve@kept.example")
    assert not Agent.objects.get(pk=cast.eve).is_active


def test_a_directory_changes_no_address_and_no_password(small: Directory) -> None:
    user = small.user()
    body = {"schemas": [USER], "userName": "amira@kept.example", "password": "hunter2hunter2",
            "emails": [{"value": "amira@kept.example", "primary": True}]}  # fmt: skip
    small.ask("PUT", f"/Users/{user}", body)
    agent = agent_of(user)
    assert agent.email == "new@corp.example" and agent.password == ""


@pytest.mark.parametrize("group", ["manager", "Manager"])
def test_a_token_gives_no_more_than_its_role(cast: Cast, group: str) -> None:
    from kept.services import policies
    from tests.sop import SMALL

    text = SMALL.replace("id: manager,", "id: manager, may: [erase],").replace("1.0.0", "2.0.0")
    policies.activate(policies.propose("small", text, by=None, at=clock.now()).pk, by=None,
                      at=clock.now())  # fmt: skip
    lead = Directory(bearer("lead"))
    user = lead.user()
    body = {"schemas": [GROUP], "displayName": group, "members": [{"value": user}]}
    assert lead.ask("POST", "/Groups", body).status_code == 403
    assert roles_of(agent_of(user).pk) == set()


@pytest.mark.parametrize(
    ("secret", "status"),
    [("none", 401), ("read", 403), ("agent", 403)],
)
def test_only_a_token_of_who_manages_access_is_let_in(
    cast: Cast, secret: str, status: int
) -> None:
    made = {
        "none": "kept_pat_nothing",
        "read": bearer(scopes=("read", "act")),
        "agent": bearer("agent"),
    }
    for path in ("/Users", "/Groups", "/Users/1", "/ServiceProviderConfig"):
        assert Directory(made[secret]).ask("GET", path).status_code == status, path


def test_another_desks_directory_does_not_exist(small: Directory) -> None:
    user = small.user()
    group = small.group("agent", user)
    other = Directory(bearer(desk="other"))
    assert other.ask("GET", "/Users").json()["totalResults"] == 0
    for path in (f"/Users/{user}", f"/Groups/{group}"):
        missing = other.ask("GET", path.rsplit("/", 1)[0] + "/999999")
        for method in ("GET", "DELETE"):
            answer = other.ask(method, path)
            assert (answer.status_code, answer.content) == (404, missing.content)
    body = {"schemas": [GROUP], "displayName": "agent", "members": [{"value": user}]}
    assert other.ask("POST", "/Groups", body).status_code == 400


def test_searching_and_paging(small: Directory) -> None:
    for number in range(5):
        small.user(f"p{number}@corp.example", externalId=f"x{number}")
    found = small.ask("GET", '/Users?filter=userName eq "P3@corp.example"').json()
    assert [each["externalId"] for each in found["Resources"]] == ["x3"]
    page = small.ask("GET", "/Users?startIndex=4&count=10").json()
    assert (page["totalResults"], page["itemsPerPage"]) == (5, 2)
    for odd in ("filter=userName", "filter=(((", "startIndex=x", "count=1e9"):
        assert small.ask("GET", f"/Users?{odd}").status_code == 400, odd
    twice = small.ask("POST", "/Users", {"schemas": [USER], "userName": "P1@corp.example"})
    assert twice.status_code == 409 and twice.json()["scimType"] == "uniqueness"


@pytest.mark.parametrize("body", [[], "x", {}, {"userName": ""}, {"userName": ["a"]},
                                  {"schemas": [USER], "userName": "a@b@c"}])  # fmt: skip
def test_what_is_no_user_is_refused(small: Directory, body: Any) -> None:
    assert small.ask("POST", "/Users", body).status_code == 400
    assert not ScimUser.objects.exists()
