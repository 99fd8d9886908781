"""What an operator's opening and the newsroom's preview open, where the page itself isn't asked."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from gateway.model.opening import Opening
from tests.ways.house import House, Page, Pages, StoppedClock, cookie, house

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
