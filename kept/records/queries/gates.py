"""The gates of a ticket: which acts a clause holds up now, and what they wait for."""

from kept.policy import Policy, TicketState
from kept.policy.rules import GateRule, StepRule
from kept.policy.words import CommitmentKind, Verdict
from kept.records.queries.views import View


class GateView(View, frozen=True, kw_only=True):
    """One act under a condition. `passes` is None where the act itself must tell."""

    act: str
    clause: str
    passes: bool | None
    needs: str
    say: str
    enforce: str


def gates_of(policy: Policy, state: TicketState) -> tuple[GateView, ...]:
    """Return every gate that applies to a ticket, in the order of the SOP."""
    views = []
    for rule in policy.rules:
        if isinstance(rule, GateRule):
            if rule.when is not None and rule.when.test(state.facts) is False:
                continue
            views.append(
                GateView(
                    act=rule.name,
                    clause=rule.because.clause,
                    passes=rule.needs.test(state.facts) if rule.needs else False,
                    needs=rule.needs.source if rule.needs else "",
                    say=rule.say,
                    enforce=rule.enforce.value,
                )
            )
        elif isinstance(rule, StepRule) and rule.before and _is_open(state, rule.name):
            views.append(
                GateView(
                    act=rule.before,
                    clause=rule.because.clause,
                    passes=False,
                    needs=f"step:{rule.name}",
                    say="",
                    enforce=rule.enforce.value,
                )
            )
    return tuple(views)


def _is_open(state: TicketState, step: str) -> bool:
    return any(
        c.kind is CommitmentKind.STEP
        and c.name == step
        and c.settled_at is None
        and c.verdict in (Verdict.PENDING, Verdict.MISSED)
        for c in state.commitments.values()
    )
