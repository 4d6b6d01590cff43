"""Macros: a desk's text with acts; only listed variables, no evaluation, each act by itself."""

import pytest

from kept.records.models import Journal, Macro
from kept.records.queries import writing
from kept.services import macros
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.macros import Wording
from tests.people import MONDAY, Cast, dana_asks, ticket_row


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY)


def write(cast: Cast, **told: object) -> int:
    wording = Wording(name="Cable", **told)  # type: ignore[arg-type]  # names of the test
    return macros.write("small", wording, by=cast.bo, at=MONDAY)


def test_a_text_is_filled_from_the_ticket(cast: Cast, ticket: int) -> None:
    number = write(cast, text="Hello {{ customer.name }}, about {{ticket.number}}: {{ colour }}?")
    (shown,) = writing.macros(cast.amira, cast.desk)
    assert (shown.name, shown.acts, writing.macros(cast.eve, cast.desk)) == ("Cable", (), ())
    ready = macros.of_ticket(ticket, number, by=cast.amira, at=MONDAY)
    assert ready.text.body == f"Hello Dana, about {ticket}: [colour]?"
    assert ready.text.open_blanks == ("colour",)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}", "{{ config }}{{ x.y }}", "{% for i in range(9) %}x{% endfor %}",
        "{{ ticket.state }}", "{{ customer.__class__ }}", "{{ customer.name | upper }}",
        "{{ 7*7 }}", "{{ settings.SECRET_KEY }}",
    ],
)  # fmt: skip
def test_only_listed_variables_are_taken(cast: Cast, text: str) -> None:
    with pytest.raises(NotValid, match=r"Text: .* is not one of the variables"):
        write(cast, text=text)
    assert not Macro.objects.exists()


def test_what_a_customer_wrote_is_never_read_as_a_text_to_fill(cast: Cast) -> None:
    from kept.services import tickets

    opening = tickets.Opening(subject="{{ desk.name }} {{ 7*7 }}", text="{{ x }}", channel="email")
    number = tickets.open_ticket(
        "small", opening, address="m@example.com", name="{{ agent.name }}", at=MONDAY
    ).ticket
    macro = write(cast, text="{{ customer.name }} / {{ ticket.subject }}")
    body = macros.of_ticket(number, macro, by=cast.amira, at=MONDAY).text.body
    assert body == "{{ agent.name }} / {{ desk.name }} {{ 7*7 }}"


@pytest.mark.parametrize(
    "told",
    [
        {"acts": (("severity", "P9"),)}, {"acts": (("delete", "all"),)},
        {"acts": (("resolve", "x"),)}, {"acts": (("team", "others"),)}, {},
        {"text": "x", "shortcut": "no spaces!"},
        {"text": "x", "kind": "shout"},
    ],
)  # fmt: skip
def test_what_the_sop_does_not_know_is_refused_by_field(
    cast: Cast, told: dict[str, object]
) -> None:
    with pytest.raises(NotValid):
        write(cast, **told)


def test_those_who_lead_write_macros(cast: Cast, ticket: int) -> None:
    with pytest.raises(NotAllowed):
        macros.write("small", Wording(name="n", text="x"), by=cast.amira, at=MONDAY)
    for slug in ("small", "nowhere"):
        with pytest.raises(NotFound):
            macros.write(slug, Wording(name="n", text="x"), by=cast.eve, at=MONDAY)
    number = write(cast, text="x")
    with pytest.raises(NotFound):
        macros.of_ticket(ticket, number, by=cast.eve, at=MONDAY)
    with pytest.raises(NotFound):
        macros.remove(number, by=cast.eve, at=MONDAY)


def test_a_macro_of_another_desk_does_not_exist_on_this_ticket(cast: Cast, ticket: int) -> None:
    Macro.objects.create(
        desk_id=cast.other_desk, name="Theirs", shortcut="theirs", text="x", changed_at=MONDAY
    )
    facts = Journal.objects.count()
    with pytest.raises(NotFound):
        macros.of_ticket(ticket, Macro.objects.get().pk, by=cast.amira, at=MONDAY)
    with pytest.raises(NotFound):
        macros.by_shortcut(ticket, "theirs", by=cast.amira, at=MONDAY)
    assert Journal.objects.count() == facts


def test_a_name_and_a_shortcut_are_once_on_a_desk(cast: Cast) -> None:
    write(cast, text="x", shortcut=";Cable")
    with pytest.raises(Conflict):
        write(cast, text="y")
    with pytest.raises(Conflict):
        macros.write(
            "small", Wording(name="Other", text="y", shortcut="cable"), by=cast.bo, at=MONDAY
        )
    macros.remove(Macro.objects.get().pk, by=cast.bo, at=MONDAY)
    write(cast, text="again", shortcut="cable")


def test_an_act_is_a_verb_of_its_own(cast: Cast, ticket: int) -> None:
    macros.do(ticket, "severity", "P1", key="k", by=cast.amira, at=MONDAY)
    macros.do(ticket, "team", "front", key="k", by=cast.amira, at=MONDAY)
    row = ticket_row(ticket)
    assert (row.severity, row.team) == ("P1", "front")
    assert Journal.objects.filter(ticket_id=ticket, by_agent=cast.amira).count() == 2
