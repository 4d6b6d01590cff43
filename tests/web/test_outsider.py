"""Eve, an agent of another desk, asks for every address and learns nothing from any answer."""

from urllib.parse import quote, unquote

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import get_resolver

from kept import clock
from kept.records.models import (
    Attachment,
    CadenceTask,
    CommitmentRow,
    CustomerAddress,
    CustomerImport,
    Follow,
    Household,
    Journal,
    Membership,
    Message,
    Organisation,
    Outage,
    Outbox,
    Page,
    RawMessage,
    SearchMiss,
    Tag,
    Ticket,
)
from kept.records.queries.desks import desks_of
from kept.services import (
    article_pictures,
    articles,
    bulk,
    bulk_acts,
    conversation,
    saved_views,
    uploads,
)
from kept.services.article_wording import Wording
from kept.web.act_table import BY_NOUN
from tests.people import Cast

PUBLIC = {
    "sign-in", "healthz", "readyz", "customer-answer", "remote-picture", "live", "second-factor",
    "passkey-options", "passkey-sign-in", "sign-on", "sign-on-back", "sign-on-proven",
    "forgotten", "reset", "invitation", "scim", "rota-feed", "help-articles", "help-article",
    "help-picture",
}  # fmt: skip
OWN = {
    "macros", "queue", "wallboard", "outbox", "outages", "quarantine", "sign-out", "tags",
    "account", "account-act", "availability", "customers", "pages",
    "customer-new", "customer-pairs", "profile-reviews",
    "customer-imports", "households", "organisations", "views", "view-order", "view-counts",
    "bulk", "notices", "duties", "search", "search-suggestions", "colleagues",
    "knowledge", "article-new",
}  # fmt: skip
NOUNS = (*BY_NOUN, "messages", "steps", "approval-decisions", "acknowledgements")
POSTED = {
    "outage-ending", "tag", "sop-signature", "draft", "uploads", "remarks", "presence", "view",
    "article-misses", "article-act",
}  # fmt: skip


def addresses(number: int) -> dict[str, str]:
    """Return a foreign address for every route that leads to something of a desk."""
    message = Message.objects.filter(ticket_id=number).first()
    assert message
    file = Attachment.objects.create(
        message=message,
        filename="x.txt",
        content_type="text/plain",
        size=1,
        sha256=b"x",
        body=b"x",
    )
    commitment = CommitmentRow.objects.filter(ticket_id=number).first()
    assert commitment
    lead = Membership.objects.get(desk__slug="small", role="lead")
    outage = Outage.objects.create(
        desk_id=lead.desk_id, name="Dana's telephone", began_at=clock.now(),
        began_by_id=lead.agent_id,
    )  # fmt: skip
    customer = Ticket.objects.values_list("customer_id", flat=True).get(pk=number)
    number_on_file = CustomerAddress.objects.create(
        customer_id=customer, kind="phone", value="+442079460018"
    ).pk
    made = {"desk_id": lead.desk_id, "made_at": clock.now()}
    home = Household.objects.create(name="Dana's household", **made).pk
    firm = Organisation.objects.create(name="Dana's firm", **made).pk
    table = CustomerImport.objects.create(
        desk_id=lead.desk_id, filename="Dana.csv", size=1, encoding="utf-8", delimiter=",",
        by_id=lead.agent_id, at=clock.now(),
    )  # fmt: skip
    token = uploads.add(
        number, by=Membership.objects.get(agent__name="Amira").agent_id, at=clock.now(),
        filename="mine.txt", content_type="text/plain", body=b"mine",
    )  # fmt: skip
    here = f"/tickets/{number}"
    return {
        "draft": f"{here}/drafts",
        "uploads": f"{here}/uploads",
        "texts": f"{here}/texts?template=receipt",
        "remarks": f"{here}/remarks",
        "presence": f"{here}/presence",
        "room": f"{here}/room",
        "what-if": f"{here}/what-if?act=resolve",
        "suggestions": f"{here}/suggestions",
        "picture": f"/attachments/{file.pk}/picture",
        "upload": f"/uploads/{token}",
        "call-back": f"/tickets/{number}/call/{number_on_file}",
        "customer": f"/customers/{customer}",
        "customer-act": f"/customers/{customer}/notes",
        "customer-export": f"/customers/{customer}.json",
        "customer-table": "/customers/of/small.csv",
        "customer-import": f"/customers/imports/{table.pk}",
        "household": f"/households/{home}",
        "organisation": f"/organisations/{firm}",
        "ticket": f"/tickets/{number}",
        "acts": f"/tickets/{number}/messages",
        "proof": f"/tickets/{number}/commitments/{quote(commitment.commitment)}/proof",
        "message-html": f"/messages/{message.pk}/frame",
        "attachment": f"/attachments/{file.pk}",
        "sop": "/sop/small",
        "outage-ending": f"/outages/{outage.pk}/ending",
        "tag": f"/tags/{_tag_on(number)}",
        "sop-signature": "/sop/small/signatures",
        "rota": "/rota?desk=small",
        "page": f"/pages/{_page_on(number)}",
        **_of_an_article(lead.desk_id, lead.agent_id),
        "people": "/admin/people?desk=small",
        "access-review": "/admin/review?desk=small",
        "audit": "/admin/audit",
        "duty": f"/duties/{_duty()}",
        "view": f"/views/{_view()}",
        "bulk-act": f"/bulk/{_bulk(number)}",
    }


def _page_on(number: int) -> int:
    desk = Ticket.objects.get(pk=number).desk_id
    return Page.objects.create(
        ticket_id=number, desk_id=desk, key="x", role="lead", step_seconds=600, at=clock.now()
    ).pk


def _of_an_article(desk: int, lead: int) -> dict[str, str]:
    told = Wording(title="Dana's screen", body="Dark")
    article = articles.write(told, by=lead, at=clock.now(), desk="small")
    articles.publish(article, by=lead, at=clock.now())
    picture = article_pictures.add_picture(
        article, by=lead, at=clock.now(), filename="x.png", body=b"\x89PNG\r\n\x1a\n"
    )
    SearchMiss.objects.create(
        desk_id=desk, words="dana", first_at=clock.now(), last_at=clock.now()
    )  # fmt: skip
    return {
        "article": f"/knowledge/{article}",
        "article-edit": f"/knowledge/{article}/edit",
        "article-version": f"/knowledge/{article}/versions/1",
        "article-act": f"/knowledge/{article}/publications",
        "article-misses": "/knowledge/misses",
        "article-picture": f"/knowledge/pictures/{picture}",
    }


def _tag_on(number: int) -> int:
    desk = Ticket.objects.get(pk=number).desk_id
    return Tag.objects.create(desk_id=desk, name="screen", made_at=clock.now()).pk


def _amira() -> int:
    return int(get_user_model().objects.get(email="amira@kept.example").pk)


def _duty() -> int:
    task = CadenceTask.objects.create(
        desk_id=desks_of(_amira())[0].id, clause="small.resp", name="secret_review", role="agent",
        period_start=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    return int(task.pk)


def _view() -> int:
    return saved_views.save_view(
        by=_amira(), at=clock.now(), name="Secret view", query="severity=P1", audience="desk",
        desk="small",
    )  # fmt: skip


def _bulk(number: int) -> str:
    act = bulk_acts.BY_NAME["follow"]
    token = bulk.begin(act, by=_amira(), at=clock.now())
    bulk.do(act, token, (number,), bulk.Given(by=_amira(), at=clock.now(), answers={}))
    return token


def nowhere(client: Client) -> bytes:
    answer = client.get("/tickets/999999999")
    assert answer.status_code == 404
    return answer.content


def test_every_route_is_public_everybodys_own_or_guarded_here(desk: Cast, ticket: int) -> None:
    routes = {
        str(pattern.name) for pattern in get_resolver().url_patterns if "name" in dir(pattern)
    }
    pages = {name for name in routes if not name.startswith(("api", "None"))}
    assert pages <= PUBLIC | OWN | set(addresses(ticket))


def test_what_is_anothers_answers_as_what_does_not_exist(eve: Client, ticket: int) -> None:
    missing = nowhere(eve)
    for name, address in addresses(ticket).items():
        if name == "acts":
            continue
        answer = eve.post(address, {"do": "delete"}) if name in POSTED else eve.get(address)
        assert (answer.status_code, answer.content == missing) == (404, True), name


@pytest.mark.parametrize("noun", NOUNS)
def test_no_act_of_an_outsider_does_anything(
    eve: Client, desk: Cast, ticket: int, noun: str
) -> None:
    facts = Journal.objects.count()
    answer = eve.post(f"/tickets/{ticket}/{noun}", {"text": "I am Eve", "to": "L2"})
    assert answer.status_code == 404
    assert answer.content == nowhere(eve)
    assert Journal.objects.count() == facts


def test_an_outsiders_own_pages_hold_nothing_of_the_desk(eve: Client, ticket: int) -> None:
    conversation.note(ticket, by=_amira(), at=clock.now(), text="@eve @bo zebra")
    _duty()
    _view()
    addresses = (
        "/", "/?desk=small", "/?words=Help", "/?view=all&status=any", "/?view=mentions",
        "/?customer=1&view=all&status=any", "/wallboard", "/outbox", "/quarantine", "/views",
        "/views/counts", "/notices", "/duties", "/duties?of=desk", "/search?q=Help", "/macros",
        "/search?q=zebra", "/search?q=dana", "/search?q=dnaa", f"/search?q={ticket}",
        "/search?q=dana%40example.com", "/search?q=from%3Adana", "/search?q=is%3Aopen",
        "/search/suggestions?q=Help", "/search/suggestions?q=dana",
        "/colleagues?desk=small&q=a", "/customers", "/customers/duplicates",
        "/customers/reviews", "/customers/imports", "/households", "/organisations",
        "/availability", "/knowledge", "/knowledge?words=dana",
    )  # fmt: skip
    for address in addresses:
        page = eve.get(address).content.decode()
        asked = unquote(address.partition("q=")[2])
        page = page.replace(asked, "") if asked else page  # A search says what was asked.
        assert "Dana" not in page, address
        assert "My screen" not in page and f"/tickets/{ticket}" not in page, address
        assert "zebra" not in page.replace('value="zebra"', "").replace("<title>zebra", ""), (
            address
        )
        assert "ecret" not in page and "Amira" not in page, address
        assert "Small desk" not in page, address
        assert "dana@" not in page, address


def test_an_outsider_sees_no_outage_and_declares_none(eve: Client, ticket: int) -> None:
    addresses(ticket)
    for address in ("/", "/outages", "/wallboard"):
        assert "Dana" not in eve.get(address).content.decode(), address
    declared = eve.post("/outages", {"desk": "small", "name": "Eve's own"})
    assert (declared.status_code, declared.content == nowhere(eve)) == (404, True)
    assert Outage.objects.filter(ended_at=None).count() == 1


def test_an_outsider_cannot_free_what_is_held_back(eve: Client, desk: Cast) -> None:
    from kept.services import intake

    raw = intake.keep_raw("small", "small@kept.example", b"\xff broken", at=clock.now())
    RawMessage.objects.filter(pk=raw).update(state="quarantined", problem="unreadable")
    answer = eve.post("/quarantine", {"raw": str(raw), "decision": "discard"})
    assert answer.status_code == 404
    assert answer.content == nowhere(eve)
    assert RawMessage.objects.get(pk=raw).state == "quarantined"


def test_an_outsider_cannot_act_on_many(eve: Client, desk: Cast, ticket: int) -> None:
    facts = Journal.objects.count()
    for act, answers in (("resolve", {}), ("assign", {"agent": "me"}), ("follow", {})):
        told = {"act": act, "ticket": [str(ticket)], "step": "preview", **answers}
        shown = eve.post("/bulk", told)
        page = shown.content.decode()
        assert "My screen" not in page and "Dana" not in page
        token = page.partition("/bulk/")[2].partition('"')[0]
        if token:
            eve.post(f"/bulk/{token}", {**told, "step": "do"})
    foreign = _bulk(ticket)
    assert eve.post(f"/bulk/{foreign}", {"do": "undo"}).content == nowhere(eve)
    assert Journal.objects.count() == facts
    assert Follow.objects.exclude(agent_id=desk.amira).count() == 0


def test_an_owner_from_another_desk_is_refused(amira: Client, desk: Cast, ticket: int) -> None:
    answer = amira.post(f"/tickets/{ticket}/assignments", {"agent": str(desk.eve)})
    assert answer.status_code == 422


def test_a_stranger_is_asked_to_sign_in_whatever_there_is(desk: Cast, ticket: int) -> None:
    stranger = Client()
    own = ("/", "/outbox", "/views", "/views/counts", "/notices", "/duties", "/search?q=Help",
           "/search/suggestions?q=Help", "/colleagues?desk=small")  # fmt: skip
    everywhere = {**addresses(ticket), "none": "/tickets/999999999", "queue": "/", "tags": "/tags"}
    for name, address in (*everywhere.items(), *((one, one) for one in own)):
        verb = stranger.post if name in {*POSTED, "acts"} else stranger.get
        answer = verb(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/sign-in?next="), address
    assert Outbox.objects.filter(payload__text__contains="Eve").count() == 0
