"""What the desk's knowledge did for a ticket: the article that solved it, or that there is none.

Where a clause wants to hear of that as a step, the same word does the step with its evidence.
"""

from datetime import datetime

from kept.policy.facts import ArticleHelped, ArticleWithdrawn
from kept.policy.rules import Form, StepRule
from kept.policy.vocabulary import ARTICLES, NONE_FOUND, knowledge_step
from kept.policy.words import CommitmentKind, Verdict
from kept.records.instants import instant
from kept.records.models import Article, ArticleUse
from kept.services import permissions
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.permissions import Standing
from kept.services.retrying import retried
from kept.services.work import step_done


def solved_by(ticket_id: int, article: int, *, by: AgentId, at: datetime) -> None:
    """Note that an article solved a ticket; said twice it is noted once."""

    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "note", ticket.policy)
            row = Article.objects.filter(
                pk=article, desk_id=ticket.desk, state="published"
            ).first()
            if row is None:
                raise NotFound("There is no such article.")
            if ArticleUse.objects.filter(ticket_id=ticket.id, article=row, ended_at=None).exists():
                return
            told = f"{row.pk} {row.title} (version {row.version})"
            _do_step(ticket, who, {ARTICLES: [told], NONE_FOUND: "no"})
            fact = ArticleHelped(at=instant(at), by=who.actor(), article=str(row.pk))
            if record(ticket, fact, by_agent=by).refused is None:
                ArticleUse.objects.create(
                    ticket_id=ticket.id, article=row, version=row.version, by_id=by, at=at
                )

    retried(once)


def withdraw(ticket_id: int, article: int, *, by: AgentId, at: datetime) -> None:
    """Take back that an article solved a ticket; a step that was done stays done."""

    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "note", ticket.policy)
            rows = ArticleUse.objects.filter(
                ticket_id=ticket.id, article_id=article, ended_at=None
            )
            if not rows.exists():
                raise NotFound("There is no such article on this ticket.")
            fact = ArticleWithdrawn(at=instant(at), by=who.actor(), article=str(article))
            if record(ticket, fact, by_agent=by).refused is None:
                rows.update(ended_at=at)

    retried(once)


def none_found(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Do the step of looking into the knowledge with the answer that it holds nothing."""

    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            found = knowledge_step(ticket.policy)
            if found is None or all(field.id != NONE_FOUND for field in found[1].fields):
                raise NotValid("The SOP of this desk does not ask whether an article was found.")
            if not _do_step(ticket, who, {NONE_FOUND: "yes"}):
                raise Conflict("The look into the knowledge base is on record already.")

    retried(once)


def _do_step(ticket: LockedTicket, who: Standing, answers: dict[str, object]) -> bool:
    """Do the step if it is owed here; tell whether it was."""
    found = knowledge_step(ticket.policy)
    if found is None or not _is_owed(ticket, found[0]):
        return False
    permissions.require(who, "step", ticket.policy)
    rule, form = found
    fact = step_done(ticket, who, rule, _asked(form, answers))
    return record(ticket, fact, by_agent=who.agent).refused is None


def _is_owed(ticket: LockedTicket, rule: StepRule) -> bool:
    return any(
        one.kind is CommitmentKind.STEP
        and one.name == rule.name
        and one.verdict in (Verdict.PENDING, Verdict.MISSED)
        and one.settled_at is None
        for one in ticket.state.commitments.values()
    )


def _asked(form: Form, answers: dict[str, object]) -> dict[str, object]:
    known = {field.id for field in form.fields}
    return {name: value for name, value in answers.items() if name in known}
