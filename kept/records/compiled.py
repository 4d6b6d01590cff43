"""Compiled policies by hash, kept in memory; compiling costs up to half a second.

A policy is made from the very text that was stored, so any process arrives at the same hash.
"""

import logging
from functools import lru_cache

import msgspec

from kept.policy import Compiled, Policy, compile_sop
from kept.records.models import PolicyVersion

log = logging.getLogger(__name__)


class PolicyBroken(RuntimeError):
    """A stored policy is gone, or this program cannot compile its text."""


def compile_text(
    source: str, parents: dict[str, str], parameters: dict[str, str], *, lints: bool = True
) -> Compiled:
    """Compile an SOP's text with the texts its `extends` may name."""
    return compile_sop(source, parameters=parameters, parents=parents, lints=lints)


@lru_cache(maxsize=64)
def policy_by_hash(hash_: str) -> Policy:
    """Return the compiled policy of a stored version."""
    version = PolicyVersion.objects.filter(hash=hash_).order_by("id").first()
    if version is None:
        raise PolicyBroken(f"No stored policy has the hash {hash_}.")
    # It was linted when it was proposed; a lint that came later must not stop a running desk.
    policy = compile_text(version.source, version.parents, version.parameters, lints=False).policy
    if policy is None:
        raise PolicyBroken(f"The policy {version.sop} {version.version} compiles no more.")
    if policy.hash == hash_:
        return policy
    # A desk must not stop because the program was upgraded: it runs on under the hash that two
    # people activated, and `kept doctor` asks for the text to be proposed anew.
    log.warning("policy %s %s compiles differently now", version.sop, version.version)
    return msgspec.structs.replace(policy, hash=hash_)


def compiles_as_stored(hash_: str) -> bool:
    """Tell whether this program makes of a stored text what was activated."""
    version = PolicyVersion.objects.filter(hash=hash_).order_by("id").first()
    if version is None:
        return False
    made = compile_text(version.source, version.parents, version.parameters, lints=False).policy
    return made is not None and made.hash == hash_


@lru_cache(maxsize=256)
def policy_with(hash_: str, earlier: frozenset[str]) -> Policy:
    """Return a policy that also knows the versions some commitments still run under."""
    policy = policy_by_hash(hash_)
    others = {each: policy_by_hash(each) for each in sorted(earlier - {hash_})}
    if not others:
        return policy
    return msgspec.structs.replace(policy, earlier={**policy.earlier, **others})
