"""Whether to look at all: a commit is never missed, and an idle store is hardly touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.stores.changes import Changes
from gateway.stores.engine import Store
from gateway.stores.news import Kind, News
from tests.contracts.test_ports import NOON, using
from tests.migrated import new_store


def test_a_version_differs_once_somebody_committed(url: str) -> None:
    async def work(store: Store) -> None:
        other = Store(url)
        try:
            for writer in (store, other):
                before = store.changes.version()
                assert store.changes.version() == before
                await News(writer).tell(Kind.PURGE, "all", now=NOON)
                after = store.changes.version()
                if url.startswith("sqlite"):
                    assert after != before
                    assert after is not None
                else:
                    assert after is None
        finally:
            await other.close()

    using(url, work)


def test_nobody_knows_of_a_store_that_is_not_there_and_none_is_made(tmp_path: Path) -> None:
    changes = Changes(f"sqlite:///{tmp_path}/no store.db")
    assert changes.version() is None
    assert not list(tmp_path.iterdir())
    new_store(tmp_path / "no store.db")
    assert changes.version() is not None
    changes.close()


def test_news_is_looked_for_once_and_again_when_something_was_written(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(store: Store) -> None:
        looked = []
        reading = store.reading

        @asynccontextmanager
        async def counted() -> AsyncIterator[AsyncConnection]:
            looked.append(1)
            async with reading() as connection:
                yield connection

        monkeypatch.setattr(store, "reading", counted)
        news = News(store)
        await news.tell(Kind.PURGE, "first", now=NOON)
        number = await news.last()
        for _ in range(3):
            assert await news.since(number) == []
        assert len(looked) == (2 if url.startswith("sqlite") else 4)
        assert [each.key for each in await news.since(0)] == ["first"]
        assert [each.key for each in await news.since(0)] == ["first"], "it is still there"
        other = Store(url)
        try:
            await News(other).tell(Kind.PURGE, "second", now=NOON)
        finally:
            await other.close()
        assert [each.key for each in await news.since(number)] == ["second"]

    using(url, work)
