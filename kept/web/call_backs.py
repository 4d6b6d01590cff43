"""GET /tickets/N/call/ADDRESS: ring a number on file, to check who the customer is.

The account is covered until then, so the number is handed to the telephone, not to the page, and
whoever asked for it is on record.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.services import identity
from kept.web.render import agent_id
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def call(request: HttpRequest, number: int, address: int) -> HttpResponse:
    """Send the reader's telephone to a number of the ticket's customer."""
    told = identity.number_to_call(number, by=agent_id(request), at=clock.now(), address=address)
    response = HttpResponse(status=302)
    response["Location"] = f"tel:{told}"
    response["Cache-Control"] = "no-store"
    return response
