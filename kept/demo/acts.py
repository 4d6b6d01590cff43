"""What people in the demo do, and what they do first when a clause asks for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings

from kept.channels.mail.addresses import with_token
from kept.channels.mail.receive import receive_file
from kept.channels.mail.sandbox import Sandbox
from kept.demo.cast import Place
from kept.demo.evidence import answers
from kept.demo.stories import Act, duration
from kept.policy import Policy
from kept.policy.rules import GateRule, StepRule
from kept.policy.words import Value
from kept.records.compiled import policy_by_hash
from kept.records.queries import demo as queries
from kept.services import approvals, conversation, endings, work
from kept.services.errors import NotValid, Refused
from kept.services.links import confirm_token

MOMENT = timedelta(minutes=1)
TRIES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One ticket of one desk, and who may act on it."""

    ticket: int
    desk: str
    subject: str
    sender: str
    ids: dict[str, int]
    places: dict[str, tuple[Place, ...]]
    sandbox: Sandbox

    owner: str = "amira"
    """Who writes where the story names nobody."""

    @property
    def policy(self) -> Policy:
        return policy_by_hash(queries.policy_hash(self.ticket))

    def who(self, role: str | None, otherwise: str) -> int:
        """Return somebody with the role, else the one who is acting."""
        for person, places in self.places.items():
            if role is not None and any(place.role == role for place in places):
                return self.ids[person]
        return self.ids[otherwise]

    def of_level(self, level: str | None, otherwise: str) -> int:
        """Return somebody of the level, else the one who is acting."""
        for person, places in self.places.items():
            if level is not None and any(place.level == level for place in places):
                return self.ids[person]
        return self.ids[otherwise]

    def of_team(self, team: str | None, otherwise: str) -> int:
        """Return somebody of the team, else the one who is acting."""
        for person, places in self.places.items():
            if team is not None and any(place.team == team for place in places):
                return self.ids[person]
        return self.ids[otherwise]


def perform(scene: Scene, act: Act, at: datetime) -> datetime:
    """Do one act and return when it was over."""
    by = scene.ids[act.by]
    ticket = scene.ticket
    if act.triage is not None:
        return _until_allowed(scene, act, "triaged", at, lambda at: _triage(scene, act, at))
    if act.reply is not None:
        text = act.reply
        return _until_allowed(
            scene, act, "agent_public", at,
            lambda at: conversation.reply(ticket, by=by, at=at, text=text),
        )  # fmt: skip
    if act.customer is not None:
        _customer_answers(scene, act.customer, at)
    elif act.note is not None:
        conversation.note(ticket, by=by, at=at, text=act.note)
    elif act.accept:
        for child, _, _ in queries.open_children(ticket):
            work.accept(child, by=by, at=at)
        work.accept(ticket, by=by, at=at)
    elif act.answer:
        return answer_children(scene, act.by, at)
    elif act.wait is not None:
        work.wait(ticket, by=by, at=at, who=act.wait)
    elif act.promise is not None:
        due = at + duration(act.promise["in"])
        work.promise(ticket, by=by, at=at, what=act.promise["what"], due=due)
    elif act.escalate is not None:
        return _until_allowed(scene, act, "escalated", at, lambda at: _escalate(scene, act, at))
    elif act.attempt_failed:
        work.attempt_failed(ticket, by=by, at=at)
    elif act.step is not None:
        do_step(scene, act.step, act.by, at)
    elif act.ask is not None:
        kind, amount = str(act.ask["kind"]), int(act.ask["amount"])
        approvals.ask(ticket, by=by, at=at, kind=kind, amount=amount)
    elif act.finish:
        return _finish(scene, act, at)
    return at


def _triage(scene: Scene, act: Act, at: datetime) -> None:
    told = dict(act.triage or {})
    fields: dict[str, Value] = {
        name: value for name, value in told.items() if name not in ("severity", "type", "topic")
    }
    if not queries.has_owner(scene.ticket):
        work.assign(scene.ticket, by=scene.ids[act.by], at=at, agent=scene.ids[act.by])
    work.triage(
        scene.ticket,
        by=scene.ids[act.by],
        at=at,
        severity=_word(told.get("severity")),
        type=_word(told.get("type")),
        topic=_word(told.get("topic")),
        fields=fields,
    )


def _word(value: str | bool | int | None) -> str | None:
    return str(value) if value is not None else None


def _escalate(scene: Scene, act: Act, at: datetime) -> None:
    asked = dict(act.escalate or {})
    levels = [level.id for level in scene.policy.levels]
    current = queries.level(scene.ticket) or levels[0]
    match asked["to"]:
        case "up":
            to = levels[min(levels.index(current) + 1, len(levels) - 1)]
        case "top":
            to = levels[-1]
        case named:
            to = named
    work.escalate(scene.ticket, by=scene.ids[act.by], at=at, to=to, reason=asked["reason"])


def _finish(scene: Scene, act: Act, at: datetime) -> datetime:
    """Resolve, let the customer confirm by the link in their mail, close."""
    by = scene.ids[act.by]
    at = answer_children(scene, act.by, at)
    at = _until_allowed(
        scene, act, "resolved", at, lambda at: endings.resolve(scene.ticket, by=by, at=at)
    )
    _confirm(scene, at + 3 * MOMENT)
    return _until_allowed(
        scene, act, "closed", at + 20 * MOMENT,
        lambda at: endings.close(scene.ticket, by=by, at=at),
    )  # fmt: skip


def answer_children(scene: Scene, person: str, at: datetime) -> datetime:
    """Let the teams that were asked for help write their answers; return when the last one did."""
    policy = scene.policy
    for child, team, subject in queries.open_children(scene.ticket):
        by = scene.of_team(team, person)
        work.accept(child, by=by, at=at)
        for form in _forms_before(policy, "resolved"):
            filled = answers(policy.forms[form], subject, at)
            work.fill_form(child, by=by, at=at + MOMENT, form=form, answers=filled)
        at += 2 * MOMENT
        endings.resolve(child, by=by, at=at)
    return at


def _forms_before(policy: Policy, event: str) -> list[str]:
    """Return the forms that gates of an event want to be known."""
    wanted = [
        form
        for rule in policy.rules
        if isinstance(rule, GateRule) and rule.name == event and rule.needs is not None
        for form in re.findall(r"known\((\w+)\.\w+\)", rule.needs.source)
    ]
    return [form for form in dict.fromkeys(wanted) if form in policy.forms]


def _until_allowed(
    scene: Scene, act: Act, event: str, at: datetime, do: Callable[[datetime], object]
) -> datetime:
    """Try; where a clause refuses, do what it asks for and try again, minutes later."""
    done: set[str] = set()
    for _ in range(TRIES):
        try:
            do(at)
            return at
        except Refused as refused:
            step = _wanted(scene.policy, refused, event, done)
            if step is None:
                raise
            done.add(step)
            at += MOMENT
            do_step(scene, step, act.by, at)
            at += MOMENT
    return at


def _wanted(policy: Policy, refused: Refused, event: str, done: set[str]) -> str | None:
    """Return a step that the refusing clause waits for and that was not tried yet."""
    for rule in policy.rules:
        if rule.because.clause != refused.because.clause:
            continue
        if isinstance(rule, StepRule) and rule.before == event and rule.name not in done:
            return rule.name
        if isinstance(rule, GateRule) and rule.name == event and rule.needs is not None:
            for step in re.findall(r'"(\w+)" in steps_done', rule.needs.source):
                if step not in done:
                    return str(step)
    return None


def do_step(scene: Scene, name: str, person: str, at: datetime) -> None:
    """Do a step with its form, by somebody of the role it asks for."""
    policy = scene.policy
    rule = next(r for r in policy.rules if isinstance(r, StepRule) and r.name == name)
    by = scene.who(rule.role, person)
    if "promised" in rule.auto:
        due = at + timedelta(hours=8)
        work.promise(scene.ticket, by=scene.ids[person], at=at, what="update", due=due)
    elif "confirmed" in rule.auto:
        _confirm(scene, at)
    elif rule.form is None:
        work.do_step(scene.ticket, by=by, at=at, step=name)
    else:
        filled = answers(policy.forms[rule.form], scene.subject, at)
        try:
            work.do_step(scene.ticket, by=by, at=at, step=name, answers=filled)
        except NotValid as problem:
            raise NotValid(f"{name}: {problem}") from problem


def _confirm(scene: Scene, at: datetime) -> None:
    """The customer follows the link of the mail."""
    token = confirm_token(scene.ticket, queries.customer(scene.ticket))
    endings.confirm_by_link(token, at=at)


def _customer_answers(scene: Scene, text: str, at: datetime) -> None:
    """The customer presses Reply on the last mail they had from us."""
    last = queries.last_mail(scene.ticket)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = scene.sender, f"Re: {scene.subject}"
    mail["Date"] = format_datetime(at.astimezone(UTC))
    mail["Message-ID"] = (
        f"<{at.timestamp():.0f}.{scene.ticket}@{scene.sender.split('@')[-1][:-1]}>"
    )
    if last is None:
        mail["To"] = f"{scene.desk}@{settings.KEPT_MAIL_DOMAIN}"
    else:
        mail["To"] = with_token(last.address, last.token)
        mail["In-Reply-To"] = mail["References"] = last.message_id
    mail.set_content(text)
    receive_file(scene.desk, mail.as_bytes(), at=at, sandbox=scene.sandbox)
