"""The pure core: a compiled SOP and what follows from facts. Values in, values out.

Nothing here reads a clock, a file of the user's, a network or a database.
"""

from kept.policy.backtest import Comparison, Past, compare
from kept.policy.corrections import Revision, revisions
from kept.policy.engine import Outcome, advance, migrate, replay, start, step, what_if
from kept.policy.errors import Compiled, NotAFact, Problem
from kept.policy.explain import Explanation, explain
from kept.policy.late import amend
from kept.policy.migrate import with_earlier
from kept.policy.rules import Policy
from kept.policy.sop.lower import compile_sop
from kept.policy.state import Commitment, TicketState

__all__ = [
    "Commitment",
    "Comparison",
    "Compiled",
    "Explanation",
    "NotAFact",
    "Outcome",
    "Past",
    "Policy",
    "Problem",
    "Revision",
    "TicketState",
    "advance",
    "amend",
    "compare",
    "compile_sop",
    "explain",
    "migrate",
    "replay",
    "revisions",
    "start",
    "step",
    "what_if",
    "with_earlier",
]
