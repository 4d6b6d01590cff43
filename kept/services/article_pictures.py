"""Pictures of articles: raster by their bytes, bounded, named by an unguessable token."""

import secrets
from datetime import datetime

from django.db import transaction

from kept.records.models import ArticlePicture
from kept.records.pictures import picture_type
from kept.services.articles import WRITE, under_work
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.texts import one_line

LARGEST = 5_000_000
MOST = 40


def add_picture(article: int, *, by: AgentId, at: datetime, filename: str, body: bytes) -> str:
    """Keep a picture of an article; return the token by which its text names it."""
    kind = picture_type(body)
    if kind is None:
        raise NotValid("That is no picture. PNG, JPEG, GIF and WebP are.")
    if len(body) > LARGEST:
        raise NotValid("A picture may have 5 MB.")
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(WRITE)
        if ArticlePicture.objects.filter(article_id=article).count() >= MOST:
            raise NotValid(f"An article has at most {MOST} pictures.")
        token = secrets.token_urlsafe(18)
        ArticlePicture.objects.create(
            article_id=article, token=token, filename=one_line(filename, 150) or "picture",
            content_type=kind, size=len(body), body=body, made_by_id=by, made_at=at,
        )  # fmt: skip
        return token


def remove_picture(article: int, token: str, *, by: AgentId) -> None:
    """Take a picture away; versions that show it keep an empty place."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(WRITE)
        gone, _ = ArticlePicture.objects.filter(article_id=article, token=token).delete()
        if not gone:
            raise NotFound("There is no such picture.")
