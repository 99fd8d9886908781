"""The gateway before a careless origin, and real shared caches before the gateway."""

from __future__ import annotations

import http.client
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.bench import served
from gateway.bench.processes import free_port, running
from tests.caches.origin import Site, site
from tests.caches.shared_caches import EVERY, OBEDIENT

CONFIG = """\
[site]
url = "http://127.0.0.1:{port}"
origin = "http://127.0.0.1:{origin}"
name = "Behind caches"
[server]
bind = "127.0.0.1:{port}"
workers = 1
[ops]
bind = "127.0.0.1:{ops}"
access_log = false
[policies]
folder = "policies"
[store]
url = "sqlite:///{store}"
[keys]
cookie = ["{key}"]
"""
POLICY = f"""\
version: 1
default: public
teaser:
  root: [article]
  body: [.body]
  keep: {{ paragraphs: 2, words_max: 120 }}
labels:
  - meta: article:content_tier
    map: {{ free: public, metered: members, locked: {{ access: paid, tiers: [{served.TIER}] }} }}
rules:
  - name: the paid section
    path: /paid/**
    access: paid
    cache: 60s
  - name: news is free at first
    path: /news/**
    younger_than: 24h
    access: public
  - name: news is for members later
    path: /news/**
    access: members
  - name: nobody's business
    path: /closed/**
    access: refuse
  - name: what the newsroom labelled
    label: any
    access: as-labelled
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    set_cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Door:
    """Where readers come in: the gateway itself, or a cache before it."""

    port: int
    host: str

    def get(self, target: str, *, cookie: str = "", method: str = "GET", **headers: str) -> Answer:
        """Underscores in names of ``headers`` stand for hyphens."""
        sent = {"Host": self.host, "Accept-Encoding": "identity"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            sent["Cookie"] = cookie
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            pairs = [(name.lower(), value) for name, value in response.getheaders()]
            cookies = tuple(value for name, value in pairs if name == "set-cookie")
            return Answer(response.status, dict(pairs), response.read(), cookies)
        finally:
            connection.close()


@dataclass(frozen=True)
class Gateway:
    door: Door
    policies: Path
    subscribers: list[str]  # Cookie headers


@pytest.fixture(scope="session")
def origin() -> Iterator[Site]:
    with site() as state:
        yield state


@pytest.fixture(scope="session")
def gateway(origin: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "policies").mkdir()
    (folder / "policies" / "site.yaml").write_text(POLICY)
    port = free_port()
    subscribers = served.cookies(folder, 20)
    (folder / "lychgate.toml").write_text(
        CONFIG.format(
            port=port,
            origin=origin.port,
            ops=free_port(),
            store=folder / "bench.db",
            key=served.KEY,
        )
    )
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(folder / "lychgate.toml")]
    with running("lychgate", command, port=port, folder=folder):
        yield Gateway(Door(port, f"127.0.0.1:{port}"), folder / "policies", subscribers)


@pytest.fixture(scope="session")
def _caches(
    gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Door]]:
    """Started when first asked for, one of each."""
    with ExitStack() as stack:
        doors = _Doors(stack, gateway, tmp_path_factory)
        yield doors


class _Doors(dict[str, Door]):
    def __init__(self, stack: ExitStack, gateway: Gateway, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stack, self._gateway, self._folders = stack, gateway, folders

    def __missing__(self, name: str) -> Door:
        start = EVERY[name](self._folders.mktemp(name), self._gateway.door.port)
        self[name] = Door(self._stack.enter_context(start), self._gateway.door.host)
        return self[name]


@pytest.fixture(params=sorted(EVERY))
def cache(request: pytest.FixtureRequest, _caches: dict[str, Door]) -> Door:
    return _caches[request.param]


@pytest.fixture(params=sorted(OBEDIENT))
def obedient(request: pytest.FixtureRequest, _caches: dict[str, Door]) -> Door:
    """A cache that keeps as long as it is told, no longer."""
    return _caches[request.param]


_NUMBERS = itertools.count(1)


@pytest.fixture
def fresh() -> str:
    """A name that no other test's page has."""
    return f"story-{next(_NUMBERS)}"
