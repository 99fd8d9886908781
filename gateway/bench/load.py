"""The load: wrk, with a browser's headers, one thread, and a script that tells the result.

Requests are made ready from a file before the clock starts, so that 10,000 readers cost wrk no more
than one does. ``once`` asks each of them a single time, to warm what keeps answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from gateway.bench.processes import BenchFailed, run

CONNECTIONS = 32
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
    "Connection": "keep-alive",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-User": "?1",
    "Priority": "u=0, i",
}
_SCRIPT = """\
local all, at = {}, 0
function init(args)
   for line in io.lines(args[1]) do
      local path, cookie = line:match("^([^\\t]*)\\t(.*)$")
      wrk.headers["Cookie"] = cookie ~= "" and cookie or nil
      all[#all + 1] = wrk.format("GET", path)
   end
end
function request()
   at = at % #all + 1
   return all[at]
end
function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '\\n{"requests":%d,"micros":%d,"bytes":%d,"p50":%f,"p99":%f,"failed":%d}\\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50),
      latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the load."""

    path: str
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """``failed`` counts other statuses than 2xx and 3xx too. Latencies in microseconds."""

    requests: int
    seconds: float
    body_bytes: int
    p50_micros: float
    p99_micros: float
    failed: int


def once(port: int, asks: Sequence[Ask], *, coding: str, connections: int = 8) -> int:
    """Ask each a single time. How many were answered with 200. Raises OSError."""
    return asyncio.run(_once(port, asks, coding, connections))


async def _once(port: int, asks: Sequence[Ask], coding: str, connections: int) -> int:
    left = iter(asks)

    async def reader() -> int:
        incoming, outgoing = await asyncio.open_connection("127.0.0.1", port)
        answered = 0
        for ask in left:
            outgoing.write(request_bytes(port, ask, coding))
            head = await incoming.readuntil(b"\r\n\r\n")
            await incoming.readexactly(_length(head))
            answered += head.split(b" ", 2)[1] == b"200"
        outgoing.close()
        return answered

    try:
        return sum(await asyncio.gather(*(reader() for _ in range(connections))))
    except asyncio.IncompleteReadError as error:
        raise OSError("a connection was closed in the middle of an answer") from error


def request_bytes(port: int, ask: Ask, coding: str) -> bytes:
    """The request as wrk sends it."""
    headers = {"Host": f"127.0.0.1:{port}", **BROWSER, "Accept-Encoding": coding}
    if ask.cookie:
        headers["Cookie"] = ask.cookie
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {ask.path} HTTP/1.1\r\n{lines}\r\n".encode()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise OSError("an answer without Content-Length")


class Wrk:
    """Raises BenchFailed where there is no wrk."""

    def __init__(self, folder: Path) -> None:
        found = which("wrk")
        if found is None:
            raise BenchFailed("wrk isn't installed: nothing can be measured under load")
        self._wrk = found
        self._folder = folder
        self._script = folder / "load.lua"
        self._script.write_text(_SCRIPT)
        self._lists: dict[tuple[Ask, ...], Path] = {}

    def press(
        self,
        port: int,
        asks: Sequence[Ask],
        *,
        coding: str,
        seconds: float,
        connections: int = CONNECTIONS,
    ) -> Result:
        """Ask in turn, over and over, for ``seconds`` (whole ones, 1 at least)."""
        headers = {**BROWSER, "Accept-Encoding": coding}
        flags = [flag for name, value in headers.items() for flag in ("-H", f"{name}: {value}")]
        whole = f"{max(1, round(seconds))}s"
        command = [self._wrk, "-t1", f"-c{connections}", f"-d{whole}", "--timeout", "10s"]
        command += [*flags, "-s", str(self._script), f"http://127.0.0.1:{port}/"]
        told = run([*command, "--", str(self._list(tuple(asks)))], timeout_seconds=seconds + 60)
        return read_result(told)

    def _list(self, asks: tuple[Ask, ...]) -> Path:
        if asks not in self._lists:
            path = self._folder / f"asks-{len(self._lists)}.txt"
            path.write_text("".join(f"{ask.path}\t{ask.cookie}\n" for ask in asks))
            self._lists[asks] = path
        return self._lists[asks]


def read_result(told: str) -> Result:
    """What the script's last line says. Raises BenchFailed where nothing was answered."""
    lines = [line for line in told.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchFailed("wrk gave no result")
    found = json.loads(lines[-1])
    if not found["requests"]:
        raise BenchFailed("no request was answered")
    return Result(
        requests=found["requests"],
        seconds=found["micros"] / 1e6,
        body_bytes=found["bytes"],
        p50_micros=found["p50"],
        p99_micros=found["p99"],
        failed=found["failed"],
    )
