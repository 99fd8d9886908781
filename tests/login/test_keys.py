"""What is kept of a provider: for how long, and who fetches it anew."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import ProviderUnavailable
from gateway.login.keys import (
    LIFETIME_SECONDS,
    STALE_SECONDS,
    STAND_IN_SECONDS,
    THROTTLE_SECONDS,
    Kept,
)
from tests.ways.house import StoppedClock


class Source:
    """Gives the next of ``values`` once it is ``let``; nothing where there is none."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.asked = 0
        self.let = asyncio.Event()
        self.let.set()

    async def fetch(self) -> str:
        self.asked += 1
        await self.let.wait()
        if not self.values:
            raise ProviderUnavailable("nothing left")
        return self.values.pop(0)


def kept_of(source: Source) -> tuple[Kept[str], StoppedClock]:
    clock = StoppedClock()
    return Kept(fetch=source.fetch, clock=clock), clock


@pytest.mark.anyio
async def test_all_who_find_it_too_old_at_once_get_the_newer_one() -> None:
    source = Source("old", "new", "never")
    kept, _ = kept_of(source)
    old = await kept.get()
    source.let.clear()
    asking = [asyncio.create_task(kept.newer(old)) for _ in range(5)]
    while source.asked < 2:
        await asyncio.sleep(0)
    source.let.set()
    assert await asyncio.gather(*asking) == ["new"] * 5
    assert source.asked == 2


@pytest.mark.anyio
async def test_what_is_newest_is_fetched_again_once_in_a_while() -> None:
    source = Source("1", "2", "3", "4")
    kept, clock = kept_of(source)
    assert await kept.newer(await kept.get()) == "2"
    assert await kept.newer("2") is None
    clock.instant += THROTTLE_SECONDS - 0.1
    assert await kept.newer("2") is None
    clock.instant += 0.1
    assert await kept.newer("2") == "3"
    assert source.asked == 3


@pytest.mark.anyio
async def test_a_fetch_in_vain_counts_too() -> None:
    source = Source("1")
    kept, clock = kept_of(source)
    await kept.get()
    with pytest.raises(ProviderUnavailable):
        await kept.newer("1")
    assert await kept.newer("1") is None
    assert source.asked == 2
    assert await kept.get() == "1", "what was there stays"
    clock.instant += THROTTLE_SECONDS
    source.values.append("2")
    assert await kept.newer("1") == "2"


@pytest.mark.anyio
async def test_it_lasts_ten_minutes_and_stands_in_for_an_hour() -> None:
    source = Source("1", "2")
    kept, clock = kept_of(source)
    assert await kept.get() == "1"
    clock.instant += LIFETIME_SECONDS - 1
    assert await kept.get() == "1"
    clock.instant += 1
    assert await kept.get() == "2"
    clock.instant += STALE_SECONDS
    assert await kept.get() == "2", "the source has nothing, and that is its last word"
    clock.instant += 1
    with pytest.raises(ProviderUnavailable):
        await kept.get()


@pytest.mark.anyio
async def test_many_first_requests_fetch_once() -> None:
    source = Source("1", "2")
    kept, _ = kept_of(source)
    assert await asyncio.gather(*(kept.get() for _ in range(10))) == ["1"] * 10
    assert source.asked == 1


@pytest.mark.anyio
async def test_a_source_that_hangs_is_waited_for_once_in_a_while_and_briefly() -> None:
    source = Source("1", "2")
    kept, clock = kept_of(source)
    await kept.get()
    clock.instant += LIFETIME_SECONDS
    source.let.clear()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await asyncio.gather(*(kept.get() for _ in range(20))) == ["1"] * 20
    assert loop.time() - began < STAND_IN_SECONDS + 0.5
    assert source.asked == 2
    source.let.set()
    clock.instant += THROTTLE_SECONDS - 0.1
    assert await kept.get() == "1"
    clock.instant += 0.1
    assert await kept.get() == "2"
