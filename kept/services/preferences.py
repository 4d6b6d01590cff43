"""How a person likes the pages: language, theme, single keys."""

from datetime import datetime

from kept.records.models import Preference
from kept.services.errors import AgentId, NotValid

LANGUAGES = {"en": "English", "hi": "हिन्दी", "kn": "ಕನ್ನಡ", "es": "Español"}
THEMES = {"": "As the device says", "light": "Light", "dark": "Dark"}


def save(by: AgentId, *, language: str, theme: str, single_keys: bool, at: datetime) -> None:
    """Keep a person's likings."""
    if language not in LANGUAGES or theme not in THEMES:
        raise NotValid("Choose a language and a theme of the list.")
    Preference.objects.update_or_create(
        agent_id=by,
        defaults={"language": language, "theme": theme, "single_keys": single_keys},
    )
