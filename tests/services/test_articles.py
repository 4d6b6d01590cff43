"""Articles written, published by those who may, reviewed, searched, and what becomes of them."""

from datetime import timedelta

import pytest
from django.db import connection

from kept.records.models import (
    Article,
    ArticleDraft,
    ArticleReads,
    ArticleVersion,
    Notification,
    SearchMiss,
)
from kept.records.queries import article as one
from kept.records.queries.articles import ArticleFilter, ArticlePage, articles, by_clause
from kept.records.queries.desks import desk_of
from kept.records.queries.help_articles import help_article, help_articles, help_desk
from kept.services import article_pictures, article_reviews, article_use, policies
from kept.services import articles as verbs
from kept.services.article_wording import Wording
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from tests.people import MONDAY, Cast, raise_the_curtain
from tests.sop import SMALL

DAY = timedelta(days=1)
TWO_PEOPLE = SMALL.replace(
    "- {id: lead, name: Lead, level: L2}",
    "- {id: lead, name: Lead, level: L2, may: [publish_article]}",
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def wording(title: str = "Dark screen", body: str = "Check the cable.", **more: object) -> Wording:
    return Wording(title=title, body=body, **more)  # type: ignore[arg-type]  # fields by name


def written(cast: Cast, told: Wording | None = None) -> int:
    return verbs.write(told or wording(), by=cast.amira, at=MONDAY, desk="small")


def published(cast: Cast, told: Wording | None = None) -> int:
    number = written(cast, told)
    verbs.publish(number, by=cast.bo, at=MONDAY)
    return number


def found(cast: Cast, words: str = "", **more: object) -> list[str]:
    return [line for line, _ in _lines(cast, words, **more)]


def _lines(cast: Cast, words: str, **more: object) -> list[tuple[str, int]]:
    asked = ArticleFilter(words=words, **more)  # type: ignore[arg-type]  # fields by name
    page: ArticlePage = articles(cast.amira, cast.desk, asked, at=MONDAY)
    return [("".join(part for part, _ in line.title), line.id) for line in page.lines]


def test_an_agent_drafts_and_a_lead_publishes(cast: Cast) -> None:
    number = written(cast)
    assert found(cast) == []
    with pytest.raises(NotAllowed):
        verbs.publish(number, by=cast.amira, at=MONDAY)

    verbs.submit(number, by=cast.amira, at=MONDAY)
    assert Article.objects.get(pk=number).state == "review"
    told = Notification.objects.filter(about="Article to publish: Dark screen")
    assert {one.agent_id for one in told} == {cast.bo, cast.chen}
    assert verbs.publish(number, by=cast.bo, at=MONDAY) == 1

    assert found(cast) == ["Dark screen"]
    assert not ArticleDraft.objects.filter(article_id=number).exists()


def test_where_the_sop_says_who_publishes_another_person_does(db: None) -> None:
    cast = raise_the_curtain(TWO_PEOPLE)
    number = verbs.write(wording(), by=cast.bo, at=MONDAY, desk="small")
    with pytest.raises(NotAllowed, match="another person"):
        verbs.publish(number, by=cast.bo, at=MONDAY)
    with pytest.raises(NotAllowed):
        verbs.publish(number, by=cast.chen, at=MONDAY)  # a manager the SOP does not name
    verbs.write(wording(body="Check both."), by=cast.amira, at=MONDAY, article=number)
    verbs.publish(number, by=cast.bo, at=MONDAY)


def test_a_draft_comes_back_with_what_is_missing(cast: Cast) -> None:
    number = written(cast)
    verbs.submit(number, by=cast.amira, at=MONDAY)
    with pytest.raises(NotValid):
        verbs.send_back(number, by=cast.bo, at=MONDAY, why=" ")
    verbs.send_back(number, by=cast.bo, at=MONDAY, why="Which cable?")
    draft = one.draft_of(cast.amira, number)
    assert draft and (draft.sent_back, draft.submitted_at) == ("Which cable?", None)
    assert Notification.objects.filter(agent_id=cast.amira, about__startswith="Article sent b")


def test_readers_keep_the_published_text_until_the_next_is_published(cast: Cast) -> None:
    number = published(cast)
    verbs.write(wording(body="Check the fuse."), by=cast.amira, at=MONDAY + DAY, article=number)
    view = one.article(cast.amira, number)
    assert view and view.text.body == "Check the cable."
    verbs.publish(number, by=cast.bo, at=MONDAY + DAY, note="The fuse first")

    assert [(v.number, v.text.body) for v in one.versions(cast.amira, number)] == [
        (2, "Check the fuse."),
        (1, "Check the cable."),
    ]
    verbs.restore(number, 1, by=cast.amira, at=MONDAY + 2 * DAY)
    verbs.publish(number, by=cast.bo, at=MONDAY + 2 * DAY)
    view = one.article(cast.amira, number)
    assert view and (view.version, view.text.body) == (3, "Check the cable.")
    assert ArticleVersion.objects.filter(article_id=number).count() == 3


def test_a_draft_saved_meanwhile_is_not_overwritten(cast: Cast) -> None:
    number = written(cast)
    verbs.write(wording(body="Hers"), by=cast.bo, at=MONDAY, article=number, revision=1)
    with pytest.raises(Conflict, match="Bo saved this draft"):
        verbs.write(wording(body="His"), by=cast.amira, at=MONDAY, article=number, revision=1)
    with pytest.raises(Conflict):
        verbs.publish(number, by=cast.bo, at=MONDAY, revision=1)
    draft = one.draft_of(cast.amira, number)
    assert draft and (draft.text.body, draft.revision) == ("Hers", 2)


def test_what_cannot_be_an_article_is_refused_with_every_reason(cast: Cast) -> None:
    with pytest.raises(NotValid) as wrong:
        written(cast, wording(title=" ", body="[" * 5000, kind="song", clauses=("no.such",)))
    for part in ("title is missing", "same mark", "kind is one of", "no clause no.such"):
        assert part in str(wrong.value)
    with pytest.raises(NotValid, match="not on this desk"):
        written(cast, wording(owner=cast.eve))
    assert not Article.objects.exists()


def test_a_review_falls_due_and_its_owner_is_told_once(cast: Cast) -> None:
    number = published(cast, wording(review_days=30))
    assert article_reviews.tell_owners(at=MONDAY + 29 * DAY) == 0
    assert article_reviews.tell_owners(at=MONDAY + 30 * DAY) == 1
    assert article_reviews.tell_owners(at=MONDAY + 31 * DAY) == 0
    told = Notification.objects.get(about="Article to review: Dark screen")
    assert told.agent_id == cast.amira

    article_reviews.review(number, by=cast.amira, at=MONDAY + 31 * DAY)
    assert Article.objects.get(pk=number).review_due_at == MONDAY + 61 * DAY
    with pytest.raises(NotAllowed):
        other = published(cast, wording(title="Other", owner=cast.bo))
        article_reviews.review(other, by=cast.amira, at=MONDAY)


def test_an_article_says_which_of_its_clauses_changed(cast: Cast) -> None:
    number = published(cast, wording(clauses=("resp.first", "money.refund")))
    assert [a.id for a in by_clause(cast.amira, cast.desk)["small.resp.first"]] == [number]
    newer = SMALL.replace("within 1 hour", "within 2 hours").replace("1.0.0", "1.1.0")
    version = policies.propose("small", newer, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)

    view = one.article(cast.amira, number)
    assert view and view.changed_clauses == ("small.resp.first",)
    assert found(cast, show="check") == ["Dark screen"]
    article_reviews.review(number, by=cast.amira, at=MONDAY)
    assert found(cast, show="check") == []
    gone = newer.replace(" {#first}", " {#firstly}").replace("1.1.0", "1.2.0")
    version = policies.propose("small", gone, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    with pytest.raises(Conflict, match=r"small\.resp\.first"):
        article_reviews.review(number, by=cast.amira, at=MONDAY)


def test_words_are_found_in_their_language_without_accents_and_with_a_slip(cast: Cast) -> None:
    published(cast, wording("Resetting passwords", "Open the page of *accounts*."))
    published(cast, wording("Cómo pagar facturas", "Las facturas están aquí.", language="es"))
    published(cast, wording("Other things", "Nothing about it. Reset once in the text."))
    assert found(cast, "reset password") == ["Resetting passwords"]
    both = ["Resetting passwords", "Other things"]  # a title counts more than a text
    assert found(cast, "resets") == both
    assert found(cast, "factura") == found(cast, "estan aqui") == ["Cómo pagar facturas"]
    assert found(cast, "resetting pasword") == ["Resetting passwords"]
    assert found(cast, '"accounts page"') == []
    assert found(cast, "-password reset") == ["Other things"]
    assert found(cast, "!!! & | (") == []
    page = articles(cast.amira, cast.desk, ArticleFilter(words="accounts"), at=MONDAY)
    assert ("accounts", True) in page.lines[0].extract


def test_a_text_cannot_fake_a_mark(cast: Cast) -> None:
    published(cast, wording("Marks", "A \x02fake\x03 mark about cables."))
    page = articles(cast.amira, cast.desk, ArticleFilter(words="cable"), at=MONDAY)
    assert "\x02" not in "".join(part for part, _ in page.lines[0].extract)


def test_a_person_of_another_desk_learns_nothing(cast: Cast) -> None:
    number = published(cast, wording(clauses=("resp.first",)))
    token = article_pictures.add_picture(
        number, by=cast.amira, at=MONDAY, filename="x.png", body=PNG
    )
    asked = ArticleFilter(words="screen")
    assert articles(cast.eve, cast.desk, asked, at=MONDAY).lines == ()
    assert one.article(cast.eve, number) is None
    assert one.draft_of(cast.eve, number) is None
    assert one.versions(cast.eve, number) == one.uses(cast.eve, number) == ()
    assert one.picture(cast.eve, token) is None
    assert by_clause(cast.eve, cast.desk) == {}
    for verb in (verbs.submit, verbs.retire, verbs.drop_draft, article_reviews.review):
        with pytest.raises(NotFound):
            verb(number, by=cast.eve, at=MONDAY)  # type: ignore[operator]  # the same shape
    with pytest.raises(NotFound):
        article_use.vote(number, by=cast.eve, at=MONDAY, is_useful=True)


def test_only_what_is_published_and_public_is_everybodys(cast: Cast) -> None:
    inside = published(cast)
    number = written(cast, wording("Open hours", audience="public"))
    assert help_desk("small") is None
    assert help_article("small", number) is None
    verbs.publish(number, by=cast.bo, at=MONDAY)

    desk = help_desk("small")
    assert desk
    assert [line.id for line in help_articles(desk, "screen")] == []
    assert [line.id for line in help_articles(desk, "hour")] == [number]
    assert help_article("small", inside) is None
    assert help_article("other", number) is None
    verbs.write(wording("Open hours"), by=cast.amira, at=MONDAY, article=number)
    assert help_article("small", number)  # until the internal text is published
    verbs.publish(number, by=cast.bo, at=MONDAY)
    assert help_article("small", number) is None


def test_a_retired_article_is_found_no_more_and_can_come_back(cast: Cast) -> None:
    number = published(cast, wording(audience="public"))
    verbs.retire(number, by=cast.bo, at=MONDAY)
    assert found(cast) == found(cast, "screen") == []
    assert found(cast, show="retired") == ["Dark screen"]
    assert help_article("small", number) is None
    verbs.bring_back(number, by=cast.bo, at=MONDAY)
    assert found(cast) == ["Dark screen"]


def test_words_without_an_article_are_counted_without_persons(cast: Cast) -> None:
    for words in (
        "Naïve  Printer",
        "naive printer!",
        "mail dana@example.com",
        "0044 20 7946 0018",
    ):
        article_use.note_miss(cast.desk, words, at=MONDAY)
    desk = desk_of(cast.bo, "small")
    assert desk
    counted = [(miss.words, miss.count) for miss in one.misses(cast.bo, desk)]
    assert counted == [("naive printer", 2), ("mail [e-mail address]", 1)]
    assert one.misses(cast.eve, desk) == ()
    miss = SearchMiss.objects.get(words="naive printer").pk
    with pytest.raises(NotAllowed):
        article_use.settle_miss(miss, by=cast.amira, at=MONDAY)
    with pytest.raises(NotFound):
        article_use.settle_miss(miss, by=cast.eve, at=MONDAY)
    article_use.settle_miss(miss, by=cast.bo, at=MONDAY)
    assert len(one.misses(cast.bo, desk)) == 1
    article_use.note_miss(cast.desk, "naive printer", at=MONDAY)
    assert len(one.misses(cast.bo, desk)) == 2  # wanted again


def test_a_vote_can_be_changed_and_reads_are_counted_by_day(cast: Cast) -> None:
    number = published(cast)
    article_use.vote(number, by=cast.amira, at=MONDAY, is_useful=False, why="Which cable?")
    article_use.vote(number, by=cast.amira, at=MONDAY, is_useful=True)
    article_use.vote(number, by=cast.bo, at=MONDAY, is_useful=False)
    for _ in range(3):
        article_use.note_read(number, at=MONDAY)
    article_use.note_read(number, at=MONDAY, is_public=True)
    view = one.article(cast.amira, number)
    assert view and (view.useful, view.not_useful, view.my_vote) == (1, 1, True)
    assert (view.reads, view.public_reads, ArticleReads.objects.count()) == (3, 1, 2)


def test_only_pictures_go_into_an_article(cast: Cast) -> None:
    number = written(cast)
    with pytest.raises(NotValid):
        article_pictures.add_picture(
            number, by=cast.amira, at=MONDAY, filename="x.png", body=b"<svg onload=x>"
        )
    token = article_pictures.add_picture(
        number, by=cast.amira, at=MONDAY, filename="x.png", body=PNG
    )
    assert one.picture(cast.amira, token) == ("image/png", PNG)
    article_pictures.remove_picture(number, token, by=cast.amira)
    assert one.picture(cast.amira, token) is None


def test_a_restored_database_keeps_its_words(cast: Cast) -> None:
    """The column is made by functions that name every configuration whole."""
    published(cast)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute(
            "SELECT public.article_words('en', 'Screens', 'cables') = "
            "setweight(to_tsvector('public.kept_stems', 'Screens'), 'A') || "
            "setweight(to_tsvector('public.kept_stems', 'cables'), 'C')"
        )
        assert cursor.fetchone() == (True,)
