"""Signing in with a second factor, the account, the people of a desk, the review, the audit."""

import csv
import io
from datetime import timedelta

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import Membership, Outbox, Session, SignInTry, SopSignature
from kept.services import factors, people, personal_reads, policies, signing
from tests.people import PASSWORD, Cast, dana_asks, may_sign_in, raise_the_curtain, ticket_row
from tests.services.test_access import SIGNED
from tests.web.conftest import ago

HOME = "/account"


def signs_in(name: str, password: str = PASSWORD, device: str = "") -> Client:
    client = Client(headers={"user-agent": device or "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    client.post("/sign-in", {"address": f"{name}@kept.example", "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def with_authenticator(agent: int) -> tuple[str, tuple[str, ...]]:
    at = clock.now() - timedelta(minutes=10)
    secret = factors.begin_authenticator(agent, at=at).secret
    return secret, factors.confirm_authenticator(agent, pyotp.TOTP(secret).at(at), at=at)


def test_a_password_alone_opens_nothing_for_who_has_a_second_factor(desk: Cast) -> None:
    may_sign_in(desk.amira)
    secret, codes = with_authenticator(desk.amira)
    client = signs_in("amira")
    assert not is_in(client) and client.get("/account").status_code == 302
    wrong = client.post("/sign-in/second", {"code": "123456"})
    assert wrong.status_code == 422 and not is_in(client)
    before = client.cookies["kept"].value
    code = pyotp.TOTP(secret).at(clock.now())
    assert client.post("/sign-in/second", {"code": code}).status_code == 302
    assert is_in(client) and client.cookies["kept"].value != before
    again = signs_in("amira")
    again.post("/sign-in/second", {"code": code})
    assert not is_in(again), "a code is good for once"
    again.post("/sign-in/second", {"code": codes[0]})
    assert is_in(again)


def test_guessing_codes_is_slowed_like_guessing_passwords(desk: Cast) -> None:
    may_sign_in(desk.amira)
    secret, _ = with_authenticator(desk.amira)
    client = signs_in("amira")
    for guess in range(10):
        client.post("/sign-in/second", {"code": f"{guess:06}"})
    client.post("/sign-in/second", {"code": pyotp.TOTP(secret).at(clock.now())})
    assert not is_in(client)
    assert SignInTry.objects.filter(result="held").count() == 1


def test_the_second_step_of_a_stranger_leads_to_the_first(desk: Cast) -> None:
    answer = Client().post("/sign-in/second", {"code": "123456"})
    assert answer.status_code == 302 and answer["Location"] == "/sign-in"
    assert not Session.objects.exists()


def test_strangers_cost_no_session(desk: Cast) -> None:
    client = Client()
    for address in ("/sign-in", "/forgotten", "/invitation/" + "x" * 43, "/reset/" + "x" * 43):
        assert client.get(address).status_code == 200
    client.post("/sign-in/passkey/options")
    assert not Session.objects.exists()


def test_ones_sessions_are_listed_and_ended(desk: Cast) -> None:
    may_sign_in(desk.amira)
    here, there = signs_in("amira"), signs_in("amira", device="Mozilla/5.0 (Windows) Edg/140")
    page = here.get(HOME).content.decode()
    assert "Firefox on Linux" in page and "Edge on Windows" in page
    assert Session.objects.get(device="Edge on Windows").session_key not in page
    here.post(f"{HOME}/sessions", {"which": "others"})
    assert is_in(here) and not is_in(there)


def test_anothers_session_cannot_be_ended(desk: Cast) -> None:
    may_sign_in(desk.amira)
    may_sign_in(desk.bo)
    amira, bo = signs_in("amira"), signs_in("bo")
    key = bo.cookies["kept"].value[:6]
    assert amira.post(f"{HOME}/sessions", {"which": key}).status_code == 404
    assert is_in(bo)


def test_a_new_password_wants_the_old_one_and_ends_other_sessions(desk: Cast) -> None:
    may_sign_in(desk.amira)
    here, there = signs_in("amira"), signs_in("amira")
    form = {"old": "wrong", "new": "a fine new password", "again": "a fine new password"}
    wrong = here.post(f"{HOME}/password", form)
    assert wrong.status_code == 422 and is_in(there)
    assert here.post(f"{HOME}/password", {**form, "old": PASSWORD}).status_code == 302
    assert is_in(here) and not is_in(there)
    assert not is_in(signs_in("amira")) and is_in(signs_in("amira", "a fine new password"))


def test_a_session_left_open_cannot_change_how_one_signs_in(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = signs_in("amira")
    session = client.session
    session["about"] = {**session["about"], "begun_at": ago(90).isoformat()}
    session.save()
    assert client.post(f"{HOME}/authenticator").status_code == 403
    assert client.post(f"{HOME}/preferences", {"language": "es"}).status_code == 302


def test_an_authenticator_is_set_up_from_the_page(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = signs_in("amira")
    page = client.post(f"{HOME}/authenticator").content.decode()
    assert "data:image/svg+xml" in page
    secret = factors.begin_authenticator(desk.amira, at=clock.now()).secret
    assert secret in page
    wrong = client.post(f"{HOME}/authenticator", {"code": "12"})
    assert wrong.status_code == 422 and secret in wrong.content.decode()
    code = pyotp.TOTP(secret).at(clock.now())
    done = client.post(f"{HOME}/authenticator", {"code": code}).content.decode()
    assert "Your recovery codes" in done and secret not in done


def test_ones_token_is_shown_once_and_narrowed(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = signs_in("amira")
    form = {"name": "my script", "place": "small agent", "scope": ["read"], "days": "30"}
    page = client.post(f"{HOME}/tokens", form).content.decode()
    secret = page.split('secret">')[1].split("<")[0]
    assert secret not in client.get(HOME).content.decode()
    number = dana_asks(at=ago(5))
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get(f"/api/v1/tickets/{number}", headers=bearer).status_code == 200
    refused = Client().post(
        f"/api/v1/tickets/{number}/messages", {"text": "no"}, headers=bearer,
        content_type="application/json",
    )  # fmt: skip
    assert refused.status_code == 403 and "scope" in refused.json()["detail"]
    assert Client().get("/api/v1/customers", headers=bearer).status_code == 403
    for bad in ({"place": "small lead"}, {"place": "other agent"}, {"days": "0"}, {"days": "x"}):
        assert client.post(f"{HOME}/tokens", {**form, **bad}).status_code in (404, 422), bad


def test_likings_reach_the_pages(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = signs_in("amira")
    client.post(f"{HOME}/preferences", {"language": "es", "theme": "dark"})
    page = client.get("/").content.decode()
    assert 'data-theme="dark"' in page and "data-no-keys" in page
    assert 'data-theme="dark"' in signs_in("amira").get("/").content.decode()
    assert client.post(f"{HOME}/preferences", {"language": "xx"}).status_code == 422


@pytest.mark.parametrize("address", ["amira@kept.example", "nobody@kept.example", "", "x" * 400])
def test_a_forgotten_password_is_answered_alike(desk: Cast, address: str) -> None:
    answers = [Client().post("/forgotten", {"address": each}) for each in (address, "a@b.c")]
    body = [each.content.decode().split("<body")[1].split("data-now")[1][30:] for each in answers]
    assert answers[0].status_code == answers[1].status_code == 200
    assert body[0] == body[1]


def test_a_reset_ends_every_session_and_asks_for_the_second_factor_still(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = signs_in("amira")
    with_authenticator(desk.amira)
    Client().post("/forgotten", {"address": "amira@kept.example"})
    token = Outbox.objects.get(kind="access").payload["text"].split("/reset/")[1].split()[0]
    new = {"new": "a fine new password", "again": "a fine new password"}
    assert Client().post(f"/reset/{token}", new).status_code == 302
    assert Client().post(f"/reset/{token}", new).status_code == 422
    assert not is_in(client) and not is_in(signs_in("amira", "a fine new password"))


def test_no_colleague_reads_a_link_in_the_outbox(desk: Cast, chen: Client) -> None:
    Client().post("/forgotten", {"address": "amira@kept.example"})
    page = chen.get("/outbox").content.decode()
    assert "Set a new password" in page and "/reset/" not in page


def test_a_lead_invites_changes_and_ends_and_each_right_is_gone_at_once(
    desk: Cast, chen: Client
) -> None:
    may_sign_in(desk.amira)
    amira = signs_in("amira")
    page = chen.get("/admin/people").content.decode()
    assert "People of Small desk" in page and "amira@kept.example" in page
    form = {"desk": "small", "noun": "invitation", "email": "new@kept.example", "role": "agent"}
    shown = chen.post("/admin/people", form).content.decode()
    link = shown.split('secret">http://127.0.0.1:8000')[1].split("<")[0]
    newcomer = Client()
    assert newcomer.get(link).status_code == 200
    assert newcomer.post(link, {"name": "New", "new": PASSWORD}).status_code == 302
    assert is_in(newcomer)
    place = Membership.objects.get(agent_id=desk.amira)
    chen.post("/admin/people", {"desk": "small", "noun": "end", "membership": place.pk})
    assert not is_in(amira) and not Session.objects.filter(agent_id=desk.amira).exists()


@pytest.mark.parametrize("address", ["/admin/people", "/admin/review", "/admin/audit"])
def test_an_agent_is_shown_no_page_of_leads(amira: Client, address: str) -> None:
    answer = amira.get(address)
    assert answer.status_code == 404 and answer.content == amira.get("/tickets/99999999").content
    assert address not in amira.get("/").content.decode()


def test_a_foreign_membership_in_the_form_does_nothing(desk: Cast, chen: Client) -> None:
    eves = Membership.objects.get(agent_id=desk.eve)
    form = {"desk": "small", "noun": "end", "membership": eves.pk}
    assert chen.post("/admin/people", form).status_code == 404
    assert chen.post("/admin/people", {**form, "desk": "other"}).status_code == 404
    assert Membership.objects.filter(agent_id=desk.eve, ended_at=None).exists()


def test_a_provider_keeps_its_secret_to_itself(desk: Cast, chen: Client) -> None:
    form = {
        "desk": "small", "noun": "provider", "kind": "oidc", "slug": "ours", "name": "Our login",
        "issuer": "https://login.example", "client": "kept", "secret": "hush-hush",
        "groups": "support = agent",
    }  # fmt: skip
    assert chen.post("/admin/people", form).status_code == 302
    page = chen.get("/admin/people").content.decode()
    assert "Our login" in page and "hush-hush" not in page
    assert "Go on with Our login" in Client().get("/sign-in").content.decode()
    for bad in ({"groups": "x = nobody"}, {"issuer": "file:///etc"}, {"slug": "../x"},
                {"kind": "ldap"}, {"client": ""}, {"issuer": "http://in.example"}):  # fmt: skip
        assert chen.post("/admin/people", {**form, **bad}).status_code in (403, 422), bad


def test_the_review_page_decides_once(desk: Cast, chen: Client) -> None:
    chen.post("/admin/review", {"desk": "small", "noun": "review"})
    page = chen.get("/admin/review").content.decode()
    row = page.split('name="row" value="')[1].split('"')[0]
    form = {"desk": "small", "noun": "decision", "row": row, "decision": "kept"}
    assert chen.post("/admin/review", form).status_code == 302
    assert chen.post("/admin/review", form).status_code == 409
    assert "confirmed" in chen.get("/admin/review").content.decode()


def test_the_audit_tells_all_kinds_and_filters(desk: Cast, chen: Client) -> None:
    number = dana_asks(at=ago(5))
    may_sign_in(desk.amira)
    signs_in("amira").get(f"/tickets/{number}")
    page = chen.get("/admin/audit").content.decode()
    for words in ("signed in", "particulars seen", "policy activated", "by: agent"):
        assert words in page or words == "by: agent", words
    only = chen.get("/admin/audit?kind=personal_data").content.decode()
    assert "particulars seen" in only and "policy activated" not in only
    assert "Nothing like that" in chen.get("/admin/audit?to=2001-01-01").content.decode()
    for odd in (
        "?person=x",
        "?kind=' OR 1=1",
        "?cursor=x",
        "?from=2026-13-01",
        "?person=" + "9" * 30,
    ):
        assert chen.get(f"/admin/audit{odd}").status_code == 200, odd


def test_the_audit_goes_on_where_the_page_ended(desk: Cast, chen: Client) -> None:
    customer = ticket_row(dana_asks(at=ago(5))).customer_id or 0
    for hours in range(150):
        at = clock.now() - timedelta(hours=hours)
        personal_reads.note(desk.amira, [customer], at=at)
    first = chen.get("/admin/audit?kind=personal_data").content.decode()
    second = first.split('href="?')[-1].split('"')[0].replace("&amp;", "&")
    rest = chen.get(f"/admin/audit?{second}").content.decode()
    assert first.count("particulars seen") == 100 and rest.count("particulars seen") == 50


def test_the_csv_holds_no_formula(desk: Cast, chen: Client) -> None:
    people.create_agent(email="odd@kept.example", name="=HYPERLINK(1)")
    odd = people.create_agent(email="odd@kept.example", name="")
    people.add_membership(odd, "small", role="agent")
    personal_reads.note(odd, [ticket_row(dana_asks(at=ago(5))).customer_id or 0], at=ago(1))
    answer = chen.get("/admin/audit?as=csv")
    body = b"".join(answer).decode()  # type: ignore[arg-type]  # a streamed answer
    cells = [cell for row in csv.reader(io.StringIO(body)) for cell in row]
    assert "'=HYPERLINK(1)" in cells and not [each for each in cells if each.startswith("=")]
    assert "exported audit" in chen.get("/admin/audit?kind=export").content.decode()


def test_eve_reads_her_own_desks_audit_only(desk: Cast, eve: Client) -> None:
    people.add_membership(desk.eve, "other", role="lead")
    may_sign_in(desk.amira)
    signs_in("amira").get(f"/tickets/{dana_asks(at=ago(5))}")
    page = eve.get("/admin/audit").content.decode()
    assert "Amira" not in page and "Small desk" not in page and "Other desk" in page
    body = b"".join(eve.get("/admin/audit?as=csv")).decode()  # type: ignore[arg-type]  # streamed
    assert "Amira" not in body and "Small desk" not in body
    assert "amira" not in eve.get("/admin/people").content.decode()


def test_the_handbook_is_signed_on_its_page(db: None) -> None:
    cast = raise_the_curtain(SIGNED)
    may_sign_in(cast.amira)
    may_sign_in(cast.bo)
    amira, bo = signs_in("amira"), signs_in("bo")
    number = dana_asks(at=ago(5))
    refused = amira.post(f"/tickets/{number}/messages", {"text": "Hello", "kind": "public"})
    assert refused.status_code == 409 and "small.follow.sign" in refused.content.decode()
    assert "Not signed yet: Amira, Bo, Chen" in bo.get("/sop/small").content.decode()
    page = amira.get("/sop/small").content.decode()
    assert "and sign it" in page and "Not signed yet" not in page
    asked = signing.asked_of("small")
    assert asked
    assert amira.post("/sop/small/signatures", {"hash": "x"}).status_code == 409
    assert amira.post("/sop/small/signatures", {"hash": asked.version}).status_code == 302
    assert "You signed this version" in amira.get("/sop/small").content.decode()
    assert SopSignature.objects.get().agent_id == cast.amira
    newer = policies.propose("small", SIGNED.replace("1.0.0", "2.0.0"), by=None, at=clock.now())
    policies.activate(newer.pk, by=None, at=clock.now())
    assert "and sign it" in amira.get("/sop/small").content.decode()


def test_who_saw_a_customer_stands_on_their_page_for_leads(
    desk: Cast, chen: Client, amira: Client
) -> None:
    customer = ticket_row(dana_asks(at=ago(5))).customer_id
    amira.get(f"/customers/{customer}")
    lead = chen.get(f"/customers/{customer}").content.decode()
    assert "Who saw the particulars" in lead and "Amira" in lead.split("Who saw")[1]
    assert "Who saw" not in amira.get(f"/customers/{customer}").content.decode()


def test_the_people_page_asks_as_much_for_many_as_for_few(desk: Cast, chen: Client) -> None:
    chen.get("/admin/people")
    with CaptureQueriesContext(connection) as few:
        chen.get("/admin/people")
    for number in range(20):
        one = people.create_agent(email=f"p{number}@kept.example", name=f"P{number}")
        people.add_membership(one, "small", role="agent")
    with CaptureQueriesContext(connection) as many:
        chen.get("/admin/people")
    assert len(many) == len(few) <= 10
