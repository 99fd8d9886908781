"""What an operator's opening and the newsroom's preview open, where the page itself isn't asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from gateway.model.opening import Opening
from tests.ways.asking import WITHHELD, article, ask
from tests.ways.house import Asked, House, Page, Pages, StoppedClock, cookie, house

POLICY = """
version: 1
default: public
rules:
  - { name: shut, path: /paid/internal/**, access: refuse }
  - { name: paid, path: /paid/**, access: paid }
"""
PHOTO = Page(b"\xff\xd8\xff photo", content_type="image/jpeg")


async def status(inside: House, path: str, **headers: str) -> int:
    host, port = inside.address
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
        named = {"host": "localhost", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return (await client.get(path, headers=named)).status_code


@pytest.mark.anyio
async def test_an_opened_storys_pictures_are_opened_with_it(tmp_path: Path) -> None:
    clock = StoppedClock()
    pages: Pages = {"/paid/a.jpg": PHOTO, "/paid/internal/a.jpg": PHOTO}
    async with house(tmp_path, policy=POLICY, pages=pages, clock=clock) as inside:
        assert await status(inside, "/paid/a.jpg") == 403
        assert await status(inside, "/-/decide", x_forwarded_uri="/paid/a.jpg") == 401
        inside.lychgate.policies.open_stories([Opening("", clock.now() + 10, "a storm")])
        assert await status(inside, "/paid/a.jpg") == 200
        assert await status(inside, "/-/decide", x_forwarded_uri="/paid/a.jpg") == 200
        assert await status(inside, "/paid/internal/a.jpg") == 403
        assert await status(inside, "/-/decide", x_forwarded_uri="/paid/internal/a.jpg") == 403
        clock.instant += 11
        assert await status(inside, "/paid/a.jpg") == 403
        assert await status(inside, "/-/decide", x_forwarded_uri="/paid/a.jpg") == 401


@pytest.mark.anyio
async def test_what_a_rule_or_an_operator_opens_says_that_it_is_free(tmp_path: Path) -> None:
    policy = POLICY + "  - { name: open, path: /open/**, access: public, cache: 60s }\n"
    said = b'{"@type":"NewsArticle","headline":"A","isAccessibleForFree":false,"hasPart":{}}'
    page = Page(
        b'<!doctype html><html><head><script type="application/ld+json">' + said + b"</script>"
        b"</head><body><article><h1>A</h1><p>All of it.</p></article></body></html>"
    )
    pages: Pages = {"/open/a": page, "/paid/a": page, "/paid/b": page}
    async with house(tmp_path, policy=policy, pages=pages) as inside:
        opening = Opening("/paid/a", inside.lychgate.clock.now() + 60, "a storm")
        inside.lychgate.policies.open_stories([opening])
        host, port = inside.address
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
            texts = [
                (await client.get(path, headers={"host": "localhost"})).text
                for path in ("/open/a", "/paid/a", "/paid/b")
            ]
    assert ['"isAccessibleForFree":true' in text for text in texts] == [True, True, False]
    assert ['"isAccessibleForFree":false' in text for text in texts] == [False, False, True]
    assert not any("hasPart" in text for text in texts)


@pytest.mark.anyio
async def test_the_newsroom_sees_a_preview_that_the_pack_keeps_from_all_others(
    tmp_path: Path,
) -> None:
    policy = "version: 1\ninclude: [ghost]\ndefault: public\n"
    pages: Pages = {"/p/draft": Page(b"<p>draft</p>")}
    async with house(tmp_path, policy=policy, pages=pages) as inside:
        editor, gold = (cookie(name).decode() for name in ("editor", "gold"))
        assert await status(inside, "/p/draft") == 403
        assert await status(inside, "/p/draft", cookie=gold) == 403
        assert await status(inside, "/p/draft", cookie=f"{editor}; ghost=1") == 200
        assert inside.origin.seen[-1].header(b"cookie") == b"ghost=1"


@pytest.mark.anyio
async def test_who_waits_for_a_page_gets_it_by_the_policy_of_the_moment(tmp_path: Path) -> None:
    """Its story was closed again while the page was under way."""
    pages: Pages = {"/paid/a": Page(article(), headers=(("Cache-Control", "max-age=60"),))}
    async with house(tmp_path, policy=POLICY, pages=pages) as at:
        policies, read = at.lychgate.policies, at.origin._read
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(reader: asyncio.StreamReader) -> Asked:
            asked = await read(reader)
            arrived.set()
            await go_on.wait()
            return asked

        at.origin._read = slowly  # type: ignore[method-assign]  # an origin that takes its time
        opening = Opening("/paid/a", at.lychgate.clock.now() + 60, "a storm")
        policies.open_stories([opening])
        first = asyncio.create_task(ask(at, "/paid/a"))
        await arrived.wait()
        policies.open_stories([])
        second = asyncio.create_task(ask(at, "/paid/a"))
        await asyncio.sleep(0.1)
        go_on.set()
        assert WITHHELD in (await first)[1]
        head, body = await second
        assert b" 200 " in head
        assert WITHHELD not in body
        assert WITHHELD not in (await ask(at, "/paid/a"))[1]
