"""What answers under the reserved prefix, through the whole gateway."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import httpx2
import pytest

import gateway.app
from gateway.stores import sqlite
from gateway.stores.engine import Store
from gateway.stores.migrating import migrate
from gateway.stores.news import News
from gateway.wiring.news import teller
from tests.ways.house import House, Page, Pages, StoppedClock, cookie, house

POLICY = """
version: 1
default: public
rules:
  - { name: paid, path: /paid/**, access: paid, tiers: [gold] }
  - { name: shut, path: /shut/**, access: refuse }
"""
SHELL = Page(
    b"<!doctype html><html lang=fr><head><title>La Gazette</title></head><body><header>Gazette"
    b"</header><main><p>old</p></main><footer>Fin</footer></body></html>"
)


async def ask(inside: House, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    host, port = inside.address
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
        named = {"host": "localhost", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await client.request(method, path, headers=named)


@pytest.mark.anyio
async def test_help_stands_in_the_sites_own_page(tmp_path: Path) -> None:
    async with house(
        tmp_path, policy=POLICY, pages={"/shell": SHELL}, site_extra='shell = "/shell"'
    ) as inside:
        page = (await ask(inside, "/-/help?from=/paid/a")).text
        assert "<header>Gazette</header>" in page
        assert "<footer>Fin</footer>" in page
        assert "old" not in page
        assert inside.origin.seen[-1].header(b"cookie") is None
        await ask(inside, "/-/help")
        assert len(inside.origin.seen) == 1, "kept for a minute"


@pytest.mark.anyio
async def test_each_reader_sees_their_own_marks_in_the_sites_own_page(tmp_path: Path) -> None:
    marks = b"<a data-lg-when=anonymous>Entrer</a><a data-lg-when=subscriber>Mon compte</a>"
    shell = Page(SHELL.body.replace(b"Gazette</header>", marks + b"</header>"))
    async with house(
        tmp_path, policy=POLICY, pages={"/shell": shell}, site_extra='shell = "/shell"'
    ) as inside:
        page = (await ask(inside, "/-/help")).text
        assert "Entrer" in page
        assert "Mon compte" not in page
        page = (await ask(inside, "/-/help", cookie=cookie("gold").decode())).text
        assert "Entrer" not in page
        assert "Mon compte" in page


@pytest.mark.anyio
async def test_our_pages_stand_alone_where_the_shell_cant_be_had(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages={}, site_extra='shell = "/gone"') as inside:
        answer = await ask(inside, "/-/help")
        assert answer.status_code == 200
        assert "<main" in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "reader", "status"),
    [
        ("/free", "", 200),
        ("/paid/a", "", 401),
        ("/paid/a", "silver", 401),
        ("/paid/a", "gold", 200),
        ("/PAID/a", "", 401),
        ("/shut/x", "gold", 403),
        ("/free/../paid/a", "gold", 400),
    ],
)
async def test_forward_auth_decides_on_the_url(
    tmp_path: Path, path: str, reader: str, status: int
) -> None:
    async with house(tmp_path, policy=POLICY, pages={}) as inside:
        jar = {"cookie": cookie(reader).decode()} if reader else {}
        answer = await ask(inside, "/-/decide", x_forwarded_uri=path, **jar)
        assert answer.status_code == status
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("named", "status"),
    [
        ({"x_original_uri": "/paid/a"}, 401),
        ({"x_original_url": "http://localhost/paid/a"}, 401),
        ({"x_original_uri": "/free", "x_original_url": "http://localhost/free"}, 200),
        ({"x_original_uri": "/paid/a", "x_forwarded_uri": "/free"}, 403),
        ({"x_original_url": "http://localhost/paid/a", "x_original_uri": "/free"}, 403),
        ({"x_original_uri": "/free", "x_forwarded_uri": "/free", "x_original_method": "GET"}, 200),
        (
            {"x_original_uri": "/free", "x_original_method": "POST", "x_forwarded_method": "GET"},
            403,
        ),
        ({"x_forwarded_uri": ""}, 400),
        ({"x_forwarded_uri": "http://[::1"}, 400),
        ({}, 400),
    ],
)
async def test_forward_auth_believes_no_second_name_of_the_url(
    tmp_path: Path, named: dict[str, str], status: int
) -> None:
    """A front sets the header it knows, and hands on what its reader says in the others."""
    async with house(tmp_path, policy=POLICY, pages={}) as inside:
        assert (await ask(inside, "/-/decide", **named)).status_code == status


@pytest.mark.anyio
@pytest.mark.parametrize(("allowed", "status"), [("refuse", 400), ("allow", 401)])
async def test_forward_auth_reads_paths_as_the_gateway_does(
    tmp_path: Path, allowed: str, status: int
) -> None:
    """A front makes an error page of 400."""
    policy = POLICY.replace("version: 1", f"version: 1\npath_parameters: {allowed}")
    async with house(tmp_path, policy=policy, pages={}) as inside:
        answer = await ask(inside, "/-/decide", x_original_uri="/paid/a;jsessionid=1")
        assert answer.status_code == status


@pytest.mark.anyio
async def test_forward_auth_believes_no_second_line_of_one_name(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages={}) as inside:
        host, port = inside.address
        lines = [("host", "localhost"), ("x-original-uri", "/free"), ("x-original-uri", "/paid/a")]
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
            assert (await client.get("/-/decide", headers=lines)).status_code == 403


@pytest.mark.anyio
async def test_a_form_that_nobody_types_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages={}) as inside:
        reader, writer = await asyncio.open_connection(*inside.address)
        writer.write(
            b"POST /-/help HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            b"Content-Length: 100000000\r\n\r\n" + b"x" * 40_000
        )
        assert b" 413 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


@pytest.mark.anyio
async def test_nothing_under_the_prefix_reaches_the_origin(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages={}) as inside:
        for path in ("/-/", "/-/x", "/-/preview", "/-/finance/journal", "/-/%61"):
            answer = await ask(inside, path)
            assert answer.status_code == 404
        assert (await ask(inside, "/-/jwks.json")).json()["keys"]
        for path in ("/-/jwks.json", "/-/me", "/-/me.js", "/-/help", "/-/decide"):
            assert (await ask(inside, path)).headers["x-robots-tag"] == "noindex"
        assert inside.origin.seen == []


@pytest.mark.anyio
async def test_a_purge_needs_its_key_and_drops_the_page(tmp_path: Path) -> None:
    pages = {"/a": Page(b"<p>a</p>", headers=(("Cache-Control", "max-age=60"),))}
    policy = POLICY + "  - { name: kept, path: /a, access: public, cache: 60s }\n"
    key = "purge-key-of-thirty-two-characters-or-more"
    settings = f'purge = "{key}"'  # it stands below [keys]
    async with house(tmp_path, policy=policy, pages=dict(pages), settings=settings) as inside:
        assert (await ask(inside, "/-/purge?path=/a", "POST")).status_code == 403
        await ask(inside, "/a")
        await ask(inside, "/a")
        assert len(inside.origin.seen) == 1
        answer = await ask(inside, "/-/purge?path=/a", "POST", authorization=f"Bearer {key}")
        assert answer.json() == {"dropped": 1}
        await ask(inside, "/a")
        assert len(inside.origin.seen) == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("named", "status", "dropped"),
    [
        ("path=/caf%C3%A9", 200, 1),
        ("path=/caf%25C3%25A9", 200, 1),
        ("url=http://localhost/caf%C3%A9?x=1", 200, 1),
        ("path=/a%252fb", 400, 0),
        ("url=http://[::1", 400, 0),
        ("path=/caf%C3%A9&url=http://[::1", 400, 0),
    ],
)
async def test_a_purge_reads_a_path_as_people_and_browsers_write_it(
    tmp_path: Path, named: str, status: int, dropped: int
) -> None:
    policy = POLICY + "  - { name: kept, path: /caf*, access: public, cache: 60s }\n"
    key = "purge-key-of-thirty-two-characters-or-more"
    pages: Pages = {"/caf%C3%A9": Page(b"<p>a</p>")}
    async with house(tmp_path, policy=policy, pages=pages, settings=f'purge = "{key}"') as inside:
        await ask(inside, "/caf%C3%A9")
        bearer = f"Bearer {key}"
        answer = await ask(inside, f"/-/purge?{named}", "POST", authorization=bearer)
        assert answer.status_code == status
        if status == 200:
            assert answer.json() == {"dropped": dropped}
        await ask(inside, "/caf%C3%A9")
        assert len(inside.origin.seen) == 1 + dropped, "what is refused drops nothing"


@pytest.mark.anyio
async def test_a_purge_that_the_others_cant_be_told_is_done_here_and_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.3)
    url, clock = f"sqlite:///{tmp_path}/store.db", StoppedClock()
    await asyncio.to_thread(migrate, url)
    store = Store(url)
    monkeypatch.setattr(gateway.app, "teller", lambda _, clock: teller(store, clock))
    policy = POLICY + "  - { name: kept, path: /kept/**, access: public, cache: 60s }\n"
    key = "purge-key-of-thirty-two-characters-or-more"
    pages: Pages = {"/kept/a": Page(b"<p>a</p>"), "/kept/b": Page(b"<p>b</p>")}
    purge, bearer = "/-/purge?path=/kept/a&url=http://localhost/kept/b", f"Bearer {key}"
    async with house(
        tmp_path, policy=policy, pages=pages, settings=f'purge = "{key}"', clock=clock
    ) as inside:
        for path in pages:
            await ask(inside, path)
        holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        refused = await ask(inside, purge, "POST", authorization=bearer)
        holder.close()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        for path in pages:
            await ask(inside, path)
        assert len(inside.origin.seen) == 4, "both are dropped here all the same"
        again = await ask(inside, purge, "POST", authorization=bearer)
        assert again.json() == {"dropped": 2}
    told = [item.key for item in await News(store).since(0)]
    await store.close()
    assert told == ["path:/kept/a", "path:/kept/b"]


@pytest.mark.anyio
async def test_a_purge_of_a_site_by_its_bare_url_is_one_of_its_front_page(tmp_path: Path) -> None:
    policy = POLICY + "  - { name: kept, path: /, access: public, cache: 60s }\n"
    key = "purge-key-of-thirty-two-characters-or-more"
    pages: Pages = {"/": Page(b"<p>a</p>")}
    async with house(tmp_path, policy=policy, pages=pages, settings=f'purge = "{key}"') as inside:
        await ask(inside, "/")
        bearer = f"Bearer {key}"
        answer = await ask(inside, "/-/purge?url=http://localhost", "POST", authorization=bearer)
        assert answer.json() == {"dropped": 1}


@pytest.mark.anyio
async def test_a_flood_gets_429_in_both_lanes(tmp_path: Path) -> None:
    pages = {"/a": Page(b"<p>a</p>")}
    policy = POLICY + "  - { name: kept, path: /a, access: public, cache: 60s }\n"
    limit = "[limits]\nrequests_per_second = 5"
    async with house(
        tmp_path, policy=policy, pages=dict(pages), settings=limit, clock=StoppedClock()
    ) as inside:
        answers = [await ask(inside, "/a") for _ in range(20)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 15
        assert answers[-1].headers["retry-after"] == "1"
