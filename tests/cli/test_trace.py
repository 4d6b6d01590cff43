"""`kept sop trace`: one ticket's events through an SOP, without a database."""

import json
from pathlib import Path

import pytest

from tests.cli.runs import Kept


def events(tmp_path: Path, *rows: dict[str, object] | str) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return path


CREATED = {"at": "2025-06-02T10:00", "event": "created", "severity": "P1"}


def test_a_trace_has_the_agreed_form(kept: Kept, shop: Path, tmp_path: Path) -> None:
    late = {"at": "2025-06-02T10:20", "event": "agent_public"}
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED, late))
    assert answer.code == 0, answer.err
    assert answer.json["commitments"] == [
        {
            "clause": "shop.P1.resp",
            "name": "first_response",
            "started_at": "2025-06-02T09:00:00Z",
            "due_at": "2025-06-02T09:15:00Z",
            "verdict": "missed",
            "reason": "",
            "settled_at": "2025-06-02T09:20:00Z",
            "late_open_s": 300,
            "late_wall_s": 300,
        }
    ]
    kinds = [decision["kind"] for decision in answer.json["decisions"]]
    assert kinds == ["start", "miss", "settle"]
    assert all({"at", "kind", "clause", "line"} <= d.keys() for d in answer.json["decisions"])
    assert answer.json["refusals"] == []
    state = answer.json["state"]
    assert (state["severity"], state["level"], state["status"]) == ("P1", None, "open")


def test_a_severity_may_be_named_as_people_name_it(kept: Kept, shop: Path, tmp_path: Path) -> None:
    named = {**CREATED, "severity": "critical"}
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, named))
    assert answer.json["state"]["severity"] == "P1"


def test_time_runs_on_until_the_instant_asked_for(kept: Kept, shop: Path, tmp_path: Path) -> None:
    path = events(tmp_path, CREATED)
    verdicts = [
        kept("sop", "trace", shop, "--events", path, "--until", until).json["commitments"][0]
        for until in ("2025-06-02T10:15", "2025-06-02T10:15:01", "2025-06-02T09:15:01Z")
    ]
    assert [one["verdict"] for one in verdicts] == ["missed", "missed", "missed"]
    before = kept("sop", "trace", shop, "--events", path, "--until", "2025-06-02T10:14:59")
    assert before.json["commitments"][0]["verdict"] == "pending"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"at": "2025-06-02T10:05", "event": "agent_publik"}, 'did you mean "agent_public"?'),
        ({"event": "agent_public"}, "agent_public has no `at`"),
        ({"at": "2025-06-02T10:05"}, "no `event`"),
        ({"at": "soon", "event": "agent_public"}, '"soon" is no instant'),
        ({"at": 5, "event": "agent_public"}, "no ISO 8601 time"),
        ({"at": "2025-06-02T10:05", "event": "triaged", "severty": "P2"}, 'no field "severty"'),
        ({"at": "2025-06-02T10:05", "event": "severity_changed", "to": "P9"}, 'unknown to "P9"'),
        ({"at": "2025-06-02T10:05", "event": "triaged", "severity": "P9"}, "unknown severity"),
        ({"at": "2025-06-02T10:05", "event": "paid", "amount": "much"}, "paid at"),
        ({"at": "2025-06-02T10:05", "event": "paid"}, "`amount` is missing"),
        ({"at": "2025-06-02T10:05", "event": "paid", "amount": "1e999999"}, "is no amount"),
        ({"at": "2025-06-02T10:05", "event": "survey_answered", "score": "inf"}, "is no score"),
        ({"at": "2025-06-02T10:05", "event": "waiting_on", "who": "custmer"}, "customer"),
        ({"at": "2025-06-02T10:05", "event": "created", "text": 7}, "`text` takes a text"),
        ({"at": "2025-06-02T10:05", "event": "agent_note", "by": [1]}, "`by` takes a name"),
        ({"at": "2025-06-02T10:05", "event": "agent_note", "level": 7}, "`level` takes a text"),
        ({"at": "2025-06-02T10:05", "event": "agent_note", "fields": [1]}, "takes a mapping"),
        ({"at": "2025-06-02T10:05", "event": "agent_note", "replies": "many"}, "whole number"),
        ({"at": "2025-06-02T10:05", "event": "promised", "what": "x"}, "`by` is missing"),
        ({"at": "9999-12-31T23:59", "event": "resolved"}, "not in the years 1970 to 2199"),
        ('{"at": "2025-06-02T10:05", "event": "paid", "amount": NaN}', "NaN is no number"),
        ('{"at": "2025-06-02T10:05", "event": "spam", "event": "paid"}', '"event" stands here'),
        ('{"at": "2025-06-02T10:05", "event": "created", "customer": "\\ud800"}', "no UTF-8"),
        ('{"at": "2025', "this is no JSON"),
        ('["created"]', "an event is a JSON object"),
    ],
)
def test_a_bad_event_is_told_with_its_line(
    kept: Kept, shop: Path, tmp_path: Path, row: dict[str, object] | str, said: str
) -> None:
    path = events(tmp_path, CREATED, "", row)
    answer = kept("sop", "trace", shop, "--events", path)
    assert answer.code == 1
    assert answer.out == ""
    assert f"{path}:3:" in answer.err and said in answer.err


def test_a_missing_file_and_a_bad_instant_are_wrong_usage(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    assert kept("sop", "trace", shop, "--events", tmp_path / "none.jsonl").code == 2
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED), "--until", "soon")
    assert answer.code == 2 and "no instant" in answer.err


def test_an_sop_that_does_not_compile_says_why(kept: Kept, shop: Path, tmp_path: Path) -> None:
    shop.write_text(shop.read_text().replace("severity ==", "severty =="))
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED))
    assert answer.code == 1
    assert "E105" in answer.err and answer.out == ""


def test_no_events_at_all_leave_an_untouched_ticket(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    answer = kept("sop", "trace", shop, "--events", events(tmp_path))
    assert answer.json["commitments"] == [] and answer.json["state"]["status"] == "new"


def test_money_over_the_limit_is_refused_with_its_clause(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    shop.write_text(
        shop.read_text()
        + "\nRefunds over $100 need a lead. {#pay}\n```yaml rule\napproval: refund\n"
        + "when: amount > 100.00\nby: lead\ndistinct_from: [requester]\n```\n"
    )
    paid = {"at": "2025-06-02T10:05", "event": "paid", "kind": "refund", "amount": "100.01"}
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED, paid))
    assert [one["clause"] for one in answer.json["refusals"]] == ["shop.P1.pay"]


def test_what_fell_due_before_anybody_knew_of_it_is_missed(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    unsorted = {"at": "2025-06-02T10:00", "event": "created"}
    sorted_late = {"at": "2025-06-02T10:20", "event": "triaged", "severity": "P1"}
    path = events(tmp_path, unsorted, sorted_late)
    (found,) = kept("sop", "trace", shop, "--events", path).json["commitments"]
    assert (found["due_at"], found["verdict"]) == ("2025-06-02T09:15:00Z", "missed")


def test_events_after_the_instant_asked_for_have_not_happened(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    reply = {"at": "2025-06-02T10:10", "event": "agent_public"}
    path = events(tmp_path, CREATED, reply)
    answer = kept("sop", "trace", shop, "--events", path, "--until", "2025-06-02T10:05")
    assert answer.json["commitments"][0]["verdict"] == "pending"
    assert answer.json["state"]["now"] == "2025-06-02T09:05:00Z"


def test_a_bot_is_no_human(kept: Kept, shop: Path, tmp_path: Path) -> None:
    greeting = {"at": "2025-06-02T10:01", "event": "agent_public", "by": "bot"}
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED, greeting))
    assert answer.json["commitments"][0]["verdict"] == "pending"


def test_logs_of_other_programs_are_read_as_they_are(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    done = {"at": "2025-06-02T10:01", "event": "step_done", "step": "s", "evidence": {"log": 7}}
    merged = {"at": "2025-06-02T10:02", "event": "merged", "into": 7}
    text = json.dumps({**CREATED, "text": "one\u2028line"}, ensure_ascii=False)
    path = events(tmp_path, "\ufeff" + text, done, merged)
    (found,) = kept("sop", "trace", shop, "--events", path).json["commitments"]
    assert (found["verdict"], found["reason"]) == ("cancelled", "merged")
    paid = {"at": "2025-06-02T10:05", "event": "paid", "amount": "USD 3"}
    answer = kept("sop", "trace", shop, "--events", events(tmp_path, CREATED, paid))
    assert answer.code == 1 and '"USD 3" is no amount' in answer.err


def test_every_bad_event_of_a_log_is_told(kept: Kept, shop: Path, tmp_path: Path) -> None:
    path = events(tmp_path, "{", CREATED, '{"at": 1}', {**CREATED, "event": "creatd"})
    answer = kept("sop", "trace", shop, "--events", path)
    told = [line.split(":")[2] for line in answer.err.splitlines()]
    assert answer.code == 1 and told == ["1", "3", "4", " 3 lines cannot be read"]


def test_line_ends_and_empty_lines_change_nothing(kept: Kept, shop: Path, tmp_path: Path) -> None:
    reply = {"at": "2025-06-02T10:10", "event": "agent_public"}
    path = events(tmp_path, CREATED, reply)
    plain = kept("sop", "trace", shop, "--events", path).json
    for end in ("\r\n", "\r", "\n \n"):
        path.write_bytes(b"\xef\xbb\xbf" + end.join(map(json.dumps, (reply, CREATED))).encode())
        assert kept("sop", "trace", shop, "--events", path).json == plain


def test_an_event_in_a_year_that_no_calendar_tells_is_refused(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    hours = '```yaml calendar\nname: desk\nopen: {mon-fri: ["09:00-17:00"]}\n```\n\nWe respond'
    shop.write_text(shop.read_text().replace("We respond", f"Weekdays. {{#open}}\n{hours}"))
    path = events(tmp_path, {**CREATED, "at": "2046-01-02T10:00"})
    answer = kept("sop", "trace", shop, "--events", path)
    assert answer.code == 1 and 'calendar "desk", which tells the hours of 2005' in answer.err
