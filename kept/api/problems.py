"""Problem documents (RFC 9457): the one form of every error of the API.

What does not exist and what is not for this token get the same answer, byte for byte.
"""

import msgspec

from kept.services.errors import DeskError, Refused
from kept.services.repeats import Answer

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    403: "Not in your role",
    404: "Nothing here",
    405: "Not with this method",
    409: "Not now",
    411: "The length is missing",
    413: "Too large",
    415: "JSON is needed",
    422: "The request cannot be used",
    429: "Too many requests",
    500: "Our mistake",
    503: "Not available",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error. `clause`, `say`, `needs` and `act` come from the policy where it refused."""

    type: str
    title: str
    status: int
    detail: str
    field: str = ""
    clause: str = ""
    act: str = ""
    say: str = ""
    needs: str = ""


class Unusable(Exception):
    """The request itself is wrong; carries its problem."""

    def __init__(self, status: int, code: str, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.problem = problem(status, code, detail, field=field)


def problem(status: int, code: str, detail: str, *, field: str = "") -> Problem:
    """Return a problem of a kind that the docs list."""
    return Problem(
        type=f"urn:kept:problem:{code}", title=TITLES[status], status=status, detail=detail,
        field=field,
    )  # fmt: skip


def of_error(error: DeskError) -> Problem:
    """Return the problem of a foreseen failure."""
    if error.status == 404:
        return NOTHING
    if isinstance(error, Refused):
        return Problem(
            type="urn:kept:problem:refused", title="Refused by the policy", status=error.status,
            detail=error.sentence, clause=error.because.clause, act=error.act,
            say=error.say or error.sentence, needs=error.needs,
        )  # fmt: skip
    return problem(error.status, error.code, error.sentence)


def answer_of(told: Problem) -> Answer:
    """Return the answer that carries a problem."""
    return Answer(status=told.status, content_type=CONTENT_TYPE, body=msgspec.json.encode(told))


NOTHING = problem(404, "not_found", "There is no such thing, or it is not for this token.")
UNKNOWN_TOKEN = problem(
    401, "no_token", "Send `Authorization: Bearer TOKEN` with a token that is in force."
)
OUR_MISTAKE = problem(
    500, "our_mistake", "The desk failed. Nothing was half done; send it again with the same key."
)
NO_DATABASE = problem(503, "no_database", "The database does not answer now. Try again soon.")
