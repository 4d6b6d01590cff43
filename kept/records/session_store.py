"""Where Django keeps sessions: its database store over our table, with the person in a column."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from kept.records.models import Session

ABOUT = "about"
"""The key of what a session says of itself: method, source, device, begun_at."""


class SessionStore(DatabaseStore):
    """Sessions by person, so that they can be listed and ended."""

    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        about = data.get(ABOUT) or {}
        begun_at = about.get("begun_at")
        row.agent_id = int(data["_auth_user_id"]) if data.get("_auth_user_id") else None
        row.method = about.get("method", "")
        row.source = about.get("source", "")
        row.device = about.get("device", "")
        row.begun_at = row.seen_at = datetime.fromisoformat(begun_at) if begun_at else None
        return row
