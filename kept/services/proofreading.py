"""Remarks on a text while it is written: what would hold it up, and what its reader might not get.

Pure and short on purpose: measures that anybody can check by hand, no verdict on the writer.
Nothing here forbids; what must not be sent is refused when it is sent.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from kept.policy.words import Frozen

BLANK = re.compile(r"\[([a-z_][\w.]{1,60})\]|\{\{\s*([\w.]{1,60})\s*\}\}")
DOTS = re.compile(r"(?:\bX{3,}\b|_{3,}|\bTBD\b|\bTODO\b|\.{4,})")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
SENTENCE = re.compile(r"[.!?:](?:\s|$)|\n\s*\n")
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}"
    r"|\bsk_live_\w{10,}"
    r"|\b(?:password|passwort|passcode|pin|secret)\s*(?:is|:|=)\s*\S{4,}",
    re.I,
)
DIGITS = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
DENSE = 55
"""LIX above which a text reads like an expert report (words a sentence + share of long words)."""
LONG_SENTENCE = 30
FEWEST_WORDS = 30
END_OF_DAY = time(17)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _clock_in(number: int) -> str:
    """Return the pattern of a time of day, with groups of its own names."""
    return (
        rf"(?P<hour{number}>[01]?\d|2[0-3])(?:[:.](?P<minute{number}>[0-5]\d))?"
        rf"\s?(?P<half{number}>am|pm|h|o'clock)?"
    )


TIMES = re.compile(
    r"\b(?:by|before|until|no later than)\s+(?:"
    rf"(?:the end of\s+)?(?P<day>today|tomorrow|tonight|{'|'.join(DAYS)})"
    rf"(?:(?:\s+at)?\s+{_clock_in(1)})?|{_clock_in(2)})(?![\w:])"
    r"|\bwithin\s+(?:the next\s+)?(?P<amount>\d{1,3}|an?)\s+(?P<unit>minute|hour|day)s?\b",
    re.IGNORECASE,
)


class Remark(Frozen, frozen=True, kw_only=True):
    """One remark; `tone` hold means it would not go out. `due_at` offers a promise."""

    kind: str
    words: str
    tone: str = "hint"
    due_at: datetime | None = None


def remarks(
    text: str, *, at: datetime, zone: str, template: str = "", jargon: Iterable[str] = ()
) -> tuple[Remark, ...]:
    """Return what there is to say of a text, what holds it up first."""
    if not text.strip():
        return ()
    return (
        *_blanks(text), *_secrets(text), *_opening(text, template), *_promised(text, at, zone),
        *_readability(text), *_jargon(text, jargon),
    )  # fmt: skip


def _blanks(text: str) -> Iterator[Remark]:
    names = dict.fromkeys(one or other for one, other in BLANK.findall(text))
    if names:
        listed = ", ".join(name.replace("_", " ") for name in names)
        yield Remark(kind="blank", tone="hold", words=f"Still open: {listed}.")
    left = DOTS.search(text)
    if left:
        yield Remark(kind="blank", tone="warn", words=f"“{left.group()}” looks unfinished.")


def _secrets(text: str) -> Iterator[Remark]:
    for match in DIGITS.finditer(text):
        if is_card_number(match.group()):
            yield Remark(
                kind="card", tone="warn",
                words=f"A card number ending in {match.group()[-4:]}: leave it out.",
            )  # fmt: skip
    if SECRET.search(text):
        yield Remark(kind="secret", tone="warn", words="This looks like a password or a key.")


def is_card_number(written: str) -> bool:
    """Tell whether digits are a card number: 13 to 19 of them, and their Luhn sum is right."""
    digits = [int(digit) for digit in written if digit.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _opening(text: str, template: str) -> Iterator[Remark]:
    """Yield a remark where a template's first words stand as they came."""
    if not template.strip():
        return
    first, theirs = _paragraphs(text), _paragraphs(template)
    same = [
        name
        for name, one, other in (
            ("opening", first[0], theirs[0]),
            ("closing", first[-1], theirs[-1]),
        )
        if one == other
    ]
    if first == theirs or (len(theirs) > 1 and len(same) == 2) or "opening" in same:
        where = " and ".join(same) or "text"
        yield Remark(
            kind="opening", words=f"The {where} of the template stands unchanged: make it yours."
        )


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())] or [""]


def _readability(text: str) -> Iterator[Remark]:
    words = WORD.findall(text)
    if len(words) < FEWEST_WORDS:
        return
    sentences = [s for s in SENTENCE.split(text) if WORD.search(s)]
    longest = max(len(WORD.findall(sentence)) for sentence in sentences)
    if longest > LONG_SENTENCE:
        yield Remark(kind="sentence", words=f"One sentence has {longest} words: split it.")
    if lix(text) > DENSE:
        yield Remark(kind="dense", words="Hard to read: shorter sentences and words would help.")


def lix(text: str) -> int:
    """Return Björnsson's LIX: words a sentence plus the percentage of words over six letters."""
    words = WORD.findall(text)
    sentences = sum(1 for sentence in SENTENCE.split(text) if WORD.search(sentence))
    if not words:
        return 0
    long = sum(len(word) > 6 for word in words)
    return len(words) // max(1, sentences) + 100 * long // len(words)


def _jargon(text: str, jargon: Iterable[str]) -> Iterator[Remark]:
    lowered = text.casefold()
    found = [
        word for word in jargon
        if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", lowered)
    ]  # fmt: skip
    if found:
        yield Remark(kind="jargon", words=f"Jargon the customer may not know: {', '.join(found)}.")


def _promised(text: str, at: datetime, zone: str) -> Iterator[Remark]:
    """Yield the first time told to the reader that still lies ahead."""
    for match in TIMES.finditer(text):
        due_at = _due(match, at.astimezone(ZoneInfo(zone)))
        if due_at is not None and due_at > at:
            yield Remark(
                kind="promise", words=f"“{match.group().strip()}” tells a time.", due_at=due_at
            )
            return


def _due(match: re.Match[str], now: datetime) -> datetime | None:
    if match["unit"]:
        amount = 1 if match["amount"].lower().startswith("a") else int(match["amount"])
        return now + amount * {
            "minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1),
        }[match["unit"].lower()]  # fmt: skip
    day = (match["day"] or "").lower()
    told = _clock(match)
    if told is None and not day:
        return None
    date = now.date() + timedelta(days=_days_ahead(day, now))
    due = datetime.combine(date, told or END_OF_DAY, now.tzinfo)
    if not day and due <= now:
        due += timedelta(days=1)
    return due


def _days_ahead(day: str, now: datetime) -> int:
    if day in DAYS:
        return (DAYS.index(day) - now.weekday()) % 7 or 7
    return 1 if day == "tomorrow" else 0


def _clock(match: re.Match[str]) -> time | None:
    """Return the time of day that was told; a bare number such as "by 3" tells none."""
    hour = match["hour1"] or match["hour2"]
    minute = match["minute1"] or match["minute2"]
    half = (match["half1"] or match["half2"] or "").lower()
    if hour is None or (minute is None and not half):
        return None
    value = int(hour)
    if half == "pm" and value < 12:
        value += 12
    elif half == "am" and value == 12:
        value = 0
    return time(value, int(minute or 0))
