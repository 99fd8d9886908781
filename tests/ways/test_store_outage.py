"""The store goes and comes back while readers read: the failures table's row, on PostgreSQL."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import time
from pathlib import Path

from gateway.identity.cookies import CookieSigner
from gateway.identity.sessions import CACHED_WITHOUT_NEWS_SECONDS
from gateway.model.reader import Reader
from gateway.stores.engine import Store
from gateway.stores.migrating import migrate
from gateway.stores.sessions import Readers, Sessions
from tests.contracts.stores import postgresql
from tests.serving import KEY, TEXT, Served, origin, served

POLICY = """version: 1
default: public
teaser: { body: [article], root: [article], keep: { paragraphs: 1 } }
rules:
  - { name: members, path: /members/**, access: members, cache: 60s }
"""
COOKIE = "lychgate=" + CookieSigner([KEY]).sign("s1")
UNKNOWN = "lychgate=" + CookieSigner([KEY]).sign("s2")


def ask(site: Served, path: str, cookie: str = COOKIE, times: int = 12) -> list[bool]:
    """Whether the whole page came, on many connections, so that most often each worker is among them."""
    whole = []
    for _ in range(times):
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        began = time.monotonic()
        line.request("GET", path, headers={"Cookie": cookie})
        answer = line.getresponse()
        assert answer.status == 200
        whole.append(TEXT in answer.read())
        assert time.monotonic() - began < 5
        line.close()
    return whole


def ask_each_worker(site: Served, path: str) -> list[bool]:
    """Who is idle takes connection after connection, so the others are stopped meanwhile."""
    whole = []
    for resting in site.workers():
        os.kill(resting, signal.SIGSTOP)
        try:
            whole += ask(site, path, times=2)
        finally:
            os.kill(resting, signal.SIGCONT)
    return whole


async def _begin(url: str) -> None:
    store = Store(url)
    await Readers(store).add(Reader(id="ana"), now=time.time())
    await Sessions(store).begin("s1", "ana", now=time.time())
    await store.close()


async def _end(url: str) -> None:
    store = Store(url)
    await Sessions(store).end("s1", now=time.time())
    await store.close()


def test_who_read_before_goes_on_and_who_is_not_known_gets_teasers(tmp_path: Path) -> None:
    with postgresql() as server, origin() as address:
        migrate(server.url)
        with served(tmp_path, address, policy=POLICY, store_url=server.url) as site:
            site.until_ready()
            asyncio.run(_begin(server.url))
            assert all(ask_each_worker(site, "/members/story"))
            server.stop()
            time.sleep(CACHED_WITHOUT_NEWS_SECONDS + 1.5)
            assert all(ask_each_worker(site, "/members/story")), (
                "the last known counts for five minutes"
            )
            assert all(ask(site, "/news")), "public pages never need the store"
            assert not any(ask(site, "/members/story", UNKNOWN, times=4))
            assert site.ops("/ready")[0] == 200, "a node that serves stays in the balance"
            server.start()
            asyncio.run(_end(server.url))
            site.until(lambda: not any(ask(site, "/members/story")), 5)
            assert b"Traceback" not in site.log().encode()
