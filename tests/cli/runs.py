"""Running `kept` in this process, and small SOPs to run it on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kept.cli import main

Kept = Callable[..., "Answer"]
SHOP = """\
---
sop: shop
title: How we answer
version: 1.0.0
zone: Europe/London
---
# How we answer

```yaml scale
severities:
  - {id: P1, name: Critical, definition: [the shop is down]}
  - {id: P2, name: Normal}
```

## Critical {#P1}

We respond within 15 minutes. {#resp}
```yaml rule
clock: first_response
when: severity == "P1"
start: created
stop: agent_public
within: $text
```
```yaml test
- name: a reply on the dot is kept
  given:
    - {at: "2025-06-02T10:00", event: created, severity: P1}
    - {at: "2025-06-02T10:15", event: agent_public}
  expect: {resp: kept}
- name: a second later it is missed
  given:
    - {at: "2025-06-02T10:00", event: created, severity: P1}
    - {at: "2025-06-02T10:15:01", event: agent_public}
  expect: {resp: {verdict: missed, due: "2025-06-02T10:15", late: 1s}}
- name: others have more time
  given: [{at: "2025-06-02T10:00", event: created, severity: P2}]
  expect: {resp: not_activated}
```
"""


class Answer:
    """What a command printed and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def runner(capsys: pytest.CaptureFixture[str]) -> Kept:
    """Return a function that runs `kept` with these words."""

    def run(*words: str | Path) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as over:
            code = over.code if isinstance(over.code, int) else 2
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return run
