"""The languages customers may prefer, each with its own name first."""

LANGUAGES = (
    ("en", "English"), ("hi", "हिन्दी (Hindi)"), ("kn", "ಕನ್ನಡ (Kannada)"),
    ("es", "Español (Spanish)"), ("de", "Deutsch"), ("fr", "Français"), ("pt", "Português"),
    ("ar", "العربية (Arabic)"), ("ur", "اردو (Urdu)"), ("ta", "தமிழ் (Tamil)"),
    ("te", "తెలుగు (Telugu)"), ("ml", "മലയാളം (Malayalam)"), ("zh", "中文 (Chinese)"),
    ("ja", "日本語 (Japanese)"),
)  # fmt: skip
NAMES = dict(LANGUAGES)


def language(code: str) -> str:
    """Return a language's name; a code that is not in the list is shown as it is."""
    return NAMES.get(code, code)
