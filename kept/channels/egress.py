"""Asking an address that somebody else chose: once, a little, and never from inside.

The name is resolved once and the connection goes to the very address that was checked; no
redirect is followed and nothing of ours is sent along. Pictures are asked for by whoever reads
a mail, identity providers by whoever signs in.
"""

import http.client
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from kept.records.pictures import picture_type

LARGEST = 4_000_000
STEP_SECONDS, WHOLE_SECONDS = 4.0, 8.0
PORTS = {"http": 80, "https": 443}
UNICAST = IPv6Network("2000::/3")
WRAPPED = (IPv6Network("2001::/23"), IPv6Network("2002::/16"))
"""Ranges whose addresses carry an IPv4 address inside, or lead nowhere public."""
AGENT = "Mozilla/5.0 (compatible; image proxy)"
SAFE = "/%:@!$&'()*+,;=-._~?"
Reach = Callable[[IPv4Address | IPv6Address, int], bool]


class NotFetched(Exception):
    """The picture was not fetched: refused by the guard, too slow, too large, or no picture."""


def is_public(address: IPv4Address | IPv6Address, port: int) -> bool:
    """Tell whether an address lies outside, on a port where web servers answer."""
    if port not in PORTS.values():
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    return address in UNICAST and address.is_global and not any(address in net for net in WRAPPED)


def fetch_picture(address: str, *, may_reach: Reach = is_public) -> tuple[bytes, str]:
    """Return a picture and its type; raise NotFetched for everything else."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as problem:
        raise NotFetched("no address of a picture") from problem
    if parts.scheme not in PORTS or not host or parts.username or parts.password:
        raise NotFetched("no address of a picture")
    try:
        body = _read(_connected(host, port, parts.scheme, may_reach), host, parts)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NotFetched("no answer") from problem
    kind = picture_type(body)
    if kind is None:
        raise NotFetched("not a picture")
    return body, kind


def exchange(
    address: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str],
    may_reach: Reach | None = None,
) -> bytes:
    """Return what an identity provider answers; raise NotFetched for everything but a 200."""
    inside = settings.KEPT_SSO_INSIDE
    reach = may_reach or ((lambda place, port: True) if inside else is_outside)
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as problem:
        raise NotFetched("no address") from problem
    schemes = ("https", "http") if inside else ("https",)
    if parts.scheme not in schemes or not host or parts.username or parts.password:
        raise NotFetched("no address of a provider")
    try:
        return _read(_connected(host, port, parts.scheme, reach), host, parts, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NotFetched("no answer") from problem


def is_outside(address: IPv4Address | IPv6Address, port: int) -> bool:
    """Tell whether an address lies outside, whatever its port."""
    return is_public(address, 443)


def _connected(host: str, port: int, scheme: str, may_reach: Reach) -> socket.socket:
    """Connect to the address that was checked; a name with one inner address is refused whole."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not places or not all(may_reach(place, port) for place in places):
        raise NotFetched("not an address outside")
    line = socket.create_connection((str(places[0]), port), timeout=STEP_SECONDS)
    if scheme == "https":
        line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
    return line


def _read(
    line: socket.socket,
    host: str,
    parts: SplitResult,
    sent: bytes | None = None,
    more: dict[str, str] | None = None,
) -> bytes:
    named = f"{host}:{parts.port}" if parts.port else host
    asked = http.client.HTTPConnection(named, timeout=STEP_SECONDS)
    asked.sock = line
    end = Timer(WHOLE_SECONDS, _cut, (line,))
    end.daemon = True
    end.start()
    try:
        place = quote(parts.path or "/", safe=SAFE)
        query = f"?{quote(parts.query, safe=SAFE)}" if parts.query else ""
        headers = {"User-Agent": AGENT, "Accept": "image/*", "Connection": "close", **(more or {})}
        asked.request("GET" if sent is None else "POST", place + query, sent, headers)
        answer = asked.getresponse()
        if answer.status != 200:
            raise NotFetched(f"answered {answer.status}")
        body = answer.read(LARGEST + 1)
    finally:
        end.cancel()
        asked.close()
    if len(body) > LARGEST:
        raise NotFetched("too large")
    return body


def _cut(line: socket.socket) -> None:
    """End a connection that trickles; the reader falls out with an error."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        line.close()
