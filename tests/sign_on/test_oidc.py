"""Signing in through OpenID Connect: the way in, and every lie that must not be one (S63)."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from kept import clock
from kept.channels.egress import NotFetched, exchange
from kept.records.models import Agent, Identity, Membership, Session
from kept.services import identities, people
from kept.services.errors import Conflict
from kept.services.identities import ProviderForm
from tests.people import Cast, may_sign_in
from tests.sign_on.oidc_provider import CLIENT, SECRET, Provider, serve
from tests.web.conftest import desk, signed_in_as  # noqa: F401  # the desk is a fixture

LINK = 'class="button button--first" href="'


@pytest.fixture
def provider(desk: Cast, settings: Any) -> Iterator[Provider]:  # noqa: F811
    settings.KEPT_SSO_INSIDE = True
    made = Provider(claims={"email": "newcomer@corp.example", "email_verified": True,
                            "name": "New Comer", "groups": ["support"]})  # fmt: skip
    server = serve(made)
    form = ProviderForm(
        kind="oidc", name="Corp", issuer=made.issuer, client=CLIENT, secret=SECRET,
        groups={"support": "agent"},
    )  # fmt: skip
    identities.save_provider("small", "corp", form, by=desk.chen, at=clock.now())
    yield made
    server.shutdown()
    server.server_close()


def away(client: Client, **form: str) -> str:
    """Begin, go to the provider as a browser does, and return where it sends us back to."""
    page = client.post("/sign-in/with/corp", form).content.decode()
    there = page.split(LINK)[1].split('"')[0].replace("&amp;", "&")
    place = urlsplit(there)
    line = http.client.HTTPConnection(place.netloc)
    line.request("GET", f"{place.path}?{place.query}")
    back = line.getresponse().headers["Location"]
    line.close()
    return back.removeprefix("http://127.0.0.1:8000")


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_a_new_member_comes_in_by_their_group(provider: Provider) -> None:
    client = Client()
    assert client.get(away(client, next="/outbox"))["Location"] == "/outbox"
    assert is_in(client)
    agent = Agent.objects.get(email="newcomer@corp.example")
    assert Membership.objects.get(agent=agent).role == "agent"
    assert Session.objects.get(agent=agent).method == "OIDC"
    known = Identity.objects.get()
    assert (known.issuer, known.subject) == (provider.issuer, "subject-1")
    provider.claims["email"] = "renamed@corp.example"
    again = Client()
    again.get(away(again))
    assert is_in(again) and Agent.objects.filter(email__contains="corp").count() == 1


@pytest.mark.parametrize(
    "lie",
    ["none", "shared", "key", "iss", "aud", "azp", "nonce", "old", "state", "discovery"],
)
def test_a_lie_lets_nobody_in(provider: Provider, lie: str) -> None:
    client = Client()
    if lie == "discovery":
        provider.lies = {lie}
        assert client.post("/sign-in/with/corp").status_code == 422
        return
    back = away(client)
    provider.lies = {lie}
    if lie == "state":
        back = back.replace("state=", "state=x")
    assert client.get(back).status_code == 422
    assert not is_in(client) and not Identity.objects.exists()


def test_a_code_is_good_once_and_in_the_browser_that_began(provider: Provider) -> None:
    client, other = Client(), Client()
    back = away(client)
    assert other.get(back).status_code == 422 and not is_in(other)
    cookies = client.cookies.copy()
    assert client.get(back).status_code == 302
    replay = Client()
    replay.cookies = cookies
    assert replay.get(back).status_code == 422
    away(other)
    assert other.get(back).status_code == 422 and not is_in(other)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "amira@kept.example"},
        {"email": "AMIRA@kept.example"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": ""},
        {"groups": []},
        {"groups": ["others"]},
        {"groups": "support"},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_an_address_takes_nobodys_account_over(
    provider: Provider, claims: dict[str, object]
) -> None:
    provider.claims |= claims
    client = Client()
    assert client.get(away(client)).status_code in (403, 422)
    assert not is_in(client) and not Identity.objects.exists()


def test_a_person_links_the_provider_and_unlinks_it(provider: Provider, desk: Cast) -> None:  # noqa: F811
    may_sign_in(desk.amira)
    amira = signed_in_as(desk.amira)
    provider.claims = {}
    assert amira.get(away(amira))["Location"] == "/account?done=identity"
    client = Client()
    client.get(away(client))
    assert is_in(client) and "Amira" in client.get("/account").content.decode()
    bo = signed_in_as(desk.bo)
    assert bo.get(away(bo)).status_code == 409
    identities.unlink(Identity.objects.get().pk, by=desk.amira, at=clock.now())
    gone = Client()
    assert gone.get(away(gone)).status_code == 403


def test_the_only_way_in_is_not_unlinked(provider: Provider) -> None:
    client = Client()
    client.get(away(client))
    known = Identity.objects.get()
    with pytest.raises(Conflict):
        identities.unlink(known.pk, by=known.agent_id, at=clock.now())


def test_a_locked_account_stays_out(provider: Provider) -> None:
    client = Client()
    client.get(away(client))
    people.disable(Identity.objects.get().agent_id, at=clock.now())
    again = Client()
    assert again.get(away(again)).status_code == 403 and not is_in(again) and not is_in(client)


def test_a_link_begun_by_one_is_not_finished_by_another(provider: Provider, desk: Cast) -> None:  # noqa: F811
    amira = signed_in_as(desk.amira)
    back = away(amira)
    bo = signed_in_as(desk.bo)
    bo.cookies["kept-sign-on"] = amira.cookies["kept-sign-on"].value
    assert bo.get(back).status_code == 422
    assert not Identity.objects.exists()


def test_a_provider_that_is_off_or_unknown_is_not_there(provider: Provider, desk: Cast) -> None:  # noqa: F811
    known = identities.provider("corp").id
    identities.turn(known, is_on=False, by=desk.chen, at=clock.now())
    for slug in ("corp", "nobody"):
        assert Client().post(f"/sign-in/with/{slug}").status_code == 404
        assert Client().get(f"/sign-in/with/{slug}/back").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/", "https://127.0.0.1/", "https://169.254.169.254/", "file:///etc",
        "https://user:pw@example.com/", "https://[::1]/", "gopher://example.com/", "https:///x",
        "https://2130706433/", "https://localhost./",
    ],
)  # fmt: skip
def test_discovery_reaches_nothing_inside(address: str) -> None:
    with pytest.raises(NotFetched):
        exchange(address, headers={})
