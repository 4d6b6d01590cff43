"""Files before they are sent: taken in one by one, limited, seen by their owner only.

They lie in the database under random tokens, never on a path. What mail servers refuse anyway
(programs) is refused here, while its sender can still do something about it.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet, Sum

from kept.records.models import Ticket, Upload
from kept.records.pictures import picture_type
from kept.services import permissions
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.incoming import IncomingFile
from kept.services.texts import one_line

LARGEST = 10_000_000
LARGEST_TOGETHER = 20_000_000
"""Of one message: in base64 it grows by a third, and many servers stop at 25 to 30 MB."""
MOST_FILES = 20
QUOTA = 100_000_000
"""Of one person, over everything not sent yet."""
KEPT_FOR = timedelta(days=14)
PROGRAMS = frozenset({
    "ade", "adp", "apk", "app", "appx", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe",
    "gadget", "hta", "inf", "ins", "iso", "isp", "jar", "js", "jse", "lnk", "mde", "msc", "msi",
    "msix", "msp", "mst", "pif", "ps1", "reg", "scf", "scr", "sct", "shb", "sys", "vb", "vbe",
    "vbs", "vhd", "vxd", "wsc", "wsf", "wsh",
})  # fmt: skip


def add(
    ticket_id: int, *, by: AgentId, at: datetime, filename: str, content_type: str, body: bytes
) -> str:
    """Keep a file that its owner means to send from a ticket; return its token."""
    desk = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
    if desk is None:
        raise NotFound("There is no such ticket.")
    permissions.standing(by, desk)
    name = _named(filename)
    _check(name, body)
    with transaction.atomic():
        with connection.cursor() as cursor:  # two uploads at once count one after the other
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('upload'), %s::int)", [by % 2**31]
            )
        held = Upload.objects.filter(agent_id=by).aggregate(all=Sum("size"))["all"] or 0
        if held + len(body) > QUOTA:
            raise NotValid("You hold too many files that were not sent. Remove some first.")
        here = of(ticket_id, by)
        if here.count() >= MOST_FILES:
            raise NotValid(f"A message takes {MOST_FILES} files at most.")
        if (here.aggregate(all=Sum("size"))["all"] or 0) + len(body) > LARGEST_TOGETHER:
            raise NotValid("The files of one message may have 20 MB together.")
        picture = picture_type(body)
        token = secrets.token_urlsafe(24)
        Upload.objects.create(
            token=token, agent_id=by, ticket_id=ticket_id, filename=name, size=len(body),
            content_type=picture or one_line(content_type, 127) or "application/octet-stream",
            body=body, is_picture=picture is not None, made_at=at,
        )  # fmt: skip
        return token


def remove(token: str, *, by: AgentId) -> None:
    """Take a file back; one that waits with a reply stays with it."""
    done, _ = Upload.objects.filter(token=token, agent_id=by, leaving=None).delete()
    if not done:
        raise NotFound("There is no such file.")


def of(ticket_id: int, by: AgentId) -> QuerySet[Upload]:
    """Return somebody's files on a ticket that no reply waits with."""
    return Upload.objects.filter(ticket_id=ticket_id, agent_id=by, leaving=None).order_by("id")


def chosen(ticket_id: int, by: AgentId, tokens: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of the files a message names; raise NotFound for one that is not theirs."""
    found = dict(of(ticket_id, by).filter(token__in=list(tokens)).values_list("token", "id"))
    if set(found) != set(tokens):
        raise NotFound("There is no such file.")
    return tuple(found[token] for token in dict.fromkeys(tokens))


def taken(ids: Sequence[int]) -> tuple[IncomingFile, ...]:
    """Return files as a message takes them along, and forget the uploads."""
    rows = list(Upload.objects.filter(pk__in=list(ids)).order_by("id"))
    Upload.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return tuple(
        IncomingFile(
            filename=row.filename, content_type=row.content_type, body=bytes(row.body),
            inline_cid=f"{row.token}@kept" if row.is_picture else "",
        )
        for row in rows
    )  # fmt: skip


def forget_old(*, at: datetime) -> int:
    """Delete what nobody sent within two weeks; return how many files went."""
    done, _ = Upload.objects.filter(made_at__lt=at - KEPT_FOR, leaving=None).delete()
    return done


def _named(filename: str) -> str:
    last = one_line(filename.replace("\\", "/").rsplit("/", 1)[-1], 20_000).strip(". ")
    visible = "".join(letter for letter in last if letter.isprintable())
    stem, dot, ending = visible.rpartition(".")
    if len(visible) > 150 and dot and len(ending) <= 10:
        visible = f"{stem[: 149 - len(ending)]}.{ending}"
    return visible[:150] or "file"


def _check(name: str, body: bytes) -> None:
    if not body:
        raise NotValid(f"{name} is empty.")
    if len(body) > LARGEST:
        raise NotValid(f"{name} has more than 10 MB.")
    if name.lower().rpartition(".")[2] in PROGRAMS or body[:2] == b"MZ" or body[:4] == b"\x7fELF":
        raise NotValid(f"{name} is a program; mail servers refuse those. Send a link instead.")
