"""Addresses as they are compared: e-mail in lower case, a telephone number as E.164.

A number without a country is read as the desk's own people write it; what no plan of numbers
knows stays its digits, so that nothing anybody wrote is lost.
"""

from functools import cache
from importlib import resources

import phonenumbers

from kept.services.errors import NotValid
from kept.services.texts import one_line

EMAIL, PHONE = "email", "phone"
BY_HAND = (EMAIL, PHONE, "whatsapp", "post", "other")
"""Kinds that a person may put on file; channels add their own."""
NUMBERS = (PHONE, "whatsapp")


def normal_address(kind: str, value: str, *, region: str = "") -> str:
    """Return an address as it is kept and compared, empty where nothing is left of it."""
    cleaned = one_line(value, 320)
    if kind == EMAIL:
        return cleaned.lower()
    return normal_number(cleaned, region) if kind in NUMBERS else cleaned


def normal_number(written: str, region: str = "") -> str:
    """Return a number as E.164, read in a region where it names no country."""
    try:
        number = phonenumbers.parse(written, region or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    digits = "".join(c for c in written if c.isdigit())[:32]
    return f"+{digits}" if digits else ""


def checked_address(kind: str, value: str, *, region: str = "") -> str:
    """Return an address that a person put on file; raise NotValid for what cannot be one."""
    if kind not in BY_HAND:
        raise NotValid(f"An address is one of: {', '.join(BY_HAND)}.")
    address = normal_address(kind, value, region=region)
    if kind == EMAIL:
        local, _, domain = address.rpartition("@")
        if not local or "." not in domain or " " in address or "@" in local:
            raise NotValid("An e-mail address looks like name@example.com.")
    if kind in NUMBERS and not _is_valid(address):
        raise NotValid(
            "This is no telephone number; write it with its country, as +44 20 7946 0018."
        )
    if not address:
        raise NotValid("The address is empty.")
    return address


def shown_number(value: str) -> str:
    """Return a number as people read it; anything else as it is."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@cache
def region_of(zone: str) -> str:
    """Return the country whose people live in a zone, by the table that comes with the zones."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        parts = line.split("\t")
        if len(parts) > 2 and parts[2] == zone:
            return parts[0]
    return ""


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
