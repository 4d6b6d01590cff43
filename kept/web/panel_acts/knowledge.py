"""Acts of the panel of knowledge: what solved it, that it was not this, that there is nothing."""

from kept.services import solving
from kept.services.errors import NotValid
from kept.web.act import Act, Said


def _article(said: Said) -> int:
    told = said.get("article")
    if not (told.isascii() and told.isdigit() and len(told) < 18):
        raise NotValid("Name the article.")
    return int(told)


ACTS: tuple[Act, ...] = (
    Act(noun="solved-by", name="solved_by", title="This solved it", button="This solved it",
        panel="knowledge", shows=lambda ticket, policy: True,
        do=lambda said: solving.solved_by(
            said.ticket, _article(said), by=said.by, at=said.at)),
    Act(noun="solved-by-endings", name="not_solved_by", title="It was not this",
        button="It was not this", panel="knowledge", shows=lambda ticket, policy: True,
        do=lambda said: solving.withdraw(
            said.ticket, _article(said), by=said.by, at=said.at)),
    Act(noun="none-found", name="none_found", title="None found", button="None found",
        panel="knowledge", shows=lambda ticket, policy: True,
        do=lambda said: solving.none_found(said.ticket, by=said.by, at=said.at)),
)  # fmt: skip
