"""What the columns of somebody's table of customers mean, guessed from their titles."""

from collections.abc import Sequence

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "customer", "customer name", "contact", "nombre"),
    "first_name": ("first name", "firstname", "given name", "vorname", "forename"),
    "last_name": ("last name", "lastname", "surname", "family name", "nachname", "apellido"),
    "email": ("email", "e-mail", "mail", "email address", "e-mail address", "correo"),
    "phone": ("phone", "telephone", "tel", "phone number", "mobile", "cell", "mobil", "telefono"),
    "whatsapp": ("whatsapp", "whatsapp number"),
    "post": ("address", "postal address", "street", "postal"),
    "language": ("language", "lang", "locale", "idioma", "sprache"),
    "preferred_channel": ("preferred channel", "channel", "contact by", "preferred contact"),
    "tier": ("tier", "plan", "level", "segment"),
    "flags": ("flags", "tags", "labels"),
    "organisation": ("organisation", "organization", "company", "firm", "employer", "account"),
    "title": ("title", "position", "job title"),
    "household": ("household", "family"),
    "household_role": ("household role", "role", "relation", "relationship"),
    "note": ("note", "notes", "comment", "comments", "remark"),
    "product": ("product", "device", "model", "article"),
    "bought_on": ("bought on", "purchase date", "bought", "date of purchase", "purchased"),
    "price": ("price", "amount", "paid"),
    "serial": ("serial", "serial number", "sn", "imei"),
    "order_number": ("order", "order number", "order id", "invoice"),
    "cover": ("cover", "warranty", "plan cover"),
}
"""What a column can mean -> titles that say so."""


def guess_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return column numbers with their meaning; each meaning but addresses is taken once."""
    found: dict[str, str] = {}
    for number, header in enumerate(headers):
        told = header.lower().replace("_", " ").replace("*", "").strip()
        told = told.rsplit(" (", 1)[0] if told.endswith(")") else told
        meaning = next((name for name, titles in COLUMNS.items() if told in titles), None)
        is_taken = meaning in found.values() and meaning not in ("email", "phone")
        if meaning is not None and not is_taken:
            found[str(number)] = meaning
    return found
