"""Things that are good for once: the second use finds them spent, in whatever process."""

import hashlib
from datetime import datetime

from django.db import connection


def spend(kind: str, thing: str, *, until: datetime, at: datetime) -> bool:
    """Use something up; return False where it was used before. `until` is when it ends anyway."""
    digest = hashlib.sha256(f"{kind}:{thing}".encode("utf-8", "surrogatepass")).digest()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM spent WHERE until < %s", [at])
        cursor.execute(
            "INSERT INTO spent (hash, until) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [digest, until],
        )
        return int(cursor.rowcount) == 1
