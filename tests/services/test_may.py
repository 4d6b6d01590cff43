"""What a role may do comes from the SOP where the SOP says so."""

import pytest

from kept.policy import Policy, compile_sop
from kept.services.errors import NotAllowed
from kept.services.permissions import Standing, require
from tests.sop import SMALL


def policy(agent: str = "", lead: str = "", manager: str = "") -> Policy:
    text = SMALL
    for role, may in (("agent", agent), ("lead", lead), ("manager", manager)):
        if may:
            text = text.replace(f"{{id: {role},", f"{{id: {role}, may: [{may}],")
    compiled = compile_sop(text)
    assert compiled.policy is not None, compiled.problems
    return compiled.policy


def may(role: str, act: str, under: Policy) -> bool:
    who = Standing(agent=1, desk=1, roles=(role,), level=None, teams=())
    try:
        require(who, act, under)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize("act", ["reply", "resolve", "pay", "escalate", "note"])
def test_a_role_without_a_list_has_every_everyday_act(act: str) -> None:
    assert may("agent", act, policy())


def test_a_list_of_everyday_acts_is_all_there_is_but_notes() -> None:
    narrow = policy(agent="reply, triage")
    assert may("agent", "reply", narrow) and may("agent", "note", narrow)
    assert not may("agent", "resolve", narrow)
    assert may("lead", "resolve", narrow)


def test_a_leading_act_belongs_to_the_roles_that_list_it() -> None:
    said = policy(agent="propose_policy", manager="activate_policy")
    assert may("agent", "propose_policy", said) and may("agent", "reply", said)
    assert not may("lead", "propose_policy", said)
    assert may("manager", "activate_policy", said) and not may("lead", "activate_policy", said)
    assert may("lead", "waive", said), "nobody lists it, so leads may"


def test_a_star_is_everything() -> None:
    assert may("agent", "erase", policy(agent='"*"'))


def test_unknown_roles_have_the_everyday_acts_only() -> None:
    assert may("visitor", "reply", policy())
    assert not may("visitor", "activate_policy", policy())
