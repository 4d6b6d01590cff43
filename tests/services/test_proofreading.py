"""Remarks on a text: open blanks, card numbers, passwords, told times, readability, jargon."""

from datetime import UTC, datetime

import pytest

from kept.services.proofreading import Remark, is_card_number, lix, remarks

FRIDAY_TEN = datetime(2025, 6, 6, 9, 0, tzinfo=UTC)  # 10:00 in London


def told(text: str, **more: object) -> dict[str, Remark]:
    found = remarks(text, at=FRIDAY_TEN, zone="Europe/London", **more)  # type: ignore[arg-type]  # names of the test
    return {one.kind: one for one in found}


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("We call you by Monday 15:00.", "2025-06-09 15:00"),
        ("You hear from us by 3pm.", "2025-06-06 15:00"),
        ("You hear from us by 3 pm", "2025-06-06 15:00"),
        ("before 09:30 it is done", "2025-06-07 09:30"),
        ("by tomorrow at 9.15", "2025-06-07 09:15"),
        ("By tomorrow, I hope.", "2025-06-07 17:00"),
        ("by Friday 9:00", "2025-06-13 09:00"),
        ("by the end of today", "2025-06-06 17:00"),
        ("within 2 hours", "2025-06-06 12:00"),
        ("within the next 45 minutes", "2025-06-06 10:45"),
        ("within a day", "2025-06-07 10:00"),
    ],
)
def test_a_told_time_is_read_in_the_desks_zone(text: str, local: str) -> None:
    due_at = told(text)["promise"].due_at
    assert due_at is not None
    assert f"{due_at:%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(
    "text",
    ["by 3 people", "It came by mail.", "by 25:00", "before 2024", "by Fridayish", "at 15:00"],
)
def test_what_tells_no_time_offers_no_promise(text: str) -> None:
    assert "promise" not in told(text)


@pytest.mark.parametrize(
    ("number", "is_card"),
    [
        ("4111 1111 1111 1111", True), ("4111-1111-1111-1111", True), ("4111111111111112", False),
        ("378282246310005", True), ("0000 0000 0000 0000", False), ("12345", False),
        ("1234567890123", False),
    ],
)  # fmt: skip
def test_a_card_number_is_known_by_its_sum(number: str, is_card: bool) -> None:
    assert is_card_number(number) is is_card
    assert ("card" in told(f"My card is {number}, thanks")) is is_card


def test_a_card_number_is_not_repeated_in_the_remark() -> None:
    assert "4111 1111" not in told("4111 1111 1111 1111")["card"].words


@pytest.mark.parametrize(
    "text", ["Your password is hunter22", "PIN: 4711", "-----BEGIN RSA PRIVATE KEY-----",
             "key AKIAABCDEFGHIJKLMNOP here"],
)  # fmt: skip
def test_secrets_are_warned_of(text: str) -> None:
    assert told(text)["secret"].tone == "warn"


def test_open_blanks_hold_a_text_up() -> None:
    remark = told("Dear Dana, the part is [part_name], {{ colour }}.")["blank"]
    assert (remark.tone, remark.words) == ("hold", "Still open: part name, colour.")
    assert "blank" not in told("See [1] and the box [x] of the form: [Anna].")


def test_an_opening_that_stands_as_the_template_has_it() -> None:
    template = "Dear customer,\n\nthe cable is on its way.\n\nYour desk"
    assert "opening" in told(template, template=template)
    assert "opening" in told("Dear customer,\n\nBut other words.\n\nBo", template=template)
    mine = "Hello Dana, good to hear from you again,\n\nthe cable is on its way.\n\nWarmly, Amira"
    assert "opening" not in told(mine, template=template)


def test_jargon_of_the_desk_is_named() -> None:
    remark = told("We escalate the API ticket.", jargon=("API", "escalate", "SLA"))["jargon"]
    assert "API, escalate" in remark.words
    assert "jargon" not in told("The apiary is fine.", jargon=("API",))


def test_readability_is_measured_by_what_anybody_can_count() -> None:
    plain = "We got your mail. The cable is on its way. It comes on Friday. " * 4
    dense = (
        "Notwithstanding aforementioned infrastructural considerations, remediation activities "
        "necessitate comprehensive reconfiguration of heterogeneous authentication components "
        "throughout geographically distributed organisational environments before reinstatement "
        "of operational availability becomes realistically achievable for affected stakeholders "
        "and participating organisational representatives"
    )
    assert lix(plain) < 25 < 55 < lix(dense)
    assert "dense" not in told(plain)
    assert "dense" in told(dense)
    assert "sentence" in told(dense)
    assert told("Short.") == {}
    assert told("   ") == {}
