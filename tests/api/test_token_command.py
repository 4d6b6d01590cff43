"""`kept token`: made, listed and ended from the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.people import raise_the_curtain

ROOT = Path(__file__).resolve().parents[2]


def kept(live_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kept.cli", "token", *words], cwd=ROOT, text=True, timeout=120,
        env={**os.environ, "DATABASE_URL": live_url}, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_token_is_made_used_listed_and_ended(live_url: str) -> None:
    raise_the_curtain()
    made = kept(live_url, "create", "--desk", "small", "--role", "agent", "--name", "shop")
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert secret.startswith("kept_pat_")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/desks", headers=bearer).status_code == 200
    listed = kept(live_url, "list", "--json")
    (token,) = json.loads(listed.stdout)
    assert (token["name"], token["role"], token["desk"]) == ("shop", "agent", "small")
    assert token["last_used_at"]
    assert secret not in listed.stdout
    assert kept(live_url, "revoke", str(token["id"])).returncode == 0
    assert Client().get("/api/v1/desks", headers=bearer).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_role_or_desk_that_is_not_there_is_said(live_url: str) -> None:
    raise_the_curtain()
    for words in (("--desk", "small", "--role", "king"), ("--desk", "none", "--role", "agent")):
        answer = kept(live_url, "create", *words)
        assert answer.returncode == 1
        assert answer.stderr.startswith("kept: ")
