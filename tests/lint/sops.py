"""Small SOPs for the lints: a sound head, and what each test adds to it."""

from textwrap import dedent

from kept.policy import compile_sop
from kept.policy.errors import Compiled, Problem

HEAD = """\
---
sop: shop
title: How we answer
version: 1.0.0
effective: "2026-12-01T00:00"
zone: Europe/London
currency: USD
{front}---
# How we answer

```yaml scale
severities:
  - {{id: P1, name: Critical}}
  - {{id: P2, name: High}}
  - {{id: P3, name: Low}}
```
```yaml level
levels:
  - {{id: L1, name: First line}}
  - {{id: L2, name: Specialists}}
  - {{id: L3, name: Engineers}}
```
"""
ROLES = """
```yaml role
roles:
  - {id: agent, name: Agent, level: L1}
  - {id: lead, name: Lead, level: L2}
```
"""


def compiled(body: str, *, front: str = "", roles: str = ROLES) -> Compiled:
    """Compile an SOP with this body under the sound head."""
    return compile_sop(HEAD.format(front=dedent(front)) + roles + dedent(body), name="shop.md")


def found(body: str, *, front: str = "", roles: str = ROLES) -> list[Problem]:
    return list(compiled(body, front=front, roles=roles).problems)


def codes(body: str, *, front: str = "", roles: str = ROLES) -> list[str]:
    """Return the codes of what was found, without those for clauses that only state something."""
    problems = found(body, front=front, roles=roles)
    return [problem.code for problem in problems if problem.code != "W701"]


def only(code: str, body: str, *, front: str = "", roles: str = ROLES) -> Problem:
    """Return the one problem of this code; fail with all of them where there is none."""
    problems = found(body, front=front, roles=roles)
    own = [problem for problem in problems if problem.code == code]
    assert len(own) == 1, [(p.line, p.code, p.message) for p in problems]
    return own[0]
