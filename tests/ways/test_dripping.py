"""An origin that drips: whoever asks for a page has one by the read timeout, kept, stale or none."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from tests.ways.house import House, Page, Pages, StoppedClock, house
from tests.ways.test_stale import KEPT, POLICY

TIMEOUT_SECONDS = 1
# It begins with what tells nothing, so that more than a first look is asked for.
ARTICLE = b"   <p>" + b"<!doctype html><article><div class=body><p>Long.</p></div></article>" * 40
PAGES: Pages = {
    "/open/a": Page(ARTICLE, headers=KEPT),
    "/labelled": Page(ARTICLE, headers=KEPT),
    "/paid/a": Page(ARTICLE),
    "/unnamed": Page(ARTICLE, content_type=""),
}


async def asked(inside: House, path: str) -> tuple[int, float]:
    """The status, and how long it took."""
    host, port = inside.address
    began = time.monotonic()
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client:
        answer = await client.get(path, headers={"host": "localhost"})
    return answer.status_code, time.monotonic() - began


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"),
    [("/open/a", 200), ("/labelled", 504), ("/paid/a", 504), ("/unnamed", 504)],
)
async def test_it_is_waited_for_once(tmp_path: Path, path: str, status: int) -> None:
    clock, limit = StoppedClock(), f"[origin]\nread_timeout_seconds = {TIMEOUT_SECONDS}\n"
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=limit, clock=clock) as inside:
        if path == "/open/a":
            assert (await asked(inside, path))[0] == 200
            clock.instant += 3_000
        inside.origin.drips = True
        got, seconds = await asked(inside, path)
        assert got == status
        assert TIMEOUT_SECONDS * 0.7 < seconds < TIMEOUT_SECONDS * 1.8
