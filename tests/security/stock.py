"""One of each thing that a desk holds, so that attacks have something to aim at.

`stock` fills a desk as its people would; the numbers and tokens come back by the name of the
thing. Tests of access ask for the stock of the small desk and for that of another one.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from html import escape

from django.db import connection

from kept import clock
from kept.records import models
from kept.services import (
    approvals,
    articles,
    bulk,
    bulk_acts,
    conversation,
    drafts,
    feeds,
    groups,
    importing,
    leaving,
    linking,
    macros,
    merging_customers,
    profiles,
    purchases,
    rooms,
    rotas,
    saved_views,
    tagging,
    tickets,
    time_spent,
    tokens,
    uploads,
)
from kept.services.article_wording import Wording
from kept.services.leaving import Letter
from tests.people import Cast, raise_the_curtain
from tests.web.sop import WEB

FLAGGED = """
## Storms {#storms}
A storm is told to the lead. {#storm}
```yaml rule
reaction: storm
on: [created]
when: '"storm" in flags'
do: [{notify: [lead], by: [dashboard]}]
```
"""
GUEST = "- {id: guest, name: Guest, level: L1, may: [note]}"
SOP = WEB.replace("- {id: lead, name: Lead", f"{GUEST}\n  - {{id: lead, name: Lead") + FLAGGED
"""The small desk with a role that may only note, and a flag to put on tickets."""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8cfc0f01f0005000180fbd2ba5c0000000049454e44ae426082"
)
CSV = b"name,email\nZoe,zoe@example.com\n"


@dataclass(frozen=True, slots=True)
class Stock:
    """The things of one desk: `ids` are numbers, `words` are slugs and tokens."""

    desk: int
    slug: str
    ids: dict[str, int] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def named(self) -> dict[str, object]:
        days = {
            name: (clock.now() + timedelta(days=far)).strftime("%Y-%m-%dT%H:%M")
            for name, far in (("soon", 2), ("later", 3))
        }
        return {**self.ids, **self.words, **days, "desk": self.slug, "desk_id": self.desk}


def curtain() -> Cast:
    return raise_the_curtain(SOP)


def stock(slug: str, owner: int, lead: int, *, word: str = "Dana") -> Stock:
    """Fill a desk; `owner` writes and uploads, `lead` keeps the house. `word` is in every text."""
    desk = models.Desk.objects.get(slug=slug).pk
    held = Stock(desk=desk, slug=slug)
    _tickets(held, owner, word)
    _people(held, owner, lead, word)
    _writing(held, owner, lead, word)
    _house(held, owner, lead, word)
    return held


def _opened(slug: str, word: str, who: str) -> int:
    opening = tickets.Opening(
        subject=f"{word} asks", text=f"{word} has a dark screen.", channel="email", severity="P1"
    )
    return tickets.open_ticket(
        slug,
        opening,
        address=f"{who}@{slug}.example",
        name=f"{word} {who}",
        at=clock.now() - timedelta(minutes=5),
    ).ticket


def _tickets(held: Stock, owner: int, word: str) -> None:
    ids, at = held.ids, clock.now()
    for name, who in (("ticket", "one"), ("second", "two"), ("third", "one")):
        ids[name] = _opened(held.slug, word, who)
    ticket = ids["ticket"]
    ids["message"] = models.Message.objects.filter(ticket_id=ticket).earliest("id").pk
    conversation.note(ticket, by=owner, at=at, text=f"{word} note")
    for name, body in (("attachment", b"plain"), ("picture", PNG)):
        ids[name] = models.Attachment.objects.create(
            message_id=ids["message"], filename=f"{word}.txt", content_type="text/plain",
            size=len(body), sha256=b"x", body=body,
        ).pk  # fmt: skip
    models.Message.objects.filter(pk=ids["message"]).update(html=f"<p>{escape(word)}</p>")
    found = models.CommitmentRow.objects.filter(ticket_id=ticket).earliest("id")
    held.words["commitment"] = found.commitment
    approvals.ask(ticket, by=owner, at=at, kind="refund", amount=20_000)
    ids["approval"] = models.ApprovalRow.objects.get(ticket_id=ticket).pk
    ids["link"] = linking.link(ticket, to=ids["second"], kind="related_to", by=owner, at=at)
    tagging.tag(ticket, by=owner, at=at, name=f"{word[:30]} tag")
    ids["tag"] = models.Tag.objects.get(desk=held.desk).pk
    ids["entry"] = time_spent.note_time(ticket, by=owner, at=at, minutes=5, what=f"{word} time")
    ids["notice"] = models.Notification.objects.create(
        agent_id=owner, desk_id=held.desk, ticket_id=ticket, cause=f"stock {held.slug}",
        page="stock", about=f"{word} page", at=at,
    ).pk  # fmt: skip


def _people(held: Stock, owner: int, lead: int, word: str) -> None:
    ids, at, desk = held.ids, clock.now(), held.desk
    customer = models.Ticket.objects.values_list("customer_id", flat=True).get(pk=ids["ticket"])
    assert customer is not None
    ids["customer"] = customer
    other = models.Ticket.objects.values_list("customer_id", flat=True).get(pk=ids["second"])
    assert other is not None
    ids["other_customer"] = other
    ids["address"] = profiles.add_address(
        customer, desk=desk, by=owner, at=at, kind="phone", value="+442079460018"
    )
    ids["purchase"] = purchases.add(
        customer, desk=desk, by=owner, at=at, product=f"{word} lamp", serial="1"
    )
    ids["customer_note"] = profiles.add_note(
        customer, desk=desk, by=owner, at=at, text=f"{word} remark"
    )
    ids["household"] = groups.make_household(desk, by=owner, at=at, name=f"{word} home")
    groups.join_household(ids["household"], customer=customer, role="elder", by=owner, at=at)
    ids["organisation"] = groups.make_organisation(desk, by=owner, at=at, name=f"{word} firm")
    groups.join_organisation(ids["organisation"], customer=customer, by=owner, at=at)
    one, two = sorted((customer, other))
    ids["pair"] = models.CustomerPair.objects.create(
        one_id=one, other_id=two, reason="name", found_at=at
    ).pk
    gone = profiles.make(desk, by=owner, at=at, name=f"{word} twice")
    ids["merge"] = merging_customers.merge(gone, into=customer, by=owner, at=at)
    ids["import"] = importing.upload(
        desk, by=lead, at=at, filename=f"{word}.csv", size=len(CSV), read=lambda: iter((CSV,))
    )


def _writing(held: Stock, owner: int, lead: int, word: str) -> None:
    ids, words, at, ticket = held.ids, held.words, clock.now(), held.ids["ticket"]
    drafts.put_aside(
        ticket, by=owner, at=at, text=f"{word} draft", kind="public", name=f"{word} draft"
    )
    ids["draft"] = models.Draft.objects.get(ticket_id=ticket, agent_id=owner).pk
    drafts.share(ids["draft"], by=owner, at=at, shared=True)
    drafts.save(ticket, by=owner, at=at, text=f"{word} running", kind="public")
    words["upload"] = uploads.add(
        ticket, by=owner, at=at, filename=f"{word}.png", content_type="image/png", body=PNG
    )
    leaving.undo_seconds(owner, 30)
    letter = Letter(text=f"{word} leaving", key=f"stock-{held.slug}")
    leaving.send_off(ids["third"], letter, by=owner, at=at)
    ids["reply"] = models.LeavingReply.objects.get(ticket_id=ids["third"]).pk
    leaving.undo_seconds(owner, 0)
    ids["line"] = rooms.say(ticket, by=owner, at=at, text=f"{word} room", key=f"s{held.slug}")
    wording = macros.Wording(name=f"{word} macro", text=f"{word} macro", shortcut="stock")
    ids["macro"] = macros.write(held.slug, wording, by=lead, at=at)
    ids["view"] = saved_views.save_view(
        by=owner, at=at, name=f"{word} view", query="severity=P1", audience="desk", desk=held.slug
    )
    act = bulk_acts.BY_NAME["follow"]
    words["bulk"] = bulk.begin(act, by=owner, at=at)
    bulk.do(act, words["bulk"], (ticket,), bulk.Given(by=owner, at=at, answers={}))


def _house(held: Stock, owner: int, lead: int, word: str) -> None:
    ids, words, at, desk = held.ids, held.words, clock.now(), held.desk
    ids["agent"] = owner
    ids["membership"] = models.Membership.objects.filter(agent_id=owner, desk_id=desk)[0].pk
    ids["duty"] = models.CadenceTask.objects.create(
        desk_id=desk, clause="small.resp", name=f"{word} duty", role="agent", period_start=at,
        due_at=at,
    ).pk  # fmt: skip
    ids["review_task"] = models.CadenceTask.objects.create(
        desk_id=desk, clause="small.resp", name=f"{word} review", role="agent", period_start=at,
        due_at=at, subject=f"customer:{ids['customer']}",
    ).pk  # fmt: skip
    ids["outage"] = models.Outage.objects.create(
        desk_id=desk, name=f"{word} outage", notice=f"{word} notice", began_at=at,
        began_by_id=lead,
    ).pk  # fmt: skip
    ids["raw"] = models.RawMessage.objects.create(
        desk_id=desk, mailbox="x", sha256=b"x", dedupe_key=f"stock{held.slug}".encode(),
        body=b"x", received_at=at, state="quarantined", problem=f"{word} problem",
    ).pk  # fmt: skip
    ids["invitation"] = models.OneTimeLink.objects.create(
        kind="invite", token_hash=f"h{desk}".encode(), email=f"new@{held.slug}.example",
        desk_id=desk, role="agent", made_by_id=lead, made_at=at, expires_at=at.replace(year=2099),
    ).pk  # fmt: skip
    ids["provider"] = models.IdentityProvider.objects.create(
        desk_id=desk, slug=f"idp-{held.slug}", kind="oidc", name=f"{word} provider",
        issuer=f"https://{held.slug}.example",
    ).pk  # fmt: skip
    ids["identity"] = models.Identity.objects.create(
        agent_id=owner, provider_id=ids["provider"], issuer="x", subject=held.slug, made_at=at
    ).pk
    ids["passkey"] = models.Passkey.objects.create(
        agent_id=owner, credential=held.slug.encode(), public_key=b"k", sign_count=0,
        name=f"{word} key", made_at=at,
    ).pk  # fmt: skip
    ids["page"] = models.Page.objects.create(
        ticket_id=ids["ticket"], desk_id=desk, key="stock", role="agent", about=f"{word} page",
        step_seconds=60, at=at,
    ).pk  # fmt: skip
    ids["try"] = models.PageTry.objects.create(
        page_id=ids["page"], agent_id=owner, rung=0, rung_name="agent", at=at
    ).pk
    article = Wording(title=f"{word} article", body=f"{word} knows how.")
    ids["article"] = articles.write(article, by=lead, at=at, desk=held.slug)
    articles.publish(ids["article"], by=lead, at=at)
    words["article_picture"] = f"picture-of-{held.slug}"
    models.ArticlePicture.objects.create(
        article_id=ids["article"], token=words["article_picture"], filename="x.png",
        content_type="image/png", size=len(PNG), body=PNG, made_by_id=lead, made_at=at,
    )  # fmt: skip
    ids["miss"] = models.SearchMiss.objects.create(
        desk_id=desk, words=f"{word} missed", first_at=at, last_at=at
    ).pk
    layer = rotas.LayerForm(people=(owner,), starts_on=at.date())
    ids["rota"] = rotas.make(
        held.slug, by=lead, at=at, name=f"{word} rota", kind="duty", layers=(layer,)
    )
    ids["layer"] = models.RotaLayer.objects.get(rota=ids["rota"]).pk
    ids["cover"] = rotas.cover(
        ids["layer"], agent=owner, by=lead, at=at, reason=f"{word} cover",
        starts_at=at + timedelta(days=1), ends_at=at + timedelta(days=2),
    )  # fmt: skip
    words["feed_token"] = feeds.subscribe(by=owner, at=at, rota=ids["rota"])
    ids["feed"] = models.CalendarFeed.objects.get(agent_id=owner).pk
    review = models.AccessReview.objects.create(desk_id=desk, begun_at=at, begun_by_id=lead)
    ids["decision"] = models.ReviewDecision.objects.create(
        review=review, membership_id=ids["membership"]
    ).pk
    words["policy"] = models.PolicyVersion.objects.get(desk_id=desk, state="active").hash
    ids["token"] = tokens.create(
        held.slug, role="agent", name=f"{word} token", at=at, owner=owner
    ).id


def fingerprints(leaving_out: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return a hash of each table, to tell what a request changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall() if name not in leaving_out]
        statement = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            f' FROM "{name}" t'
            for name in tables
        )
        cursor.execute(statement)
        return dict(cursor.fetchall())
