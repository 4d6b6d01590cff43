"""Linking, merging, splitting, tagging and time on the ticket's page."""

from django.test import Client

from kept.records.models import Message, Tag, Ticket, TicketLink
from tests.people import Cast, dana_asks, dana_writes
from tests.web.reading import words


def test_a_ticket_is_linked_by_its_number_and_unlinked_again(
    amira: Client, desk: Cast, ticket: int
) -> None:
    other = dana_asks()

    amira.post(f"/tickets/{ticket}/links", {"kind": "incident_of", "other": f"#{other} Help"})

    assert f"is an incident of the problem #{other} Help" in words(amira.get(f"/tickets/{ticket}"))
    assert f"is the problem of #{ticket} Help" in words(amira.get(f"/tickets/{other}"))
    link = TicketLink.objects.get()
    amira.post(f"/tickets/{other}/link-endings", {"link": str(link.pk)})
    assert "is the problem of" not in words(amira.get(f"/tickets/{other}"))


def test_a_number_that_leads_nowhere_keeps_the_form_open(amira: Client, ticket: int) -> None:
    for told, sentence in (("999999", "There is no ticket 999999 on this desk."),
                           ("soon", "Name the other ticket by its number")):  # fmt: skip
        answer = amira.post(f"/tickets/{ticket}/merges", {"into": told})
        assert answer.status_code == 422
        assert sentence in words(answer)


def test_a_merge_leads_to_the_survivor_and_back(amira: Client, desk: Cast, ticket: int) -> None:
    into = dana_asks()

    answer = amira.post(f"/tickets/{ticket}/merges", {"into": str(into)})

    assert answer["Location"] == f"/tickets/{into}"
    assert f"took in #{ticket}" in words(amira.get(f"/tickets/{into}"))
    assert f"Merged into #{into}" in words(amira.get(f"/tickets/{ticket}"))
    back = amira.post(f"/tickets/{into}/merge-endings", {"merged": str(ticket)})
    assert back["Location"] == f"/tickets/{ticket}"
    assert "Merged into" not in words(amira.get(f"/tickets/{ticket}"))
    assert Ticket.objects.get(pk=ticket).status == "open"


def test_htmx_goes_along_to_the_survivor(amira: Client, desk: Cast, ticket: int) -> None:
    into = dana_asks()
    answer = amira.post(
        f"/tickets/{ticket}/merges",
        {"into": str(into)},
        headers={"HX-Request": "true", "HX-Target": "ticket"},
    )
    assert answer["HX-Push-Url"] == f"/tickets/{into}"
    assert f'data-ticket="{into}"' in answer.content.decode()


def test_a_second_matter_becomes_a_ticket_of_its_own(
    amira: Client, desk: Cast, ticket: int
) -> None:
    first = Message.objects.get(ticket_id=ticket, direction="in")
    second = Message.objects.create(
        ticket_id=ticket, kind="public", direction="in", text="And my mouse squeaks.",
        sent_at=first.sent_at, channel="email",
    )  # fmt: skip
    assert "And my mouse squeaks." in words(amira.get(f"/tickets/{ticket}"))

    answer = amira.post(
        f"/tickets/{ticket}/splits", {"subject": "Mouse", f"message-{second.pk}": "on"}
    )

    new = Ticket.objects.get(subject="Mouse")
    assert answer["Location"] == f"/tickets/{new.pk}"
    assert Message.objects.get(pk=second.pk).ticket_id == new.pk
    none = amira.post(f"/tickets/{ticket}/splits", {"subject": "Nothing"})
    assert none.status_code == 422


def test_tags_and_time_are_noted_in_place(amira: Client, desk: Cast, ticket: int) -> None:
    amira.post(f"/tickets/{ticket}/tags", {"tag": "Screen"})
    amira.post(f"/tickets/{ticket}/times", {"minutes": "1:15", "what": "Looked at the cable"})

    said = words(amira.get(f"/tickets/{ticket}"))
    assert "screen" in said
    assert "1 h 15 in all" in said
    assert "1 h 15 Amira, Looked at the cable" in said
    amira.post(f"/tickets/{ticket}/tag-endings", {"tag": "screen"})
    assert Tag.objects.get().name == "screen"
    assert amira.post(f"/tickets/{ticket}/times", {"minutes": "soon"}).status_code == 422


def test_candidates_come_from_the_same_customer_first(
    amira: Client, desk: Cast, ticket: int
) -> None:
    other = dana_asks()
    dana_writes("Quite another thing", subject="Unrelated", sender="zed@example.com")
    page = amira.get(f"/tickets/{ticket}").content.decode()
    assert f'<option value="#{other} Help">same customer, new</option>' in page
    assert (
        "Unrelated"
        not in page.partition('<datalist id="candidates">')[2].partition("</datalist>")[0]
    )
