"""Sign-in tries: counted in the database before a password is looked at, so none is free.

Guessing is slowed per account and source, per account, and per source. Somebody who signed in
from a source before is never locked out by what others try from elsewhere.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from kept.records.models import SignInTry
from kept.services.errors import AgentId

WINDOW = timedelta(minutes=15)
PAIR_TRIES, ACCOUNT_TRIES, SOURCE_TRIES = 10, 20, 60
KNOWN_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try on record. A held one must be answered as a wrong one, whatever was typed."""

    id: int
    is_held: bool


def begin_try(address: str, *, source: str, at: datetime, shared: bool = False) -> Try:
    """Put a try on record as wrong, or as held where too many went before it.

    A `shared` account is no account: whoever has a passkey comes without a name, and only the
    source counts.
    """
    if shared:
        address = f"{address} from {source_of(source)}"
    account = hashlib.sha256(address.strip().lower().encode()).digest()
    place = source_of(source)
    with transaction.atomic():
        _one_at_a_time(account, place)
        is_held = _is_held(account, place, at)
        row = SignInTry.objects.create(
            at=at, account=account, source=place, result="held" if is_held else "wrong"
        )
        SignInTry.objects.filter(at__lt=at - KEPT_FOR).delete()
    return Try(id=row.pk, is_held=is_held)


def passed(tried: Try, *, by: AgentId) -> None:
    """Note that a try was right; the wrong ones before it weigh nothing for this pair any more."""
    SignInTry.objects.filter(pk=tried.id, result="wrong").update(result="right", agent_id=by)


def source_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or an IPv6 host's whole network."""
    try:
        place = ipaddress.ip_address(address.strip().partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(place, ipaddress.IPv6Address):
        if place.ipv4_mapped is not None:
            return str(place.ipv4_mapped)
        return str(ipaddress.ip_network((place, 64), strict=False))
    return str(place)


def _one_at_a_time(account: bytes, source: str) -> None:
    """Let tries of one account or one source wait for each other: a count must not race."""
    keys = sorted(
        int.from_bytes(hashlib.sha256(part).digest()[:8], signed=True)
        for part in (b"account" + account, b"source" + source.encode())
    )
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _is_held(account: bytes, source: str, at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH last_right AS (
              SELECT max(at) AS at FROM sign_in_try
              WHERE account = %(account)s AND source = %(source)s AND result = 'right'
                AND at > %(known)s)
            SELECT
              (SELECT count(*) FROM sign_in_try t
               WHERE t.account = %(account)s AND t.source = %(source)s AND t.result = 'wrong'
                 AND t.at > greatest(%(since)s, (SELECT at FROM last_right))),
              (SELECT count(*) FROM sign_in_try t
               WHERE t.account = %(account)s AND t.result = 'wrong' AND t.at > %(since)s),
              (SELECT count(*) FROM sign_in_try t
               WHERE t.source = %(source)s AND t.result = 'wrong' AND t.at > %(since)s),
              (SELECT at FROM last_right) IS NOT NULL
            """,
            {"account": account, "source": source, "since": at - WINDOW, "known": at - KNOWN_FOR},
        )
        pair, of_account, of_source, is_known = cursor.fetchone()
    if pair >= PAIR_TRIES:
        return True
    return not is_known and (of_account >= ACCOUNT_TRIES or of_source >= SOURCE_TRIES)
