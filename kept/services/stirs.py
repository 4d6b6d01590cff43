"""Stirs: small live signs on a ticket that are no facts, told over the hints' channel.

`seen` (who is here), `room` (a line was said), `changed` (a reply waits or was undone). A lost
one costs nothing: pages ask again with their next heartbeat.
"""

from kept.services.hints import hint

KINDS = frozenset({"seen", "room", "changed"})


def stir(kind: str, ticket: int, desk: int) -> None:
    """Tell the listeners of a desk after the commit."""
    hint(f"{kind}:{ticket}:{desk}")
