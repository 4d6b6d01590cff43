"""`kept run`, `web`, `worker` and `migrate`: the desk in one process tree, or its parts."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from kept.cli.database import answers, database, set_up
from kept.cli.output import Commands, Stop, command, complain, say

HOST, PORT = "127.0.0.1", 8000
DEMO_PASSWORD = "kept-demo"
DEMO_PEOPLE = ("amira (agent)", "bo (lead)", "chen (manager)")


def register(commands: Commands) -> None:
    """Add the commands that run the desk."""
    run = command(
        commands,
        "run",
        run_all,
        says="run everything: database, pages, worker and mail receiver",
        examples="kept run --demo\nkept run --port 9000 --data /var/lib/desk",
    )
    run.add_argument("--host", default=HOST, help=f"where to serve ({HOST})")
    run.add_argument("--port", type=int, default=PORT, help=f"the pages' port ({PORT})")
    run.add_argument("--data", type=Path, help="the folder of everything that is kept (.kept)")
    run.add_argument("--demo", action="store_true", help="play the demo on the first start")
    web = command(
        commands,
        "web",
        run_web,
        says="serve the pages and live updates",
        examples="kept web --host 0.0.0.0 --port 8000",
    )
    web.add_argument("--host", default=HOST, help=f"where to serve ({HOST})")
    web.add_argument("--port", type=int, default=PORT, help=f"the port ({PORT})")
    web.add_argument("--workers", type=int, default=2, help="processes (2)")
    command(
        commands,
        "worker",
        run_worker,
        says="work: clocks, outbox, intake, mailboxes, cadences",
        examples="kept worker",
    )
    command(
        commands,
        "receiver",
        run_receiver,
        says="take mail in by SMTP or LMTP",
        examples="KEPT_RECEIVER_PORT=2525 kept receiver",
    )
    command(
        commands, "migrate", run_migrate, says="bring the tables up to date",
        examples="kept migrate",
    )  # fmt: skip


def run_all(chosen: argparse.Namespace) -> int:
    """Run the whole desk until Ctrl-C or SIGTERM."""
    from kept.supervise import is_free

    if chosen.data is not None:
        os.environ["KEPT_DATA"] = str(chosen.data.expanduser().resolve())
    if chosen.demo:
        os.environ["KEPT_DEMO"] = "1"
    os.environ.setdefault("KEPT_URL", f"http://{chosen.host}:{chosen.port}")
    if not is_free(chosen.host, chosen.port):
        raise Stop(f"port {chosen.port} of {chosen.host} is taken. Choose another with --port.", 1)
    set_up()
    from django.conf import settings

    if not is_free(settings.KEPT_RECEIVER_HOST, settings.KEPT_RECEIVER_PORT):
        raise Stop(
            f"port {settings.KEPT_RECEIVER_PORT} is taken. Set KEPT_RECEIVER_PORT to another.", 1
        )
    return _run_tree(chosen)


def _run_tree(chosen: argparse.Namespace) -> int:
    """Start the database if it is ours, prepare it, and watch the parts."""
    from django.conf import settings
    from django.db import connections

    from kept.postgres import Server, places
    from kept.postgres.supervisor import ServerError
    from kept.supervise import Part, is_answering, watch

    server = None if os.environ.get("DATABASE_URL") else Server(places(settings.KEPT_DATA))
    try:
        if server is not None:
            server.start()
            os.environ["DATABASE_URL"] = server.url
        elif not answers():
            raise Stop("DATABASE_URL: the database it names does not answer.", code=1)
        _prepare(demo=chosen.demo)
    except ServerError as wrong:
        raise Stop(str(wrong), code=1) from None
    except BaseException:
        if server is not None:
            server.stop()
        raise
    connections.close_all()
    kept = (sys.executable, "-m", "kept.cli")
    web = (*kept, "web", "--host", chosen.host, "--port", str(chosen.port))
    environment = {"DATABASE_URL": os.environ["DATABASE_URL"]}
    parts = [
        Part("web", web, environment),
        Part("worker", (*kept, "worker"), environment),
        Part("receiver", (*kept, "receiver"), environment),
    ]
    try:
        watch(
            parts,
            database=server,
            say=complain,
            ready=lambda: _welcome(chosen),
            is_ready=lambda: is_answering(chosen.host, chosen.port),
        )
    finally:
        if server is not None:
            server.stop()
    return 0


def _prepare(*, demo: bool) -> None:
    """Migrate, and play the demo where nothing is there yet."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    _enter_providers()
    if not demo:
        return
    from kept.clock import now
    from kept.demo.play import play
    from kept.records.queries.mail import desk_addresses

    if not desk_addresses():
        complain("playing three weeks of the demo; this is done once")
        tickets = play(password=DEMO_PASSWORD, now=now(), say=complain)
        complain(f"the demo has {tickets} tickets")


def _welcome(chosen: argparse.Namespace) -> None:
    from django.conf import settings

    say(f"Kept is at http://{chosen.host}:{chosen.port}")
    say(f"Mail is received at {settings.KEPT_RECEIVER_HOST}:{settings.KEPT_RECEIVER_PORT} (SMTP)")
    if chosen.demo:
        domain = settings.KEPT_MAIL_DOMAIN
        say(f"Write to care@{domain}, basic@, retail@, crm@ or esc@{domain}")
        say(f"Sign in as {', '.join(DEMO_PEOPLE)} @{domain}, password {DEMO_PASSWORD}")
    sys.stdout.flush()


def run_web(chosen: argparse.Namespace) -> int:
    """Serve until SIGTERM; a stream that stays open is ended after six seconds."""
    from granian.constants import Interfaces
    from granian.server import Server

    set_up()
    Server(
        "kept.asgi:application",
        address=chosen.host,
        port=chosen.port,
        interface=Interfaces.ASGI,
        workers=chosen.workers,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=6,
    ).serve()
    return 0


def run_worker(_: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C."""
    from kept.worker.main import run

    return run()


def run_receiver(_: argparse.Namespace) -> int:
    """Receive mail until SIGTERM or Ctrl-C."""
    from kept.worker.receiver import run

    return run()


def _enter_providers() -> None:
    """Enter the identity providers that the settings name."""
    from kept import clock
    from kept.services import identities

    identities.from_environment(at=clock.now())


def run_migrate(_: argparse.Namespace) -> int:
    """Migrate, and say so."""
    with database():
        from django.core.management import call_command

        call_command("migrate", verbosity=1, interactive=False)
        _enter_providers()
    return 0
