"""HTML of mails: sanitised by an allow-list parser, remote images blocked until asked for.

What `sanitise` returns may be stored and shown in a sandboxed frame. Images that came inside
the mail keep their `cid:` source until `for_page` puts the attachment's address there.
"""

import re
from collections.abc import Mapping
from html import escape, unescape
from html.parser import HTMLParser

import nh3

LONGEST_HTML = 2_000_000
LONGEST_TEXT = 1_000_000
DEEPEST = 1_000
LONGEST_SOURCE = 20_000
"""How much of markup too deep to clean in time is shown as its own source."""

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
WITHOUT_CONTENT = frozenset(
    [
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "xmp",
        "noembed",
        "noframes",
        "plaintext",
        "textarea",
        "select",
    ]
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "data-remote-src"},
    "ol": {"start", "type"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "time": {"datetime"},
    "bdo": {"dir"},
}
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

_BLOCKED = "blocked:"
_REMOTE = re.compile(r"https?://[^\s\"'<>\\]{1,4000}", re.IGNORECASE)
_CID = re.compile(r' src="cid:([^"]{1,1000})"')
_TAG = re.compile(
    r"<(/?)(?!(?:br|img|hr|p|li|td|th|tr|dt|dd|col|wbr|input|meta|link|o:p)\b)[a-z]", re.IGNORECASE
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def sanitise(html: str) -> str:
    """Return markup that runs nothing and fetches nothing; the same again when given twice."""
    html = html[:LONGEST_HTML].replace("\x00", "")
    if _depth(html) > DEEPEST:
        return f"<pre>{escape(html[:LONGEST_SOURCE])}</pre>"
    once = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(WITHOUT_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        url_relative="deny",
    )
    return once.replace(f' src="{_BLOCKED}', ' data-remote-src="')


def _depth(html: str) -> int:
    """Return how deep the elements lie at most; those that end by themselves do not count."""
    depth = deepest = 0
    for match in _TAG.finditer(html):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        if value.lower().startswith("cid:"):
            return "cid:" + value[4:].strip("<> ")
        return _BLOCKED + value if _REMOTE.fullmatch(value) else None
    if name == "data-remote-src":
        return value if _REMOTE.fullmatch(value) else None
    if tag == "a" and name == "href" and value.lower().startswith("cid:"):
        return None
    return value


def has_remote_images(html: str) -> bool:
    """Tell whether sanitised markup has images that were blocked."""
    return ' data-remote-src="' in html


def for_page(html: str, cids: Mapping[str, str], *, remote_images: bool = False) -> str:
    """Return sanitised markup with inline images at their addresses.

    `remote_images` is true only when the reader asked for this one message's images.
    """

    def place(match: re.Match[str]) -> str:
        address = cids.get(unescape(match[1]))
        return f' src="{escape(address)}"' if address else ""

    placed = _CID.sub(place, html)
    if remote_images:
        placed = placed.replace(
            ' data-remote-src="', ' referrerpolicy="no-referrer" loading="lazy" src="'
        )
    return placed


def to_text(html: str) -> str:
    """Return readable text of any markup: lists, links and quotes keep their sense."""
    reader = _Reader()
    reader.feed(sanitise(html))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Reads sanitised, hence well-formed, markup; writes lines with their depth of quotation."""

    BLOCKS = frozenset(
        [
            "p",
            "div",
            "table",
            "tr",
            "ul",
            "ol",
            "dl",
            "dt",
            "dd",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "pre",
            "hr",
            "center",
            "figure",
            "caption",
        ]
    )
    SPACED = frozenset(["p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dl"])

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.depth = 0
        self.preformatted = 0
        self.links: list[tuple[str, int]] = []
        self.size = 0

    def text(self) -> str:
        joined = "\n".join(line.rstrip() for line in self.lines)
        return _BLANK_LINES.sub("\n\n", joined).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._new_line()
        elif tag == "blockquote":
            self._block()
            self.depth += 1
            self._new_line()
        elif tag == "li":
            self._block()
            self._write("- ")
        elif tag in ("td", "th"):
            self._write(" ")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.lines[-1])))
        elif tag == "img":
            self._write(dict(attrs).get("alt") or "")
        elif tag in self.BLOCKS:
            self._block(spaced=tag in self.SPACED)
            self.preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._end_quotation()
        elif tag == "a" and self.links:
            address, start = self.links.pop()
            shown = self.lines[-1][start:].strip()
            if address.startswith(("http://", "https://")) and shown not in (address, ""):
                self._write(f" <{address}>")
        elif tag in self.BLOCKS:
            self.preformatted -= tag == "pre" and self.preformatted > 0
            self._block(spaced=tag in self.SPACED)

    def handle_data(self, data: str) -> None:
        if self.preformatted:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._new_line()
                self._write(line)
            return
        folded = re.sub(r"[ \t\n\r\f]+", " ", data)
        if self._line_is_blank():
            folded = folded.lstrip(" ")
        self._write(folded)

    def _end_quotation(self) -> None:
        """Close a depth of quotation with one blank line of the depth outside it."""
        self.depth = max(0, self.depth - 1)
        while self._line_is_blank() and len(self.lines) > 1:
            self.lines.pop()
        self._new_line()
        self._new_line()

    def _line_is_blank(self) -> bool:
        return not self.lines[-1].strip("> ")

    def _write(self, text: str) -> None:
        self.size += len(text)
        if self.size <= LONGEST_TEXT:
            self.lines[-1] += text

    def _new_line(self) -> None:
        self.size += 1
        if self.size <= LONGEST_TEXT:
            self.lines.append("> " * min(self.depth, 20))

    def _block(self, *, spaced: bool = False) -> None:
        if not self._line_is_blank():
            self._new_line()
        if spaced and len(self.lines) > 1 and self.lines[-2].strip("> "):
            self._new_line()
