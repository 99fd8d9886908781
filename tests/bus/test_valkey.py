"""The bell over a real Redis or Valkey: rung, heard, gone and back again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bus.valkey import Bell
from tests.bus.server import Server, server, until


@pytest.fixture(name="server")
def _server(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        yield one


def test_one_rings_and_all_hear_also_after_an_outage(server: Server) -> None:
    async def main() -> None:
        server.start()
        heard = {"one": 0, "two": 0}
        url = f"valkey://127.0.0.1:{server.port}/0"

        def bell(name: str) -> Bell:
            def hear() -> None:
                heard[name] += 1

            return Bell(url, heard=hear)

        bells = [bell("one"), bell("two")]
        running = [asyncio.create_task(each.run()) for each in bells]
        await until(lambda: all(each.up for each in bells))
        before = dict(heard)
        async with asyncio.timeout(0.4):  # sooner than a poll would tell
            bells[0].ring()
            while any(heard[name] == before[name] for name in heard):
                await asyncio.sleep(0.001)
        await asyncio.to_thread(server.stop)
        await until(lambda: not any(each.up for each in bells))
        bells[0].ring()  # into the void: nobody waits, nothing breaks
        server.start()
        await until(lambda: all(each.up for each in bells))
        before = dict(heard)
        bells[1].ring()
        await until(lambda: all(heard[name] > before[name] for name in heard))
        assert not any(task.done() for task in running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(main())


def test_a_bus_that_never_was_is_said_once_and_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            bell = Bell(f"redis://u:secret@127.0.0.1:{nobody.getsockname()[1]}", heard=lambda: None)
            running = asyncio.create_task(bell.run())
            await until(lambda: bell.up is False)
            bell.ring()
            await asyncio.sleep(0)
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    assert "secret" not in caplog.text
