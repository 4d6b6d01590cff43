"""Tags: words of a desk on its tickets, which a rule may ask for; time that people note."""

from datetime import timedelta

import pytest

from kept.records.models import Journal, Tag, TicketTag
from kept.records.queries.tags import tags_of, tags_page, time_of
from kept.services import policies, tagging, time_spent
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks
from tests.sop import SMALL

LATER = MONDAY + timedelta(minutes=5)
ASKING = SMALL.replace("\n## ", """
A ticket tagged recall is flagged at once. {#recall}

```yaml rule
reaction: recall
on: [tagged]
when: '"Recall" in tags'
do: [{flag: recalled}]
```

## """, 1)  # fmt: skip


def put(cast: Cast, ticket: int, name: str) -> None:
    tagging.tag(ticket, by=cast.amira, at=LATER, name=name)


def test_a_tag_is_the_desks_own_word_and_the_journal_holds_its_number(cast: Cast) -> None:
    ticket = dana_asks()

    put(cast, ticket, "#Screen ")
    put(cast, ticket, "screen")

    assert tags_of(cast.amira, ticket).carried == ("screen",)
    told = Journal.objects.filter(fact__event="tagged").values_list("fact__tag", flat=True)
    assert set(told) == {f"#{Tag.objects.get().pk}"}
    assert verify().ok


def test_a_rule_may_ask_for_a_tag_by_its_word(cast: Cast) -> None:
    version = policies.propose("small", ASKING, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    ticket = dana_asks()

    put(cast, ticket, "recall")

    row = Journal.objects.get(fact__event="tagged")
    assert row.fact["tag"] == "Recall"
    assert [each["kind"] for each in row.decisions] == ["flag"]
    assert tags_of(cast.amira, ticket).carried == ("recall",)
    with pytest.raises(Conflict, match="keeps its name"):
        tagging.rename_tag(Tag.objects.get().pk, by=cast.bo, at=LATER, name="return")


def test_a_tag_taken_off_is_gone_and_offered_again(cast: Cast) -> None:
    ticket = dana_asks()
    put(cast, ticket, "screen")

    tagging.untag(ticket, by=cast.amira, at=LATER, name="screen")

    found = tags_of(cast.amira, ticket)
    assert (found.carried, found.offered) == ((), ("screen",))
    assert not TicketTag.objects.exists()
    assert verify().ok


def test_a_retired_tag_stays_where_it_is_and_comes_back_when_used(cast: Cast) -> None:
    ticket, other = dana_asks(), dana_asks()
    put(cast, ticket, "screen")
    number = Tag.objects.get().pk

    tagging.retire_tag(number, by=cast.bo, at=LATER)

    assert tags_of(cast.amira, ticket).carried == ("screen",)
    assert tags_of(cast.amira, other).offered == ()
    put(cast, other, "screen")
    assert [(one.name, one.tickets, one.retired) for one in tags_page(cast.amira)] == [
        ("screen", 2, False)
    ]


@pytest.mark.parametrize("name", ["", "  #  ", "a,b", "x" * 41])
def test_what_is_no_word_is_no_tag(cast: Cast, name: str) -> None:
    with pytest.raises(NotValid):
        put(cast, dana_asks(), name)


def test_tags_of_another_desk_do_not_exist(cast: Cast) -> None:
    ticket = dana_asks()
    put(cast, ticket, "screen")

    assert tags_of(cast.eve, ticket).carried == ()
    assert tags_page(cast.eve) == ()
    with pytest.raises(NotFound):
        tagging.tag(ticket, by=cast.eve, at=LATER, name="mine")
    with pytest.raises(NotFound):
        tagging.retire_tag(Tag.objects.get().pk, by=cast.eve, at=LATER)
    with pytest.raises(NotAllowed):
        tagging.retire_tag(Tag.objects.get().pk, by=cast.amira, at=LATER)


@pytest.mark.parametrize(
    ("told", "minutes"),
    [("25", 25), ("1:15", 75), ("1 h 15", 75), ("1.5h", 90), ("1,5 h", 90), ("40 min", 40)],
)
def test_time_is_read_as_people_write_it(told: str, minutes: int) -> None:
    assert time_spent.minutes_of(told) == minutes


@pytest.mark.parametrize("told", ["", "soon", "0", "-5", "25:00", "nan", "inf", "1e9"])
def test_what_is_no_time_is_told(told: str) -> None:
    with pytest.raises(NotValid):
        time_spent.minutes_of(told)


def test_an_entry_is_taken_back_by_its_own_person_only(cast: Cast) -> None:
    ticket = dana_asks()
    entry = time_spent.note_time(ticket, by=cast.amira, at=LATER, minutes=25, what="Looked")

    with pytest.raises(NotFound):
        time_spent.strike_time(entry, by=cast.bo, at=LATER)
    assert [(one.who, one.minutes) for one in time_of(cast.bo, ticket)] == [("Amira", 25)]
    assert time_of(cast.eve, ticket) == ()
    time_spent.strike_time(entry, by=cast.amira, at=LATER)
    assert time_of(cast.bo, ticket) == ()
