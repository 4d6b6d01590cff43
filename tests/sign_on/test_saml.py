"""Signing in through SAML: the way in, and every forged answer that must not be one (S51, S63)."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from lxml import etree

from kept import clock
from kept.records.models import Agent, Identity, Session
from kept.services import identities
from kept.services.identities import ProviderForm
from tests.people import Cast
from tests.sign_on import saml_provider as idp
from tests.sign_on.test_oidc import LINK, is_in
from tests.web.conftest import desk, signed_in_as  # noqa: F401  # the desk is a fixture

BACK = "http://127.0.0.1:8000/sign-in/with/idp/back"
ENTITY = "http://127.0.0.1:8000/sign-on"


@pytest.fixture(autouse=True)
def provider(desk: Cast) -> None:  # noqa: F811
    form = ProviderForm(
        kind="saml", name="IdP", issuer=idp.ISSUER, address=idp.SIGN_IN,
        certificate=idp.key("idp")[1].decode(), groups={"support": "agent"},
    )  # fmt: skip
    identities.save_provider("small", "idp", form, by=desk.chen, at=clock.now())


def begin(client: Client) -> str:
    """Begin a sign-in and return the id of its request."""
    page = client.post("/sign-in/with/idp").content.decode()
    there = page.split(LINK)[1].split('"')[0].replace("&amp;", "&")
    request = idp.request_of(there)
    assert request.get("AssertionConsumerServiceURL") == BACK
    assert request.findtext(f"{{{idp.SAML}}}Issuer") == ENTITY
    return str(request.get("ID"))


def sound(answers: str, **more: object) -> etree._Element:
    told = {"at": clock.now(), "answers": answers, "back": BACK, "entity": ENTITY, **more}
    return idp.assertion(**told)  # type: ignore[arg-type]  # the values of one call


def post(client: Client, answer: etree._Element | bytes) -> bool:
    """Post an answer as another site does, follow where it leads, and tell whether one is in."""
    stranger = Client()
    answered = stranger.post("/sign-in/with/idp/back", idp.posted(answer))
    if answered.status_code == 303:
        client.get(answered["Location"])
    else:
        assert answered.status_code == 422
    assert not is_in(stranger)
    return is_in(client)


@pytest.mark.parametrize("whole", [True, False])
def test_a_signed_response_or_assertion_lets_its_subject_in(whole: bool) -> None:
    client = Client()
    made = sound(begin(client))
    if whole:
        answer = idp.signed(idp.response(made, back=BACK))
    else:
        answer = idp.response(idp.signed(made), back=BACK)
    assert post(client, answer)
    agent = Agent.objects.get(email="newcomer@corp.example")
    assert Identity.objects.get().subject == "saml-subject"
    assert Session.objects.get(agent=agent).method == "SAML"


def unsigned(made: etree._Element) -> etree._Element:
    return idp.response(made)


def by_another(made: etree._Element) -> etree._Element:
    return idp.response(idp.signed(made, "mallory"))


def changed_afterwards(made: etree._Element) -> etree._Element:
    whole = idp.signed(idp.response(made))
    next(whole.iter(f"{{{idp.SAML}}}NameID")).text = "somebody-else"
    return whole


def wrapped(made: etree._Element) -> etree._Element:
    """Put a forged assertion where it is looked for, and hide the signed one beside it."""
    true = idp.signed(made)
    forged = deepcopy(true)
    forged.set("ID", "forged")
    next(forged.iter(f"{{{idp.SAML}}}NameID")).text = "somebody-else"
    for signature in forged.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        signature.append(true)
    return idp.response(forged)


def refused_by_the_provider(made: etree._Element) -> etree._Element:
    return idp.signed(idp.response(made, status="Responder"))


def for_another_address(made: etree._Element) -> etree._Element:
    return idp.signed(idp.response(made, back="https://elsewhere.example/acs"))


@pytest.mark.parametrize(
    "forge",
    [unsigned, by_another, changed_afterwards, refused_by_the_provider, for_another_address],
)
def test_a_forged_answer_lets_nobody_in(
    forge: Callable[[etree._Element], etree._Element],
) -> None:
    client = Client()
    assert not post(client, forge(sound(begin(client))))
    assert not Identity.objects.exists()


def test_a_wrapped_assertion_never_makes_one_somebody_else() -> None:
    client = Client()
    post(client, wrapped(sound(begin(client))))
    assert not Identity.objects.filter(subject="somebody-else").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://elsewhere.example"},
        {"entity": "https://elsewhere.example"},
        {"back": "https://elsewhere.example/acs"},
        {"lasts": timedelta(minutes=-10)},
        {"answers": ""},
        {"answers": "kanother"},
        {"groups": ()},
        {"mail": "amira@kept.example"},
        {"subject": ""},
    ],
)
def test_a_signed_answer_for_something_else_lets_nobody_in(wrong: dict[str, object]) -> None:
    client = Client()
    asked = begin(client)
    made = sound(**{"answers": asked, **wrong})  # type: ignore[arg-type]  # the values of one call
    assert not post(client, idp.signed(idp.response(made)))
    assert not Identity.objects.exists()


def test_an_assertion_is_good_once() -> None:
    client = Client()
    answer = idp.signed(idp.response(sound(begin(client))))
    assert post(client, answer)
    client.post("/sign-out")
    begin(client)
    assert not post(client, answer)


def test_a_proof_is_worth_nothing_in_another_browser() -> None:
    client, thief = Client(), Client()
    answer = idp.signed(idp.response(sound(begin(client))))
    begin(thief)
    assert not post(thief, answer)


def test_a_comment_ends_no_name_early() -> None:
    client = Client()
    made = sound(begin(client), subject="chen@kept.example<!-- -->.evil.example")
    assert post(client, idp.signed(idp.response(made)))
    assert Identity.objects.get().subject == "chen@kept.example.evil.example"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"no xml", b"<a", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        b"<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;&x;'>]><a>&z;</a>",
        b"<a>" * 5000, b"<a/>" + b" " * 500_000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(raw: bytes) -> None:
    client = Client()
    begin(client)
    assert not post(client, raw)


def test_a_signed_in_person_links_by_saml_too(desk: Cast) -> None:  # noqa: F811
    amira = signed_in_as(desk.amira)
    answer = idp.signed(idp.response(sound(begin(amira), mail="", groups=())))
    assert post(amira, answer)
    assert Identity.objects.get().agent_id == desk.amira
