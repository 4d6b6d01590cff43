"""The template environment: autoescape on, missing names are errors, filters that say times."""

from typing import Any
from urllib.parse import quote

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from kept.services.addresses import shown_number
from kept.web import say
from kept.web.bulk_forms import FORMS
from kept.web.deeds import deed_of, sentence
from kept.web.languages import language
from kept.web.places import QUIET_VIEWS, VIEWS


def address(name: str, *parts: object) -> str:
    """Return the path of a named page."""
    return reverse(name, args=parts)


def clause_url(desk: str, clause: str) -> str:
    """Return where a clause stands in its desk's handbook."""
    return f"{reverse('sop', args=(desk,))}#{quote(clause)}"


def environment(**options: Any) -> Environment:
    """Return the environment that settings.TEMPLATES names."""
    made = Environment(
        **{**options, "autoescape": True, "undefined": StrictUndefined},
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        static=static,
        url=address,
        clause_url=clause_url,
        queue_views=VIEWS,
        quiet_views=QUIET_VIEWS,
        bulk_acts=FORMS,
    )
    for show in (
        say.duration, say.minutes, say.remaining, say.countdown, say.moment, say.exact, say.minute,
        say.iso, say.micros, say.plain, say.initials, say.ago, say.money, say.size,
    ):  # fmt: skip
        made.filters[show.__name__] = show
    made.filters["deed"] = deed_of
    made.filters["sentence"] = sentence
    made.filters["number"] = shown_number
    made.filters["language"] = language
    return made
