"""Sessions: one row each, with whose it is and where from. Deleting the row ends it at once."""

from typing import ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """Django's session with its person; one without an agent waits for a second factor."""

    agent = models.ForeignKey(
        "Agent", models.CASCADE, null=True, related_name="sessions", db_index=False
    )
    method = models.CharField(max_length=20, default="")
    source = models.CharField(max_length=64, default="")
    device = models.CharField(max_length=120, default="")
    begun_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "session"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agent", "-begun_at"], name="sessions_of_agent"),
            models.Index(fields=["expire_date"], name="sessions_by_end"),
        ]
