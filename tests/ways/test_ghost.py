"""Labels that Ghost's Content API says of a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ways.asking import ask
from tests.ways.house import Page, house

pytestmark = pytest.mark.anyio

POLICY = "version: 1\ninclude: [ghost]\ndefault: public\n"
SCRIPT = '<script src="/portal.js" data-key="0123456789abcdef0123456789"></script>'
CARDS = "".join(
    f'<article class="gh-card post"><a href="/{name}/"><h3>{name}</h3></a></article>'
    for name in ("un", "deux")
)
TAG = Page(f"<!doctype html><html><head>{SCRIPT}</head><body><main>{CARDS}</main>".encode())
POST = Page(
    f"<!doctype html><html><head>{SCRIPT}</head><body><main><article class='gh-article'><h1>T</h1>"
    f"<section class='gh-content'>{'<p>Une phrase entière, puis une autre.</p>' * 9}</section>"
    "</article></main>".encode()
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def api(url: str | None) -> Page:
    post = {"visibility": "paid", "tiers": [], **({"url": url} if url else {})}
    return Page(json.dumps({"posts": [post]}).encode(), "application/json")


@pytest.mark.parametrize(
    ("page", "url", "walled"),
    [
        (TAG, "http://localhost/economie/", False),
        (TAG, "http://localhost/tag/economie/", True),
        (TAG, "http://localhost/404/", True),
        (TAG, None, True),
        (POST, "http://localhost/economie/", True),
        (POST, "http://localhost/tag/Economie", True),
    ],
)
async def test_a_listing_isnt_walled_for_a_post_of_its_slug(
    tmp_path: Path, page: Page, url: str | None, walled: bool
) -> None:
    pages = {"/tag/economie/": page, "/ghost/api/content/posts/slug/economie/": api(url)}
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        _, body = await ask(at, "/tag/economie/")
        assert (b"data-lg-wall=" in body) is walled
        assert (b"gh-card" in body) is (page is TAG and not walled)


ID = "64b1f0c2a1d3e4f5a6b7c8d9"
KEYLESS = Page(POST.body.replace(SCRIPT.encode(), b""))


@pytest.mark.parametrize(
    ("path", "page", "known", "walled"),
    [
        ("/a-post/", KEYLESS, "slug/a-post", True),  # nothing to ask with
        ("/blog/12/", POST, "", True),  # an address that names no post
        (f"/blog/{ID}/", POST, ID, False),
        ("/a-post/", POST, "slug/a-post", False),
        ("/", POST, "", False),
        ("/tag/economie/", TAG, "", False),
        ("/tag/economie/", Page(TAG.body.replace(SCRIPT.encode(), b"")), "", False),
    ],
)
async def test_a_post_that_ghost_can_t_be_asked_about_is_closed(
    tmp_path: Path, path: str, page: Page, known: str, walled: bool
) -> None:
    public = Page(b'{"posts":[{"visibility":"public"}]}', "application/json")
    pages = {path: page, f"/ghost/api/content/posts/{known}/": public}
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        _, body = await ask(at, path)
    assert (b"data-lg-wall=" in body) is walled
    assert (body.count(b"puis une autre") == 9) is (page is POST and not walled)
