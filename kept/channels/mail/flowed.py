"""format=flowed (RFC 3676): soft line breaks undone, depths of quotation kept."""


def unflow(text: str, *, delsp: bool = False) -> str:
    """Join the lines that end in a space to the next of the same depth."""
    out: list[str] = []
    pieces: list[str] = []
    depth_before = 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        if words.startswith(">"):
            # It was stuffed because the mark is the writer's own: it must not become a quote.
            words = line[depth:]
        if pieces and depth != depth_before:
            out.append(_quoted("".join(pieces), depth_before))
            pieces = []
        depth_before = depth
        if words.endswith(" ") and words != "-- ":
            pieces.append(words[:-1] if delsp else words)
        else:
            pieces.append(words)
            out.append(_quoted("".join(pieces), depth))
            pieces = []
    if pieces:
        out.append(_quoted("".join(pieces).rstrip(" "), depth_before))
    return "\n".join(out)


def _quoted(words: str, depth: int) -> str:
    return ">" * depth + (" " if depth else "") + words
