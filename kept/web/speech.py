"""What customers read, in their language: catalogues of our own sentences, one .po file each.

The English sentence is the key, so a missing translation reads as English and never as a code.
An SOP's own texts are translated in the SOP (`in:` of a template).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locale"
ENGLISH = "en"
Say = Callable[[str], str]


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that customers' pages speak, English first."""
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


@cache
def catalogue(language: str) -> Catalog:
    """Return the catalogue of one of `languages`; English has an empty one."""
    path = FOLDER / f"{language}.po"
    if language == ENGLISH:
        return Catalog(locale=ENGLISH)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def chosen(preferred: str, accepted: str) -> str:
    """Return the language to speak: the customer's own, else the browser's, else English."""
    wanted = [preferred, *(_ranked(accepted) if not preferred else ())]
    found = negotiate_locale([one.replace("-", "_") for one in wanted if one], languages())
    return found or ENGLISH


def speaker(language: str) -> Say:
    """Return what says a sentence in a language."""
    spoken = catalogue(language)

    def say(sentence: str) -> str:
        message = spoken.get(sentence)
        told = message.string if message is not None and not message.fuzzy else ""
        return told if isinstance(told, str) and told else sentence

    return say


def direction(language: str) -> str:
    """Return `ltr` or `rtl`, for the page's `dir`."""
    return Locale.parse(language.replace("-", "_")).text_direction


def _ranked(accepted: str) -> list[str]:
    """Return the languages of an Accept-Language field, the most wanted first."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:500].split(",")[:20]):
        name, _, weight = part.partition(";")
        try:
            value = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if name.strip() and value > 0:
            weighed.append((-value, place, name.strip()))
    return [name for _, _, name in sorted(weighed)]
