"""Rights: what a role may do and see, as the SOP says it or, where it is silent, by default.

Pure: roles and the ticket's facts in, yes or no out. Services, queries and lint ask here, so a
page, the API, the search and the export cannot come to different answers.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from kept.policy.rules import CadenceRule, GateRule, Policy, Scope
from kept.policy.words import Enforce, Frozen

COMMON_ACTS = frozenset({
    "reply", "note", "triage", "severity", "assign", "escalate", "accept", "wait", "promise",
    "step", "attempt", "flag", "verify", "resolve", "confirm", "reopen", "close", "spam", "merge",
    "link", "tag", "time", "ask_approval", "approve", "pay", "open", "acknowledge", "profile",
    "merge_customers", "write_article",
})  # fmt: skip
"""What every member of a desk may do unless the role lists its acts."""
EVERYTHING = "*"
LEADING_ACTS = frozenset({
    "propose_policy", "activate_policy", "waive", "retract", "erase", "manage_access",
    "read_audit", "declare_outage", "manage_tags", "import_customers", "export_customers",
    "manage_macros", "manage_roster", "publish_article",
})  # fmt: skip
LEADING_ROLES = frozenset({"lead", "manager", "supervisor", "team_lead", "head", "owner"})
MANAGER = "manager"
SEEING = {"see_contacts": "reply", "see_personal": "verify"}
"""What a role may see, and the act whose holders need it where no role lists it."""
ACCOUNT = "account_opened"
"""A gate on this act keeps a customer's particulars covered until it opens."""
SIGNING = "read_and_sign"
"""An enforced cadence of this name asks every member to sign each version."""
UNSIGNED_ACTS = frozenset({"propose_policy", "activate_policy", "manage_access", "read_audit"})
"""What somebody who has not signed may do all the same: a bad version must be mendable."""


class Part(StrEnum):
    """The particulars that are covered apart: how to reach a person, and the rest of them."""

    CONTACTS = "contacts"
    PERSONAL = "personal"


class Sight(Frozen, frozen=True, kw_only=True):
    """What one reader sees of one customer; `clause` is the one that covers the rest for now."""

    contacts: bool
    personal: bool
    clause: str = ""
    say: str = ""

    def shows(self, part: Part) -> bool:
        """Tell whether a part is shown as it is."""
        return self.contacts if part is Part.CONTACTS else self.personal


NOTHING = Sight(contacts=False, personal=False)


def may(policy: Policy, roles: Iterable[str], act: str) -> bool:
    """Return whether one of the roles includes an act."""
    return any(_role_may(policy, role, act) for role in roles)


def _role_may(policy: Policy, role: str, act: str) -> bool:
    """Read the SOP's `may` (docs/sop-language.md, Declarations); where it is silent, the default.

    A leading act belongs to the roles that list it, if any does, and so does seeing. A role that
    lists everyday acts has only those, and notes.
    """
    declared = policy.roles.get(role)
    listed = frozenset(declared.may) if declared is not None else frozenset()
    if act in listed or EVERYTHING in listed:
        return True
    if act in LEADING_ACTS or act in SEEING:
        if any(act in each.may for each in policy.roles.values()):
            return False
        return role in LEADING_ROLES if act in LEADING_ACTS else _role_may(
            policy, role, SEEING[act]
        )  # fmt: skip
    is_narrowed = bool(listed & COMMON_ACTS)
    return act in COMMON_ACTS and (not is_narrowed or act == "note")


def answers_for(duty_role: str | None, roles: Iterable[str], places: Iterable[str | None]) -> bool:
    """Return whether somebody may do a recurring duty: its role's, level's and team's people,
    and those who lead. A duty that names nobody is the manager's.
    """
    held = tuple(roles)
    return (duty_role or MANAGER) in (*held, *places) or any(r in LEADING_ROLES for r in held)


def wants_another(policy: Policy, act: str) -> bool:
    """Return whether an act on somebody's own work is another's to do.

    So it is where the SOP itself says which roles do it; where it is silent, nobody asked for two.
    """
    return any(act in role.may for role in policy.roles.values())


def account_gate(policy: Policy, facts: Scope | None) -> GateRule | None:
    """Return the clause that keeps the account covered, given a ticket's facts or none."""
    for rule in policy.rules:
        if not isinstance(rule, GateRule) or rule.name != ACCOUNT:
            continue
        if rule.enforce not in (Enforce.REQUIRE, Enforce.BLOCK):
            continue
        if facts is None:
            return rule
        applies = rule.when is None or rule.when.test(facts) is True
        if applies and (rule.needs is None or rule.needs.test(facts) is not True):
            return rule
    return None


def signing_rule(policy: Policy) -> CadenceRule | None:
    """Return the clause that wants each version read and signed, if the SOP has one."""
    for rule in policy.rules:
        if not isinstance(rule, CadenceRule) or rule.name != SIGNING:
            continue
        if rule.enforce in (Enforce.REQUIRE, Enforce.BLOCK):
            return rule
    return None


def may_give(policy: Policy, giver: Iterable[str], role: str) -> bool:
    """Return whether somebody with these roles may give a role: never more than they have."""
    held = tuple(giver)
    if not may(policy, held, "manage_access") or role not in policy.roles:
        return False
    acts = COMMON_ACTS | LEADING_ACTS | frozenset(SEEING)
    acts |= {act for each in policy.roles.values() for act in each.may if act != EVERYTHING}
    if any(may(policy, (role,), act) and not may(policy, held, act) for act in acts):
        return False
    ranks = {level.id: rank for rank, level in enumerate(policy.levels)}
    own = [ranks[each] for each in map(_level_of(policy), held) if each in ranks]
    level = policy.roles[role].level
    return not own or level not in ranks or ranks[level] <= max(own)


def _level_of(policy: Policy) -> Callable[[str], str | None]:
    return lambda role: policy.roles[role].level if role in policy.roles else None


def sight(policy: Policy, roles: Iterable[str], facts: Scope | None) -> Sight:
    """Return what the roles see of the customer of a ticket with these facts.

    Without a ticket nobody was verified, so an SOP with an account gate covers everything.
    """
    held = tuple(roles)
    gate = account_gate(policy, facts)
    return Sight(
        contacts=gate is None and may(policy, held, "see_contacts"),
        personal=gate is None and may(policy, held, "see_personal"),
        clause=gate.because.clause if gate else "",
        say=gate.say if gate else "",
    )
