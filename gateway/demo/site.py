"""The demo's origin: an ordinary news site as a plain ASGI application, with no gateway in it.

``app_factory`` is what a server is given. Everything is answered from memory, with a validator and
the caching that a sane site sends. What must not be here: who may read what. The site says it with
its labels and its paths, as the sites of publishers do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gateway.clock import SystemClock
from gateway.demo import documents, feeds
from gateway.demo.edition import HOME, SECTIONS, Edition

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HERE = Path(__file__).parent
_HTML = "text/html; charset=utf-8"
_PAGE = "public, max-age=30, stale-while-revalidate=30"
_FEED = "public, max-age=60"
_ASSET = "public, max-age=86400"
_NOTES = (
    ("/cgv", "terms", "fr"),
    ("/en/terms", "terms", "en"),
    ("/confidentialite", "privacy", "fr"),
    ("/en/privacy", "privacy", "en"),
)
_DOSSIER = (
    "Digue du Ponant : les comptes",
    (
        "Pièce jointe au dossier du Fanal. Montants en euros, hors taxes.",
        "",
        "Marché initial, tranche ferme            4 180 000",
        "Avenant 1, reprise des enrochements        612 000",
        "Avenant 2, études géotechniques            238 400",
        "Avenant 3, pompes de relevage            1 074 900",
        "Total engagé                             6 105 300",
        "",
        "Relevé établi par la rédaction à partir des délibérations",
        "du syndicat de l'estuaire.",
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    cache_control: str
    body: bytes
    etag: str


class Site:
    """Answers are made when first asked for and kept: there are a few dozen in all."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._makers = _makers(edition)
        self._kept: dict[str, Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["method"] not in {"GET", "HEAD"}:
            await _write(send, 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")])
        elif scope["path"].endswith("/") and scope["path"][:-1] in self._makers:
            location = scope["path"][:-1].encode()
            await _write(send, 301, [(b"location", location), (b"content-length", b"0")])
        else:
            await _send(self.answer(scope["path"]), scope, send)

    def answer(self, path: str) -> Answer:
        kept = self._kept.get(path)
        if kept is None:
            maker = self._makers.get(path)
            if maker is None:
                language = "en" if path.startswith("/en/") else "fr"
                return _page(self._edition.note("missing", language, HOME[language] + "404"), 404)
            kept = self._kept[path] = maker()
        return kept


def app_factory(*, url: str = "http://127.0.0.1:8000", now: float | None = None) -> App:
    """The site as an ASGI application. ``url`` is where readers meet it, for links to itself."""
    return Site(Edition(url=url.rstrip("/"), now=SystemClock().now() if now is None else now))


def _makers(edition: Edition) -> dict[str, Callable[[], Answer]]:
    """Every path there is → how its answer is made."""
    makers: dict[str, Callable[[], Answer]] = {}

    def page(path: str, draw: Callable[[], str]) -> None:
        makers[path] = lambda: _page(draw())

    for language, home in HOME.items():
        page(home, partial(edition.front, language))
        for key, (path, _) in SECTIONS[language].items():
            page(path, partial(edition.section, language, key))
    for path, (language, tag) in edition.tags.items():
        page(path, partial(edition.tag, language, tag))
    for article in edition.articles:
        page(article.path, partial(edition.article, article))
    for path, name, language in _NOTES:
        page(path, partial(edition.note, name, language, path))
    makers |= _feed_makers(edition)
    for picture in (_HERE / "images").glob("*.svg"):
        makers[f"/images/{picture.name}"] = partial(_file, picture, "image/svg+xml")
    makers["/assets/site.css"] = partial(_file, _HERE / "pages" / "site.css", "text/css")
    makers["/dossiers/digue-du-ponant-comptes.pdf"] = lambda: _answer(
        documents.pdf(*_DOSSIER), "application/pdf", _ASSET
    )
    makers["/en/longreads/foghorn.wav"] = lambda: _answer(documents.foghorn(), "audio/wav", _ASSET)
    return makers


def _feed_makers(edition: Edition) -> dict[str, Callable[[], Answer]]:
    def text(draw: Callable[[], str], content_type: str) -> Callable[[], Answer]:
        return lambda: _answer(draw().encode(), f"{content_type}; charset=utf-8", _FEED)

    makers = {
        "/sitemap.xml": text(partial(feeds.sitemap, edition), "application/xml"),
        "/robots.txt": text(partial(feeds.robots, edition), "text/plain"),
    }
    for language, xml, json in (
        ("fr", "/flux.xml", "/flux.json"),
        ("en", "/en/feed.xml", "/en/feed.json"),
    ):
        makers[xml] = text(partial(feeds.rss, edition, language, xml), "application/rss+xml")
        draw = partial(feeds.json_feed, edition, language, json)
        makers[json] = text(draw, "application/feed+json")
    return makers


def _page(html: str, status: int = 200) -> Answer:
    return _answer(html.encode(), _HTML, _PAGE, status)


def _file(path: Path, content_type: str) -> Answer:
    return _answer(path.read_bytes(), content_type, _ASSET)


def _answer(body: bytes, content_type: str, cache_control: str, status: int = 200) -> Answer:
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    return Answer(status, content_type, cache_control, body, etag)


async def _send(answer: Answer, scope: Scope, send: Send) -> None:
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    headers = [
        (b"cache-control", answer.cache_control.encode()),
        (b"etag", answer.etag.encode()),
        (b"vary", b"Accept-Encoding"),
    ]
    if answer.status == 200 and _matches(asked.get(b"if-none-match", ""), answer.etag):
        await _write(send, 304, headers)
        return
    headers += [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    body = b"" if scope["method"] == "HEAD" else answer.body
    await _write(send, answer.status, headers, body)


async def _write(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison (RFC 9110 §13.1.2)."""
    asked = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in asked or etag in asked


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
