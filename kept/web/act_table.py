"""All acts of the ticket page: the core ones and those of each panel, by their noun."""

from kept.web.act import Act
from kept.web.acts import CORE

TABLE: tuple[Act, ...] = CORE
BY_NOUN = {act.noun: act for act in TABLE}
