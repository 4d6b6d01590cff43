"""Lints: what compiles and still cannot be meant.

Decided exactly, by cells, over the compiled policy; where a question is too large the lint says
so and judges nothing. No lint reads the present: dates are measured from the SOP's own.
"""

from __future__ import annotations

from collections.abc import Callable

from kept.policy.rules import Policy
from kept.policy.sop.lint import acts, cases, figures, times, wording
from kept.policy.sop.lint.desk import Desk
from kept.policy.sop.source import Problems, Source

LINTS: tuple[Callable[[Desk], None], ...] = (
    cases.exceptions_that_both_hold,
    cases.tables,
    cases.rules_that_never_apply,
    cases.rules_that_add_nothing,
    acts.escalations_that_go_round,
    acts.events_nobody_can_make,
    acts.gates_that_never_open,
    acts.approvals_nobody_can_give,
    times.calendars_that_never_open,
    times.targets_no_calendar_holds,
    times.dues_in_closed_time,
    times.duties_without_a_roster,
    times.escalations_after_the_clock,
    times.answers_later_than_solutions,
    times.holidays_that_run_out,
    wording.blanks_without_source,
    wording.clauses_without_effect,
    wording.vague_words,
    wording.perverse_measures,
    figures.measures_that_show_nothing,
    wording.figures_not_in_the_text,
    wording.parameters_without_value,
)


def lint(policy: Policy, source: Source, problems: Problems) -> None:
    """Add every finding about a compiled policy to `problems`."""
    desk = Desk(policy, source, problems)
    for look in LINTS:
        look(desk)
