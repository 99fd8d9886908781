"""An article read at a steady rate while something else goes on: of the gateway, and of nginx beside it.

What both wait for is the machine: who storms, who is stormed and who reads share its cores. So nginx
``proxy_cache``, which has nothing to do with the storm, is read at the same moments, and what it waits
longer than when idle is no doing of the gateway's. A machine that is shared has better and worse
minutes, so what is idle is read before the storm and after it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.bench.processes import going_first
from gateway.bench.served import FIRST_PAGE

READS_PER_SECOND = 200  # of each server
_LINES = 8


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that an article took, at the middle and at the 99th percentile, and how many."""

    p50: float
    p99: float
    count: int


Pair = tuple[Waits, Waits]  # the gateway's, and those of nginx beside it
Reads = tuple[list[float], list[float]]  # seconds of each read, of both


@dataclass(frozen=True, slots=True)
class Article:
    idle: Pair
    during: Pair

    @classmethod
    def of(cls, *, idle: Sequence[Reads], during: Reads) -> Article:
        ours, beside = zip(*idle, strict=True)
        return cls((_waits(*ours), _waits(*beside)), (_waits(during[0]), _waits(during[1])))

    def told(self) -> list[str]:
        lines = []
        for name, idle, during in zip(("Lychgate", "nginx"), self.idle, self.during, strict=True):
            lines.append(
                f"an article of {name}: idle p50 {_millis(idle.p50)}, p99 {_millis(idle.p99)};"
                f" then p50 {_millis(during.p50)}, p99 {_millis(during.p99)} ms:"
                f" {during.p99 / idle.p99:.2f} times"
            )
        return lines


def _millis(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"


def _waits(*reads: list[float]) -> Waits:
    every = [seconds for each in reads for seconds in each]
    return Waits(statistics.median(every), statistics.quantiles(every, n=100)[98], len(every))


def read(ports: Sequence[int], seconds: float) -> Reads:
    """In a process of its own. ``ports`` of the gateway and of nginx."""
    with going_first():
        return asyncio.run(_both(ports, seconds))


async def _both(ports: Sequence[int], seconds: float) -> Reads:
    ours, beside = await asyncio.gather(*(_reads(port, seconds) for port in ports))
    return ours, beside


async def _reads(port: int, seconds: float) -> list[float]:
    """Over kept connections, each read timed from when it was sent."""
    request = f"GET {FIRST_PAGE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(_LINES)]
    waits: list[float] = []
    began = time.monotonic()

    async def one(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], first: int) -> None:
        for number in range(first, int(seconds * READS_PER_SECOND), len(lines)):
            await asyncio.sleep(max(0.0, began + number / READS_PER_SECOND - time.monotonic()))
            sent = time.monotonic()
            line[1].write(request)
            head = await line[0].readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await line[0].readexactly(length)
            waits.append(time.monotonic() - sent)
        line[1].close()

    await asyncio.gather(*(one(line, number) for number, line in enumerate(lines)))
    return waits
