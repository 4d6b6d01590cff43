"""Late facts (R11), versions (section 7, R10) and the proof of one due time."""

import msgspec
import pytest

from kept.policy import TicketState, amend, explain, migrate, replay, start, step, with_earlier
from kept.policy.decisions import MoveDue, Notify, RetractMiss, SettleCommitment
from kept.policy.facts import PolicyChanged
from kept.policy.wire import instant_from_wire
from tests.policy.desk import LONDON, clause, desk, due, fact, owed, run, verdict

DAY = "2025-06-02T"
HALF_HOUR = clause(
    "Within 30 minutes.",
    "resp",
    "clock: first_response\nstart: created\nstop: agent_public\n"
    "within: $text\non_miss: [{notify: [lead]}]",
)


def late_mail(trusted: bool) -> tuple[object, object]:
    policy = desk(HALF_HOUR)
    created = fact(policy, f"{DAY}10:00", "created", id="1")
    known = replay(policy, [created], until=instant_from_wire(policy, f"{DAY}10:35"))
    mail = fact(
        policy, f"{DAY}10:10", "agent_public", id="2", received_at=f"{DAY}10:40", trusted=trusted
    )
    return known, amend(policy, [created], known.state, mail)


def test_a_late_proof_from_a_trusted_source_retracts_the_miss() -> None:
    known, amended = late_mail(trusted=True)
    assert verdict(known.state, "resp") == "missed"
    assert verdict(amended.state, "resp") == "kept"
    assert [type(each) for each in amended.decisions] == [RetractMiss, SettleCommitment]


def test_an_untrusted_one_counts_from_when_we_heard_of_it() -> None:
    _, amended = late_mail(trusted=False)
    assert verdict(amended.state, "resp") == "missed"
    assert not any(isinstance(each, RetractMiss | Notify) for each in amended.decisions)
    assert owed(amended.state, "resp").late_wall == 10 * 60_000_000


def test_a_late_fact_twice_changes_nothing() -> None:
    policy = desk(HALF_HOUR)
    created = fact(policy, f"{DAY}10:00", "created", id="1")
    state = step(policy, start(), created).state
    assert amend(policy, [created], state, created).decisions == ()


def test_what_a_late_fact_newly_leads_to_is_done_once() -> None:
    policy = desk(
        clause(
            "Alarm notifies.",
            "a",
            'reaction: a\non: [customer_message]\nwhen: text has ["outage"]\n'
            "do: [{notify: [lead]}]",
        )
    )
    history = [
        fact(policy, f"{DAY}10:00", "created", id="1"),
        fact(policy, f"{DAY}12:00", "customer_message", id="3", text="An outage"),
    ]
    state = replay(policy, history).state
    late = fact(policy, f"{DAY}11:00", "customer_message", id="2", text="outage?")
    amended = amend(policy, history, state, late)
    assert sum(isinstance(each, Notify) for each in amended.decisions) == 1


# Versions ----------------------------------------------------------------------------------------


def version(target: str, on_change: str, version_: str = "desk", **where: str) -> object:
    return desk(
        clause(
            f"We solve it within {target}.",
            "fix",
            f"clock: resolution\nstart: created\nstop: resolved\n"
            f"within: $text\ncalendar: {version_}\n"
            f"pause: [waiting_on_customer]\non_change: {on_change}",
        ),
        **where,
    )


@pytest.mark.parametrize(
    ("on_change", "new_target", "at", "expected", "why"),
    [
        ("pin", "2 hours", "11:00", "18:00", None),
        ("rebase", "4 hours", "11:00", "14:00", "rebased"),
        ("rebase", "10 hours", "11:00", "20:00", "rebased"),
        ("rebase", "15 minutes", "11:00", "11:15", "rebased"),
        ("rebase", "90 minutes", "12:00", "13:00", "rebased"),
        ("strictest", "4 hours", "11:00", "14:00", "strictest"),
        ("strictest", "10 hours", "11:00", "18:00", None),
    ],
)
def test_what_a_new_version_does_to_a_running_clock(
    on_change: str, new_target: str, at: str, expected: str, why: str | None
) -> None:
    old, new = version("8 hours", on_change, "24x7"), version(new_target, on_change, "24x7")
    state = run(old, (f"{DAY}10:00", "created")).state
    moved = migrate(old, new, state, instant_from_wire(new, DAY + at))
    assert due(moved.state, "fix") == f"{DAY}{expected}:00Z"
    assert [each.why for each in moved.decisions if isinstance(each, MoveDue)] == (
        [why] if why else []
    )
    after = step(with_earlier(new, old), moved.state, fact(new, f"{DAY}11:10", "resolved"))
    assert verdict(after.state, "fix") == "kept" or at == "12:00"


def test_an_old_miss_stays_and_a_pinned_clock_still_ends_under_its_own_rule() -> None:
    old, new = version("1 hour", "rebase", "24x7"), version("9 hours", "rebase", "24x7")
    state = run(old, (f"{DAY}10:00", "created"), until=f"{DAY}12:00").state
    assert (
        verdict(migrate(old, new, state, instant_from_wire(new, f"{DAY}12:00")).state, "fix")
        == "missed"
    )
    pinned = version("1 hour", "pin", "24x7")
    without = desk(HALF_HOUR)
    state = run(pinned, (f"{DAY}10:00", "created")).state
    moved = migrate(pinned, without, state, instant_from_wire(new, f"{DAY}10:10")).state
    done = step(
        with_earlier(without, pinned), moved, fact(without, f"{DAY}10:20", "resolved")
    ).state
    assert verdict(done, "fix") == "kept"


def test_a_holiday_added_later_moves_a_future_due_and_says_so() -> None:
    closed = LONDON | {"holidays": '{country: GB, subdivision: ENG, also: ["2025-06-03"]}'}
    old, new = version("10 hours", "pin", **LONDON), version("10 hours", "pin", **closed)
    state = run(old, (f"{DAY}09:00", "created")).state
    assert due(state, "fix") == "2025-06-03T10:00:00Z"
    moved = migrate(old, new, state, instant_from_wire(new, f"{DAY}12:00"))
    assert due(moved.state, "fix") == "2025-06-04T10:00:00Z"
    assert [each.why for each in moved.decisions if isinstance(each, MoveDue)] == ["calendar"]


def test_a_replay_runs_each_part_of_a_history_under_its_own_version() -> None:
    old, new = version("8 hours", "rebase", "24x7"), version("4 hours", "rebase", "24x7")
    both = with_earlier(new, old)
    changed = PolicyChanged(
        at=instant_from_wire(new, f"{DAY}11:00"), policy_hash=new.hash, from_hash=old.hash
    )
    created = fact(old, f"{DAY}10:00", "created", id="1")
    live = step(old, start(), created)
    live = migrate(old, new, live.state, changed.at)
    told = step(both, live.state, changed)
    again = replay(both, [created, changed])
    assert msgspec.json.encode(told.state) == msgspec.json.encode(again.state)
    assert due(again.state, "fix") == f"{DAY}14:00:00Z"


def test_a_missed_clock_of_an_old_version_comes_back_alone_not_with_a_new_one_beside_it() -> None:
    urgent = clause(
        "Urgent matters are solved within 10 minutes.",
        "fix",
        'clock: resolution\nwhen: severity == "P1"\nstart: created\nstop: resolved\nwithin: $text',
    )
    slow = clause(
        "Slow matters are solved within 4 days.",
        "slow",
        'clock: resolution\nwhen: severity == "P3"\nstart: created\nstop: resolved\nwithin: $text',
    )
    old, new = desk(urgent + slow), desk(urgent + slow + HALF_HOUR)
    both = with_earlier(new, old)
    state = replay(
        old,
        [
            fact(old, f"{DAY}10:00", "created", id="1", severity="P1"),
            fact(old, f"{DAY}10:15", "severity_changed", id="2", to="P3"),
        ],
    ).state
    state = migrate(old, new, state, instant_from_wire(new, f"{DAY}10:20")).state
    back = fact(new, f"{DAY}10:30", "severity_changed", id="3", to="P1")
    after = step(both, state, back).state
    owed = [
        each.id
        for each in after.commitments.values()
        if each.settled_at is None and not each.suspended
    ]
    assert owed == ["d.fix:resolution:1"]


# The proof ---------------------------------------------------------------------------------------


def test_a_proof_shows_the_whole_arithmetic() -> None:
    policy = version("10 hours", "pin", **LONDON)
    state = run(
        policy,
        ("2025-08-22T15:00", "created"),
        ("2025-08-22T15:30", "agent_public"),
        ("2025-08-22T16:00", "waiting_on", {"who": "customer"}),
        ("2025-08-26T10:00", "customer_message", {"text": "x"}),
    ).state
    proof = explain(policy, state, "d.fix:resolution:1")
    assert (
        proof.target == "10 hours" and proof.calendar == "desk" and proof.zone == "Europe/London"
    )
    assert proof.holidays == (("2025-08-25", "Late Summer Bank Holiday"),)
    assert [each.kind for each in proof.steps] == [
        "started",
        "counted",
        "paused",
        "counted",
        "counted",
        "due",
    ]
    assert proof.steps[-2].total == 10 * 3_600_000_000
    assert proof.pauses[0][0] == "waiting_on_customer"
    assert proof.unpaused_due_at is not None and proof.due_at is not None
    assert proof.unpaused_due_at < proof.due_at
    msgspec.json.encode(proof)


def test_a_proof_of_working_days_counts_closes() -> None:
    policy = version("3 working days", "pin", **LONDON)
    state = run(policy, ("2025-06-05T10:00", "created")).state
    proof = explain(policy, state, "d.fix:resolution:1")
    assert [(each.kind, each.total) for each in proof.steps if each.kind == "day"] == [
        ("day", 1),
        ("day", 2),
        ("day", 3),
    ]
    assert proof.steps[-1].start == proof.due_at


def test_a_proof_names_the_rules_that_did_not_decide() -> None:
    policy = desk(
        "".join(
            clause(
                f"{name} within {target}.",
                name.lower(),
                f"clock: r\nwhen: {when}\nstart: created\nstop: agent_public\nwithin: $text",
            )
            for name, target, when in (
                ("P1", "15 minutes", 'severity == "P1"'),
                ("P2", "1 hour", 'severity == "P2"'),
                ("Hi", "2 hours", 'impact == "high"'),
                ("All", "8 hours", 'level == "L1"'),
            )
        )
    )
    state = run(policy, (f"{DAY}10:00", "created", {"severity": "P1"})).state
    proof = explain(policy, state, "d.p1:r:1")
    assert {each.because.clause: (each.why, each.missing) for each in proof.beaten} == {
        "d.p2": ("false", ()),
        "d.hi": ("unknown", ("impact",)),
        "d.all": ("later", ()),
    }
    assert proof.facts == {"severity": "P1"}


def test_every_commitment_of_a_long_life_can_be_explained() -> None:
    policy = version("8 hours", "pin", **LONDON)
    state = run(
        policy,
        (f"{DAY}09:00", "created"),
        (f"{DAY}10:00", "resolved"),
        (f"{DAY}12:00", "reopened"),
        (f"{DAY}12:10", "promised", {"what": "fix", "by": f"{DAY}13:00"}),
        until="2025-06-05T09:00",
    ).state
    for key in state.commitments:
        assert explain(policy, state, key).commitment == key
    with pytest.raises(KeyError):
        explain(policy, state, "nothing")
    assert state == msgspec.json.decode(msgspec.json.encode(state), type=TicketState)
