"""The duties that came round while the demo was played: done in time, but for the odd one.

Without this a newcomer would meet three weeks of duties that nobody did.
"""

from datetime import datetime, timedelta

from kept.demo.cast import Place
from kept.demo.evidence import answers
from kept.records.compiled import policy_by_hash
from kept.records.queries import demo as queries
from kept.services import cadences
from kept.services.errors import DeskError

IN_TIME = timedelta(hours=5)
FORGOTTEN = 11
"""One duty in so many was nobody's thought."""
LAST = timedelta(hours=4)


def keep_rounds(ids: dict[str, int], places: dict[str, dict[str, tuple[Place, ...]]],
                now: datetime) -> None:  # fmt: skip
    """Open what came round and do what fell due; the last hours are left to the visitor."""
    cadences.open_due(at=now - LAST)
    for count, task in enumerate(queries.tasks_due(now), 1):
        by = _person(task, ids, places.get(task.desk, {}))
        if count % FORGOTTEN == 0 or by is None:
            continue
        policy = policy_by_hash(task.policy_hash)
        form = policy.forms.get(task.form or "")
        filled = answers(form, task.name, task.due_at) if form else {}
        try:
            cadences.do_task(task.id, by=by, at=task.due_at - IN_TIME, answers=filled)
        except DeskError:
            continue  # A form that does not fit: it is missed, as in life.


def _person(
    task: queries.TaskDue, ids: dict[str, int], places: dict[str, tuple[Place, ...]]
) -> int | None:
    """Return who answers for a duty: whoever has its role."""
    wanted = task.role or "manager"
    own = {f"agent:{ids[person]}": ids[person] for person in places}
    if wanted == cadences.EACH and task.subject in own:
        return own[task.subject]
    return next(
        (ids[person] for person, held in places.items()
         if any(wanted in (one.role, one.level, one.team) for one in held)), None,
    )  # fmt: skip
