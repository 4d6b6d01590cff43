"""Take the pictures of the docs from the demo: python -m docs.shots

Starts a desk of its own with the demo in a folder that goes away, signs in as Amira and looks.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "docs" / "shots"
WIDE, PHONE, WALL = (1440, 900), (390, 844), (1600, 900)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PATIENCE_SECONDS = 480
OTHERS = {
    "duties": "/duties", "customers": "/customers", "customer": "/customers/1",
    "search": "/search?q=warranty", "macros": "/macros", "outbox": "/outbox", "rota": "/rota",
    "account": "/account", "nothing-here": "/nowhere",
}  # fmt: skip
LEADS = {"people": "/admin/people", "audit": "/admin/audit", "outages": "/outages"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo until the pictures are taken; yield its address."""
    given = os.environ.get("KEPT_SHOTS_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="kept-shots-"))
    folder.chmod(0o711)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "KEPT_URL": url, "KEPT_RECEIVER_PORT": str(free_port())}
    command = [sys.executable, "-m", "kept.cli", "run", "--demo", "--data", str(folder)]
    desk = subprocess.Popen([*command, "--port", str(port)], cwd=ROOT, env=environment)
    try:
        wait_for(url, desk)
        yield url
    finally:
        desk.terminate()
        desk.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(url: str, desk: "subprocess.Popen[bytes]") -> None:
    """Wait until the desk answers; fail at once if it fell."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if desk.poll() is not None:
            raise SystemExit("the demo did not start")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the demo did not answer in time")


def sign_in(page: Page, url: str, who: str = "amira") -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-mail address").fill(f"{who}@kept.example")
    page.get_by_label("Password").fill("kept-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="What I owe").wait_for()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=SHOTS / f"{name}.png")
    sys.stdout.write(f"docs/shots/{name}.png\n")


def look(page: Page, url: str, suffix: str) -> None:
    """Take the workspace, a ticket with its proof open, a page of a handbook, and the bell."""
    page.goto(f"{url}/")
    take(page, f"queue{suffix}")
    page.goto(f"{url}/?view=all&desk=esc")
    page.locator(".row__link[hx-get]").first.click()
    page.locator("#ticket[data-ticket]").wait_for()
    take(page, f"ticket{suffix}")
    page.locator(".lane").first.click()
    page.locator(".proof").wait_for()
    take(page, f"proof{suffix}")
    page.goto(f"{url}/sop/care#care.2")
    take(page, f"handbook{suffix}")
    page.goto(f"{url}/notices")
    take(page, f"notices{suffix}")


def look_around(page: Page, url: str, places: dict[str, str]) -> None:
    """Take the other pages once, wide."""
    for name, place in places.items():
        page.goto(url + place)
        take(page, name)


def main() -> None:
    """Take every picture the docs show."""
    SHOTS.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with demo() as url, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS)
        for size, theme, suffix in (
            (WIDE, "light", ""), (WIDE, "dark", "-dark"), (PHONE, "light", "-phone"),
        ):  # fmt: skip
            page = browser.new_page(
                viewport={"width": size[0], "height": size[1]}, color_scheme=theme
            )
            if not suffix:
                page.goto(f"{url}/sign-in")
                take(page, "sign-in")
            sign_in(page, url)
            look(page, url, suffix)
            if not suffix:
                look_around(page, url, OTHERS)
        chen = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
        sign_in(chen, url, "chen")
        look_around(chen, url, LEADS)
        chen.set_viewport_size({"width": WALL[0], "height": WALL[1]})
        chen.goto(f"{url}/wallboard")
        take(chen, "wallboard")
        browser.close()


if __name__ == "__main__":
    main()
