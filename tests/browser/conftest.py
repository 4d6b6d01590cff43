"""The real server on a free port and the system's Chromium before it.

Whatever a page says on its console in anger, a blocked request of the content policy included,
fails the test that saw it.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import database_in_use
from tests.people import PASSWORD, Cast, may_sign_in, raise_the_curtain
from tests.web.sop import WEB

# Playwright's own loop runs in this thread; the tests ask the database between its calls.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage",
]  # fmt: skip
expect.set_options(timeout=15_000)  # a shared machine may be slow; a failure is not
EXPECTED = re.compile(r"status of (409|422) ")
ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def chromium(live_url: str) -> Iterator[Browser]:
    """A browser for one test: while it is open Django sees a running loop, and so must not
    outlive it, or the tables would be emptied over a connection the fixtures do not know.
    """
    if not CHROMIUM:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing")
        pytest.skip("chromium is missing")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
        connections.close_all()


@dataclass(slots=True)
class House:
    """A running desk: where it is, who works there, and browsers to look at it."""

    url: str
    cast: Cast
    browser: Browser
    anger: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def sit_down(
        self,
        name: str = "amira",
        *,
        width: int = 1440,
        height: int = 900,
        theme: str = "light",
        scripts: bool = True,
    ) -> Page:
        """Open a browser of one's own and sign in as a person does."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
            has_touch=width < 500,
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.anger.append(str(error)))
        page.goto(f"{self.url}/sign-in")
        page.get_by_label("E-mail address").fill(f"{name}@kept.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="What I owe").wait_for()
        page.wait_for_load_state("load")  # the keys listen from here on
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not EXPECTED.search(text):
            self.anger.append(text)


@pytest.fixture(scope="session")
def served(django_db_setup: None) -> Iterator[str]:
    """One server for all browser tests of this process: it keeps nothing between two requests
    that the database does not hold.
    """
    port = _free_port()
    server = _serve(database_in_use(), port)
    url = f"http://localhost:{port}"
    try:
        _wait(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def house(live_url: str, served: str, chromium: Browser) -> Iterator[House]:
    cast = raise_the_curtain(WEB)
    may_sign_in(cast.amira)
    may_sign_in(cast.bo)
    house = House(url=served, cast=cast, browser=chromium)
    try:
        yield house
        assert not house.anger
    finally:
        for context in house.contexts:
            context.close()


def _serve(database: str, port: int) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "KEPT_SECRET": str(settings.SECRET_KEY),
        "KEPT_URL": f"http://localhost:{port}",
    }
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--workers-kill-timeout", "2", "--no-log",
        "kept.asgi:application",
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert server.poll() is None, "the server fell while starting"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1):
                return
        except OSError:
            server_fell = _pause(server)
            assert not server_fell
    pytest.fail("the server did not start")


def _pause(server: "subprocess.Popen[bytes]") -> bool:
    """Give the server a moment; tell whether it fell meanwhile."""
    try:
        server.wait(0.1)
    except subprocess.TimeoutExpired:
        return False
    return True
