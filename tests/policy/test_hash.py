"""A policy's hash is its own for ever: later versions of the program may add fields."""

import msgspec

from kept.policy import compile_sop
from kept.policy.rules import ReactionRule
from kept.policy.sop.hash import canonical
from tests.sop import SMALL


def test_what_holds_its_default_is_no_part_of_the_hash() -> None:
    policy = compile_sop(SMALL).policy
    assert policy is not None
    rules = msgspec.json.decode(canonical(policy))["rules"]
    reactions = [rule for rule in rules if rule.get("kind") == "reaction"]
    set_ones = {field for rule in reactions for field in rule}
    defaults = {field.name for field in msgspec.structs.fields(ReactionRule)} - set_ones
    assert {"pause", "unless"} <= defaults
    assert {"do", "on"} <= set_ones


def test_a_lint_does_not_change_the_hash() -> None:
    linted, stored = compile_sop(SMALL).policy, compile_sop(SMALL, lints=False).policy
    assert linted is not None and stored is not None
    assert linted.hash == stored.hash


def test_a_stored_policy_compiles_without_lints_and_is_broken_with_them() -> None:
    stale = SMALL.replace('body: "The part is {{ part }}."', 'body: "It is {{ nowhere }}."')
    assert compile_sop(stale).policy is None
    assert compile_sop(stale, lints=False).policy is not None
