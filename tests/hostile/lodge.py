"""The whole gateway with its login way: a real store, a provider of our own, browsers.

The clock stands still but for ``pass_time``, for the gateway and the provider alike.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from gateway.app import Lychgate, build
from gateway.config import load_settings
from tests.hostile.browsing import SITE, Browser, BrowserShop, browsers
from tests.hostile.misbehaving_provider import CLIENT, SECRET, SOUND, Manner, Provider, provider
from tests.migrated import new_store
from tests.ways.house import KEY, Page, TableOrigin, _serve

POLICY = """version: 1
default: public
teaser: { body: [article], root: [article], keep: { paragraphs: 1 } }
rules:
  - { name: members, path: /members/**, access: members }
"""
WITHHELD = "The lamp went out at four."
STORY = Page(
    f"<!doctype html><html lang=en><title>Ferry</title><article><p>The night ferry left.</p>"
    f"<p>{WITHHELD}</p><p>Nobody spoke.</p></article></html>".encode()
)


class Clock:
    def __init__(self) -> None:
        self.instant = 1_795_000_000.0

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant

    def pass_time(self, seconds: float) -> None:
        self.instant += seconds


@dataclass
class Lodge:
    """``log`` is what the login way wrote to the log."""

    lychgate: Lychgate
    provider: Provider
    clock: Clock
    shop: BrowserShop
    log: list[Any]

    def browser(self) -> Browser:
        return self.shop.new()

    def reasons(self) -> list[str]:
        """Why logins failed and logout tokens were refused, in order."""
        events = ("login-failed", "back-channel-logout-refused")
        return [each["reason"] for each in self.log if each["event"] in events]

    async def logged_in(self, manner: Manner = SOUND) -> Browser:
        """A browser whose reader has logged in."""
        self.provider.manner = manner
        browser = self.browser()
        answer = await browser.go("/-/login/idp?return_to=/members/story")
        assert answer.status_code == 200, self.reasons()
        assert await self.reads(browser)
        return browser

    async def reads(self, browser: Browser) -> bool:
        """Whether this browser's reader is shown the whole of a members' page, once every worker
        has heard the news."""
        if self.lychgate.polling is not None:
            await self.lychgate.polling.poll()
        answer = await browser.get("/members/story")
        assert answer.status_code == 200
        return WITHHELD in answer.text


@contextlib.asynccontextmanager
async def lodge(
    folder: Path,
    *,
    provider_extra: str = "",
    site: str = "",
    settings: str = "",
    store_url: str = "",
    clock: Any = None,
) -> AsyncIterator[Lodge]:
    """``provider_extra`` and ``site`` are more TOML of the provider and of [site], ``settings`` further
    sections. ``store_url``
    names a store with the schema; empty is a SQLite file of the test's own. ``clock`` is one that stands
    still too, such as a stand-in's."""
    if not store_url:
        await asyncio.to_thread(new_store, folder / "lychgate.db")
        store_url = f"sqlite:///{folder}/lychgate.db"
    origin = TableOrigin({"/members/story": STORY, "/": STORY, "/news": STORY})
    listening = await asyncio.start_server(origin.serve, "127.0.0.1", 0)
    clock = clock or Clock()
    (folder / "policies").mkdir()
    (folder / "policies" / "policy.yaml").write_text(POLICY, "utf-8")
    async with provider(clock, redirect_uri=f"{SITE}/-/login/idp/callback") as idp:
        (folder / "lychgate.toml").write_text(
            f"""[site]
url = "{SITE}"
origin = "http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
name = "La Gazette"
languages = ["en", "fr"]
{site}
[policies]
folder = "policies"
[keys]
cookie = ["{KEY}"]
[store]
url = "{store_url}"
[[login.provider]]
id = "idp"
issuer = "{idp.address}"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
{provider_extra}
{settings}
""",
            "utf-8",
        )
        lychgate = build(load_settings(folder / "lychgate.toml", {}), clock=clock)
        lychgate.access_log.on = False
        await lychgate.startup()
        server, serving, address = await _serve(lychgate.config)
        try:
            with capture_logs() as log:
                async with browsers(address) as shop:
                    yield Lodge(lychgate, idp, clock, shop, log)
        finally:
            server.should_exit = True
            await serving
            await lychgate.shutdown()
            listening.close()
            await origin.close()
            await asyncio.sleep(0)
