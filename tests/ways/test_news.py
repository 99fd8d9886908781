"""What changes in the store reaches every worker of a running gateway within a second."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from gateway.identity.cookies import CookieSigner
from gateway.model.entitlement import Entitlement
from gateway.model.opening import Opening
from gateway.model.reader import Reader
from gateway.stores.engine import Store
from gateway.stores.openings import Openings
from gateway.stores.sessions import Readers, Sessions
from tests.serving import KEY, Served, origin, served

POLICY = """version: 1
default: public
teaser: { body: [article], root: [article], keep: { paragraphs: 1 } }
rules:
  - { name: members, path: /members/**, access: members, cache: 60s }
  - { name: paid, path: /paid/**, access: paid, cache: 60s }
"""
END = b"The end of the story."
COOKIE = "lychgate=" + CookieSigner([KEY]).sign("s1")


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Served]:
    with origin() as address, served(tmp_path, address, policy=POLICY) as site:
        site.until_ready()
        in_store(site, _ana)
        yield site


async def _ana(store: Store) -> None:
    await Readers(store).add(Reader(id="ana"), now=time.time())
    await Sessions(store).begin("s1", "ana", now=time.time())


def in_store(site: Served, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(f"sqlite:///{site.folder}/lychgate.db")
        await work(store)
        await store.close()

    asyncio.run(main())


def whole(site: Served, path: str, cookie: str = COOKIE) -> list[bool]:
    """Asked on many connections, so that each worker is among them."""
    answers = []
    for _ in range(12):
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        line.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = line.getresponse()
        assert answer.status == 200
        answers.append(END in answer.read())
        line.close()
    return answers


def within_a_second(true: Callable[[], bool]) -> None:
    time.sleep(1.0)
    assert true()


def test_a_session_that_ends_closes_pages_and_so_does_an_entitlement(site: Served) -> None:
    site.until(lambda: all(whole(site, "/members/story")), 3)
    assert not any(whole(site, "/paid/story"))
    now = time.time()

    async def entitle(store: Store) -> None:
        await Readers(store).entitle("ana", [Entitlement("gold", 0.0, now + 3600)], now=now)

    in_store(site, entitle)
    within_a_second(lambda: all(whole(site, "/paid/story")))

    async def lapse(store: Store) -> None:
        await Readers(store).entitle("ana", [], now=now)

    in_store(site, lapse)
    within_a_second(lambda: not any(whole(site, "/paid/story")))
    assert all(whole(site, "/members/story"))

    async def end(store: Store) -> None:
        await Sessions(store).end("s1", now=now)

    in_store(site, end)
    within_a_second(lambda: not any(whole(site, "/members/story")))


def test_a_story_opened_by_hand_is_open_in_every_worker_and_in_the_next(site: Served) -> None:
    assert not any(whole(site, "/paid/story", cookie=""))
    now = time.time()

    async def open_it(store: Store) -> None:
        await Openings(store).open(Opening("/paid/story", now + 3600, "storm", "ops"), now=now)

    in_store(site, open_it)
    within_a_second(lambda: all(whole(site, "/paid/story", cookie="")))
    for worker in site.workers():
        os.kill(worker, signal.SIGKILL)
    site.until(lambda: site.ops("/ready")[0] == 503, 5)
    site.until_ready()
    assert all(whole(site, "/paid/story", cookie=""))
    assert not any(whole(site, "/paid/another", cookie=""))
