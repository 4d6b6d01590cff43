"""Steps and approvals: the acts whose form hangs on one thing of the ticket."""

from kept.policy.rules import StepRule
from kept.services import approvals, work
from kept.services.errors import NotValid
from kept.web.act import Said


def do_step(said: Said) -> object:
    """Do a step of the SOP with its form as evidence."""
    step = said.get("step")
    rule = next(
        (one for one in said.policy.rules if isinstance(one, StepRule) and one.name == step), None
    )
    form = said.policy.forms.get(rule.form or "") if rule else None
    answers = {one.id: said.get(one.id) for one in form.fields if said.get(one.id)} if form else {}
    return work.do_step(said.ticket, by=said.by, at=said.at, step=step, answers=answers)


def decide(said: Said) -> object:
    """Approve or reject what was asked for."""
    decision = {"approve": approvals.approve, "reject": approvals.reject}.get(said.get("decision"))
    if decision is None:
        raise NotValid("Approve it or reject it.")
    return decision(said.ticket, by=said.by, at=said.at, kind=said.get("kind"))
