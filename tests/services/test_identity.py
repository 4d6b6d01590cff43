"""Who a customer is, checked as retail's handbook asks: codes, calls, PINs, a second factor."""

from datetime import timedelta
from pathlib import Path

import pytest

from kept.policy.identity import WayKind
from kept.records.models import CustomerAddress, CustomerPin, IdentityCheck, Journal, Outbox
from kept.records.queries.sight import desk_sights
from kept.services import account_secrets, identity, one_time_codes, outbox, profiles, work
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import (
    DANA,
    MONDAY,
    Cast,
    dana_asks,
    dana_writes,
    everybody_signs,
    raise_the_curtain,
    ticket_row,
)

SOON = MONDAY + timedelta(minutes=20)
RETAIL = (Path(__file__).parent.parent.parent / "sops" / "retail.md").read_text()
CODE, PIN, CALL = WayKind.EMAIL_CODE, WayKind.PIN, WayKind.CALL_BACK


@pytest.fixture
def cast(db: None, settings: object) -> Cast:
    settings.KEPT_SMTP_URL = "smtp://127.0.0.1:1"  # type: ignore[attr-defined]  # pytest-django's
    return everybody_signs(raise_the_curtain(RETAIL))


@pytest.fixture
def number(cast: Cast) -> int:
    return dana_asks("About my account.")


def customer_of(ticket: int) -> int:
    number = ticket_row(ticket).customer_id
    assert number is not None
    return number


def address(value: str = DANA) -> int:
    return CustomerAddress.objects.get(value=value).pk


def mailed_code(number: int) -> str:
    """Return the code of the mail as it leaves the house."""
    mails = [c.mail for c in outbox.claim(at=SOON + timedelta(hours=9), limit=50)]
    text = next(m.text for m in reversed(mails) if m.code is not None)
    return text.split("your code is ")[1].split()[0]


def last_facts(number: int, event: str) -> list[dict[str, object]]:
    rows = Journal.objects.filter(ticket_id=number).order_by("seq").values_list("fact", flat=True)
    return [fact for fact in rows if fact["event"] == event]


def is_open(cast: Cast, number: int) -> bool:
    return desk_sights(cast.amira, customer_of(number))[cast.desk].personal


def test_a_code_that_comes_back_opens_the_account(cast: Cast, number: int) -> None:
    assert not is_open(cast, number)
    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    code = mailed_code(number)
    assert code.isdigit()
    assert len(code) == 6
    kept = [str(row) for row in Outbox.objects.values_list("payload", flat=True)]
    assert not any(code in row for row in kept), "the code rests nowhere"
    found = identity.answer(
        number, by=cast.amira, at=SOON, kind=CODE, told=f" {code[:3]} {code[3:]}"
    )
    assert (found.passed, found.owes) == (True, "")
    assert last_facts(number, "verified")[0]["method"] == "email address"
    assert is_open(cast, number)
    row = CustomerAddress.objects.get(value=DANA)
    assert (row.verified_at, row.verified_by) == (SOON, "email address")
    with pytest.raises(Conflict, match="known"):
        identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=code)
    assert verify().ok


def test_five_wrong_codes_are_a_failure_and_a_supervisor_takes_over(
    cast: Cast, number: int
) -> None:
    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    code = mailed_code(number)
    wrong = "000000" if code != "000000" else "000001"
    left = [
        identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=wrong).tries_left
        for _ in range(5)
    ]
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Conflict):
        identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=code)
    assert ticket_row(number).level == "L2"
    assert last_facts(number, "verified")[0]["passed"] is False
    assert not is_open(cast, number)
    assert verify().ok


def test_a_code_is_good_for_ten_minutes_and_once(cast: Cast, number: int) -> None:
    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    code = mailed_code(number)
    late = SOON + one_time_codes.GOOD_FOR
    with pytest.raises(Conflict, match="over"):
        identity.answer(number, by=cast.amira, at=late, kind=CODE, told=code)
    identity.send_code(number, by=cast.amira, at=late, address=address())
    assert not identity.answer(number, by=cast.amira, at=late, kind=CODE, told=code).passed
    assert IdentityCheck.objects.filter(state="replaced").count() == 1
    for _ in range(1):
        identity.send_code(number, by=cast.amira, at=late, address=address())
    with pytest.raises(Conflict, match="within the hour"):
        identity.send_code(number, by=cast.amira, at=late, address=address())


def test_no_code_goes_to_an_address_that_the_ticket_brought_along(cast: Cast, number: int) -> None:
    late = CustomerAddress.objects.create(
        customer_id=customer_of(number), kind="email", value="x@evil.example", added_at=SOON
    )
    with pytest.raises(NotFound):
        identity.send_code(number, by=cast.amira, at=SOON, address=late.pk)
    stranger = dana_writes(sender="erin@example.com").ticket
    assert stranger is not None
    with pytest.raises(NotFound):
        identity.send_code(number, by=cast.amira, at=SOON, address=address("erin@example.com"))


def test_a_senders_address_alone_is_no_check(cast: Cast, number: int) -> None:
    with pytest.raises(NotValid, match="Send a code"):
        work.verify_identity(number, by=cast.amira, at=SOON, method="email address", passed=True)
    assert not last_facts(number, "verified")


def test_a_pin_is_set_only_once_the_customer_is_known(cast: Cast, number: int) -> None:
    customer = customer_of(number)
    with pytest.raises(NotAllowed):
        account_secrets.set_pin(customer, desk=cast.desk, by=cast.amira, at=SOON, pin="4821")
    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=mailed_code(number))
    for weak in ("1111", "1234", "12", "a4821"):
        with pytest.raises(NotValid):
            account_secrets.set_pin(customer, desk=cast.desk, by=cast.amira, at=SOON, pin=weak)
    account_secrets.set_pin(customer, desk=cast.desk, by=cast.amira, at=SOON, pin="4821")
    assert CustomerPin.objects.get().hash.startswith("argon2")
    second = dana_asks("Again.", at=SOON + timedelta(hours=1))
    later = SOON + timedelta(hours=2)
    assert identity.answer(second, by=cast.amira, at=later, kind=PIN, told="4822").tries_left == 2
    assert identity.answer(second, by=cast.amira, at=later, kind=PIN, told="4821").passed
    assert last_facts(second, "verified")[0]["method"] == "account PIN"


def test_a_customer_without_a_pin_never_fits(cast: Cast, number: int) -> None:
    for _ in range(3):
        found = identity.answer(
            number, by=cast.amira, at=SOON, kind=PIN, told="nobody has this pin"
        )
    assert (found.passed, found.tries_left) == (False, 0)
    assert ticket_row(number).level == "L2"


def test_a_high_value_account_wants_a_second_and_different_factor(cast: Cast, number: int) -> None:
    customer = customer_of(number)
    profiles.change(customer, desk=cast.desk, by=cast.amira, at=SOON, flags=["high_value"])
    phone = CustomerAddress.objects.create(
        customer_id=customer, kind="phone", value="+12125550142"
    ).pk
    first = identity.called_back(number, by=cast.amira, at=SOON, address=phone, passed=True)
    assert (first.passed, first.owes) == (True, "second_factor")
    assert not is_open(cast, number)
    with pytest.raises(NotValid, match="another way"):
        identity.called_back(number, by=cast.amira, at=SOON, address=phone, passed=True)
    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    second = identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=mailed_code(number))
    assert (second.passed, second.owes) == (True, "")
    assert is_open(cast, number)
    assert last_facts(number, "step_done")[-1]["step"] == "second_factor"
    assert verify().ok


def test_an_authenticators_code_is_good_once(cast: Cast, number: int) -> None:
    import base64

    identity.send_code(number, by=cast.amira, at=SOON, address=address())
    identity.answer(number, by=cast.amira, at=SOON, kind=CODE, told=mailed_code(number))
    seed = base64.b32decode(
        account_secrets.set_authenticator(
            customer_of(number), desk=cast.desk, by=cast.amira, at=SOON
        )
    )
    later = SOON + timedelta(hours=1)
    code = one_time_codes.authenticator_code(seed, one_time_codes.step_of(later))
    kind = WayKind.AUTHENTICATOR
    second = dana_asks("Again.", at=SOON + timedelta(minutes=30))
    third = dana_asks("Once more.", at=SOON + timedelta(minutes=31))
    assert identity.answer(second, by=cast.amira, at=later, kind=kind, told=code).passed
    assert not identity.answer(third, by=cast.amira, at=later, kind=kind, told=code).passed


def test_authenticators_agree_with_the_standard() -> None:
    # RFC 6238, appendix B: the last six digits of the eight it prints.
    seed = b"12345678901234567890"
    for second, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert one_time_codes.authenticator_code(seed, second // 30) == code


def test_who_gives_up_hands_over(cast: Cast, number: int) -> None:
    identity.give_up(number, by=cast.amira, at=SOON)
    assert ticket_row(number).level == "L2"
    with pytest.raises(NotFound):
        identity.give_up(number, by=cast.eve, at=SOON)


def test_wrong_answers_are_counted_over_all_tickets_of_a_day(cast: Cast) -> None:
    numbers = [dana_asks(f"No {n}", at=MONDAY + timedelta(seconds=n)) for n in range(6)]
    customer = customer_of(numbers[0])
    from django.contrib.auth.hashers import make_password

    CustomerPin.objects.create(
        customer_id=customer, hash=make_password("4821"), set_at=MONDAY, set_by_id=cast.amira
    )
    for number in numbers[:4]:
        for _ in range(3):
            identity.answer(number, by=cast.amira, at=SOON, kind=PIN, told="9999")
    found = identity.answer(numbers[5], by=cast.amira, at=SOON, kind=PIN, told="4821")
    assert not found.passed, "twelve wrong ones are too many for a right one"
