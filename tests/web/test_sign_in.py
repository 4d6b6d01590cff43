"""Who gets in, and what those who do not are told."""

import pytest
from django.test import Client

from kept.services import people
from tests.people import PASSWORD, Cast, may_sign_in
from tests.web.reading import words


def sign_in(client: Client, password: str, **more: str):
    return client.post(
        "/sign-in", {"address": "Amira@kept.example ", "password": password, **more}
    )


def test_the_right_pair_opens_the_queue_under_a_new_session(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = Client()
    client.session["left"] = "over"
    before = client.session.session_key
    answer = sign_in(client, PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session.session_key != before
    assert client.get("/").status_code == 200


def test_every_wrong_pair_gets_the_same_answer(desk: Cast) -> None:
    may_sign_in(desk.amira)
    wrong = sign_in(Client(), "guess")
    nobody = Client().post("/sign-in", {"address": "amira@kept.example", "password": "x"})
    assert wrong.status_code == nobody.status_code == 422
    assert "do not belong together" in words(wrong)
    assert "Amira" not in words(wrong).replace("Amira@", "")


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_signing_in_never_leads_to_another_site(desk: Cast, place: str) -> None:
    may_sign_in(desk.amira)
    assert sign_in(Client(), PASSWORD, next=place)["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(desk: Cast) -> None:
    may_sign_in(desk.amira)
    client = Client()
    answer = client.get("/tickets/1?view=mine")
    assert answer["Location"] == "/sign-in?next=%2Ftickets%2F1%3Fview%3Dmine"
    assert sign_in(client, PASSWORD, next="/tickets/1")["Location"] == "/tickets/1"


def test_signing_out_ends_the_session_on_the_server(amira: Client) -> None:
    stolen = amira.cookies.copy()
    amira.post("/sign-out")
    again = Client()
    again.cookies = stolen
    assert again.get("/").status_code == 302


def test_a_disabled_agent_is_out_at_the_next_request(amira: Client, desk: Cast) -> None:
    from kept import clock

    people.disable(desk.amira, at=clock.now())
    assert amira.get("/").status_code == 302


def test_a_form_without_its_token_does_nothing_and_says_so(desk: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in", {"address": "a", "password": "b"})
    assert answer.status_code == 403
    assert "nothing was done" in words(answer)
