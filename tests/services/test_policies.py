"""A policy is proposed by one person and activated by another; running tickets follow."""

from datetime import timedelta

import pytest

from kept.records.models import CommitmentRow, Journal, PolicyProposal, PolicyVersion
from kept.services import clocks, policies
from kept.services.errors import Conflict, NotAllowed, NotFound
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, ticket_row
from tests.sop import SMALL

LATER = MONDAY + timedelta(minutes=10)
QUICK = (
    SMALL.replace("version: 1.0.0", "version: 1.1.0")
    .replace("We answer within 1 hour.", "We answer within 45 minutes.")
    .replace("clock: first_response", "clock: first_response\non_change: rebase")
)


def in_force(cast: Cast, source: str) -> PolicyVersion:
    version = policies.propose("small", source, by=cast.bo, at=LATER)
    return policies.activate(version.pk, by=cast.chen, at=LATER)


def test_a_broken_sop_tells_every_problem_and_changes_nothing(cast: Cast) -> None:
    broken = SMALL.replace("role: lead", "role: leed").replace("stop: resolved", "stop: resolvd")
    with pytest.raises(policies.Broken) as problems:
        policies.propose("small", broken, by=cast.bo, at=LATER)
    assert len([p for p in problems.value.problems if p.severity == "error"]) >= 2
    assert PolicyVersion.objects.get(desk_id=cast.desk).state == "active"


def test_two_people_put_a_policy_in_force(cast: Cast) -> None:
    version = policies.propose("small", QUICK, by=cast.bo, at=LATER)
    with pytest.raises(NotAllowed, match="second person"):
        policies.activate(version.pk, by=cast.bo, at=LATER)
    with pytest.raises(NotAllowed):
        policies.activate(version.pk, by=cast.amira, at=LATER)
    with pytest.raises(NotFound):
        policies.activate(version.pk, by=cast.eve, at=LATER)
    assert policies.activate(version.pk, by=cast.chen, at=LATER).state == "active"
    with pytest.raises(Conflict):
        policies.activate(version.pk, by=cast.chen, at=LATER)
    acts = PolicyProposal.objects.filter(version=version).order_by("id")
    assert [(a.act, a.by_id) for a in acts] == [("proposed", cast.bo), ("activated", cast.chen)]


def test_a_dry_run_lists_every_due_that_moves_and_changes_nothing(cast: Cast) -> None:
    number = dana_asks()
    version = policies.propose("small", QUICK, by=cast.bo, at=LATER)
    moved = policies.dry_run(version.pk, by=cast.chen, at=LATER)
    assert [(m.ticket, m.clause) for m in moved] == [(number, "small.resp.first")]
    assert (moved[0].before or 0) - (moved[0].after or 0) == 15 * 60 * 1_000_000
    assert ticket_row(number).next_due_at == MONDAY + timedelta(hours=1)


def test_running_tickets_follow_a_new_version_and_a_rollback(cast: Cast) -> None:
    number = dana_asks()
    first = PolicyVersion.objects.get(desk_id=cast.desk)
    in_force(cast, QUICK)
    assert policies.migrate_tickets(at=LATER) == 1
    assert policies.migrate_tickets(at=LATER) == 0
    assert ticket_row(number).next_due_at == MONDAY + timedelta(minutes=45)
    assert Journal.objects.get(ticket_id=number, seq=2).fact["event"] == "policy_changed"

    back = policies.rollback("small", by=cast.bo, at=LATER)
    assert back.pk == first.pk
    policies.activate(back.pk, by=cast.chen, at=LATER + timedelta(minutes=1))
    policies.migrate_tickets(at=LATER + timedelta(minutes=1))
    assert ticket_row(number).policy_hash == first.hash
    clocks.fire_due(at=MONDAY + timedelta(hours=2))
    assert CommitmentRow.objects.get(ticket_id=number, name="first_response").verdict == "missed"
    report = verify()
    assert report.ok, report.faults


def test_a_draft_with_unset_parameters_cannot_be_activated(cast: Cast) -> None:
    draft = SMALL.replace(
        "fields: {", "parameters: {answer_time: {unit: duration}}\nfields: {"
    ).replace("within: $text\nwarn", "within: $answer_time\nwarn")
    version = policies.propose("small", draft, by=cast.bo, at=LATER)
    assert version.state == "draft"
    with pytest.raises(Conflict, match="answer_time"):
        policies.activate(version.pk, by=cast.chen, at=LATER)
