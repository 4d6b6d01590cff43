"""The knowledge pages as people read and write them, with and without the script."""

import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import Article, ArticleReads, Journal, SearchMiss
from kept.services import article_pictures, articles
from kept.services.article_wording import MARKS, MOST_MARKS, Wording
from kept.web.article_text import plain, shown
from tests.people import Cast
from tests.web.conftest import signed_in_as
from tests.web.reading import kept_values, words

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
FORM = {
    "desk": "small", "title": "Dark screens", "body": "Check the *cable*.", "kind": "solution",
    "audience": "internal", "language": "en", "review_days": "90", "tags": "Screen, cable",
    "clauses": "resp.first",
}  # fmt: skip


def known(
    desk: Cast, title: str = "Dark screens", body: str = "Check the cable.", **more: object
) -> int:
    told = Wording(title=title, body=body, **more)  # type: ignore[arg-type]  # fields by name
    number = articles.write(told, by=desk.amira, at=clock.now(), desk="small")
    articles.publish(number, by=desk.bo, at=clock.now())
    return number


@pytest.fixture
def bo(desk: Cast) -> Client:
    return signed_in_as(desk.bo)


def test_an_article_is_written_published_and_read(amira: Client, bo: Client, desk: Cast) -> None:
    assert "Nothing written down yet" in words(amira.get("/knowledge"))
    saved = amira.post("/knowledge/new", FORM)
    number = Article.objects.get().pk
    assert saved["Location"] == f"/knowledge/{number}/versions/draft"
    assert "Publish it" not in words(amira.get(saved["Location"]))
    amira.post(f"/knowledge/{number}/submissions")

    draft = bo.get(f"/knowledge/{number}/versions/draft")
    assert "Publish it" in words(draft)
    bo.post(f"/knowledge/{number}/publications", {"revision": "1", "note": "The first"})
    page = amira.get(f"/knowledge/{number}")
    assert "Check the <em>cable</em>." in page.content.decode()
    assert "small.resp.first" in words(page)
    assert "screen , cable" in words(page)
    assert "Dark screens" in words(amira.get("/knowledge?words=cable&kind=solution"))
    assert "Dark screens" in words(amira.get("/knowledge?clause=small.resp.first"))
    assert "Dark screens" not in words(amira.get("/knowledge?clause=small.money.refund"))
    assert "Dark screens" in words(amira.get("/sop/small"))


def test_what_was_typed_stays_when_it_cannot_be_saved(amira: Client, desk: Cast) -> None:
    answer = amira.post("/knowledge/new", {**FORM, "title": "", "clauses": "no.such"})
    assert answer.status_code == 422
    assert "the title is missing" in words(answer)
    assert "Check the *cable*." in kept_values(answer)
    assert not Article.objects.exists()


def test_a_preview_saves_nothing(amira: Client, desk: Cast) -> None:
    answer = amira.post("/knowledge/new", {**FORM, "do": "preview"})
    assert "Check the <em>cable</em>." in answer.content.decode()
    part = amira.post(
        "/knowledge/new", {**FORM, "do": "preview"},
        headers={"HX-Request": "true", "HX-Target": "preview"},
    )  # fmt: skip
    assert part.content.decode().strip().startswith("<section")
    assert not Article.objects.exists()


def test_two_who_write_at_once_see_each_other(amira: Client, bo: Client, desk: Cast) -> None:
    amira.post("/knowledge/new", FORM)
    number = Article.objects.get().pk
    bo.post(f"/knowledge/{number}/edit", {**FORM, "revision": "1", "body": "Bo's words"})
    late = amira.post(f"/knowledge/{number}/edit", {**FORM, "revision": "1", "body": "Hers"})
    assert late.status_code == 409
    assert "Bo saved this draft" in words(late)
    assert "Bo's words" in words(late)
    assert "Hers" in kept_values(late)


def test_versions_are_compared_and_restored(amira: Client, bo: Client, desk: Cast) -> None:
    number = known(desk)
    amira.post(f"/knowledge/{number}/edit", {**FORM, "body": "Check the fuse."})
    draft = amira.get(f"/knowledge/{number}/versions/draft").content.decode()
    assert "<ins>Check the fuse.</ins>" in draft
    assert "<del>Check the cable.</del>" in draft
    bo.post(f"/knowledge/{number}/publications")
    assert amira.get(f"/knowledge/{number}/versions/1").status_code == 200
    back = amira.post(f"/knowledge/{number}/restorations", {"version": "1"})
    assert back["Location"].endswith("/versions/draft")
    for nowhere in ("9", "0", "x", "draft9"):
        assert amira.get(f"/knowledge/{number}/versions/{nowhere}").status_code == 404
    assert amira.get(f"/knowledge/{number}/versions/2?against=nine").status_code == 200


def test_what_a_role_may_not_is_said_and_not_done(amira: Client, desk: Cast) -> None:
    amira.post("/knowledge/new", FORM)
    number = Article.objects.get().pk
    answer = amira.post(f"/knowledge/{number}/publications")
    assert answer.status_code == 403
    assert "does not include: publish article" in words(answer)
    assert amira.post(f"/knowledge/{number}/nonsense").status_code == 404


def test_a_vote_says_why(amira: Client, desk: Cast) -> None:
    number = known(desk)
    amira.post(f"/knowledge/{number}/votes", {"vote": "not", "why": "Which <b>cable</b>?"})
    page = words(amira.get(f"/knowledge/{number}"))
    assert "0 of 1 found it useful" in page
    assert "Which <b>cable</b>?" in page


def test_words_in_vain_are_counted_for_the_lead(amira: Client, bo: Client, desk: Cast) -> None:
    known(desk)
    assert "Nothing about “squeaking mouse”" in words(
        amira.get("/knowledge?words=squeaking+mouse")
    )
    amira.get("/knowledge?words=squeaking+mouse")
    amira.get("/knowledge?words=cable&kind=policy")  # narrowed: it says nothing of the words
    assert "Looked for in vain" not in words(amira.get("/knowledge"))
    page = words(bo.get("/knowledge"))
    assert "squeaking mouse 2 times" in page
    assert SearchMiss.objects.count() == 1
    assert "squeaking mouse" in kept_values(
        bo.get("/knowledge/new?desk=small&title=squeaking+mouse")
    )
    bo.post("/knowledge/misses", {"miss": str(SearchMiss.objects.get().pk), "desk": "small"})
    assert "squeaking mouse" not in words(bo.get("/knowledge"))


def test_a_picture_goes_into_the_text_and_to_its_readers(
    amira: Client, eve: Client, desk: Cast
) -> None:
    amira.post("/knowledge/new", {**FORM, "audience": "public"})
    number = Article.objects.get().pk
    file = SimpleUploadedFile("cable.png", PNG, "image/png")
    answer = amira.post(
        f"/knowledge/{number}/edit",
        {**FORM, "audience": "public", "do": "picture", "picture": file, "alt": "The cable"},
    )
    found = re.search(r"!\[The cable\]\(picture:([\w-]+)\)", kept_values(answer))
    assert found
    token = found[1]
    body = f"Look ![The cable](picture:{token})"
    amira.post(f"/knowledge/{number}/edit", {**FORM, "audience": "public", "body": body})
    assert amira.get(f"/knowledge/pictures/{token}").content == PNG
    assert eve.get(f"/knowledge/pictures/{token}").status_code == 404
    public = f"/help/small/articles/{number}/pictures/{token}"
    assert Client().get(public).status_code == 404
    articles.publish(number, by=desk.bo, at=clock.now())
    assert Client().get(public).content == PNG
    page = Client().get(f"/help/small/articles/{number}").content.decode()
    assert f'<img src="{public}" alt="The cable">' in page
    unused = article_pictures.add_picture(
        number, by=desk.amira, at=clock.now(), filename="x", body=PNG
    )
    assert Client().get(public.replace(token, unused)).status_code == 404


def test_everybody_reads_what_is_public_and_nothing_else(desk: Cast) -> None:
    stranger = Client()
    assert stranger.get("/help/small/articles").status_code == 404
    inside = known(desk)
    public = known(desk, "Opening hours", "We open at *nine*.", audience="public")
    missing = stranger.get("/help/small/articles/999999").content
    for nowhere in (
        f"/help/small/articles/{inside}", f"/help/other/articles/{public}",
        "/help/other/articles", "/help/nowhere/articles",
    ):  # fmt: skip
        answer = stranger.get(nowhere)
        assert (answer.status_code, answer.content == missing) == (404, True), nowhere
    page = stranger.get(f"/help/small/articles/{public}")
    assert "We open at <em>nine</em>." in page.content.decode()
    assert "Amira" not in words(page)
    found = words(stranger.get("/help/small/articles?words=opening"))
    assert "Opening hours" in found
    assert "Dark screens" not in words(stranger.get("/help/small/articles"))
    assert "Nothing here has these words" in words(
        stranger.get("/help/small/articles?words=cable")
    )
    assert ArticleReads.objects.get(article_id=public).is_public
    assert not SearchMiss.objects.exists()


def test_the_panel_suggests_and_keeps_what_solved_it(
    amira: Client, desk: Cast, ticket: int
) -> None:
    inside = known(desk)
    public = known(desk, "When a screen is dark", "Press **F3**.", audience="public")
    part = amira.get(f"/tickets/{ticket}/suggestions").content.decode()
    assert "Put it into a note" in part
    assert f"/help/small/articles/{public}" in part
    assert "Press F3." in part
    typed = amira.post(f"/tickets/{ticket}/suggestions", {"text": "cables of dark screens"})
    assert "Dark screens" in words(typed)

    opened = amira.post(
        f"/tickets/{ticket}/messages", {"form": "only", "kind": "note", "text": "Press F3."}
    )
    assert re.search(r"<textarea[^>]*>Press F3\.</textarea>", opened.content.decode())
    amira.post(f"/tickets/{ticket}/solved-by", {"article": str(inside)})
    page = words(amira.get(f"/tickets/{ticket}"))
    assert "Solved by Dark screens" in page
    assert f"solved it with article {inside}" in page
    assert f"#{ticket} Help" in words(amira.get(f"/knowledge/{inside}"))
    amira.post(f"/tickets/{ticket}/solved-by-endings", {"article": str(inside)})
    assert "Solved by Dark screens" not in words(amira.get(f"/tickets/{ticket}"))
    wrong = amira.post(f"/tickets/{ticket}/none-found")
    assert wrong.status_code == 422
    assert "None found" not in words(amira.get(f"/tickets/{ticket}"))


def test_an_article_begins_from_a_ticket(amira: Client, ticket: int) -> None:
    page = amira.get(f"/knowledge/new?ticket={ticket}")
    assert "My screen is dark." in kept_values(page)
    assert "Dana" not in words(page)


def test_eve_writes_reads_and_learns_nothing(eve: Client, desk: Cast, ticket: int) -> None:
    number = known(desk)
    missing = eve.get("/tickets/999999999").content
    facts = Journal.objects.count()
    for address in (
        f"/knowledge/{number}", f"/knowledge/{number}/edit", f"/knowledge/{number}/versions/1",
        "/knowledge?desk=small", f"/knowledge/new?ticket={ticket}", "/knowledge/new?desk=small",
    ):  # fmt: skip
        answer = eve.get(address)
        assert (answer.status_code, answer.content == missing) == (404, True), address
    for noun in ("publications", "votes", "retirements", "reviews", "discards", "edit"):
        answer = eve.post(f"/knowledge/{number}/{noun}", {**FORM, "vote": "useful"})
        assert (answer.status_code, answer.content == missing) == (404, True), noun
    assert eve.post("/knowledge/new", FORM).status_code == 404
    assert "Dark screens" not in words(eve.get("/knowledge?words=dark+screens"))
    theirs = eve.post("/knowledge/new", {**FORM, "desk": "other", "clauses": ""})
    assert theirs.status_code == 302
    assert Journal.objects.count() == facts
    eve_reads = ArticleReads.objects.filter(article_id=number)
    assert not eve_reads.exists()


def test_a_list_of_many_asks_few_questions(amira: Client, desk: Cast) -> None:
    known(desk)
    with CaptureQueriesContext(connection) as one:
        amira.get("/knowledge?words=cable")
    for number in range(45):
        known(desk, f"Cable {number}")
    with CaptureQueriesContext(connection) as many:
        page = amira.get("/knowledge?words=cable")
    assert "Show more" in words(page)
    assert len(many) == len(one) <= 14


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)",
        "&#106;avascript:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example",
        "/sign-out", "picture:abc", "article:x", "\x01javascript:alert(1)", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_no_other_link_than_web_mail_and_telephone_survives(link: str) -> None:
    for text in (
        f"[x]({link})",
        f"[x](<{link}>)",
        f"<{link}>",
        f"![x]({link})",
        f"[x]: {link}\n\n[x]",
    ):
        made = str(shown(text, "/knowledge/", "/pictures/"))
        assert not re.search(r'(href|src)="(?!https?://|mailto:|tel:)', made), made
        assert "<script" not in made


def test_what_an_article_may_hold_stays() -> None:
    made = str(shown(
        "# One\n\n[a](https://x.example) [b](mailto:a@b.example) [c](tel:+44) [d](article:12)\n\n"
        "![p](picture:abcdefgh)\n\n| a | b |\n|--:|---|\n| 1 | ~~2~~ |\n\n<b onclick=x>&</b>\n\n"
        "{{ settings.SECRET_KEY }} {% include 'x' %}",
        "/knowledge/", "/pictures/",
    ))  # fmt: skip
    for part in (
        "<h2>One</h2>", 'href="https://x.example"', 'href="mailto:a@b.example"', 'href="tel:+44"',
        'href="/knowledge/12"', 'src="/pictures/abcdefgh"', "<td>1</td>", "<s>2</s>",
        "&lt;b onclick=x&gt;&amp;&lt;/b&gt;", "{{ settings.SECRET_KEY }} {% include 'x' %}",
    ):  # fmt: skip
        assert part in made, part
    assert "style=" not in made


def test_markdown_becomes_words_for_a_mail() -> None:
    text = (
        "## Do this\n\n**Open** [the page](https://x.example/a) \\*now\\* ![p](picture:abcdefgh)"
    )
    assert plain(text) == "Do this\n\nOpen the page (https://x.example/a) *now*"


@pytest.mark.parametrize(
    "mark", [*MARKS, "![](", "[a](", "*a_", "**a ", "> ", "- ", "a|", "[x]: "]
)
def test_the_worst_text_that_is_kept_is_set_in_time(mark: str) -> None:
    body = mark * min(MOST_MARKS, 40_000 // len(mark))
    begun = time.perf_counter()
    shown(body, "/k/", "/p/")
    plain(body)
    assert time.perf_counter() - begun < 2.0


def test_the_search_finds_articles_beside_tickets(amira: Client, eve: Client, desk: Cast) -> None:
    number = known(desk, "Squeaking hinges", "Oil them.")
    for words_asked in ("hinge", "oil"):
        page = amira.get(f"/search?q={words_asked}").content.decode()
        assert f'href="/knowledge/{number}"' in page, words_asked
        assert f'href="/knowledge/{number}"' in kept_values(
            amira.get("/knowledge?words=squeeking")
        )
        assert "Squeaking" not in eve.get(f"/search?q={words_asked}").content.decode()


def test_an_overdue_review_stands_among_its_owners_duties(
    amira: Client, bo: Client, eve: Client, desk: Cast
) -> None:
    number = known(desk)
    Article.objects.filter(pk=number).update(review_due_at=clock.now())
    assert "Read through: Dark screens" in words(amira.get("/duties"))
    assert "Read through" not in words(bo.get("/duties"))
    assert "Read through: Dark screens" in words(bo.get("/duties?of=desk"))
    assert "Read through" not in words(eve.get("/duties?of=desk"))
    assert "1 of yours to review" in words(amira.get("/knowledge"))
    amira.post(f"/knowledge/{number}/reviews")
    assert "Read through" not in words(amira.get("/duties"))
