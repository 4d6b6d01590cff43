"""One process of several clients that do the same thing over and over, started by the bench.

    python -m bench.clients WHAT THREADS SECONDS

Says `ready`, waits for a line, works, and says how often it was done.
"""

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable

from bench.house import DESK, ready
from kept.clock import now

WORDS = "The screen of my telephone stays dark since this morning. What can I do about it? "
PATIENCE = 60
_numbers = itertools.count()


def opening() -> Callable[[], object]:
    """Open a ticket by the service, as the pages and the API do."""
    from kept.services.tickets import Opening, open_ticket

    def act() -> object:
        number = f"{os.getpid()}-{next(_numbers)}"
        opening = Opening(subject="A dark screen", text=WORDS * 4, channel="email")
        return open_ticket(DESK, opening, address=f"c{number}@example.com", name="Dana", at=now())

    return act


def receiving() -> Callable[[], object]:
    """Take a mail in: kept raw, parsed in the sandbox, threaded, opened, answered."""
    from kept.channels.mail.receive import receive_file
    from kept.channels.mail.sandbox import Sandbox

    sandbox = Sandbox()

    def act() -> object:
        taken = receive_file(DESK, mail(), at=now(), sandbox=sandbox)
        assert taken.created, taken
        return taken

    return act


def mail() -> bytes:
    """Return a mail that nobody has sent before."""
    number = f"{os.getpid()}-{next(_numbers)}"
    return (
        f"From: Dana <c{number}@example.com>\r\nTo: {DESK}@kept.example\r\n"
        f"Subject: A dark screen\r\nMessage-ID: <{number}@example.com>\r\n"
        f"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n{WORDS * 4}\r\n"
    ).encode()


KINDS: dict[str, Callable[[], Callable[[], object]]] = {"open": opening, "receive": receiving}


def main() -> None:
    what, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    ready()
    begun, warm, counts = threading.Event(), threading.Barrier(threads + 1), [0] * threads

    def work(number: int) -> None:
        act = KINDS[what]()
        for _ in range(8):
            act()
        warm.wait(PATIENCE)
        begun.wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            act()
            counts[number] += 1

    clients = [
        threading.Thread(target=work, args=(number,), daemon=True) for number in range(threads)
    ]
    for client in clients:
        client.start()
    warm.wait(PATIENCE)
    print("ready", flush=True)
    sys.stdin.readline()
    begun.set()
    for client in clients:
        client.join()
    print(sum(counts), flush=True)


if __name__ == "__main__":
    main()
