"""How often a token may ask: so many requests a minute in each web process.

The count is in memory: a limit against accidents must not cost a write on every read.
"""

import threading
import time

from django.conf import settings

from kept.policy.words import Frozen

WINDOW = 60


class Allowance(Frozen, frozen=True, kw_only=True):
    """What is left of a token's minute."""

    limit: int
    left: int
    resets_in: int
    over: bool = False

    def headers(self) -> dict[str, str]:
        """Return the headers of the draft, and the older ones that clients still read."""
        said = {
            "RateLimit-Policy": f'"token";q={self.limit};w={WINDOW}',
            "RateLimit": f'"token";r={self.left};t={self.resets_in}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.resets_in),
        }
        return said | ({"Retry-After": str(self.resets_in)} if self.over else {})


_counts: dict[int, tuple[float, int]] = {}
_lock = threading.Lock()


def spend(token: int) -> Allowance:
    """Count one request of a token."""
    limit = settings.KEPT_API_RATE
    now = time.monotonic()
    with _lock:
        began, used = _counts.get(token, (now, 0))
        if now - began >= WINDOW:
            began, used = now, 0
        _counts[token] = (began, used + 1)
    return Allowance(
        limit=limit,
        left=max(limit - used - 1, 0),
        resets_in=max(1, int(began + WINDOW - now) + 1),
        over=used >= limit,
    )
