"""``explain_header``: each answer on an article's path says what was decided, and by which rule."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.ways.house import House, Page, Pages, cookie, house

POLICY = """
version: 1
default: public
labels: [{ meta: tier }]
rules:
  - { name: shut, path: /shut/**, access: refuse }
  - { name: basket, path: /basket, access: public, personal: true }
  - { name: paid, path: /paid/**, access: paid }
  - { name: open, path: /open/**, access: public }
  - { name: label, path: /news/**, label: any, access: as-labelled }
"""
ARTICLE = Page(
    b"<!doctype html><html><head><meta name=tier content=members></head><article><p>A.</p></article>"
)
PAGES: Pages = {
    "/open/a": Page(b"<!doctype html><p>open"),
    "/open/a.css": Page(b"p{}", content_type="text/css"),
    "/basket": Page(b"<!doctype html><p>1", headers=(("Cache-Control", "max-age=60"),)),
    "/paid/a": ARTICLE,
    "/paid/a.jpg": Page(b"\xff\xd8\xff", content_type="image/jpeg"),
    "/news/a": ARTICLE,
    "/news/a.jpg": Page(b"\xff\xd8\xff", content_type="image/jpeg"),
}


async def ask(inside: House, path: str, method: str = "GET", reader: str = "") -> httpx2.Response:
    host, port = inside.address
    headers = {"host": "localhost", "accept": "text/html"}
    if reader:
        headers["cookie"] = cookie(reader).decode()
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "method", "reader", "said"),
    [
        ("/open/a", "GET", "", 'full; reason=public-page; rule="open"'),
        ("/open/a.css", "GET", "", 'full; reason=public-page; rule="open"'),
        ("/else", "GET", "", 'full; reason=public-page; rule="default"'),
        ("/basket", "GET", "", 'full; reason=public-page; rule="basket"'),
        ("/shut/a", "GET", "gold", 'refuse; reason=refused-by-rule; rule="shut"'),
        ("/paid/a", "GET", "", 'subscribe; reason=subscription-needed; rule="paid"'),
        ("/paid/a", "GET", "gold", 'full; reason=tier-held; rule="paid"'),
        ("/paid/a.jpg", "GET", "", 'refuse; reason=subscription-needed; rule="paid"'),
        ("/paid/a.jpg", "GET", "gold", 'full; reason=tier-held; rule="paid"'),
        ("/paid/a", "POST", "", 'refuse; reason=subscription-needed; rule="paid"'),
        ("/news/a", "GET", "", 'register; reason=account-needed; rule="label"'),
        ("/news/a.jpg", "GET", "", 'full; rule="only the page could say"'),
    ],
)
async def test_every_answer_says_what_was_decided(
    tmp_path: Path, path: str, method: str, reader: str, said: str
) -> None:
    settings = "[server]\nexplain_header = true"
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=settings) as inside:
        for _ in range(2):
            answer = await ask(inside, path, method, reader)
            assert answer.headers["lychgate-decision"] == said


@pytest.mark.anyio
async def test_nothing_is_said_where_nobody_asked(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES) as inside:
        for path in ("/open/a", "/paid/a", "/shut/a"):
            assert "lychgate-decision" not in (await ask(inside, path)).headers


@pytest.mark.anyio
async def test_a_personal_page_is_for_nobody_else(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES) as inside:
        assert (await ask(inside, "/basket")).headers["cache-control"] == "private, no-store"
