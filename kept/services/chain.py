"""The hash chain of a ticket's journal.

A row's hash covers the row before it and every column, as canonical JSON: keys sorted, no
spaces. JSONB reorders keys, so the canonical form is made from values, never from stored text.
"""

import hashlib
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")
GENESIS = b""
"""What the first row of a ticket follows."""


def row_hash(previous: bytes, row: dict[str, Any]) -> bytes:
    """Return the hash of a row; `row` holds ids, instants as integers, fact and decisions."""
    return hashlib.sha256(previous + _ENCODER.encode(row)).digest()


def journal_row(
    *,
    ticket: int,
    seq: int,
    fact_id: str,
    at: int,
    recorded_at: int,
    by_agent: int | None,
    fact: Any,
    decisions: Any,
    refused: bool,
    policy_hash: str,
    tzdata: str,
) -> dict[str, Any]:
    """Return what a row's hash covers."""
    return {
        "ticket": ticket,
        "seq": seq,
        "fact_id": fact_id,
        "at": at,
        "recorded_at": recorded_at,
        "by_agent": by_agent,
        "fact": fact,
        "decisions": decisions,
        "refused": refused,
        "policy_hash": policy_hash,
        "tzdata": tzdata,
    }
