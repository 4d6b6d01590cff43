"""What is owed is called by its rule's title, else by a word of the field, else by its name."""

from kept.policy import compile_sop
from kept.policy.titles import deed, titles

SOP = """---
sop: tiny
title: Tiny
version: 1.0.0
zone: UTC
---
Answer within an hour. {#a}
```yaml rule
clock: first_look
title: read it and say how urgent it is
start: created
stop: agent_public
within: 1h
```
"""


def test_a_title_is_what_people_read_and_part_of_the_policy() -> None:
    policy, bare = (
        compile_sop(text).policy
        for text in (SOP, SOP.replace("title: read it and say how urgent it is\n", ""))
    )
    assert policy is not None
    assert bare is not None
    assert deed("first_look", titles(policy)) == "read it and say how urgent it is"
    assert deed("first_look", titles(bare)) == "first look"
    assert policy.hash != bare.hash


def test_without_a_title_the_field_has_its_own_words() -> None:
    assert deed("first_response") == "reply"
    assert deed("promise") == "keep the promise"
    assert deed("write_incident") == "write incident"
