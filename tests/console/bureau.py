"""The whole gateway with its console, a stand-in for Stripe behind it, and people who work there.

What the background process does under ``serve`` is done by a task here: acts are applied as they come.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.app import Lychgate, build
from gateway.identity.accounts import Entered, Entry, Joining
from gateway.identity.cookies import CookieSigner
from gateway.model.audited import AuditFilter
from gateway.model.entry import Draft
from gateway.model.identity import Identity
from gateway.stores.accounts import Accounts
from gateway.stores.audit import Audit
from gateway.stores.engine import Store
from gateway.wiring.console import Console
from tests.contracts.till import PLAN, Till, till
from tests.hostile.browsing import Browser, BrowserShop, Kept, browsers
from tests.ways.house import KEY, _serve

ADDRESSES = {
    "finance": "compta@news.example",
    "support": "aide@news.example",
    "admin": "ops@news.example",
    "member": "ana@lecteurs.example",
}
_COUNT = itertools.count()
_CONSOLE = """
[console]
providers = ["idp"]
finance = ["compta@news.example"]
support = ["aide@news.example"]
admins = ["ops@news.example"]
[mail]
url = "smtp://localhost:1"
sender = "La Gazette <bonjour@news.example>"
[[login.provider]]
id = "idp"
issuer = "https://idp.example"
client_id = "gazette"
client_secret = "not-used-here-and-long-enough"
"""


@dataclass
class Bureau:
    till: Till
    lychgate: Lychgate
    shop: BrowserShop

    @property
    def store(self) -> Store:
        return self.till.store

    @property
    def console(self) -> Console:
        rooms: Any = self.lychgate.rooms
        (console,) = (each for each in rooms.opened if isinstance(each, Console))
        return console

    def now(self) -> float:
        return self.till.clock.now()

    async def enter(self, who: str, *, address: str = "", seconds_ago: float = 0.0) -> Browser:
        """A browser of somebody who logged in: a role, or ``member``."""
        email = address or ADDRESSES[who]
        identity = Identity(
            issuer="https://idp.example", subject=email, email=email, email_verified=True
        )
        now = self.now() - seconds_ago
        entered = await Accounts(self.store).enter(
            Entry(
                identity=identity,
                provider="idp",
                used=f"entry {next(_COUNT)}",
                used_until=now + 60.0,
                joining=Joining.APART,
                absolute_seconds=10 * 86400.0,
                idle_seconds=10 * 86400.0,
            ),
            now=now,
        )
        assert isinstance(entered, Entered)
        browser = self.shop.new()
        signed = CookieSigner([KEY]).sign(entered.session_id)
        browser.cookies["__Host-lychgate"] = Kept(signed, "Lax", True, True)
        return browser

    async def append(self, *drafts: Draft) -> list[int]:
        appended = await self.till.job.ledger.append(drafts, now=self.now())
        await self.folded()
        return [each.number for each in appended]

    async def folded(self) -> None:
        await self.till.job.fold_due()

    async def audited(self) -> list[tuple[str, str, str, str]]:
        """Who, act, what and why of each line, the oldest first."""
        lines = [each async for some in Audit(self.store).all(AuditFilter()) for each in some]
        return [(each.who, each.act, each.what, each.why) for each in reversed(lines)]


@contextlib.asynccontextmanager
async def bureau(
    url: str, folder: Path, *, readers: Sequence[str] = ("ana", "ben"), more: str = ""
) -> AsyncIterator[Bureau]:
    async with till(url, folder, readers=readers, plans=PLAN + _CONSOLE + more) as inside:
        lychgate = build(inside.settings, clock=inside.clock)
        lychgate.access_log.on = False
        await lychgate.startup()
        server, serving, address = await _serve(lychgate.config)
        await inside.job.fold_due()  # what the till heard is applied before time moves
        folding = asyncio.create_task(_fold_on(inside))
        try:
            async with browsers(address) as shop:
                yield Bureau(inside, lychgate, shop)
        finally:
            folding.cancel()
            await asyncio.gather(folding, return_exceptions=True)
            server.should_exit = True
            await serving
            await lychgate.shutdown()


async def _fold_on(inside: Till) -> None:
    """As the background process does: a round, and a breath."""
    while True:
        await inside.job.fold_due()
        await asyncio.sleep(0.05)


def at_the_bureau(
    url: str, folder: Path, work: Callable[[Bureau], Awaitable[None]], **more: Any
) -> None:
    async def main() -> None:
        async with bureau(url, folder, **more) as inside:
            await work(inside)

    asyncio.run(main())


def event(kind: str, thing: dict[str, Any], *, at: float, event_id: str = "evt_1") -> bytes:
    """A webhook's body, as Stripe would write it."""
    envelope = {
        "id": event_id,
        "object": "event",
        "type": kind,
        "created": int(at),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": thing},
    }
    return json.dumps(envelope).encode()
