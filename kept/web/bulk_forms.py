"""The forms of bulk acts: what each asks for, in the words of the desks that are meant."""

from collections.abc import Callable
from dataclasses import dataclass

from kept.policy.rules import Policy
from kept.web.asking import severities
from kept.web.filtering import WAITS
from kept.web.forms import Field

Fields = Callable[[tuple[Policy, ...], tuple[tuple[str, str], ...]], tuple[Field, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkForm:
    """How one bulk act is called and what it asks. `says` is for what was done."""

    name: str
    title: str
    says: str
    fields: Fields = lambda policies, people: ()


def _assign(policies: tuple[Policy, ...], people: tuple[tuple[str, str], ...]) \
        -> tuple[Field, ...]:  # fmt: skip
    teams = {team.id: team.name for policy in policies for team in policy.teams.values()}
    return (
        Field(name="agent", label="Owner", type="choice", choices=(("me", "me"), *people),
              required=False),
        Field(name="team", label="Team", type="choice", choices=tuple(teams.items()),
              required=False),
    )  # fmt: skip


def _severity(policies: tuple[Policy, ...], people: object) -> tuple[Field, ...]:
    known = dict(pair for policy in policies for pair in severities(policy))
    return (
        Field(name="to", label="Severity", type="choice", choices=tuple(known.items())),
        Field(name="reason", label="Why"),
    )


def _reply(policies: tuple[Policy, ...], people: object) -> tuple[Field, ...]:
    known = {one.id: one.title or one.id for policy in policies for one in
             policy.templates.values()}  # fmt: skip
    return (Field(name="template", label="Template", type="choice",
                  choices=tuple(known.items())),)  # fmt: skip


SNOOZE = (
    Field(name="until", label="Until", type="moment", required=False),
    Field(name="on_answer", label="Or until the customer answers", type="choice",
          choices=(("yes", "when the customer answers"),), required=False,
          help="The clocks go on: what comes at risk is back by itself."),
)  # fmt: skip
FORMS: tuple[BulkForm, ...] = (
    BulkForm(name="assign", title="Assign", says="assigned", fields=_assign),
    BulkForm(name="severity", title="Set the severity", says="severity set", fields=_severity),
    BulkForm(name="tag", title="Tag", says="tagged", fields=lambda policies, people: (
        Field(name="tag", label="Tag"),)),
    BulkForm(name="wait", title="Wait", says="waiting", fields=lambda policies, people: (
        Field(name="who", label="Waiting on", type="choice", choices=WAITS),)),
    BulkForm(name="follow", title="Follow", says="followed"),
    BulkForm(name="snooze", title="Snooze for me", says="snoozed",
             fields=lambda policies, people: SNOOZE),
    BulkForm(name="reply", title="Answer by template", says="answered", fields=_reply),
    BulkForm(name="resolve", title="Resolve", says="resolved"),
    BulkForm(name="close", title="Close", says="closed"),
    BulkForm(name="merge", title="Merge", says="merged", fields=lambda policies, people: (
        Field(name="into", label="Into ticket number", type="number"),)),
)  # fmt: skip
BY_NAME = {form.name: form for form in FORMS}
