"""Macros on their page and in the composer."""

from django.test import Client

from kept import clock
from kept.services import macros
from tests.people import Cast


def test_a_macro_shows_on_its_page_and_on_the_tickets_of_its_desk(
    amira: Client, desk: Cast, ticket: int
) -> None:
    acts = (("severity", "P2"), ("resolve", ""))
    wording = macros.Wording(name="Calm down", text="All is well.", acts=acts)
    macros.write("small", wording, by=desk.bo, at=clock.now())
    page = amira.get("/macros").content.decode()
    assert "Calm down" in page and "All is well." in page and "Triage: severity P2" in page
    assert "Calm down" in amira.get(f"/tickets/{ticket}").content.decode()
