"""What a customer bought, and what the SOP still lets them claim for it."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec
from django.db import connection

from kept.policy.entitlements import entitlements, fee
from kept.policy.profiles import Bought, facts_of_purchase
from kept.policy.rules import Policy
from kept.policy.words import Value
from kept.records.instants import instant, moment_or_none
from kept.records.queries.views import View

MOST = 100


class EntitlementView(View, frozen=True, kw_only=True):
    """What the SOP lets a customer claim for one purchase, and the clause that says so."""

    clause: str
    name: str
    covers: tuple[str, ...]
    holds: bool | None
    why: str
    last_day: date | None
    ends_at: datetime | None
    fee_permille: int
    fee: int | None
    missing: tuple[str, ...]


class PurchaseView(View, frozen=True, kw_only=True):
    """One thing a customer bought, with what they may still claim for it."""

    id: int
    product: str
    serial: str
    order_number: str
    bought_on: date | None
    price: int | None
    cover: str
    more: dict[str, Value]
    entitlements: tuple[EntitlementView, ...]


def purchases_of(
    customer: int,
    desk: int,
    policy: Policy,
    *,
    at: datetime,
    facts: Mapping[str, Value] | None = None,
) -> tuple[PurchaseView, ...]:
    """Return what a customer bought, newest first; `facts` are a ticket's own, read as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, product, serial, order_number, bought_on, price, cover, more::text
            FROM purchase WHERE customer_id = %s AND desk_id = %s
            ORDER BY bought_on DESC NULLS LAST, id DESC LIMIT %s
            """,
            [customer, desk, MOST],
        )
        rows = cursor.fetchall()
    found = []
    for row in rows:
        more = msgspec.json.decode(row[7], type=dict[str, Value])
        bought = Bought(
            product=row[1], serial=row[2], bought_on=row[4], price=row[5], cover=row[6], more=more
        )
        found.append(
            PurchaseView(
                id=row[0], product=row[1], serial=row[2], order_number=row[3], bought_on=row[4],
                price=row[5], cover=row[6], more=more,
                entitlements=_entitled(policy, bought, facts or {}, at),
            )
        )  # fmt: skip
    return tuple(found)


def _entitled(
    policy: Policy, bought: Bought, facts: Mapping[str, Value], at: datetime
) -> tuple[EntitlementView, ...]:
    fields = {**facts, **facts_of_purchase(policy, bought)}
    return tuple(
        EntitlementView(
            clause=one.because.clause, name=one.name, covers=one.covers, holds=one.holds,
            why=one.why, last_day=one.last_day, ends_at=moment_or_none(one.ends_at),
            fee_permille=one.fee_permille,
            fee=fee(bought.price, one.fee_permille)
            if bought.price is not None and one.fee_permille
            else None,
            missing=one.missing,
        )
        for one in entitlements(policy, fields, instant(at))
    )  # fmt: skip
