"""What an article did for a ticket: suggested, said to have solved it, or not found at all."""

import time
from datetime import timedelta

import pytest
from django.db import connection

from kept.policy.vocabulary import knowledge_step
from kept.records.compiled import policy_by_hash
from kept.records.models import ArticleUse, CommitmentRow, Desk, Journal, StepEvidence, Ticket
from kept.records.queries.article import article, solved_by, uses
from kept.records.queries.article_suggestions import for_text, for_ticket
from kept.records.queries.measured import measures_of
from kept.services import articles, conversation, from_ticket, solving, verify
from kept.services.article_wording import Wording
from kept.services.errors import Conflict, NotFound, NotValid
from kept.services.unnaming import unnamed
from tests.people import MONDAY, Cast, dana_asks, raise_the_curtain
from tests.sop import SMALL

LOOKING = (
    SMALL
    + """
## Knowing {#knowing}
Each ticket is looked up before it is solved. {#look}
```yaml rule
step: look_up
after: created
before: resolved
form: looked
enforce: require
```
```yaml form
id: looked
title: Looked up
fields:
  - {id: articles, label: What helped, type: list, required: false}
  - {id: none_found, label: Nothing there, type: yes_no}
```
We measure how often an article helps. {#helps}
```yaml rule
measure: helped
of: count(article_helped) / count(tickets)
```
"""
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def looking(db: None) -> Cast:
    return raise_the_curtain(LOOKING)


def known(cast: Cast, title: str, body: str = "Words.", audience: str = "internal") -> int:
    told = Wording(title=title, body=body, audience=audience)
    number = articles.write(told, by=cast.amira, at=MONDAY, desk="small")
    articles.publish(number, by=cast.bo, at=MONDAY)
    return number


def test_the_article_that_solved_it_is_the_evidence_of_the_step(looking: Cast) -> None:
    number = known(looking, "Dark screens")
    ticket = dana_asks()
    solving.solved_by(ticket, number, by=looking.amira, at=MONDAY + MINUTE)
    solving.solved_by(ticket, number, by=looking.amira, at=MONDAY + MINUTE)  # a double click

    evidence = StepEvidence.objects.get(ticket_id=ticket)
    assert evidence.step == "look_up"
    assert evidence.answers == {
        "articles": [f"{number} Dark screens (version 1)"], "none_found": "no",
    }  # fmt: skip
    step = CommitmentRow.objects.get(ticket_id=ticket, clause="small.knowing.look")
    assert step.verdict == "kept"
    assert [one.article for one in solved_by(looking.amira, ticket)] == [number]
    assert [one.ticket for one in uses(looking.amira, number)] == [ticket]
    told = [row.fact for row in Journal.objects.filter(ticket_id=ticket)]
    assert [one["article"] for one in told if one["event"] == "article_helped"] == [str(number)]
    assert "Dark screens" not in str(told)


def test_a_second_article_is_linked_and_the_step_done_once(looking: Cast) -> None:
    first, second = known(looking, "One"), known(looking, "Two")
    ticket = dana_asks()
    for number in (first, second):
        solving.solved_by(ticket, number, by=looking.amira, at=MONDAY + MINUTE)
    assert StepEvidence.objects.filter(ticket_id=ticket).count() == 1
    solving.withdraw(ticket, first, by=looking.bo, at=MONDAY + 2 * MINUTE)
    assert [one.article for one in solved_by(looking.amira, ticket)] == [second]
    view = article(looking.amira, first)
    assert view and view.solved == 0
    with pytest.raises(NotFound):
        solving.withdraw(ticket, first, by=looking.bo, at=MONDAY + 3 * MINUTE)


def test_none_found_does_the_step_too_and_once(looking: Cast) -> None:
    ticket = dana_asks()
    solving.none_found(ticket, by=looking.amira, at=MONDAY + MINUTE)
    assert StepEvidence.objects.get(ticket_id=ticket).answers == {"none_found": "yes"}
    with pytest.raises(Conflict):
        solving.none_found(ticket, by=looking.amira, at=MONDAY + 2 * MINUTE)
    number = known(looking, "Written since")
    solving.solved_by(ticket, number, by=looking.amira, at=MONDAY + 3 * MINUTE)
    assert ArticleUse.objects.filter(ticket_id=ticket).count() == 1


def test_a_desk_whose_sop_asks_for_no_look_only_links(cast: Cast) -> None:
    number = known(cast, "Dark screens")
    ticket = dana_asks()
    solving.solved_by(ticket, number, by=cast.amira, at=MONDAY + MINUTE)
    assert not StepEvidence.objects.exists()
    with pytest.raises(NotValid):
        solving.none_found(ticket, by=cast.amira, at=MONDAY + MINUTE)


def test_nobody_links_across_desks_or_what_is_not_published(looking: Cast) -> None:
    number = known(looking, "Dark screens")
    ticket = dana_asks()
    draft = articles.write(Wording(title="D", body="d"), by=looking.amira, at=MONDAY, desk="small")
    theirs = articles.write(Wording(title="T", body="t"), by=looking.eve, at=MONDAY, desk="other")
    for other in (draft, theirs, 999_999):
        with pytest.raises(NotFound):
            solving.solved_by(ticket, other, by=looking.amira, at=MONDAY)
    with pytest.raises(NotFound):
        solving.solved_by(ticket, number, by=looking.eve, at=MONDAY)
    with pytest.raises(NotFound):
        from_ticket.begin_from(ticket, by=looking.eve, at=MONDAY)
    assert for_ticket(looking.eve, ticket) == solved_by(looking.eve, ticket) == ()


def test_a_measure_counts_what_articles_solved_and_a_replay_agrees(looking: Cast) -> None:
    number = known(looking, "Dark screens")
    first, _ = dana_asks(), dana_asks()
    solving.solved_by(first, number, by=looking.amira, at=MONDAY + MINUTE)
    policy = policy_by_hash(Ticket.objects.get(pk=first).policy_hash)
    view = measures_of(looking.bo, "small", policy, since=None, until=None)
    helped = next(one for one in view.measured if one.name == "helped")
    assert (helped.value, helped.n) == (500_000, 2)
    assert knowledge_step(policy_by_hash(Ticket.objects.get(pk=first).policy_hash))
    assert verify.verify_ticket(first)[1] is None


def test_articles_that_share_rare_words_come_first(cast: Cast) -> None:
    for number in range(12):
        known(cast, f"Screen matters of kind{number}", "The screen is on.")
    rare = known(cast, "When it flickers", "A screen that flickers has a loose cable.")
    ticket = dana_asks("My screen flickers since the storm.")
    assert for_ticket(cast.amira, ticket)[0].id == rare
    typed = for_ticket(cast.amira, ticket, "it is about kind7 of the matters")
    assert typed[0].title == "Screen matters of kind7"
    assert for_ticket(cast.amira, dana_asks("Nothing alike"), "zzz qqq") == ()


def test_customers_are_suggested_public_articles_alone(cast: Cast) -> None:
    known(cast, "Flickering screens inside", "flickers")
    public = known(cast, "Flickering screens", "flickers", audience="public")
    assert [one.id for one in for_text("small", "The screens are flickering")] == [public]
    assert for_text("other", "The screens are flickering") == ()
    assert (
        for_text("nowhere", "x") == for_text("small", "") == for_text("small", "a '\\ :* !") == ()
    )


def test_an_article_begins_from_a_ticket_without_its_persons(cast: Cast) -> None:
    ticket = dana_asks(
        "I am Dana Scully, dana@example.com, +44 20 7946 0018, order AB-1234567.\n"
        "My *screen* is dark, see https://example.com/u/dana?t=1. Dana's cat too."
    )
    conversation.reply(ticket, by=cast.amira, at=MONDAY + MINUTE, text="Press 3 times.\n\nAmira")
    begun = from_ticket.begin_from(ticket, by=cast.amira, at=MONDAY + 2 * MINUTE)
    text = begun.title + begun.body
    for personal in ("Dana", "dana", "7946", "1234567", "Amira", "/u/"):
        assert personal not in text
    assert "Press 3 times." in text
    assert r"My \*screen\* is dark" in text
    assert {one.what for one in begun.covered} == {"name", "e-mail address", "number", "link"}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("call 020 7946 0018 now", "call [number] now"),
        ("in 2024 we had 3 of 1200", "in 2024 we had 3 of 1200"),
        ("card 4111 1111 1111 1111.", "card [number]."),
        ("<ada@example.com>", "<[e-mail address]>"),
        ("Zoë wrote to zoe", "[name] wrote to zoe"),
        ("error E1234567 again", "error [number] again"),
        ("no.at.here@ and @me", "no.at.here@ and @me"),
    ],
)
def test_personal_data_is_covered_and_the_rest_stays(told: str, kept: str) -> None:
    assert unnamed(told, ("Zoë",))[0] == kept


@pytest.mark.parametrize("sign", ["a", "1", "1 ", "a@", "@", "http://a.", "((((", "A1-", "+1"])
def test_covering_takes_no_longer_than_the_text_is_long(sign: str) -> None:
    begun = time.perf_counter()
    unnamed(sign * 50_000, ("Dana",))
    assert time.perf_counter() - begun < 1.0


def test_suggestions_among_ten_thousand_articles_cost_little(cast: Cast) -> None:
    """A bound far above what is measured on a quiet machine (a few milliseconds)."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            """
            INSERT INTO article (desk_id, title, body, kind, audience, language, tags, clauses,
              state, version, policy_hash, review_days, made_by_id, made_at, changed_at)
            SELECT %(desk)s, 'Common word' || n %% 40 || ' topic' || n,
              'The screen printer cable help common customer word' || n %% 300
              || ' item' || n || ' ' || repeat('filler text about everything ', 30),
              'solution', 'internal', 'en', '{}', '{}', 'published', 1, 'x', 0, %(by)s,
              now(), now() FROM generate_series(1, 10000) n
            """,
            {"desk": cast.desk, "by": cast.amira},
        )
        cursor.execute("ANALYZE article, article_word")
    ticket = dana_asks(
        "The common screen and printer cable of the item4711 is dark, help! topic9 word17"
    )
    for_ticket(cast.amira, ticket)
    took = []
    for _ in range(15):
        begun = time.perf_counter()
        found = for_ticket(cast.amira, ticket)
        took.append(time.perf_counter() - begun)
    print(f"suggestions: {min(took) * 1000:.1f} to {max(took) * 1000:.1f} ms")
    assert found[0].title.endswith(("topic4711", "topic9"))
    assert sorted(took)[7] < 0.1
    assert Desk.objects.count() == 2
