"""All acts of the ticket page: the core ones and those of each panel, by their noun."""

from kept.web.act import Act
from kept.web.acts import CORE
from kept.web.identity_acts import ACTS as IDENTITY
from kept.web.outage_acts import ACTS as OUTAGE
from kept.web.panel_acts import knowledge, linked, tags, time_spent
from kept.web.writing_acts import WRITING
from kept.web.yours import ACTS as YOURS

TABLE: tuple[Act, ...] = (
    *CORE,
    *WRITING,
    *OUTAGE,
    *IDENTITY,
    *knowledge.ACTS,
    *linked.ACTS,
    *tags.ACTS,
    *time_spent.ACTS,
    *YOURS,
)
BY_NOUN = {act.noun: act for act in TABLE}
