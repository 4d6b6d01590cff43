"""Identity providers: what the sign-in page offers, and what those who manage access keep."""

from typing import Any

from django.db import connection

from kept.records.queries.views import View


class OfferedView(View, frozen=True, kw_only=True):
    """A button of the sign-in page."""

    slug: str
    name: str


class ProviderView(View, frozen=True, kw_only=True):
    """A provider as its desk's leads see it: everything but the secret."""

    id: int
    slug: str
    kind: str
    name: str
    issuer: str
    client: str
    address: str
    has_secret: bool
    certificate: str
    groups: dict[str, str]
    is_on: bool
    people: int


def offered() -> tuple[OfferedView, ...]:
    """Return the providers that people may sign in through."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT slug, name FROM identity_provider WHERE is_on ORDER BY name, id LIMIT 20"
        )
        return tuple(OfferedView(slug=row[0], name=row[1]) for row in cursor.fetchall())


def providers_of(desk: int) -> tuple[ProviderView, ...]:
    """Return a desk's own providers; the caller asked whether the reader manages access."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.slug, p.kind, p.name, p.issuer, p.client, p.address,
              p.secret <> ''::bytea, p.certificate, p.groups, p.is_on,
              (SELECT count(*) FROM identity i WHERE i.provider_id = p.id)
            FROM identity_provider p WHERE p.desk_id = %s ORDER BY p.id LIMIT 50
            """,
            [desk],
        )
        return tuple(_provider(row) for row in cursor.fetchall())


def _provider(row: tuple[Any, ...]) -> ProviderView:
    groups = row[9] if isinstance(row[9], dict) else {}
    return ProviderView(
        id=row[0], slug=row[1], kind=row[2], name=row[3], issuer=row[4], client=row[5],
        address=row[6], has_secret=bool(row[7]), certificate=row[8], groups=groups,
        is_on=row[10], people=row[11],
    )  # fmt: skip
