"""The store's row of the failures table: pages go on, and a reader who was known is believed for
five minutes. Its file is no database, or it can't be asked at all; what becomes of a PostgreSQL
that stops and starts again is told in ``test_store_outage``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path

import httpx2
import pytest

from gateway.errors import StoreUnavailable
from gateway.identity.sessions import (
    CACHED_WITHOUT_NEWS_SECONDS,
    Session,
    SessionStore,
)
from gateway.model.reader import Reader
from gateway.stores.engine import Store
from gateway.stores.migrating import migrate
from gateway.stores.sessions import Readers, Sessions
from tests.ways.house import Asked, House, Page, StoppedClock, cookie, house

POLICY = """version: 1
default: public
teaser: { root: [article], body: [article], keep: { paragraphs: 1 } }
rules:
  - { name: members, path: /members/**, access: members, cache: 60s }
"""
FIVE_MINUTES = 300.0  # as promised, whatever the code's own number is
END = "The end of the story."
STORY = f"<!doctype html><article><p>It begins.</p><p>{'It rains. ' * 40}</p><p>{END}</p></article>"
PAGES: dict[str, Page | Callable[[Asked], Page]] = {
    "/members/a": Page(STORY.encode()),
    "/news": Page(STORY.encode()),
}


class Away:
    """A database server that has stopped."""

    async def session(self, session_id: str, *, now: float) -> Session | None:
        raise StoreUnavailable

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        raise StoreUnavailable

    async def seen(self, sightings: Mapping[str, float]) -> None:
        raise StoreUnavailable


@contextlib.asynccontextmanager
async def _failing(fault: str, file: Path) -> AsyncIterator[SessionStore]:
    if fault == "away":
        yield Away()
        return
    url = f"sqlite:///{file}"
    await asyncio.to_thread(migrate, url)  # it runs a loop of its own
    store = Store(url)
    for name in ("member", "gold"):
        await Readers(store).add(Reader(id=name), now=StoppedClock().now())
        await Sessions(store).begin(name, name, now=StoppedClock().now())
    assert await Sessions(store).session("member", now=StoppedClock().now()), "good until now"
    await store.close()
    file.write_bytes(b"no database " * 1000)
    store = Store(url)
    try:
        yield Sessions(store)
    finally:
        await store.close()


async def whole(inside: House, path: str, reader: str = "") -> bool:
    headers = {"host": "localhost"}
    if reader:
        headers["cookie"] = cookie(reader).decode()
    async with httpx2.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{inside.address[1]}{path}"
        answer = await client.get(url, headers=headers)
    assert answer.status_code == 200
    assert (END in answer.text) is ("data-lg-wall" not in answer.text)
    return END in answer.text


def _put(store: SessionStore, inside: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("session", "sessions", "seen"):
        monkeypatch.setattr(inside.sessions, name, getattr(store, name))


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["away", "no database"])
async def test_the_last_known_counts_for_five_minutes_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    clock = StoppedClock()
    began = clock.instant
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES), clock=clock) as inside:
        assert await whole(inside, "/members/a", "member")
        async with _failing(fault, tmp_path / "readers.db") as store:
            _put(store, inside, monkeypatch)
            clock.instant = began + CACHED_WITHOUT_NEWS_SECONDS + 1
            with pytest.raises(StoreUnavailable):
                await store.session("member", now=clock.instant)
            assert await whole(inside, "/members/a", "member")
            assert not await whole(inside, "/members/a", "gold"), "whom nobody had asked for yet"
            assert not await whole(inside, "/members/a")
            assert await whole(inside, "/news")
            assert await whole(inside, "/news", "gold")
            clock.instant = began + FIVE_MINUTES
            assert await whole(inside, "/members/a", "member")
            clock.instant = began + FIVE_MINUTES + 1
            assert not await whole(inside, "/members/a", "member")
            assert await whole(inside, "/news", "member")
        monkeypatch.undo()
        clock.instant += 2
        assert await whole(inside, "/members/a", "member"), "it is asked again once it answers"
