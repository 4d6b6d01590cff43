"""What a picture is: told by its first bytes, never by its name or what a sender says of it."""

_SIGNS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
          (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"))  # fmt: skip


def picture_type(body: bytes) -> str | None:
    """Return the type that the first bytes show, None for anything but a raster picture."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS if body.startswith(sign)), None)
