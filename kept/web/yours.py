"""Acts that concern the reader alone: follow a ticket, put it to sleep. No fact of the ticket."""

from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.services import following, snoozes
from kept.services.errors import NotValid
from kept.web import forms
from kept.web.act import Act, Said
from kept.web.forms import Field

ANSWER = (("yes", "when the customer answers"),)


def _always(ticket: TicketView, policy: Policy) -> bool:
    return True


def _snooze(said: Said) -> object:
    told = said.get("until")
    until = forms.moment(told, said.zone) if told else None
    if until is None and said.get("on_answer") != "yes":
        raise NotValid("Say until when, or until the customer answers.")
    snoozes.snooze(
        said.ticket, by=said.by, at=said.at, until=until, on_answer=said.get("on_answer") == "yes"
    )
    return None


ACTS: tuple[Act, ...] = (
    Act(noun="follows", name="follow", key="f", title="Follow", button="Follow", panel="yours",
        shows=_always, do=lambda said: following.follow(said.ticket, by=said.by, at=said.at)),
    Act(noun="unfollowings", name="unfollow", title="Unfollow", button="Unfollow", panel="yours",
        shows=_always, do=lambda said: following.unfollow(said.ticket, by=said.by)),
    Act(noun="snoozes", name="snooze", key="z", title="Snooze", button="Snooze it for me",
        panel="yours", shows=_always, do=_snooze,
        fields=lambda ticket, policy: (
            Field(name="until", label="Until", type="moment", required=False),
            Field(name="on_answer", label="Or", type="choice", choices=ANSWER, required=False,
                  help="The clocks go on; at risk it is back by itself."))),
    Act(noun="wakings", name="wake", title="Wake it", button="Wake it now", panel="yours",
        shows=_always, do=lambda said: snoozes.unsnooze(said.ticket, by=said.by)),
)  # fmt: skip
