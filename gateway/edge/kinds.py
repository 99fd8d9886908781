"""What a request looks for, told from its head and path alone: a page, a part of one, a stream.

Pure. A guess here costs at most a second fetch; no guess opens anything.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from gateway.model.request import Request

# What a browser names when it opens a document (Fetch Standard, "Sec-Fetch-Dest").
_DOCUMENTS = frozenset((b"document", b"iframe", b"frame"))

# How an article's own address is asked for its text alone: for the fediverse, for machines, as notes.
_OTHER_FACES = frozenset(
    (
        b"application/activity+json application/ld+json application/markdown text/markdown"
        b" text/x-markdown text/plain"
    ).split()
)
_HTML = frozenset((b"text/html", b"application/xhtml+xml"))
_MAY_ASK = re.compile(
    rb"markdown|text/plain|(?:activity|ld)\+json|(?:html|xhtml\+xml)\s*;", re.IGNORECASE
)

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


def no_other_face(request: Request) -> Request:
    """Without asking for the article's text in a form that bears no label, and with HTML as good as
    anything (RFC 9110 section 12.5.1). No browser shows the former as a page."""
    if not any(name == b"accept" and _MAY_ASK.search(value) for name, value in request.headers):
        return request
    headers = []
    for name, value in request.headers:
        kept = b", ".join(_taken(value)) if name == b"accept" else value
        if kept or name != b"accept":
            headers.append((name, kept))
    return dataclasses.replace(request, headers=tuple(headers))


def _taken(accept: bytes) -> Iterator[bytes]:
    for part in accept.split(b","):
        media_type = part.partition(b";")[0].strip().lower()
        if media_type not in _OTHER_FACES:
            yield media_type if media_type in _HTML else part.strip()


def upgrade(request: Request) -> bool:
    """A WebSocket handshake; ``edge.ingress`` let no other Upgrade through."""
    return (request.header(b"upgrade") or b"").lower() == b"websocket"


def never_a_page(path: str) -> bool:
    """Whether the path's ending alone says that it is neither a page nor a feed."""
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending.lower() in _NEVER_PAGES
