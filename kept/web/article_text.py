"""An article's Markdown as a page shows it, and as plain words for a reply.

HTML in it is shown, not run. Links go to the web, to mail, to a telephone or to another article;
pictures are the article's own. Nothing in it is ever filled or evaluated.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = ("http://", "https://", "mailto:", "tel:")
PICTURE = re.compile(r"picture:([A-Za-z0-9_-]{8,60})")
ARTICLE = re.compile(r"article:([0-9]{1,15})")
_READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_IMAGES = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,300}\)")
_LINKS = re.compile(r"\[([^\]\n]{1,300})\]\(([^)\s]{1,1000})\)")
_HEADS = re.compile(r"^#{1,6} +", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>#])")


@lru_cache(maxsize=256)
def shown(body: str, articles: str, pictures: str) -> Markup:
    """Return a text as safe markup. `articles` and `pictures` are the addresses to which the
    number of an article and the token of a picture are added.
    """
    tokens = _READER.parse(body)
    allowed: set[str] = set()
    _settle(tokens, articles, pictures, allowed)
    made = _READER.renderer.render(tokens, _READER.options, {})

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "src" or name == "href":
            known = value in allowed
            is_outside = name == "href" and value.lower().startswith(SCHEMES)
            return value if known or is_outside else None
        return value

    clean = nh3.clean(
        made, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel"}, url_relative="pass_through",
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return Markup(clean)


def plain(body: str) -> str:
    """Return a text as words for a mail: no marks of emphasis, links behind their words."""
    text = _HEADS.sub("", _IMAGES.sub("", body))
    text = _LINKS.sub(lambda link: _link(link[1], link[2]), text)
    text = text.replace("**", "").replace("__", "").replace("`", "")
    return re.sub(r"\n{3,}", "\n\n", _ESCAPED.sub(r"\1", text)).strip()


def _link(words: str, target: str) -> str:
    return f"{words} ({target})" if target.lower().startswith(SCHEMES[:2]) else words


def _settle(tokens: Sequence[Token], articles: str, pictures: str, allowed: set[str]) -> None:
    """Lower the headings below the page's own, and give our own addresses their form."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        elif token.type == "image":
            found = PICTURE.fullmatch(str(token.attrGet("src") or ""))
            _place(token, "src", f"{pictures}{found[1]}" if found else None, allowed)
        elif token.type == "link_open":
            found = ARTICLE.fullmatch(str(token.attrGet("href") or ""))
            if found:
                _place(token, "href", f"{articles}{found[1]}", allowed)
        if token.children:
            _settle(token.children, articles, pictures, allowed)


def _place(token: Token, name: str, address: str | None, allowed: set[str]) -> None:
    if address is None:
        token.attrs.pop(name, None)
    else:
        token.attrSet(name, address)
        allowed.add(address)
