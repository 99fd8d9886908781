"""What a request looks for, told from its head and path alone: a page, a part of one, a stream.

Pure. A guess here costs at most a second fetch; no guess opens anything.
"""

from __future__ import annotations

from gateway.model.request import Request

# What a browser names when it opens a document (Fetch Standard, "Sec-Fetch-Dest").
_DOCUMENTS = frozenset((b"document", b"iframe", b"frame"))

# File endings that no site serves an article page or a feed under.
_NEVER_PAGES = frozenset(
    (
        "7z aac avi avif bmp bz2 css csv doc docx epub flac gif gz ico jpeg jpg js m4a m4v map mjs"
        " mkv mobi mov mp3 mp4 mpeg mpg odt oga ogg ogv opus otf pdf png ppt pptx rar svg tar tgz tif"
        " tiff ttf wasm wav weba webm webmanifest webp woff woff2 xls xlsx zip"
    ).split()
)


def navigation(request: Request) -> bool:
    """A GET or HEAD that opens a document, as far as its head says (design, step 3)."""
    if request.method not in ("GET", "HEAD") or upgrade(request):
        return False
    destination = request.header(b"sec-fetch-dest")
    if destination is not None and destination not in _DOCUMENTS:
        return False
    if request.header(b"range") is not None:
        return False
    return b"text/event-stream" not in (request.header(b"accept") or b"")


def upgrade(request: Request) -> bool:
    """A WebSocket handshake; ``edge.ingress`` let no other Upgrade through."""
    return (request.header(b"upgrade") or b"").lower() == b"websocket"


def never_a_page(path: str) -> bool:
    """Whether the path's ending alone says that it is neither a page nor a feed."""
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending.lower() in _NEVER_PAGES
