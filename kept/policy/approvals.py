"""Approvals: a second pair of eyes before an act, with duties split (X14).

A rule weighs an amount together with what was paid before; without a live approval of at least
that amount the act is refused. Raising the amount voids what was approved.
"""

from __future__ import annotations

from kept.policy.clocks import settle, target_due
from kept.policy.decisions import AskApproval, Refuse, SettleApproval, StartCommitment
from kept.policy.facts import ApprovalAsked, Approved, Fact, Paid, Rejected
from kept.policy.rules import ApprovalRule, Scope
from kept.policy.run import Run
from kept.policy.state import Approval, Commitment
from kept.policy.words import CommitmentKind, Enforce, Verdict

LIVE = ("asked", "approved")


def guard(run: Run, fact: Fact, names: tuple[str, ...], scope: Scope) -> Refuse | None:
    """Return the refusal of an act that needs an approval it does not have, or of a decider."""
    if isinstance(fact, Approved | Rejected):
        return _refuse_decider(run, fact)
    for _, rule in run.program.approvals:
        acts = [name for name in names if name in rule.acts]
        if not acts or (isinstance(fact, Paid) and fact.kind not in ("", rule.name)):
            continue
        amount = fact.amount if isinstance(fact, Paid) else 0
        payee = fact.payee if isinstance(fact, Paid) else ""
        spent = _last_spent(run, rule)
        if not _is_needed(run, rule, scope, _total(run, rule, amount, spent)):
            continue
        approval = _live(run, rule.name)
        fits = (
            approval is not None
            and approval.result == "approved"
            and approval.amount >= amount
            and (not payee or not approval.payee or payee == approval.payee)
        )
        if not fits and _blocks(rule, fact):
            return _refuse(run, rule, acts[0], f"approved:{rule.name}")
    return None


def ask(run: Run, fact: ApprovalAsked) -> None:
    """Open a request where a rule wants one; an earlier one for less is void."""
    for index, rule in run.program.approvals:
        if rule.name != fact.kind:
            continue
        earlier = _live(run, rule.name)
        total = _total(run, rule, fact.amount, fact.spent_before)
        if earlier is not None:
            covered = earlier.result == "approved" and earlier.amount >= fact.amount
            if covered and earlier.payee == fact.payee:
                continue
            _end(run, earlier, "void")
        _open(run, index, rule, fact, total)


def decide(run: Run, fact: Approved | Rejected) -> None:
    """Settle the request in hand."""
    for approval in run.memory.approvals.values():
        if approval.result == "asked" and fact.kind in ("", approval.kind):
            result = "approved" if isinstance(fact, Approved) else "rejected"
            _end(run, approval, result, by=fact.by.id)
            rule = _rule_of(run, approval)
            if result == "approved" and rule.expires is not None:
                calendar = run.program.calendar(rule.calendar)
                approval.wake = target_due(calendar, rule.expires, run.now)


def pay(run: Run, fact: Paid) -> None:
    """Note a payment; it uses the approval up."""
    kind = fact.kind
    if not kind and len(run.program.approvals) == 1:
        kind = run.program.approvals[0][1].name
    run.memory.paid[kind] = run.memory.paid.get(kind, 0) + fact.amount
    approval = _live(run, kind)
    if approval is not None and approval.result == "approved":
        approval.result, approval.wake = "used", None


def lapse(run: Run, approval: Approval) -> None:
    """The time for deciding, or for using what was approved, is over."""
    _end(run, approval, "expired")


def _open(run: Run, index: int, rule: ApprovalRule, fact: ApprovalAsked, total: int) -> None:
    base = f"{rule.because.clause}:{rule.name}"
    approval = Approval(
        id=f"{base}:{run.number(base)}",
        rule=index,
        policy_hash=run.policy.hash,
        kind=rule.name,
        because=rule.because,
        order=rule.order,
        amount=fact.amount,
        total=total,
        requester=fact.requester or fact.by.id,
        payee=fact.payee,
        spent_before=fact.spent_before,
    )
    run.memory.approvals[approval.id] = approval
    if not _is_needed(run, rule, run.scope, total):
        approval.result = "not_needed"
        run.emit(
            SettleApproval(
                at=run.now, because=rule.because, approval=approval.id, result="not_needed"
            )
        )
        return
    calendar = run.program.calendar(rule.calendar)
    approval.wake = target_due(calendar, rule.expires, run.now)
    _owe(run, approval)
    run.emit(
        AskApproval(
            at=run.now, because=rule.because, approval=approval.id, kind_of=rule.name,
            amount=fact.amount, roles=rule.by, expires_at=approval.wake,
        )
    )  # fmt: skip


def _owe(run: Run, approval: Approval) -> None:
    """Show the request among what the desk owes; it has no due of its own."""
    clock = Commitment(
        id=approval.id,
        rule=-1,
        name=approval.kind,
        kind=CommitmentKind.APPROVAL,
        because=approval.because,
        order=approval.order,
        started_at=run.now,
        what=approval.id,
    )
    run.state.commitments[clock.id] = clock
    run.hold(clock, None)
    run.emit(
        StartCommitment(
            at=run.now, because=clock.because, commitment=clock.id, name=clock.name,
            what=clock.kind, started_at=run.now,
        )
    )  # fmt: skip


def _end(run: Run, approval: Approval, result: str, by: str = "") -> None:
    approval.result, approval.by, approval.wake = result, by, None
    run.emit(
        SettleApproval(
            at=run.now, because=approval.because, approval=approval.id, result=result, by=by
        )
    )
    if approval.id in run.open:
        decided = result in ("approved", "rejected")
        verdict = Verdict.KEPT if decided else Verdict.CANCELLED
        settle(run, run.open[approval.id][0], verdict, "" if decided else result)


def _refuse_decider(run: Run, fact: Approved | Rejected) -> Refuse | None:
    """Refuse who may not decide: not the role, not enough of a limit, or a party to it."""
    act = "approved" if isinstance(fact, Approved) else "rejected"
    for approval in run.memory.approvals.values():
        if approval.result != "asked" or fact.kind not in ("", approval.kind):
            continue
        rule = _rule_of(run, approval)
        parties = {
            "requester": approval.requester,
            "payee": approval.payee,
            "owner": run.word("owner") or "",
        }
        roles = [role for role in fact.by.roles if not rule.by or role in rule.by]
        if rule.by and not roles:
            return _refuse(run, rule, act, "role:" + " or ".join(rule.by))
        if rule.distinct_from and not fact.by.id:
            return _refuse(run, rule, act, "a named person")
        for party in rule.distinct_from:
            if fact.by.id == parties.get(party):
                return _refuse(run, rule, act, f"someone other than the {party}")
        if act == "approved" and not _within_limit(run, roles, approval.total):
            return _refuse(run, rule, act, "a higher limit")
    return None


def _within_limit(run: Run, roles: list[str], total: int) -> bool:
    held = [run.policy.roles[role].limit for role in roles if role in run.policy.roles]
    return not held or any(limit is None or total <= limit for limit in held)


def _is_needed(run: Run, rule: ApprovalRule, scope: Scope, total: int) -> bool:
    """Say whether an amount needs approving; an unknown condition does."""
    if rule.when is None:
        return True
    return rule.when.test({**scope, "amount": total}) is not False


def _total(run: Run, rule: ApprovalRule, amount: int, spent: dict[str, int]) -> int:
    """Add what counts together: the ticket's own payments, the customer's of a period."""
    before = [0]
    for what, period in rule.sum_over:
        if what == "ticket":
            before.append(run.memory.paid.get(rule.name, 0))
        else:
            before.append(spent.get(period, 0))
    return amount + max(before)


def _last_spent(run: Run, rule: ApprovalRule) -> dict[str, int]:
    asked = [each for each in run.memory.approvals.values() if each.kind == rule.name]
    return asked[-1].spent_before if asked else {}


def _live(run: Run, kind: str) -> Approval | None:
    live = [
        each for each in run.memory.approvals.values() if each.kind == kind and each.result in LIVE
    ]
    return live[-1] if live else None


def _rule_of(run: Run, approval: Approval) -> ApprovalRule:
    policy = run.policy
    if approval.policy_hash not in ("", policy.hash):
        policy = policy.earlier[approval.policy_hash]
    rule = policy.rules[approval.rule]
    assert isinstance(rule, ApprovalRule)
    return rule


def _blocks(rule: ApprovalRule, fact: Fact) -> bool:
    return rule.enforce is Enforce.BLOCK or (rule.enforce is Enforce.REQUIRE and not fact.override)


def _refuse(run: Run, rule: ApprovalRule, act: str, needs: str) -> Refuse:
    return Refuse(
        at=run.now, because=rule.because, act=act, say="", needs=needs, enforce=rule.enforce
    )
