"""The small desk with what the pages must show: a hand-off, a step, a gate before closing."""

from typing import Final

from tests.sop import SMALL

WEB: Final = (
    SMALL
    + """
## Moving up {#up}
Nobody moves up without a hand-off. {#sheet}
```yaml rule
gate: escalated
needs: '"handoff" in steps_done'
say: Fill in the hand-off first.
```
```yaml rule
step: handoff
after: handoff_begun
form: handoff
```

The reason comes from the list. {#why}
```yaml rule
gate: escalated
needs: reason in ["beyond_me", "unsolved"]
say: Choose the reason from the list.
```
```yaml form
id: begun
title: Begun
event: handoff_begun
fields:
  - {id: to, label: To}
```

## Working {#work}
Write down what was *tried* before it counts as solved. {#tried}
```yaml form
id: attempt
title: What was tried
fields:
  - {id: what, label: What was tried, type: long}
  - {id: worked, label: Did it work, type: yes_no}
```
```yaml rule
step: write_attempt
title: write what was tried
after: created
form: attempt
before: resolved
enforce: require
```
"""
)
