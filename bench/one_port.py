"""Requests a second of the same pages: WSGI alone, one port through a2wsgi, Django's ASGI.

One server process at a time, eight clients, keep-alive, an agent who is signed in.
"""

import http.client
import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Figure
from bench.house import AGENT, PASSWORD
from bench.volume import many_tickets

CLIENTS = 8
SECONDS = 2.0
ROUNDS = 3
WAYS = {
    "WSGI alone": ("wsgi", "kept.wsgi:application"),
    "one port, a2wsgi": ("asgi", "kept.asgi:application"),
    "Django's ASGI": ("asgi", "django.core.asgi:get_asgi_application"),
}
PAGES = ("/healthz", "/sign-in", "/")


def signed_in(port: int, address: str, password: str) -> str:
    """Sign in as a person does and return the session's cookie."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    url = f"http://127.0.0.1:{port}/sign-in"
    with browser.open(url) as page:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert found
    form = {"csrfmiddlewaretoken": found[1], "address": address, "password": password}
    browser.open(url, urllib.parse.urlencode(form).encode()).close()
    return "; ".join(f"{one.name}={one.value}" for one in jar)


@contextmanager
def server(way: str) -> Iterator[int]:
    """Run one granian process that way; yield its port."""
    interface, target = WAYS[way]
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", interface, "--port", str(port),
               "--workers", "1", "--no-log", "--workers-kill-timeout", "2"]  # fmt: skip
    command += ["--blocking-threads", "16"] if interface == "wsgi" else []
    command += ["--factory"] if target.startswith("django") else []
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "kept.settings"}
    running = subprocess.Popen([*command, target], env=settings)
    try:
        while not _answers(port):
            assert running.poll() is None
        yield port
    finally:
        running.terminate()
        running.wait()


def _answers(port: int) -> bool:
    try:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except OSError:
        return False


def rate(port: int, page: str, cookie: str) -> float:
    """Return requests a second that eight clients get answered."""
    counts = [0] * CLIENTS
    until = time.monotonic() + SECONDS

    def ask(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until:
            line.request("GET", page, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, (page, answer.status)
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def ways() -> Iterator[Figure]:
    """Requests a second by each way: the best of the rounds, the others met busier neighbours."""
    many_tickets()
    best: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        for way in WAYS:
            with server(way) as port:
                cookie = signed_in(port, AGENT, PASSWORD)
                for page in PAGES:
                    got = rate(port, page, cookie)
                    best[way, page] = max(got, best.get((way, page), 0.0))
    for page in PAGES:
        for way in WAYS:
            share = best[way, page] / best["WSGI alone", page]
            yield Figure(
                name=f"{page} by {way}", value=best[way, page], unit="/s",
                beside=f"{share:.2f} of WSGI alone",
            )  # fmt: skip


def pages() -> Iterator[Figure]:
    """The queue page of 50 from 200,000 open tickets, as the product serves it: one process."""
    many_tickets()
    with server("one port, a2wsgi") as port:
        cookie = signed_in(port, AGENT, PASSWORD)
        got = max(rate(port, "/", cookie) for _ in range(ROUNDS))
    yield Figure(
        name="queue page by HTTP, one process", value=got, unit="/s",
        beside=f"{CLIENTS} keep-alive clients on the same cores",
    )  # fmt: skip
