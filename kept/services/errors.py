"""What a verb may raise: foreseen, with a code, an HTTP status and a sentence fit to show."""

from kept.policy.decisions import Refuse

AgentId = int


class DeskError(Exception):
    """Something people or the world may do wrong."""

    code = "desk_error"
    status = 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(DeskError):
    """It does not exist, or must look so to this person."""

    code = "not_found"
    status = 404


class NotAllowed(DeskError):
    """The person's role does not include the act."""

    code = "not_allowed"
    status = 403


class NotValid(DeskError):
    """The input cannot be used; the sentence says what would be."""

    code = "not_valid"
    status = 422


class Conflict(DeskError):
    """Somebody else was faster, or the thing has already ended."""

    code = "conflict"
    status = 409


class Refused(DeskError):
    """The policy said no and names the clause; the refusal is on record already."""

    code = "refused"
    status = 409

    def __init__(self, refuse: Refuse) -> None:
        super().__init__(refuse.say or f"Not allowed by clause {refuse.because.clause}.")
        self.because = refuse.because
        self.say = refuse.say
        self.needs = refuse.needs
        self.act = refuse.act
        self.enforce = refuse.enforce
