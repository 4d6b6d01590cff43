"""Whatever is given to the compiler, it answers: quickly, and with problems instead of a crash."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kept.policy.sop.fmt import fmt
from kept.policy.sop.lower import compile_sop

GOOD = Path(__file__).parent.parent / "sops" / "good"
SAMPLES = [path.read_text() for path in sorted(GOOD.glob("*.md"))]
HEAD = "---\nsop: x\ntitle: X\nversion: 1.0.0\nzone: UTC\n---\n# X\n\nA. {#a}\n"
RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)


def block(kind: str, text: str) -> str:
    return f"{HEAD}```yaml {kind}\n{text}\n```\n"


HOSTILE = {
    "a line of ten megabytes": "x" * 10_000_000,
    "a hundred thousand headings": HEAD + "".join(f"## H{n}\n" for n in range(100_000)),
    "a million lines of NUL": "\x00\n" * 1_000_000,
    "a surrogate": block("rule", "clock: \ud800"),
    "deep brackets": block("rule", "[" * 100_000),
    "deep mappings": block("rule", "{a: " * 10_000),
    "a deep tree": block("rule", "\n".join(" " * n + "a:" for n in range(2_000))),
    "nested items": HEAD + "\n".join(" " * n + "- x" for n in range(2_000)),
    "a laughing billion": block("rule", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    "one anchor for all": HEAD + "text {#a}\n" * 19_000,
    "one key for all": block("rule", "a: 1\n" * 15_000),
    "pipes": HEAD + "|" * 49_000 + "\n" + "|-" * 20_000,
    "ticks": HEAD + "`" * 49_000,
    "comments": HEAD + "<!-- " * 9_000,
    "a huge number": block("rule", f"clock: c\nstop: accepted\nwithin: {'9' * 400}h"),
    "a huge duration": block("level", "id: L1\naccept: 999999999999h"),
    "a huge amount": block("rule", f"gate: closed\nneeds: amount > {'9' * 400}"),
    "a path for a zone": block("calendar", "name: d\nzone: ../../etc/passwd\nopen: {mon: [x]}"),
    "a country of code": block("calendar", "name: d\nholidays: {country: __class__}\nopen: {}"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_soon_and_in_words(text: str) -> None:
    started = time.process_time()
    compiled = compile_sop(text)
    fmt(text)
    assert time.process_time() - started < 10
    assert (compiled.policy is None) == any(p.severity == "error" for p in compiled.problems)


def test_many_warnings_are_no_error() -> None:
    compiled = compile_sop(HEAD + "".join(f"Do {n} quickly.\n\n" for n in range(700)))
    assert compiled.policy is not None
    assert len(compiled.problems) == 501


@given(st.text(max_size=400))
@RELAXED
def test_any_text_is_answered(text: str) -> None:
    assert compile_sop(text).policy is None
    assert fmt(fmt(text)) == fmt(text)


KINDS = st.sampled_from(
    ["rule", "scale", "level", "role", "team", "channel", "form", "template", "table", "test",
     "note", "calendar"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["clock", "when", "stop", "within", "$text", "1h", "P1", "rows", "inputs", "id", "name", "on",
     "do", "escalate", "+1", "fields", "given", "expect", "levels", "severities", "every", "month",
     "open", "mon-fri", "09:00-17:00", "{", "}", "[", "]", ":", ",", "\n", "\n  ", "- ", '"', "'",
     "!", "&a", "*a", "|", ">", "#", "%", "holidays", "country", "GB", "text has", "==", "&&"]
)  # fmt: skip


@given(KINDS, st.lists(WORDS, max_size=30), st.sampled_from(["", " "]))
@RELAXED
def test_any_block_is_answered(kind: str, words: list[str], between: str) -> None:
    compile_sop(block(kind, between.join(words)))


VALUES = st.recursive(
    st.one_of(WORDS.filter(str.isalnum), st.just("1 hour"), st.just("0"), st.just("~")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda some: "[" + ", ".join(some) + "]"),
        st.dictionaries(WORDS.filter(str.isalnum), inner, max_size=3).map(
            lambda some: "{" + ", ".join(f"{key}: {value}" for key, value in some.items()) + "}"
        ),
    ),
    max_leaves=6,
)
LEADING = st.sampled_from(
    ["clock", "window", "step", "reaction", "gate", "approval", "entitlement", "cadence",
     "measure"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["when", "stop", "start", "within", "under", "by", "pause", "warn", "on_miss", "on", "after",
     "do", "needs", "say", "from", "for", "fee", "every", "due", "of", "target", "split", "fact",
     "enforce", "calendar", "exception_to", "sum_over", "auto", "before", "form", "role"]
)  # fmt: skip


@given(LEADING, VALUES, st.dictionaries(KEYS, VALUES, max_size=6))
@RELAXED
def test_any_rule_is_answered(leading: str, name: str, keys: dict[str, str]) -> None:
    lines = [f"{leading}: {name}", *(f"{key}: {value}" for key, value in keys.items())]
    compile_sop(block("rule", "\n".join(lines)))


@given(st.sampled_from(SAMPLES), st.data())
@RELAXED
def test_a_good_sop_with_a_wound_is_answered(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    more = data.draw(st.one_of(WORDS, st.text(max_size=5)))
    wounded = text[:start] + more + text[end:]
    compile_sop(wounded)
    assert fmt(fmt(wounded)) == fmt(wounded)


def test_three_hundred_clauses_compile_whole() -> None:
    clause = (
        "We do number {n} within 1 hour. {{#c{n}}}\n```yaml rule\nclock: c{n}\n"
        'when: severity == "P1" && replies > 0\nstop: agent_public\nwithin: $text\n'
        "warn: [50%]\non_miss: [{{escalate: +1}}]\n```\n```yaml test\n- name: t{n}\n"
        '  given: [{{at: "2025-06-02T10:00", event: created, severity: P1}}]\n'
        "  expect: {{c{n}: pending}}\n```\n\n"
    )
    scale = "```yaml scale\nseverities: [{id: P1, name: High}]\n```\n\n"
    text = HEAD + scale + "".join(clause.format(n=n) for n in range(300))
    compiled = compile_sop(text)
    assert compiled.policy is not None
    assert len(compiled.policy.rules) == 300
