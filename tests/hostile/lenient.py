"""An origin that believes everything, and the whole gateway in front of it, in a thread.

It reads a path in every way that some server does, lets headers name another path, method or
reader, and gives its paid article to whoever can make it understand that name. What the gateway
lets through to it is therefore what any origin could be made to say.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote

from tests.ways.house import Asked, House, Page, house

MARKER = b"WITHHELD-8c1d"
GATEWAY_SECRET = b"gateway-identity-5f2a"
_START_SECONDS = 20.0

POLICY = """
version: 1
default: public
teaser:
  body: ["article .body"]
  root: ["article"]
  keep: { paragraphs: 1, words_max: 40 }
rules:
  - name: the paid part
    path: /paid/**
    access: paid
  - name: the members' part
    path: /members/**
    access: members
"""
SETTINGS = f"""
[origin]
headers = {{ Cookie = "who={GATEWAY_SECRET.decode()}" }}
[server]
trusted_proxies = []
"""

# Names by which this origin takes a request for another one's.
_BELIEVED = ("url", "uri", "path", "user", "redirect", "sendfile", "rewrite", "route", "subrequest")
_DEEP = 4


def article(body: bytes) -> Page:
    return Page(
        b"<!doctype html><html lang=fr><head><title>Un article</title></head><body><article>"
        b"<h1>Un article</h1><div class=body><p>Le premier paragraphe est pour tous.</p>"
        b"<p>" + body + b" est la suite.</p><p>Et encore " + body + b".</p></div></article>"
        b"</body></html>"
    )


def understood(path: str) -> str:
    """The path as the most willing of servers reads it."""
    for _ in range(_DEEP):
        path = unquote(path, errors="replace")
    kept: list[str] = []
    for segment in path.replace("\\", "/").split("/"):
        # Segments are split before letters are folded: a full-width slash splits nowhere.
        folded = normalize("NFKC", segment).replace("/", "_").partition(";")[0]
        name = folded.rstrip(" .") or folded
        if name == "..":
            kept[-1:] = []
        elif name not in ("", "."):
            kept.append(name)
    return ("/" + "/".join(kept)).casefold()


def answered(asked: Asked) -> Page:
    paths = [asked.target.decode("latin-1").partition("?")[0]]
    for name, value in asked.headers:
        folded = name.decode("latin-1").replace("_", "-").replace(".", "-").lower()
        if any(word in folded for word in _BELIEVED) and folded not in ("user-agent",):
            paths += ["/paid/a", value.decode("latin-1")]
    paid = any(f"{understood(path)}/".startswith("/paid/") for path in paths)
    return article(MARKER if paid else b"Une phrase")


class Everywhere(dict[str, "Page | Callable[[Asked], Page]"]):
    """The same answer for every path."""

    def get(self, key: str, default: object = None) -> Callable[[Asked], Page]:
        return answered

    def __iter__(self) -> Iterator[str]:
        return iter(())


@contextmanager
def lenient_house(folder: Path, *, policy: str = POLICY) -> Iterator[House]:
    """The whole gateway, served, until the block ends."""
    standing: list[House] = []
    stopping: list[Callable[[], object]] = []
    failures: list[BaseException] = []
    ready = threading.Event()

    async def live() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        async with house(folder, policy=policy, pages={}, settings=SETTINGS) as found:
            found.origin.pages = Everywhere()
            standing.append(found)
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(_START_SECONDS), "the gateway didn't start"
    if failures:
        raise failures[0]
    try:
        yield standing[0]
    finally:
        stopping[0]()
        thread.join(_START_SECONDS)
        assert not thread.is_alive(), "the gateway didn't stop"
        if failures:
            raise failures[0]
