"""Tables that people export from elsewhere: guess how they are written, read them in pieces.

Nothing here holds a whole file. A cell that was made harmless for spreadsheets is read back as
it was, and one that could be a formula is made harmless on its way out.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator

DELIMITERS = (",", ";", "\t", "|")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST_ROW = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def guess_encoding(pieces: Iterable[bytes]) -> str:
    """Return how the text is written: by its mark, as UTF-8 if all of it is, else Western."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_first = True
    for piece in pieces:
        if is_first:
            is_first = False
            marked = next((name for bom, name in _BOMS if piece.startswith(bom)), None)
            if marked is not None:
                return marked
            if piece[1:40:2].count(0) > 8 or piece[0:40:2].count(0) > 8:
                return "utf-16-le" if piece[1:40:2].count(0) > 8 else "utf-16-be"
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            return "cp1252"
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def as_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the same text in UTF-8, without NULs and with plain line ends."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in pieces:
        yield _plain(decoder.decode(piece))
    yield _plain(decoder.decode(b"", final=True))


def guess_delimiter(sample: str) -> str:
    """Return what parts the cells: what most rows have as often as the first one does."""
    rows = [row.decode() for _, row in _records(sample.encode("utf-8", "replace"), is_last=True)]
    told = [row for row in rows[:20] if row.strip()]
    best, score = ",", (0, 0)
    for mark in DELIMITERS:
        counts = [_outside_quotes(row, mark) for row in told]
        if counts and counts[0]:
            even = (sum(count == counts[0] for count in counts), counts[0])
            if even > score:
                best, score = mark, even
    return best


def rows_of(window: bytes, delimiter: str, *, is_last: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield whole rows of a window of UTF-8 with the byte each ends at; a cut one is not read."""
    for end, row in _records(window, is_last=is_last):
        yield end, _cells(row, delimiter)


def headers_of(cells: list[str]) -> list[str]:
    """Return the titles of the columns, each once: a second `Email` is `Email (2)`."""
    seen: dict[str, int] = {}
    titles = []
    for number, cell in enumerate(cells, 1):
        title = " ".join(cell.split())[:80] or f"column {number}"
        seen[title.lower()] = seen.get(title.lower(), 0) + 1
        count = seen[title.lower()]
        titles.append(title if count == 1 else f"{title} ({count})")
    return titles


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def as_written(cell: str) -> str:
    """Return a cell as it was before it was made harmless."""
    told = cell.strip()
    return told[1:] if told.startswith("'") and told[1:].startswith(FORMULA) else told


def line_of(cells: Iterable[str]) -> str:
    """Return one row as text, its cells harmless."""
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def _plain(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")


def _records(window: bytes, *, is_last: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of each row; a line end between quotation marks ends none."""
    start, inside = 0, False
    for place in _marks(window):
        if window[place] == 0x22:
            inside = not inside
        elif not inside or place - start > LONGEST_ROW:
            yield place + 1, window[start : place + 1]
            start, inside = place + 1, False
    if is_last and start < len(window):
        yield len(window), window[start:]


def _marks(window: bytes) -> Iterator[int]:
    quote, end = window.find(b'"'), window.find(b"\n")
    while quote >= 0 or end >= 0:
        if end < 0 or 0 <= quote < end:
            yield quote
            quote = window.find(b'"', quote + 1)
        else:
            yield end
            end = window.find(b"\n", end + 1)


def _cells(row: bytes, delimiter: str) -> list[str]:
    text = row.decode("utf-8", "replace").rstrip("\r\n")
    try:
        return next(csv.reader([text] if "\n" not in text else io.StringIO(text),
                               delimiter=delimiter), [])  # fmt: skip
    except csv.Error:
        return text.split(delimiter)


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])
