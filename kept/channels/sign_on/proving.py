"""What both protocols share: a failed proof, and what a sign-in waits with in the browser."""

from kept.policy.words import Frozen


class NotProven(Exception):
    """The provider's answer proves nobody; `why` is for the log, never for the page."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Waiting(Frozen, frozen=True, kw_only=True):
    """A sign-in under way: kept, signed, by the browser that began it."""

    provider: str
    state: str
    """OIDC's state, or the id of SAML's request."""
    nonce: str = ""
    verifier: str = ""
    after: str = ""
    link: int = 0
    """Who is signed in and links the provider; 0 for a sign-in."""
    invitation: str = ""
