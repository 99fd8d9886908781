"""Polling hears all news once, in order, also around faults of the store and of its hearers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.bus.polling import GAP_SECONDS, Polling
from gateway.errors import StoreUnavailable


@dataclass
class Clock:
    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@dataclass(frozen=True)
class Item:
    number: int
    kind: str = "session"
    key: str = ""


@dataclass
class Board:
    """News in memory, two pieces a look."""

    items: list[Item] = field(default_factory=list)
    away: bool = False

    async def last(self) -> int:
        if self.away:
            raise StoreUnavailable
        return self.items[-1].number if self.items else 0

    async def since(self, number: int) -> Sequence[Item]:
        if self.away:
            raise StoreUnavailable
        return [item for item in self.items if item.number > number][:2]


class Heard:
    def __init__(self) -> None:
        self.board, self.clock = Board([Item(1)]), Clock()
        self.numbers: list[str] = []
        self.polled: list[float] = []
        self.missed = self.caught_up = 0
        self.fault: Exception | None = None
        self.polling = Polling(
            source=self.board,
            clock=self.clock,
            hear=self._hear,
            polled=self.polled.append,
            missed=self._miss,
            catch_up=self._catch_up,
        )

    async def _hear(self, kind: str, key: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.numbers.append(key)

    def _miss(self) -> None:
        self.missed += 1

    async def _catch_up(self) -> None:
        if isinstance(self.fault, StoreUnavailable):
            raise self.fault
        self.caught_up += 1

    def tell(self, *numbers: int) -> None:
        self.board.items += [Item(number, key=str(number)) for number in numbers]

    def poll(self) -> None:
        asyncio.run(self.polling.poll())


def test_it_begins_behind_the_last_news_and_reads_once_what_stands() -> None:
    heard = Heard()
    heard.poll()
    assert (heard.numbers, heard.missed, heard.caught_up) == ([], 1, 1)
    heard.tell(2, 3, 5, 8, 9)
    heard.poll()
    assert heard.numbers == ["2", "3", "5", "8", "9"]
    heard.poll()
    assert heard.numbers == ["2", "3", "5", "8", "9"]
    assert (heard.missed, heard.caught_up) == (1, 1)


def test_a_store_that_is_away_stops_the_clock_and_loses_nothing() -> None:
    heard = Heard()
    heard.poll()
    heard.board.away = True
    heard.tell(2)
    heard.clock.at += 5
    heard.poll()
    assert heard.polled == [1000.0]
    heard.board.away = False
    heard.poll()
    assert heard.polled == [1000.0, 1005.0]
    assert heard.numbers == ["2"]
    assert heard.missed == 1


def test_a_store_that_was_away_from_the_start_is_read_when_it_comes() -> None:
    heard = Heard()
    heard.board.away = True
    heard.poll()
    assert (heard.polled, heard.caught_up) == ([], 0)
    heard.board.away = False
    heard.poll()
    assert heard.caught_up == 1


def test_after_a_long_silence_caches_are_forgotten() -> None:
    heard = Heard()
    heard.poll()
    heard.clock.at += GAP_SECONDS + 1
    heard.poll()
    assert (heard.missed, heard.caught_up) == (2, 2)


def test_news_that_could_not_be_acted_upon_is_heard_again() -> None:
    heard = Heard()
    heard.poll()
    heard.tell(2, 3)
    heard.fault = StoreUnavailable()
    heard.poll()
    assert heard.numbers == []
    assert len(heard.polled) == 1
    heard.fault = None
    heard.poll()
    assert heard.numbers == ["2", "3"]


def test_a_hearer_at_fault_stops_nothing_and_caches_are_forgotten() -> None:
    heard = Heard()
    heard.poll()
    heard.tell(2)
    heard.fault = KeyError("what")
    heard.poll()
    heard.fault = None
    heard.tell(3)
    heard.poll()
    assert heard.numbers == ["3"]
    assert heard.missed == 2


def test_a_wake_polls_at_once() -> None:
    async def main() -> None:
        heard = Heard()
        running = asyncio.create_task(heard.polling.run())
        while not heard.polled:
            await asyncio.sleep(0)
        heard.tell(2)
        async with asyncio.timeout(0.3):  # sooner than the next poll would be
            heard.polling.wake()
            while heard.numbers != ["2"]:
                await asyncio.sleep(0)
        running.cancel()

    asyncio.run(main())
