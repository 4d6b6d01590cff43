"""Reply addresses: `desk+TOKEN@domain`, one token for each recipient of each ticket.

The token is the only thing in a mail that proves a reply belongs to a ticket. It is compared
letter by letter: upper-cased, cut or guessed ones are none.
"""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"[a-z0-9]{16,64}")


def with_token(address: str, token: str) -> str:
    """Return the reply address of `address` for one recipient."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}" if token else address


def base_address(address: str) -> str:
    """Return the lower-case address without its `+detail`."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".lower()


def token_in(recipients: Iterable[str], desk_address: str) -> str:
    """Return the token among `recipients` that belongs to this desk's address, or nothing."""
    wanted = desk_address.lower()
    for recipient in recipients:
        local, _, _ = recipient.rpartition("@")
        token = local.partition("+")[2]
        if base_address(recipient) == wanted and _TOKEN.fullmatch(token):
            return token
    return ""
