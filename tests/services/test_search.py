"""Search: words and their forms, slips of the hand, filters in words, nobody else's tickets."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kept.records.queries.search import Found, best, pieces, search
from kept.services import conversation, endings, people, policies, tickets, work
from tests.people import DANA, MONDAY, Cast, dana_asks
from tests.sop import SMALL

SOON = MONDAY + timedelta(minutes=5)


def opened(
    subject: str, text: str = "Please look.", *, name: str = "Dana Doyle", address: str = DANA,
    at_minute: int = 0, severity: str | None = None,
) -> int:  # fmt: skip
    opening = tickets.Opening(subject=subject, text=text, channel="email", severity=severity)
    at = MONDAY + timedelta(minutes=at_minute)
    return tickets.open_ticket("small", opening, address=address, name=name, at=at).ticket


def finds(agent: int, line: str) -> list[int]:
    return [hit.ticket for hit in best(agent, line, at=SOON).hits]


def found(agent: int, line: str) -> Found:
    return best(agent, line, at=SOON)


def test_subjects_messages_notes_customers_and_numbers_are_searched(cast: Cast) -> None:
    one = opened("The printer is broken", "It eats paper.")
    two = opened("Something else", "My kettle whistles.", name="Erin Moss",
                 address="erin@example.com")  # fmt: skip
    conversation.note(two, by=cast.amira, at=SOON, text="Ask the zymurgist.")
    for line, wanted, where in (
        ("printer", one, "subject"), ("paper", one, "message"), ("zymurgist", two, "note"),
        ("erin", two, "customer"), (f"#{two}", two, "number"), (str(one), one, "number"),
        ("erin@example.com", two, "address"), ("ERIN@example.com", two, "address"),
    ):  # fmt: skip
        hits = found(cast.amira, line).hits
        assert hits[0].ticket == wanted, line
        assert where in hits[0].found_in, line


def test_words_stand_for_their_forms_and_without_accents(cast: Cast) -> None:
    number = opened("Repairing the café scanner", "Die Straße nach São Paulo")
    for line in ("repair", "repairs", "scanners", "cafe", "CAFÉ", "sao paulo", "straße"):
        assert finds(cast.amira, line) == [number], line


def test_a_slip_of_the_hand_is_forgiven_in_subjects_and_names(cast: Cast) -> None:
    number = opened("Refrigerator door leaks", name="Katherine Johansson",
                    address="kj@example.com")  # fmt: skip
    for line in ("refridgerator", "Refrigeratr", "Johanson"):
        answer = found(cast.amira, line)
        assert [hit.ticket for hit in answer.hits] == [number], line
        assert answer.is_like, line


def test_phrases_and_exclusions_mean_what_they_say(cast: Cast) -> None:
    one = opened("Dark screen", "the red cable is torn")
    two = opened("Dark screen", "the cable is red and torn")
    assert finds(cast.amira, '"red cable"') == [one]
    assert set(finds(cast.amira, "cable")) == {one, two}
    assert finds(cast.amira, 'cable -"red cable"') == [two]


def test_the_best_come_first(cast: Cast) -> None:
    in_text = opened("Something", "about the printer", at_minute=3)
    in_subject = opened("The printer", "it is dark", at_minute=1)
    assert finds(cast.amira, "printer") == [in_subject, in_text]


def test_filters_in_words_narrow_and_may_stand_alone(cast: Cast) -> None:
    one = opened("Dark screen", severity="P1")
    two = opened("Dark screen", name="Erin Moss", address="erin@example.com", at_minute=2)
    endings.resolve(two, by=cast.amira, at=SOON)
    work.assign(one, by=cast.bo, at=SOON, agent=cast.amira)
    for line, wanted in (
        ("dark", {one, two}), ("dark is:open", {one}), ("dark severity:P1", {one}),
        ("dark status:resolved", {two}), ("from:erin", {two}), ("from:dana dark", {one}),
        ("from:erin@example.com", {two}), ("dark owner:me", {one}),
        ("dark desk:small", {one, two}),
        ("dark desk:other", set()), ("dark before:2025-06-02", set()),
        ("dark after:2025-06-02", {one, two}), ("severity:P1", {one}), ("from:nobody", set()),
    ):  # fmt: skip
        assert set(finds(cast.amira, line)) == wanted, line


def test_a_filter_that_is_none_is_left_out_and_told(cast: Cast) -> None:
    number = opened("Dark screen")
    answer = found(cast.amira, "dark is:red")
    assert [hit.ticket for hit in answer.hits] == [number]
    assert answer.problems


def test_snippets_hold_the_words_in_pieces_and_text_as_text(cast: Cast) -> None:
    opened("Help", "Before it <script>alert(1)</script> the printers burn & smoke")
    (hit,) = found(cast.amira, "printer").hits
    assert "printers" in hit.snippet[1::2]
    assert "alert(1)" in "".join(hit.snippet)
    assert "<script>" not in "".join(hit.snippet)
    assert pieces("a \ue000b\ue001 c") == ("a ", "b", " c")


def test_a_common_word_is_ranked_among_the_newest(cast: Cast) -> None:
    numbers = [opened(f"Dark screen {n}", at_minute=n) for n in range(12)]
    answer = best(cast.amira, "dark", at=SOON, limit=5)
    assert [hit.ticket for hit in answer.hits] == numbers[::-1][:5]
    assert answer.more


def test_pages_of_the_api_go_down_by_number_each_once(cast: Cast) -> None:
    numbers = [opened(f"Dark screen {n}", at_minute=n) for n in range(5)]
    seen: list[int] = []
    before = None
    while page := search(cast.amira, "dark", before=before, limit=2, at=SOON):
        seen += [hit.ticket for hit in page]
        before = seen[-1]
    assert seen == numbers[::-1]


def test_an_outsider_finds_nothing_by_any_line(cast: Cast) -> None:
    number = opened("The printer is broken", "It eats paper.")
    conversation.note(number, by=cast.amira, at=SOON, text="Ask the zymurgist.")
    people.end_memberships(cast.chen, "small", at=SOON)
    for agent in (cast.eve, cast.chen):
        for line in ("printer", "paper", "zymurgist", "dana", "dnaa", "printr", str(number), DANA,
                     "from:dana", "is:open", "status:any desk:small", "customer:1"):  # fmt: skip
            assert found(agent, line) in (Found(hits=()), Found(hits=(), is_like=False)), line


def test_a_name_that_is_an_address_is_found_by_no_one_who_may_not_see_it(cast: Cast) -> None:
    source = SMALL.replace(
        "  - {id: agent, name: Agent, level: L1}\n",
        "  - {id: agent, name: Agent, level: L1, may: [note, triage]}\n",
    )
    assert source != SMALL
    version = policies.propose("small", source.replace("1.0.0", "1.0.1"), by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    opened("Help", name="dana.doyle@example.org", address="dd@example.org")
    for line in ("dana.doyle@example.org", "doyle", "from:doyle", "from:dana.doyle@example.org",
                 "dana.doyl@example.org"):  # fmt: skip
        assert found(cast.amira, line) == Found(hits=()), line
    assert found(cast.bo, "dana.doyle@example.org").hits


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture],
          deadline=None)  # fmt: skip
@given(line=st.text(max_size=220))
def test_any_line_is_an_answer(cast: Cast, line: str) -> None:
    best(cast.amira, line, at=SOON)


@pytest.mark.parametrize(
    "line", ["'; DROP TABLE ticket; --", "%s %(agent)s", "{0} {narrow}", "\\"]
)
def test_hostile_lines_are_only_words(cast: Cast, line: str) -> None:
    number = dana_asks()
    best(cast.amira, line, at=SOON)
    assert finds(cast.amira, str(number)) == [number]
