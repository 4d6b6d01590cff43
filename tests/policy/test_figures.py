"""Entitlements, cadences, measures and routing: dates, shares and rankings."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.policy import Policy
from kept.policy.cadences import cadence_periods
from kept.policy.entitlements import entitlements, fee, is_entitled
from kept.policy.formulas import FormulaError, read_formula
from kept.policy.measures import ENOUGH, Lived, Measured, lived, measures, wilson
from kept.policy.routing import Candidate, Need, pick
from kept.policy.wire import instant_from_wire, instant_to_wire
from kept.policy.words import MINUTE
from tests.policy.desk import clause, desk, due, fact, run

WARRANTY = clause(
    "A warranty of 1 year from purchase.",
    "std",
    "entitlement: standard\nfrom: bought\nfor: $text\ncovers: [defect]\nround: up",
) + clause(
    "Software is covered for 90 days.",
    "soft",
    'entitlement: software\nwhen: impact == "low"\nfrom: bought\n'
    "for: $text\n"
    "covers: [defect]\nround: up\nexception_to: [d.std]",
)


def warranty(rounding: str = "up") -> Policy:
    return desk(WARRANTY.replace("round: up", f"round: {rounding}"), zone="America/New_York")


@pytest.mark.parametrize(
    ("bought", "rounding", "last_day"),
    [
        ("2024-02-29", "up", date(2025, 3, 1)),
        ("2024-02-29", "down", date(2025, 2, 28)),
        ("2024-06-02", "up", date(2025, 6, 2)),
    ],
)
def test_the_day_of_purchase_is_day_zero_and_a_leap_day_rounds(
    bought: str, rounding: str, last_day: date
) -> None:
    policy = warranty(rounding)
    [standard, _] = entitlements(policy, {"bought": bought, "impact": "high"}, 0)
    assert standard.last_day == last_day


def test_the_last_day_ends_at_midnight_of_the_shop() -> None:
    policy = warranty()
    fields = {"bought": "2024-06-02", "impact": "high"}
    last = instant_from_wire(policy, "2025-06-02T23:59:59.999999")
    assert is_entitled(policy, fields, last, "defect") is True
    assert is_entitled(policy, fields, last + 1, "defect") is False
    assert is_entitled(policy, fields, last, "accident") is False


def test_an_exception_takes_the_general_rules_place_and_the_unknown_stays_unknown() -> None:
    policy = warranty()
    later = instant_from_wire(policy, "2024-12-01T10:00")
    fields = {"bought": "2024-06-02", "impact": "low"}
    assert is_entitled(policy, fields, later, "defect") is False
    assert [each.why for each in entitlements(policy, fields, later)] == ["exception", "over"]
    unknown = entitlements(policy, {"impact": "high"}, later)[0]
    assert (unknown.holds, unknown.missing) == (None, ("bought",))
    early = instant_from_wire(policy, "2024-06-01T10:00")
    assert entitlements(policy, fields | {"impact": "high"}, early)[0].why == "not_yet"


@pytest.mark.parametrize(
    ("price", "expected"), [(1000, 150), (9999, 1500), (10, 2), (3, 0), (1990, 299)]
)
def test_a_fee_is_rounded_half_up(price: int, expected: int) -> None:
    assert fee(price, 150) == expected


# Cadences -------------------------------------------------------------------------------------


def test_weeks_begin_on_monday_and_months_on_the_first_of_the_zone() -> None:
    policy = desk(
        clause("Reviewed every week.", "w", "cadence: review\nevery: week\nrole: lead")
        + clause("Looked at every month.", "m", "cadence: look\nevery: month\nrole: lead"),
        zone="Europe/London",
    )
    since, until = (
        instant_from_wire(policy, at) for at in ("2025-03-20T00:00", "2025-04-10T00:00")
    )
    found = [
        (each.name, instant_to_wire(each.begins_at), instant_to_wire(each.due_at))
        for each in cadence_periods(policy, since, until)
    ]
    assert found == [
        ("review", "2025-03-24T00:00:00Z", "2025-03-30T23:00:00Z"),
        ("review", "2025-03-30T23:00:00Z", "2025-04-06T23:00:00Z"),
        ("look", "2025-03-31T23:00:00Z", "2025-04-30T23:00:00Z"),
        ("review", "2025-04-06T23:00:00Z", "2025-04-13T23:00:00Z"),
    ]


def test_spans_of_time_that_meet_share_no_period() -> None:
    policy = desk(clause("Every 30 days.", "d", "cadence: d\nevery: 30d\nrole: lead"))
    edges = [instant_from_wire(policy, f"2025-{month:02}-11T03:00") for month in range(1, 13)]
    whole = cadence_periods(policy, edges[0], edges[-1])
    parts = [p for a, b in pairwise(edges) for p in cadence_periods(policy, a, b)]
    assert list(whole) == parts
    assert all(b.begins_at == a.ends_at for a, b in pairwise(whole))


# Measures -------------------------------------------------------------------------------------

MEASURED = clause(
    "Within 1 hour.", "resp", "clock: resp\nstart: created\nstop: agent_public\nwithin: $text"
) + "".join(
    clause(
        "A figure of ours.",
        f"m{number}",
        f"measure: m{number}\nof: {of}\n" + (f'target: "{target}"' if target else ""),
    )
    for number, (of, target) in enumerate(
        (
            ("rate(resp)", ""),
            ("mean(score)", ""),
            ("median(time(resp))", ""),
            ("count(escalated) / count(tickets)", ""),
            ("'share(score >= 4)'", ""),
            ("time(created, first resolved)", ""),
            ("kept / (kept + missed)", ""),
        )
    )
)


def lives(minutes: list[int]) -> list[Lived]:
    policy = desk(MEASURED)
    found = []
    for number, taken in enumerate(minutes):
        at = instant_from_wire(policy, "2025-06-02T10:00")
        answered = instant_to_wire(at + taken * MINUTE)
        told = [("2025-06-02T10:00", "created", {}), (answered, "agent_public", {})]
        if number % 2:
            told.append(("2025-06-03T10:00", "escalated", {"to": "L2"}))
        told += [
            ("2025-06-04T10:00", "resolved", {}),
            ("2025-06-05T10:00", "survey_answered", {"score": str(3 + number % 3)}),
        ]
        state = run(policy, *told).state
        found.append(lived(state, [fact(policy, at_, event, **keys) for at_, event, keys in told]))
    return found


def by_name(tickets: list[Lived]) -> dict[str, Measured]:
    return {each.name: each for each in measures(desk(MEASURED), tickets)}


def test_formulas_are_exact_and_say_on_how_many_they_rest() -> None:
    found = by_name(lives([10, 20, 30, 90, 120, 60]))
    assert (found["m0"].value, found["m0"].n, found["m0"].unit) == (666_667, 6, "share")
    assert (found["m1"].value, found["m1"].unit) == (4000, "score")
    assert (found["m2"].value, found["m2"].unit) == (45 * MINUTE, "time")
    assert found["m3"].value == 500_000
    assert found["m4"].value == 666_667
    assert found["m5"].value == 48 * 60 * MINUTE
    assert found["m6"].value == 666_667


def test_no_verdict_is_given_on_too_few() -> None:
    policy = desk(
        MEASURED.replace("of: rate(resp)\n", 'of: rate(resp)\ntarget: "> 90%"\n').replace(
            "A figure of ours. {#m0}", "More than 90% of them. {#m0}"
        )
    )
    one = lives([10])[0]
    few = measures(policy, [one] * (ENOUGH - 1))[0]
    many = measures(policy, [one] * ENOUGH)[0]
    assert (few.met, many.met) == (None, True)
    assert many.goal == "> 90%"


@given(n=st.integers(1, 400), part=st.floats(0, 1))
def test_an_interval_holds_its_share_and_stays_inside(n: int, part: float) -> None:
    hits = round(n * part)
    low, high = wilson(hits, n)
    assert 0 <= low <= hits * 1_000_000 // n + 1
    assert hits * 1_000_000 // n <= high + 1 and high <= 1_000_000


def test_a_known_wilson_interval() -> None:
    assert wilson(8, 10) == (490_162, 943_318)
    assert wilson(0, 0) == (0, 1_000_000)


@pytest.mark.parametrize(
    "source", ["happiness", "share(mood)", "mean(two words)", "sin(score)", "time(a,b,c)"]
)
def test_a_formula_that_means_nothing_is_told(source: str) -> None:
    with pytest.raises(FormulaError):
        read_formula(desk(MEASURED), source)


# Routing --------------------------------------------------------------------------------------


def test_candidates_are_ranked_with_reasons() -> None:
    people = (
        Candidate(id="amira", skills=("api",), open_tickets=4),
        Candidate(id="bo", skills=("api",), open_tickets=1, is_available=False),
        Candidate(id="chen", skills=(), open_tickets=0),
        Candidate(id="dev", skills=("api",), open_tickets=2),
    )
    ranked = pick(people, Need(skills=("api",)), ("skill", "availability", "workload"))
    assert [each.id for each in ranked] == ["dev", "amira", "chen", "bo"]
    assert [each.fits for each in ranked] == [True, True, False, False]
    assert dict(ranked[2].reasons)["skill"] == "lacks api"
    assert dict(ranked[3].reasons)["availability"] == "absent"


def test_whoever_waited_longest_wins_a_tie_and_a_full_desk_takes_nothing() -> None:
    people = (
        Candidate(id="a", open_tickets=1, missed_by=1),
        Candidate(id="b", open_tickets=1, missed_by=3),
        Candidate(id="c", open_tickets=0, most_tickets=0),
    )
    assert [each.id for each in pick(people, Need(), ("workload",))] == ["b", "a", "c"]


def test_working_hours_pass_only_while_the_desk_is_open() -> None:
    for within in ("$text", "2h"):
        hours = desk(
            clause(
                "We answer within 2 working hours.",
                "resp",
                f"clock: resp\nstart: created\nstop: agent_public\nwithin: {within}",
            )
        )
        friday = run(hours, ("2025-06-06T16:00", "created"))
        assert due(friday.state, "resp") == "2025-06-09T10:00:00Z"
