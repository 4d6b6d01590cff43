"""What figures look like in a sentence: units, number words, and the one pattern of them all.

Kept apart from `figures`, which says what each of them comes to.
"""

import re

from kept.policy.rules import TargetUnit
from kept.policy.words import DAY, HOUR, MINUTE, SECOND

TIME_UNITS = {
    "s": SECOND, "sec": SECOND, "second": SECOND,
    "m": MINUTE, "min": MINUTE, "minute": MINUTE,
    "h": HOUR, "hr": HOUR, "hour": HOUR,
    "d": DAY, "day": DAY, "night": DAY, "w": 7 * DAY, "wk": 7 * DAY, "week": 7 * DAY,
}  # fmt: skip
CALENDAR_UNITS = {
    "mo": (TargetUnit.MONTHS, 1), "month": (TargetUnit.MONTHS, 1),
    "quarter": (TargetUnit.MONTHS, 3),
    "y": (TargetUnit.YEARS, 1), "yr": (TargetUnit.YEARS, 1), "year": (TargetUnit.YEARS, 1),
}  # fmt: skip
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
         "eighteen", "nineteen", "twenty")
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
     "ninety": 90}  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
PERIOD_WORDS = {
    "hourly": ("h", 1), "daily": ("day", 1), "weekly": ("week", 1), "fortnightly": ("week", 2),
    "monthly": ("month", 1), "quarterly": ("month", 3), "yearly": ("year", 1),
    "annual": ("year", 1), "annually": ("year", 1),
}  # fmt: skip

SCALES = {
    "k": 1_000, "thousand": 1_000, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9,
}  # fmt: skip

_TENS = rf"(?:{'|'.join(TENS)})[ -](?:one|two|three|four|five|six|seven|eight|nine)"
_SMALL = "(?:" + "|".join((_TENS, *sorted(NUMBER_WORDS, key=len, reverse=True))) + ")"
_HUNDREDS = rf"(?:a|{_SMALL})[ -]hundred(?:[ ](?:and[ ])?{_SMALL}(?![ -](?:hundred|thousand)))?"
_THOUSANDS = (
    rf"(?:a|{_HUNDREDS}|{_SMALL})[ -]thousand(?:,?[ ](?:and[ ])?(?:{_HUNDREDS}|{_SMALL}))?"
)
_WORDS = rf"{_THOUSANDS}|{_HUNDREDS}|{_SMALL}"
_NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,6}})?|\d{{1,12}}(?:\.\d{{1,6}})?|\b(?:{_WORDS})\b)"
)
_UNIT = (
    r"(?:(?:working|business)[ -](?:days?|hours?)|calendar[ -](?:days?|weeks?|months?|years?)"
    r"|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?"
    r"|nights?|weeks?|wks?|months?|quarters?|years?|yrs?|mo|[smhdwy])(?![\w])"
)
_MONEY_SIGN = r"(?:US\$|[$€£₹]|(?:USD|EUR|GBP|INR|CHF|CAD|AUD|Rs\.?)(?=[ \d]))"
_MONEY_WORD = r"(?:(?:USD|EUR|GBP|INR|CHF|CAD|AUD|dollars?|euros?|pounds?|rupees?)\b|[$€£₹](?!\d))"
_SCALE = r"(?:[ ](?:thousand|million|billion)|[ ]?(?:k|m|bn))\b"
_PLUS = r"[ ]and[ ]a[ ](?:half|quarter)\b|[ ]?[½¼¾]"
_TO = r"[ ]?(?:-|–|—|\bto\b)[ ]?"
_RANGE = r"[ ]?(?:-|–|—|\bto\b|\band\b)[ ]?"
_LEFT = r"(?<![\w.,#$€£₹/:-])"

FIGURE = re.compile(
    rf"""(?P<compact>{_LEFT}\d{{1,9}}[wdhms](?:\d{{1,9}}[hms]){{1,3}}(?!\w))
    |(?P<money>(?P<between>between[ ])?
        {_MONEY_SIGN}[ ]?(?P<money_low>{_NUMBER})(?P<money_low_scale>{_SCALE})?
        (?:(?:{_TO}|[ ]and[ ](?(between)|(?={_MONEY_SIGN})))(?P<money_high_sign>{_MONEY_SIGN})?
            [ ]?(?P<money_high>{_NUMBER})(?P<money_high_scale>{_SCALE})?(?![\w%]|[ -]{_UNIT}))?)
    |\b(?P<half>half[ ]an[ ]hour|(?:(?:a|one|three)[ -])?quarters?[ ]of[ ]an[ ]hour)\b
    |\b(?P<and_half>(?:an?|one)[ ](?P<and_half_unit>{_UNIT})(?P<and_half_plus>{_PLUS}))
    |{_LEFT}(?P<low>{_NUMBER})(?:(?P<range>{_RANGE})(?P<high>{_NUMBER}))?
        (?:[ ]\([ ]?(?:{_NUMBER})[ ]?\)(?=[ -]))?
        (?P<plus>{_PLUS})?(?P<scale>[ ](?:thousand|million|billion)\b)?
        (?:[ ]?(?P<percent>%|percent\b|per[ ]cent\b)
          |[ ]?(?P<currency>{_MONEY_WORD})
          |(?:[ ]|-)?(?P<unit>{_UNIT})(?P<after>{_PLUS})?
          |(?P<of>[ ]?/[ ]?\d+(?:\.\d+)?|[ ]out[ ]of[ ]\d+(?:\.\d+)?)?)
    |\b(?P<period>hourly|daily|weekly|fortnightly|monthly|quarterly|yearly|annual(?:ly)?)\b
    |\b(?P<each>every|each|per)[ ](?P<each_unit>(?:working|business)[ ]day|second|minute|hour
        |day|week|month|quarter|year)\b
    |\b(?:within|after|in|for|than|under|over|exceeds|least|most|up[ ]to)[ ]
        (?P<single>an?[ ](?!seconds?\b|quarter[ ]of\b|[a-z]\b)(?P<single_unit>{_UNIT})
            (?P<single_plus>{_PLUS})?)
    """,
    re.IGNORECASE | re.VERBOSE,
)
EVERY_BEFORE = re.compile(r"\b(?:every|each|per)[ ]$", re.IGNORECASE)
WIDTHS = {ord(space): " " for space in "\u00a0\u2002\u2003\u2007\u2009\u202f"} | {0x2011: "-"}
"""Spaces and hyphens that do not break a line are read as the plain ones."""
