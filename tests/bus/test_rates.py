"""Logins counted on a real Redis or Valkey; refused, hung and gone: then the store counts, at once."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from limits.aio.storage import MemoryStorage
from redis import Redis
from structlog.testing import capture_logs

from gateway.bus.rates import AGAIN_SECONDS, ANSWER_SECONDS, BusRates
from tests.bus.server import Server, server, until
from tests.hostile.lodge import Clock, Lodge, lodge
from tests.migrated import new_store
from tests.serving import origin, served

MAIL = '[mail]\nurl = "smtp://127.0.0.1:1"\nsender = "a@news.example"\n'
ONE_LOGIN = "[limits]\nlogin_per_five_minutes = 3\n"  # a start and a callback are two
KEY = "LIMITER/login/192.0.2/3/5/minute"


@pytest.fixture(name="bus")
def _bus(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        one.start()
        wait = Redis(port=one.port)
        asyncio.run(until(lambda: _answers(wait)))
        wait.close()
        yield one


def _answers(client: Redis) -> bool:
    with contextlib.suppress(Exception):
        return bool(client.ping())
    return False


def _settings(port: int, more: str = "") -> str:
    return f'{MAIL}{more}[bus]\nurl = "valkey://127.0.0.1:{port}/0"\n'


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    """A port that refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(50)
        yield bound.getsockname()[1]


@contextlib.asynccontextmanager
async def rates(port: int) -> AsyncIterator[tuple[BusRates, MemoryStorage, Clock]]:
    spare, clock = MemoryStorage(), Clock()
    counting = BusRates(f"valkey://127.0.0.1:{port}/0", spare=spare, clock=clock)
    try:
        yield counting, spare, clock
    finally:
        await counting.close()
        if spare.timer is not None:
            spare.timer.cancel()


def test_a_window_is_counted_on_the_bus_by_all_and_ends(bus: Server) -> None:
    async def main() -> None:
        async with rates(bus.port) as (one, spare, _), rates(bus.port) as (two, _, _):
            assert [await one.incr(KEY, 60), await two.incr(KEY, 60)] == [1, 2]
            assert await one.get(KEY) == 2
            assert not await spare.get(KEY)
            with Redis(port=bus.port) as client:
                (key,) = client.keys()
                assert 0 < client.ttl(key) <= 60

    asyncio.run(main())


@pytest.mark.parametrize("away", [nobody, silent])
def test_one_that_is_away_is_waited_for_once_and_said_once(
    away: Callable[[], contextlib.AbstractContextManager[int]],
) -> None:
    async def main(port: int) -> None:
        async with rates(port) as (counting, spare, clock):
            loop = asyncio.get_running_loop()
            with capture_logs() as log:
                began = loop.time()
                assert await counting.incr(KEY, 60) == 1
                assert loop.time() - began < ANSWER_SECONDS + 0.5
                began = loop.time()
                assert [await counting.incr(KEY, 60) for _ in range(20)] == list(range(2, 22))
                assert loop.time() - began < ANSWER_SECONDS
                clock.pass_time(AGAIN_SECONDS)
                assert await counting.incr(KEY, 60) == 22
            assert [each["event"] for each in log] == ["limits-off-the-bus"]
            assert await spare.get(KEY) == 22

    with away() as port:
        asyncio.run(main(port))


def test_one_that_comes_back_counts_again(bus: Server) -> None:
    async def main() -> None:
        async with rates(bus.port) as (counting, spare, clock):
            assert await counting.incr(KEY, 60) == 1
            await asyncio.to_thread(bus.stop)
            assert await counting.incr(KEY, 60) == 1
            assert await spare.get(KEY) == 1
            bus.start()
            with Redis(port=bus.port) as client:
                await until(lambda: _answers(client))
            assert await counting.incr(KEY, 60) == 2  # not asked again yet
            clock.pass_time(AGAIN_SECONDS)
            with capture_logs() as log:
                assert await counting.incr(KEY, 60) == 1
            assert [each["event"] for each in log] == ["limits-on-the-bus"]

    asyncio.run(main())


async def _start(inside: Lodge) -> int:
    return (await inside.browser().get("/-/login/idp")).status_code


def test_two_nodes_with_stores_of_their_own_count_logins_together(
    bus: Server, tmp_path: Path
) -> None:
    async def main() -> None:
        settings = _settings(bus.port, ONE_LOGIN)
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with (
            lodge(tmp_path / "a", settings=settings) as one,
            lodge(tmp_path / "b", settings=settings) as two,
        ):
            await one.logged_in()
            assert [await _start(two), await _start(one), await _start(two)] == [303, 429, 429]

    asyncio.run(main())


@pytest.mark.parametrize("away", [nobody, silent])
def test_readers_log_in_and_are_counted_while_the_bus_is_away(
    away: Callable[[], contextlib.AbstractContextManager[int]], tmp_path: Path
) -> None:
    async def main(port: int) -> None:
        async with lodge(tmp_path, settings=_settings(port, ONE_LOGIN)) as inside:
            began = asyncio.get_running_loop().time()
            await inside.logged_in()
            mailed = await inside.browser().post("/-/login/mail", {"email": "a@news.example"})
            assert mailed.status_code == 303
            assert asyncio.get_running_loop().time() - began < 2.0
            assert [await _start(inside), await _start(inside)] == [303, 429]

    with away() as port:
        asyncio.run(main(port))


def test_the_desk_of_a_served_site_opens_with_a_bus(bus: Server, tmp_path: Path) -> None:
    new_store(tmp_path / "lychgate.db")
    with origin() as at, served(tmp_path, at, settings=_settings(bus.port)) as site:
        site.until_ready()
        site.until(lambda: site.get("/-/login")[0] == 200)
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        headers = {
            "origin": f"http://127.0.0.1:{site.port}",
            "content-type": "application/x-www-form-urlencoded",
        }
        line.request("POST", "/-/login/mail", "email=ana@news.example", headers)
        assert line.getresponse().status == 303
        line.close()
        with Redis(port=bus.port) as client:
            assert client.keys("lychgate*mail*")
