"""What an origin that is down leaves to be shown: nothing that may have been closed meanwhile."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx2
import pytest

from gateway.wiring import running
from tests.ways.house import House, Page, Pages, StoppedClock, cookie, house

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: [article], keep: { paragraphs: 1 } }
labels: [{ meta: tier }]
rules:
  - { name: paid, path: /paid/**, access: paid }
  - { name: open, path: /open/**, access: public, cache: 60s }
  - { name: label, label: any, access: as-labelled }
"""
BODY = (
    b"<div class=body>" + b"".join(b"<p>Paragraph %d of it.</p>" % n for n in range(6)) + b"</div>"
)
KEPT = (("Cache-Control", "max-age=5, stale-if-error=3600"),)


def article(tier: bytes = b"") -> Page:
    meta = b"<meta name=tier content=%b>" % tier if tier else b""
    return Page(
        b"<!doctype html><html><head>%b</head><article>%b</article>" % (meta, BODY), headers=KEPT
    )


LISTING = Page(
    b"<!doctype html><p>Paragraph 5 of it.</p><ul><li>public<li>members</ul>", headers=KEPT
)
PAGES: Pages = {
    "/said-public": article(b"public"),
    "/said-nothing": article(),
    "/said-members": article(b"members"),
    "/open/a": article(b"public"),
    "/paid/a": article(),
    "/": LISTING,
}


async def whole(inside: House, path: str, reader: str = "") -> bool:
    host, port = inside.address
    headers = {"host": "localhost", **({"cookie": cookie(reader).decode()} if reader else {})}
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    return "Paragraph 5" in answer.text


@pytest.mark.anyio
async def test_a_stale_page_is_as_closed_as_its_label_could_be_by_now(tmp_path: Path) -> None:
    clock = StoppedClock()
    async with house(tmp_path, policy=POLICY, pages=PAGES, clock=clock) as inside:
        anonymous = {path: await whole(inside, path) for path in PAGES}
        assert [path for path, seen in anonymous.items() if seen] == [
            "/said-public",
            "/said-nothing",
            "/open/a",
            "/",
        ]
        inside.origin.down = True
        clock.instant += 90
        stale = {path: await whole(inside, path) for path in PAGES}
        assert [path for path, seen in stale.items() if seen] == ["/open/a", "/"]
        assert all([await whole(inside, path, "gold") for path in PAGES])
        assert not await whole(inside, "/said-public", "member"), "it may ask for a subscription"
        inside.origin.down = False
        assert await whole(inside, "/said-public")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/paid/a", "/said-members"])
async def test_an_origin_in_maintenance_that_says_200_shuts_no_page_for_longer(
    tmp_path: Path, path: str
) -> None:
    """A teaser is there again as soon as the page is, and no 403 of what has none."""
    clock = StoppedClock()
    async with house(tmp_path, policy=POLICY, pages=PAGES, clock=clock) as inside:
        assert not await whole(inside, path)
        clock.instant += 3_700
        down = Page(b"Back in five minutes", content_type="text/plain")
        inside.origin.pages[path] = down
        await status(inside, path)
        inside.origin.pages[path] = PAGES[path]
        assert not await whole(inside, path), "200, and cut"


async def status(inside: House, path: str) -> int:
    host, port = inside.address
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
        return (await client.get(path, headers={"host": "localhost"})).status_code


class SteppingClock(StoppedClock):
    """Its wall clock stands where a test puts it; what runs is real."""

    monotonic = staticmethod(time.monotonic)


@pytest.mark.anyio
async def test_a_clock_set_back_keeps_no_closed_page_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, though what was kept of it is good for another hour by that clock."""
    monkeypatch.setattr(running, "CLOCK_SECONDS", 0.01)
    clock = SteppingClock()
    async with house(tmp_path, policy=POLICY, pages=PAGES, clock=clock) as inside:
        cache = inside.lychgate.pages.cache
        assert await whole(inside, "/said-public")
        inside.origin.pages["/said-public"] = article(b"paid")
        assert await whole(inside, "/said-public"), "it isn't kept"
        clock.instant -= 3600
        async with asyncio.timeout(5):
            while len(cache):
                await asyncio.sleep(0.01)
        assert not await whole(inside, "/said-public")
