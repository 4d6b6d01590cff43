"""Clauses, anchors and blocks: what is read from the page, and where it stands."""

from kept.policy.sop.fmt import fmt
from kept.policy.sop.parse import Document, parse
from kept.policy.sop.source import Problems
from kept.policy.sop.yaml import Map, Scalar, Seq

FRONT = "---\nsop: esc\ntitle: T\nversion: 1.0.0\nzone: UTC\n---\n"


def read(text: str) -> Document:
    return parse(FRONT + text, "esc.md", Problems())


def ids(text: str) -> list[str]:
    return [node.id for node in read(text).clauses]


def test_an_id_is_the_name_and_the_anchors_from_the_outermost_heading_down() -> None:
    text = "# T\n\n## P {#P}\n\n### P2 {#P2}\nText. {#def}\n\nMore. {#resp}\n"
    assert ids(text) == ["esc", "esc.P", "esc.P.P2", "esc.P.P2.def", "esc.P.P2.resp"]


def test_an_anchor_with_dots_is_the_whole_id_and_clauses_below_go_on_from_it() -> None:
    assert ids("## P {#P}\n### P2 {#esc.P2}\nText. {#resp}\nOther. {#esc.X.y}\n") == [
        "esc.P", "esc.P2", "esc.P2.resp", "esc.X.y",
    ]  # fmt: skip


def test_a_heading_without_anchor_adds_nothing_to_anchored_clauses() -> None:
    assert ids("# T\n## Response\nText. {#resp}\n") == ["esc", "esc.response", "esc.resp"]


def test_items_rows_and_paragraphs_are_clauses() -> None:
    text = "- one {#a}\n  - two {#b}\n1. three {#c}\n\n| x | y |\n|---|---|\n| k | v {#r} |\n"
    document = read(text)
    assert [node.id for node in document.clauses] == ["esc.a", "esc.a.b", "esc.c", "esc.r"]
    assert [node.text for node in document.clauses] == ["one", "two", "three", "k | v"]


def test_a_block_belongs_to_the_clause_directly_before_it() -> None:
    text = (
        "A. {#a}\n```yaml rule\nclock: x\n```\n- B. {#b}\n  ```yaml note\n  informative\n  ```\n"
    )
    document = read(text)
    assert [(b.clause.id, b.kind) for b in document.blocks] == [
        ("esc.a", "rule"), ("esc.b", "note"),
    ]  # fmt: skip


def test_fences_that_are_not_ours_are_prose() -> None:
    text = "A. {#a}\n```yaml\nx: 1\n```\n````markdown\n```yaml rule\n```\n````\n"
    assert read(text).blocks == ()


def test_every_scalar_stays_a_string_with_its_place() -> None:
    text = "A. {#a}\n- B. {#b}\n  ```yaml note\n  why: [17:00, on, no, 012, '1', ~]\n  ```\n"
    (loaded,) = read(text).blocks
    assert isinstance(loaded.node, Map)
    why = loaded.node.get("why")
    assert isinstance(why, Seq)
    found = [one for one in why.values if isinstance(one, Scalar)]
    assert [one.text for one in found] == ["17:00", "on", "no", "012", "1", "~"]
    assert [one.quoted for one in found] == [False, False, False, False, True, False]
    assert (found[1].place.line, found[1].place.column) == (10, 16)
    assert found[1].place.source.line(10)[15:17] == "on"


def test_a_figure_knows_its_line_in_a_long_paragraph() -> None:
    (node,) = read("A sentence that goes on\nfor 2 hours, then\nstops. {#a}\n").clauses
    place = node.at(node.text.index("2 hours"))
    assert (place.line, place.column) == (8, 5)


def test_comments_are_no_clauses() -> None:
    assert ids("A. {#a}\n<!-- B.\n\nC. -->\nD. {#d}\n") == ["esc.a", "esc.d"]


def test_formatting_writes_an_anchor_into_the_last_cell() -> None:
    text = FRONT + "# T\n\n| a | b |\n|---|---|\n| c | d |\n"
    assert fmt(text).endswith("| c | d {#c1} |\n")


def test_formatting_keeps_line_ends() -> None:
    text = (FRONT + "# T\n\nOne.\n\nTwo.\n").replace("\n", "\r\n")
    assert fmt(text) == text.replace("One.", "One. {#c1}").replace("Two.", "Two. {#c2}")


def test_a_removed_anchor_is_buried_and_never_given_again() -> None:
    first = fmt(FRONT + "# T\n\nOne.\n\nTwo.\n")
    second = fmt(first.replace("Two. {#c2}\n", ""), previous=first)
    assert "\ntombstones: [esc.c2]\n---\n" in second
    third = fmt(second + "\nThree.\n")
    assert "Three. {#c3}" in third
    fourth = fmt(third.replace("Three. {#c3}\n", ""), previous=third)
    assert "\ntombstones: [esc.c2, esc.c3]\n---\n" in fourth


def test_a_table_without_outer_bars_has_rows_too() -> None:
    text = "# T\n\nwhat | when\n-----|-----\nlow | 2 days\nhigh | 1 hour {#high}\n\nAfter | all.\n"
    assert [node.text for node in read(text).clauses] == [
        "T", "low | 2 days", "high | 1 hour", "After | all.",
    ]  # fmt: skip
    assert ids(text) == ["esc", "esc.c1", "esc.high", "esc.c2"]
    assert fmt(fmt(FRONT + text)) == fmt(FRONT + text)
    assert "low | 2 days {#c1}\n" in fmt(FRONT + text)


def test_an_anchor_before_the_full_stop_is_told() -> None:
    problems = Problems()
    parse(FRONT + "# T\n\nWe answer soon {#soon}.\n\nLike `{#x}` here.\n", "esc.md", problems)
    assert [(one.code, one.line, one.column) for one in problems.found] == [("W716", 9, 16)]
