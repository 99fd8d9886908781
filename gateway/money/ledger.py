"""The ledger's port, and group commits: many webhooks that come at once are one transaction.

A caller is answered once its own entry is durable, and never before. What happens to a caller in
the meantime (a request that is cut) doesn't touch the transaction that its entry is in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StoreUnavailable
from gateway.model.entry import Appended, Draft, Entry, Head
from gateway.model.mark import Mark

BATCH_MAX = 128
WAITING_MAX = 4096


class Ledger(Protocol):
    """Every method raises StoreUnavailable."""

    async def append(self, drafts: Sequence[Draft], *, now: float) -> Sequence[Appended]:
        """All of them or none, durable when it returns; an event id that is there already stays."""

    async def head(self) -> Head: ...

    async def read(self, *, after: int, limit: int) -> Sequence[Entry]:
        """In the order of their numbers."""

    async def entries(self, numbers: Collection[int]) -> Sequence[Entry]: ...

    async def known(self, event_ids: Collection[str]) -> Collection[str]:
        """Which of these ids the ledger has."""

    async def objects(self, object_ids: Collection[str]) -> Sequence[Entry]:
        """All that was ever said of some objects."""

    async def of_reader(self, reader: str) -> Sequence[Entry]:
        """All that names a reader."""

    async def story(self, entries: Iterable[Entry]) -> Sequence[Entry]:
        """These and all that hang together with them by the ids they name."""


class Work(Protocol):
    """What is still to be done about entries. Every method raises StoreUnavailable."""

    async def due(self, *, now: float, limit: int) -> Sequence[Entry]: ...

    async def hints(self, *, now: float, limit: int) -> Sequence[Entry]: ...

    async def mark(self, marks: Mapping[int, Mark], *, now: float, fence: str = "") -> None: ...

    async def marks(self, numbers: Collection[int]) -> Mapping[int, Mark]: ...

    async def later(self, numbers: Collection[int], *, next_at: float) -> None: ...

    async def failed(self, failures: Mapping[int, str], *, now: float) -> None:
        """Why applying failed, by number."""

    async def fetched(self, numbers: Collection[int]) -> None: ...

    async def fetch_later(self, numbers: Collection[int], *, next_at: float) -> None: ...

    async def tries(self, numbers: Collection[int]) -> Mapping[int, tuple[int, int]]:
        """How often applying and fetching have failed, by number."""


class Appender:
    """One a process. While a transaction is being committed, the next batch gathers.

    ``close`` lets what waits be written first.
    """

    def __init__(self, *, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._waiting: deque[tuple[Draft, asyncio.Future[Appended]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def append(self, draft: Draft) -> Appended:
        """Once it is durable. Raises StoreUnavailable: then nothing was appended, or nobody knows."""
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable("too many entries wait to be written")
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await future

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        try:
            while self._waiting:
                size = min(BATCH_MAX, len(self._waiting))
                await self._commit([self._waiting.popleft() for _ in range(size)])
        finally:
            self._writing = None
            _fail(self._waiting, StoreUnavailable("stopping"))  # none, unless it was cancelled
            self._waiting.clear()

    async def _commit(self, batch: list[tuple[Draft, asyncio.Future[Appended]]]) -> None:
        drafts = [draft for draft, _ in batch]
        try:
            appended = await self._ledger.append(drafts, now=self._clock.now())
        except Exception as error:
            _fail(batch, error)
        except BaseException:
            _fail(batch, StoreUnavailable("stopping"))
            raise
        else:
            for (_, future), done in zip(batch, appended, strict=True):
                if not future.done():
                    future.set_result(done)


def _fail(batch: Iterable[tuple[Draft, asyncio.Future[Appended]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
