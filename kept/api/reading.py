"""Read a request without trusting it: size, form and names are checked before anything is done.

JSON that two readers could understand differently (a key twice, NaN) is refused whole. A body
that is no JSON is 400; JSON that does not fit is 422 and names the field; a query is 400.
"""

import json
import math
import re
from typing import Any, NoReturn, TypeVar

import msgspec
from django.http import HttpRequest

from kept.api.problems import Unusable

T = TypeVar("T")
LARGEST = 1_500_000
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED = re.compile(r"field `([^`]+)`")


def body_of(request: HttpRequest) -> bytes:
    """Return the body; one that is too large is not read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.META.get("HTTP_TRANSFER_ENCODING") and length == "0":
        raise Unusable(411, "no_length", "Send the body with a Content-Length.")
    if not length.isascii() or not length.isdigit():
        raise Unusable(400, "not_json", "The Content-Length is not a number.")
    if len(length) > 12 or int(length) > LARGEST:
        raise Unusable(413, "too_large", f"A body has at most {LARGEST} bytes.")
    body = request.body
    if body and request.content_type != "application/json":
        raise Unusable(415, "not_json", "Send the body as application/json.")
    return body


def read_body(body: bytes, form: type[T]) -> T:
    """Return the body as its struct; no body is an empty one."""
    body = body or b"{}"
    _check(body)
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as wrong:
        raise _misfit(422, wrong) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
        raise Unusable(400, "not_json", _plain(wrong)) from None


def read_query(request: HttpRequest, form: type[T]) -> T:
    """Return the query as its struct; what is unknown, twice or unreadable is refused."""
    given: dict[str, str] = {}
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise Unusable(400, "bad_query", f"{name[:60]} is given twice.", field=name[:60])
        if "\0" in values[0]:
            raise Unusable(400, "bad_query", "A value holds NUL.", field=name[:60])
        given[name] = str(values[0])
    try:
        return msgspec.convert(given, form, strict=False)
    except msgspec.ValidationError as wrong:
        raise _misfit(400, wrong) from None


def read_number(written: str) -> int:
    """Return a ticket's number from an address, 0 for what no ticket has."""
    return int(written) if NUMBER.fullmatch(written) else 0


def _check(body: bytes) -> None:
    try:
        told = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number,
            parse_float=_finite,
        )  # fmt: skip
        if b"\\u0000" in body:
            _no_nul(told)
    except (ValueError, RecursionError) as wrong:
        raise Unusable(400, "not_json", _plain(wrong)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return told


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _no_nul(told: Any) -> None:
    match told:
        case str() if "\0" in told:
            raise ValueError("a text holds NUL")
        case dict():
            for name, value in told.items():
                _no_nul(name)
                _no_nul(value)
        case list():
            for value in told:
                _no_nul(value)


def _misfit(status: int, wrong: msgspec.ValidationError) -> Unusable:
    """Return the problem of a value that does not fit, with the field it is about."""
    told = str(wrong)
    place = _PLACE.search(told)
    named = _NAMED.search(told)
    parts = [place.group(1) if place else "", named.group(1) if named else ""]
    field = ".".join(part for part in parts if part and part != "...")
    code = "not_valid" if status == 422 else "bad_query"
    return Unusable(status, code, f"{_PLACE.sub('', told)[:300]}.", field=field[:200])


def _plain(wrong: Exception) -> str:
    told = "it is nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
    return f"The body is not plain JSON: {told[:200]}."
