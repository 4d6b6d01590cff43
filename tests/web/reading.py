"""What a person reads of an answer: its text, without marks, in single spaces."""

import html
import re

from django.http import HttpResponse


def words(answer: HttpResponse) -> str:
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def kept_values(answer: HttpResponse) -> str:
    """Return the whole markup, for what stands in fields."""
    return html.unescape(answer.content.decode())
