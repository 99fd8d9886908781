"""The server ends when it is told to, and its Date is never older than a second or two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn

from gateway.ops import server
from gateway.ops.listening import listen
from gateway.ops.server import Server


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, asyncio.Task[None], str]]:
    listener = listen("127.0.0.1", 0)
    made = Server(uvicorn.Config(hello, lifespan="off", ws="none", log_config=None))
    task = asyncio.create_task(made.serve(sockets=[listener]))
    while not made.started:
        await asyncio.sleep(0.005)
    try:
        yield made, task, f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        made.should_exit = True
        await asyncio.wait_for(task, 5)


@pytest.mark.anyio
async def test_it_ends_at_once_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TICK_SECONDS", 60.0)
    async with serving() as (made, task, _):
        await asyncio.sleep(0.1)
        assert not task.done()
        made.should_exit = True
        await asyncio.wait_for(task, 2)


def date_of(url: str) -> str:
    with urlopen(url, timeout=5) as answer:
        return str(answer.headers["date"])


@pytest.mark.anyio
async def test_the_date_goes_on() -> None:
    async with serving() as (_, _, url):
        first = await asyncio.to_thread(date_of, url)
        await asyncio.sleep(2.2)
        again = await asyncio.to_thread(date_of, url)
        assert again != first
        assert abs(parsedate_to_datetime(again).timestamp() - time.time()) < 3
