"""A person's own account: sessions, what proves them, tokens, likings. Nobody else's, ever."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View


class SessionView(View, frozen=True, kw_only=True):
    """Where somebody is signed in. `short` names it on the page and is not its key."""

    short: str
    method: str
    source: str
    device: str
    begun_at: datetime
    seen_at: datetime
    is_this: bool


class PasskeyView(View, frozen=True, kw_only=True):
    id: int
    name: str
    made_at: datetime
    last_used_at: datetime | None


class TokenView(View, frozen=True, kw_only=True):
    """One of a person's own tokens, without its secret."""

    id: int
    name: str
    desk: str
    role: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class IdentityView(View, frozen=True, kw_only=True):
    """A provider that vouches for the person."""

    id: int
    provider: str
    made_at: datetime


class PreferenceView(View, frozen=True, kw_only=True):
    language: str = "en"
    theme: str = ""
    single_keys: bool = True


class AccountView(View, frozen=True, kw_only=True):
    """Everything on /account but what the services say of factors."""

    has_password: bool
    sessions: tuple[SessionView, ...]
    passkeys: tuple[PasskeyView, ...]
    tokens: tuple[TokenView, ...]
    identities: tuple[IdentityView, ...]
    preference: PreferenceView


LIMIT = 100


def account(agent: int, *, session: str, at: datetime) -> AccountView:
    """Return a person's own account; `session` is the key of the one they are in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT password <> '' FROM agent WHERE id = %s", [agent])
        row = cursor.fetchone()
    return AccountView(
        has_password=bool(row and row[0]),
        sessions=_sessions(agent, session, at),
        passkeys=_passkeys(agent),
        tokens=_tokens(agent, at),
        identities=_identities(agent),
        preference=preference(agent),
    )


def preference(agent: int) -> PreferenceView:
    """Return how a person likes the pages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT language, theme, single_keys FROM preference WHERE agent_id = %s", [agent]
        )
        row = cursor.fetchone()
    if row is None:
        return PreferenceView()
    return PreferenceView(language=row[0], theme=row[1], single_keys=row[2])


def _sessions(agent: int, session: str, at: datetime) -> tuple[SessionView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT session_key, method, source, device, begun_at, seen_at FROM session
            WHERE agent_id = %s AND expire_date > %s AND begun_at IS NOT NULL
            ORDER BY begun_at DESC LIMIT %s
            """,
            [agent, at, LIMIT],
        )
        return tuple(
            SessionView(
                short=row[0][:6], method=row[1], source=row[2], device=row[3], begun_at=row[4],
                seen_at=row[5] or row[4], is_this=row[0] == session,
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _passkeys(agent: int) -> tuple[PasskeyView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, made_at, last_used_at FROM passkey WHERE agent_id = %s ORDER BY id",
            [agent],
        )
        return tuple(
            PasskeyView(id=row[0], name=row[1], made_at=row[2], last_used_at=row[3])
            for row in cursor.fetchall()
        )


def _tokens(agent: int, at: datetime) -> tuple[TokenView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.id, k.name, d.slug, k.role, k.scopes, k.made_at, k.expires_at, k.last_used_at
            FROM api_token k JOIN desk d ON d.id = k.desk_id
            WHERE k.owner_id = %s AND k.revoked_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > %s)
            ORDER BY k.id DESC LIMIT %s
            """,
            [agent, at, LIMIT],
        )
        return tuple(
            TokenView(
                id=row[0], name=row[1], desk=row[2], role=row[3], scopes=tuple(row[4]),
                made_at=row[5], expires_at=row[6], last_used_at=row[7],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _identities(agent: int) -> tuple[IdentityView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.id, p.name, i.made_at FROM identity i
            JOIN identity_provider p ON p.id = i.provider_id
            WHERE i.agent_id = %s ORDER BY i.id
            """,
            [agent],
        )
        return tuple(
            IdentityView(id=row[0], provider=row[1], made_at=row[2]) for row in cursor.fetchall()
        )
