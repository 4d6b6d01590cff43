"""Acts of the panel of tags."""

from kept.services import tagging
from kept.web.act import Act

ACTS: tuple[Act, ...] = (
    Act(noun="tags", name="tag", title="Tag it", button="Tag it", panel="tags",
        shows=lambda ticket, policy: True,
        do=lambda said: tagging.tag(said.ticket, by=said.by, at=said.at, name=said.get("tag"))),
    Act(noun="tag-endings", name="untag", title="Take the tag off", button="Take it off",
        panel="tags", shows=lambda ticket, policy: True,
        do=lambda said: tagging.untag(said.ticket, by=said.by, at=said.at, name=said.get("tag"))),
)  # fmt: skip
