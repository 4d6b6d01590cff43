"""A desk's directory as SCIM tells it; the caller's token was asked for its scope and right."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

MOST = 5000
"""People and groups a directory of one desk holds at most in one answer's search."""


class DirectoryUser(View, frozen=True, kw_only=True):
    id: int
    user_name: str
    display: str
    email: str
    external: str
    is_active: bool
    groups: tuple[tuple[int, str], ...]
    made_at: datetime
    changed_at: datetime


class DirectoryGroup(View, frozen=True, kw_only=True):
    id: int
    name: str
    external: str
    members: tuple[tuple[int, str], ...]
    made_at: datetime
    changed_at: datetime


def directory_users(desk: int, *, user: int | None = None) -> tuple[DirectoryUser, ...]:
    """Return the people of a desk's directory, or one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT u.id, u.user_name, u.display, a.email, u.external, u.is_active, u.made_at,
              u.changed_at,
              ARRAY(SELECT g.id FROM scim_member m JOIN scim_group g ON g.id = m.scimgroup_id
                    WHERE m.scimuser_id = u.id ORDER BY g.id),
              ARRAY(SELECT g.name FROM scim_member m JOIN scim_group g ON g.id = m.scimgroup_id
                    WHERE m.scimuser_id = u.id ORDER BY g.id)
            FROM scim_user u JOIN agent a ON a.id = u.agent_id
            WHERE u.desk_id = %(desk)s AND (%(user)s::bigint IS NULL OR u.id = %(user)s::bigint)
            ORDER BY u.id LIMIT %(most)s
            """,
            {"desk": desk, "user": user, "most": MOST},
        )
        return tuple(
            DirectoryUser(
                id=row[0], user_name=row[1], display=row[2], email=row[3], external=row[4],
                is_active=row[5], made_at=row[6], changed_at=row[7],
                groups=tuple(zip(row[8], row[9], strict=True)),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def directory_groups(desk: int, *, group: int | None = None) -> tuple[DirectoryGroup, ...]:
    """Return the groups of a desk's directory, or one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT g.id, g.name, g.external, g.made_at, g.changed_at,
              ARRAY(SELECT u.id FROM scim_member m JOIN scim_user u ON u.id = m.scimuser_id
                    WHERE m.scimgroup_id = g.id ORDER BY u.id),
              ARRAY(SELECT u.user_name FROM scim_member m JOIN scim_user u ON u.id = m.scimuser_id
                    WHERE m.scimgroup_id = g.id ORDER BY u.id)
            FROM scim_group g
            WHERE g.desk_id = %(desk)s AND (%(group)s::bigint IS NULL OR g.id = %(group)s::bigint)
            ORDER BY g.id LIMIT %(most)s
            """,
            {"desk": desk, "group": group, "most": MOST},
        )
        return tuple(
            DirectoryGroup(
                id=row[0], name=row[1], external=row[2], made_at=row[3], changed_at=row[4],
                members=tuple(zip(row[5], row[6], strict=True)),
            )
            for row in cursor.fetchall()
        )  # fmt: skip
