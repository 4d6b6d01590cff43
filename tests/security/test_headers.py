"""S64-S66, S78: no form from elsewhere, no frame, no foreign reader, nothing kept by caches."""

import pytest
from django.test import Client

from kept.settings import STATIC_URL
from tests.security.asking import Street, ask, sign_in, street, undone
from tests.security.doors import DOORS

SCRIPT = f"{STATIC_URL}web/app.js"
ELSEWHERE = "https://evil.example"
FRAMED = {"message-html"}
PICTURES = {"remote-picture"}


@pytest.fixture
def here(db: None) -> Street:
    return street()


def test_no_post_from_another_site_is_taken(here: Street) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    sign_in(strict, here.agents["chen"])
    for door in DOORS:
        if door.body is None or door.name == "sign-on-back":
            continue
        path, body = door.at(here.small)
        with undone(strict):
            for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json"):
                answer = strict.post(
                    path, "x=1", content_type=kind,
                    headers={"Origin": ELSEWHERE, "HX-Request": "true"},
                )  # fmt: skip
                assert answer.status_code == 403, (door.name, kind, answer.status_code)
            assert ask(strict, "POST", path, body).status_code == 403, door.name


def test_each_answer_says_how_far_it_may_go(here: Street) -> None:
    chen = here.client("chen")
    for door in DOORS:
        if door.method != "GET" or door.name == "live":
            continue
        with undone(chen):
            path, body = door.at(here.small)
            headers = ask(chen, "GET", path, body).headers
        policy = headers["Content-Security-Policy"]
        assert "'unsafe-eval'" not in policy and "script-src 'unsafe" not in policy, door.name
        assert ("'unsafe-inline'" not in policy) or door.name in FRAMED, door.name
        assert "sandbox" in policy or "frame-ancestors 'none'" in policy, door.name
        assert headers["X-Content-Type-Options"] == "nosniff", door.name
        assert "Access-Control-Allow-Origin" not in headers, door.name
        if door.name not in PICTURES:
            assert headers["Cache-Control"] == "no-store", door.name
        if not door.anybody:
            assert "Cookie" in headers["Vary"], door.name
        if door.name not in FRAMED:
            assert headers["X-Frame-Options"] == "DENY", door.name


def test_another_origin_is_granted_nothing(here: Street) -> None:
    chen = here.client("chen")
    for origin in (ELSEWHERE, "null"):
        for path in ("/", "/api/v1/tickets", "/search/suggestions?q=Dana", SCRIPT):
            answer = chen.get(path, headers={"Origin": origin})
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
