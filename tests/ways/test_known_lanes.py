"""Heads that aren't parsed, because their bytes were before: nothing is answered otherwise for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.edge import known, quick
from gateway.identity.sessions import Session
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from tests.hostile.framing import ACCEPTED, LAST, REFUSED
from tests.ways.house import StoppedClock, cookie, house
from tests.ways.test_lanes import PAGES, POLICY, Lanes, Wire, message

BROWSER = [
    (b"User-Agent", b"Mozilla/5.0"),
    (b"Accept-Encoding", b"gzip"),
    (b"Connection", b"keep-alive"),
]
MEMBER = (b"Cookie", cookie("member"))
_ERROR_ID = re.compile(rb"[0-9a-f]{16}")


# What is wrong within chunks is the whole gateway's to answer (tests/hostile).
HEADS = [row for row in (*REFUSED, *ACCEPTED, *LAST) if b"chunked\r\n\r\n" not in row.data]


@pytest.fixture
async def lanes(tmp_path: Path) -> AsyncIterator[Lanes]:
    """With the pages kept and the browser's lines known."""
    inside = house(tmp_path, policy=POLICY, pages=dict(PAGES), clock=StoppedClock(), served=False)
    async with inside as found:
        made = Lanes(found)
        for headers in ([], BROWSER, [*BROWSER, MEMBER]):
            for target in ("/libre", "/membres"):
                for _ in range(4):
                    await made.ask(message(target, headers), quick=True, knowing=True)
        assert made.known >= 8, "or nothing below says anything"
        yield made


async def knows(lanes: Lanes, data: bytes, times: int = 3) -> bool:
    """Whether any of several askings was answered unparsed; each has the bytes of the parsed."""
    before = lanes.known
    parsed = _ERROR_ID.sub(b"", await lanes.ask(data, quick=True))
    for _ in range(times):
        answer = await lanes.ask(data, quick=True, knowing=True)
        assert _ERROR_ID.sub(b"", answer) == parsed, data
    return lanes.known > before


@pytest.mark.anyio
async def test_a_head_split_anywhere_is_answered_the_same(lanes: Lanes) -> None:
    data = message("/membres", [*BROWSER, MEMBER])
    assert await knows(lanes, data)
    whole = await lanes.ask(data, quick=False)
    before = lanes.known
    for cut in range(1, len(data)):
        assert await lanes.ask(data, quick=True, knowing=True, cut=cut) == whole, cut
    assert lanes.known == before, "what came in two reads is parsed"


@pytest.mark.anyio
async def test_two_heads_cut_anywhere_are_answered_in_order(lanes: Lanes) -> None:
    first, second = message("/libre", BROWSER), message("/membres", [*BROWSER, MEMBER])
    wanted = await lanes.ask(first, quick=False) + await lanes.ask(second, quick=False)
    data = first + second
    before = lanes.known
    for cut in range(1, len(data)):
        assert await lanes.ask(data, quick=True, knowing=True, cut=cut) == wanted, cut
    assert lanes.known > before, "cut between the two, both are whole"


@pytest.mark.anyio
@pytest.mark.parametrize("row", HEADS, ids=str)
async def test_what_the_framing_tables_say_stays_said(lanes: Lanes, row: Any) -> None:
    data = row.data.replace(b"/public/a", b"/libre")
    for each in (data, data + message("/libre", BROWSER), message("/libre", BROWSER) + data):
        await knows(lanes, each, times=2)
    again = await knows(lanes, message("/libre", BROWSER))
    assert again, "and it costs nobody else anything"


HOST, AGENT = b"Host: a.test", b"User-Agent: Mozilla/5.0"
POISONED = {
    "host twice": (HOST, HOST),
    "another host behind": (HOST, AGENT, b"Host: b.test"),
    "another host before": (b"Host: b.test", AGENT, HOST),
    "no host": (AGENT,),
    "two cookies": (HOST, b"Cookie: " + MEMBER[1], b"Cookie: " + MEMBER[1]),
    "a cookie behind a foreign one": (HOST, b"Cookie: a=b", b"cookie: " + MEMBER[1]),
    "our cookie twice": (HOST, b"Cookie: " + MEMBER[1] + b"; " + MEMBER[1]),
    "a cookie folded": (HOST, b"Cookie: a=b;", b" " + MEMBER[1]),
    "a cookie with lf": (HOST, b"Cookie: a=b\n" + MEMBER[1]),
    "a cookie with cr": (HOST, b"Cookie: a=b\r" + MEMBER[1]),
    "a cookie with nul": (HOST, b"Cookie: a=b\x00" + MEMBER[1]),
    "a length in the cookie's place": (HOST, b"Cookie: " + MEMBER[1] + b"\r\nContent-Length: 5"),
    "a head in the cookie's place": (
        HOST,
        b"Cookie: " + MEMBER[1] + b"\r\n\r\nGET /libre HTTP/1.1\r\nHost: b.test",
    ),
    "a cookie after a space": (HOST, b" Cookie: " + MEMBER[1]),
    "a forged cookie": (HOST, b"Cookie: lychgate=member.forged"),
    "folded": (HOST, b"X: y", b" " + AGENT),
    "bare lf": (HOST + b"\n" + AGENT,),
    "bare cr": (HOST + b"\r" + AGENT,),
    "nul": (HOST, AGENT + b"\x00"),
    "space before the colon": (HOST, b"User-Agent : Mozilla/5.0"),
    "a length": (HOST, AGENT, b"Content-Length: 0"),
    "a body": (HOST, AGENT, b"Content-Length: 5"),
    "chunks": (HOST, AGENT, b"Transfer-Encoding: chunked"),
    "close": (HOST, AGENT, b"Connection: close"),
    "keep-alive and close": (HOST, b"Connection: keep-alive", b"Connection: close"),
    "upgrade": (HOST, b"Connection: Upgrade", b"Upgrade: websocket"),
    "expect": (HOST, b"Expect: 100-continue"),
    "range": (HOST, AGENT, b"Range: bytes=0-3"),
    "since": (HOST, AGENT, b"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"),
    "authorization": (HOST, AGENT, b"Authorization: Basic eA=="),
    "image": (HOST, AGENT, b"Sec-Fetch-Dest: image"),
    "too many lines": (HOST, *(b"X-%d: y" % n for n in range(101))),
    "a long line": (HOST, b"X: " + b"y" * 70_000),
    "a long known target's line": (HOST, b"X: " + b"y" * known.HEAD_BYTES_MAX),
}


@pytest.mark.anyio
@pytest.mark.parametrize("lines", POISONED.values(), ids=POISONED)
async def test_no_line_is_good_for_having_been_good_elsewhere(
    lanes: Lanes, lines: tuple[bytes, ...]
) -> None:
    for line in lines:
        # Each by itself first, where it may well be accepted.
        await knows(lanes, b"\r\n".join((b"GET /membres HTTP/1.1", HOST, line, b"", b"")))
    data = b"\r\n".join((b"GET /membres HTTP/1.1", *lines, b"", b""))
    assert not await knows(lanes, data)
    assert await knows(lanes, message("/membres", [*BROWSER, MEMBER]))


@pytest.mark.anyio
async def test_a_second_session_is_never_the_first(lanes: Lanes) -> None:
    """The memo holds a cookie's value: whose it is, is asked each time."""
    data = message("/membres", [*BROWSER, MEMBER])
    assert await knows(lanes, data)
    full = await lanes.ask(data, quick=False)
    session = MEMBER[1].partition(b"=")[2]
    assert lanes.inside.lychgate.sessions.cached(session, StoppedClock().now()) is not None
    del lanes.inside.sessions.by_id["member"]
    lanes.inside.lychgate.sessions.forget("member")
    wall = await lanes.ask(data, quick=True, knowing=True)
    assert wall != full
    assert wall == await lanes.ask(data, quick=False)


@pytest.mark.anyio
async def test_cookies_that_were_let_go_are_remembered_again(
    lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, other = (message("/membres", [*BROWSER, one]) for one in (MEMBER, (b"Cookie", b"a=b")))
    assert await knows(lanes, data)
    bearers = lanes.quick._bearers
    bearers.clear()
    await lanes.ask(data, quick=True, knowing=True)
    assert list(bearers) == [MEMBER[1]]
    bearers[b"another"] = bearers[MEMBER[1]]
    monkeypatch.setattr(quick, "_COOKIES_MAX", 2)
    await lanes.ask(data, quick=True)
    assert len(bearers) == 2, "one that is known makes no room for itself"
    await lanes.ask(other, quick=True)
    assert list(bearers) == [b"a=b"]


@pytest.mark.anyio
async def test_what_a_reader_holds_ends_at_its_instant(lanes: Lanes) -> None:
    clock: Any = lanes.inside.lychgate.pages.clock
    ends = clock.now() + 3
    held = Entitlement("gold", 0.0, ends)
    lanes.inside.sessions.by_id["short"] = Session(
        "short", Reader(id="short", entitlements=(held,)), ends + 999
    )
    data = message("/or/a", [*BROWSER, (b"Cookie", cookie("short"))])
    for _ in range(3):
        whole = await lanes.ask(data, quick=True, knowing=True)
    assert await knows(lanes, data)
    clock.instant = ends - 0.001
    assert (await lanes.ask(data, quick=True, knowing=True)).partition(b"date")[0] == (
        await lanes.ask(data, quick=False)
    ).partition(b"date")[0]
    clock.instant = ends
    for _ in range(3):
        wall = await lanes.ask(data, quick=True, knowing=True)
        assert wall == await lanes.ask(data, quick=False)
        assert wall.partition(b"\r\n\r\n")[2] != whole.partition(b"\r\n\r\n")[2]


@pytest.mark.anyio
async def test_counters_count_the_same(lanes: Lanes) -> None:
    counters = lanes.inside.lychgate.counters
    data = message("/libre", BROWSER)
    deltas = []
    for knowing in (False, True):
        before = counters.snapshot()
        was_known = lanes.known
        for _ in range(5):
            await lanes.ask(data, quick=True, knowing=knowing)
        after = counters.snapshot()
        assert lanes.known - was_known == (5 if knowing else 0)
        deltas.append(
            {
                name: after[name][key] - before[name].get(key, 0)
                for name in ("decisions", "statuses")
                for key in after[name]
            }
            | {"quick": after["quick_lane"] - before["quick_lane"]}
        )
    assert deltas[0] == deltas[1]
    assert deltas[0]["quick"] == 5


@pytest.mark.anyio
async def test_nothing_is_answered_unparsed_behind_what_is_owed(lanes: Lanes) -> None:
    from uvicorn.server import ServerState

    connection: Any = lanes.config.http_protocol_class(
        lanes.config, ServerState(), {}, _loop=asyncio.get_running_loop(), knowing=lanes
    )
    wire = Wire()
    connection.connection_made(wire)
    before = lanes.known
    data = message("/libre", BROWSER)
    post = message("/libre", [(b"Content-Length", b"%d" % len(data))], method=b"POST")
    connection.data_received(post)
    connection.data_received(data)  # the body, however it looks
    connection.data_received(data)
    assert lanes.known == before
    while connection.tasks or connection.pipeline:
        await asyncio.sleep(0)
    connection.pause_writing()
    connection.data_received(data)
    assert lanes.known == before, "a reader that takes nothing is given nothing at once"
    connection.resume_writing()
    while connection.tasks or connection.pipeline:
        await asyncio.sleep(0)
    connection.data_received(data)
    assert lanes.known == before + 1
    connection.shutdown()
    connection.data_received(data)
    assert lanes.known == before + 1, "the last answer says that it is the last"
    while connection.tasks:
        await asyncio.sleep(0)
    connection.connection_lost(None)


@pytest.mark.anyio
async def test_a_flood_of_new_heads_is_mostly_not_looked_up(lanes: Lanes) -> None:
    lane = lanes.quick
    looked_up = 0
    for number in range(5_000):
        looked_up += lane.resting == 0
        await lanes.ask(message("/libre", [(b"X-Flood", b"%d" % number)]), quick=True, knowing=True)
    assert looked_up < 5_000 * 0.07
    lane.resting = 3
    was_known = lanes.known
    for _ in range(4):
        await lanes.ask(message("/libre", BROWSER), quick=True, knowing=True)
    assert lanes.known == was_known + 1, "and what is known is found again after a while"
