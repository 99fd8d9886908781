"""A real site behind ``lychgate serve``: started with the few lines that a publisher writes, and read
as an anonymous reader and as a subscriber.
"""

from __future__ import annotations

import http.client
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.bench import served
from gateway.bench.processes import free_port, running

LINES_MAX = 15
# What a test needs and a publisher has anyway: where it listens, its store, and its key.
_FRAME = """
[server]
bind = "127.0.0.1:{port}"
workers = 1
[ops]
bind = "127.0.0.1:{ops}"
access_log = false
[store]
url = "sqlite:///{store}"
[keys]
cookie = ["{key}"]
"""
MARKER = re.compile(rb"withheld-[a-z0-9-]+-p\d+")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def markers(self) -> set[str]:
        return {found.decode() for found in MARKER.findall(self.body)}


@dataclass(frozen=True)
class Site:
    url: str
    config: Path
    cookie: str = ""

    def get(self, target: str, *, cookie: str = "", **headers: str) -> Answer:
        return fetch(self.url, target, cookie=cookie, **headers)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A ``lychgate`` command with this site's config."""
        command = [sys.executable, "-m", "gateway", *words, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def fetch(url: str, target: str, *, cookie: str = "", **headers: str) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", target, headers=sent | ({"Cookie": cookie} if cookie else {}))
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())
    finally:
        connection.close()


@contextmanager
def gateway(folder: Path, *, port: int, origin: str, config: str, policy: str) -> Iterator[Site]:
    """``config`` and ``policy`` are the publisher's own lines, each 15 at most. ``{url}`` and
    ``{origin}`` in ``config`` are filled in."""
    for text in (config, policy):
        assert len(text.strip().splitlines()) <= LINES_MAX
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "site.yaml").write_text(policy)
    url = f"http://127.0.0.1:{port}"
    cookie = served.cookies(folder, 1)[0]
    frame = _FRAME.format(port=port, ops=free_port(), store=folder / "bench.db", key=served.KEY)
    path = folder / "lychgate.toml"
    path.write_text(config.format(url=url, origin=origin) + frame)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(path)]
    with running("lychgate", command, port=port, folder=folder):
        yield Site(url, path, cookie)


_NOUNS = (
    "council harbour ledger witness bridge tender audit mayor orchard archive ferry contract"
    " engineer tenant reservoir minister clinic quarry verdict survey railway budget island"
    " committee invoice warehouse letter permit school market"
).split()
_VERBS = (
    "signed questioned postponed inspected denied recorded leaked rejected approved counted"
    " repaired sold described opened defended abandoned measured answered"
).split()


def paragraphs(name: str, count: int) -> list[str]:
    """Paragraphs of made-up news, each with a mark of its own that tells where it leaked."""
    dice = random.Random(name)
    return [
        " ".join(_sentence(dice) for _ in range(4)) + f" withheld-{name}-p{number:02}"
        for number in range(1, count + 1)
    ]


def _sentence(dice: random.Random) -> str:
    first, second, third, fourth = dice.sample(_NOUNS, 4)
    verb, other = dice.sample(_VERBS, 2)
    return (
        f"The {first} {verb} a {second} of {dice.randint(11, 999)} pages, and the {third} near the"
        f" {fourth} {other} it {dice.randint(2, 90)} days later."
    )


def marks(name: str, count: int) -> set[str]:
    return {f"withheld-{name}-p{number:02}" for number in range(1, count + 1)}
