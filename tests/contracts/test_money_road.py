"""A webhook's road through the whole gateway, on both databases, and the folding that follows it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import Clock
from gateway.config import load_settings
from gateway.model.entry import Entry
from gateway.money.entries import acts
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.news import News
from gateway.wiring.money import folding
from tests.hostile.lodge import Lodge, lodge

PLACE = "/-/stripe/webhook"
SECRET = "whsec_only-for-tests-on-loopback"
STRIPE = f"""[stripe]
secret_key = "sk_test_only-for-tests"
webhook_secrets = ["whsec_another", "{SECRET}"]
[[plan]]
id = "gold"
name = {{ en = "Gold" }}
tiers = ["gold"]
prices = ["price_gold"]
"""
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.created",
    "created": 1_795_000_000,
    "livemode": False,
    "api_version": "2026-10-28.endive",
    "data": {"object": {"id": "cus_1", "object": "customer", "email": "ana@news.example"}},
}

SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "object": "subscription",
    "customer": "cus_1",
    "status": "active",
    "created": 1_795_000_000,
    "items": {
        "data": [
            {
                "id": "si_1",
                "price": {"id": "price_gold"},
                "quantity": 1,
                "current_period_start": 1_795_000_000,
                "current_period_end": 1_797_592_000,
            }
        ],
        "has_more": False,
    },
}
SESSION: dict[str, Any] = {
    "id": "cs_1",
    "object": "checkout.session",
    "customer": "cus_1",
    "subscription": "sub_1",
    "mode": "subscription",
    "status": "complete",
    "payment_status": "paid",
}


def through(
    url: str, folder: Path, work: Callable[[Lodge], Awaitable[None]], *, settings: str = STRIPE
) -> None:
    async def main() -> None:
        async with lodge(folder, settings=settings, store_url=url) as inside:
            await work(inside)

    asyncio.run(main())


async def delivered(
    inside: Lodge, raw: bytes, *, secret: str = SECRET, off: int = 0, header: str = ""
) -> int:
    """The status that Stripe is answered with. ``off`` seconds from the gateway's clock."""
    at = int(inside.clock.now()) + off
    made = hmac.new(secret.encode(), b"%d.%s" % (at, raw), hashlib.sha256).hexdigest()
    signature = header or f"t={at},v1={made}"
    answer = await inside.shop.client.post(
        inside.shop.gateway + PLACE,
        content=raw,
        headers={"stripe-signature": signature, "host": "news.example"},
    )
    return answer.status_code


async def kept(inside: Lodge) -> list[Entry]:
    assert isinstance(inside.lychgate.store, Store)
    return await Ledger(inside.lychgate.store).read(after=0, limit=100)


def event(**more: object) -> bytes:
    return json.dumps({**EVENT, **more}).encode()


def test_what_is_acknowledged_is_in_the_ledger_once(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        answers = await asyncio.gather(*(delivered(inside, event()) for _ in range(50)))
        assert set(answers) == {200}
        again = event(pending_webhooks=3)
        assert await delivered(inside, again, secret="whsec_another") == 200
        (entry,) = await kept(inside)
        assert (entry.event_id, entry.customer_id) == ("evt_1", "cus_1")
        assert "ana@" not in entry.facts, "what names a person stays out of the chain"

    through(url, tmp_path, work)


def test_one_event_a_thousand_times_at_once_has_one_effect(url: str, tmp_path: Path) -> None:
    """A reader who bought gold holds it once, and the workers are told of it once."""

    async def work(inside: Lodge) -> None:
        reader = await inside.logged_in()
        reader_id = json.loads((await reader.get("/-/account/export")).content)["reader"]["id"]
        store = inside.lychgate.store
        assert isinstance(store, Store)
        settings = load_settings(tmp_path / "lychgate.toml", {})
        job = folding(settings, store=store, clock=inside.clock)
        await job.fold_due()
        bought = event(
            id="evt_bought",
            type="checkout.session.completed",
            data={"object": {**SESSION, "client_reference_id": reader_id}},
        )
        begun = event(
            id="evt_begun",
            type="customer.subscription.created",
            data={"object": SUBSCRIPTION},
        )
        assert await delivered(inside, begun) == 200
        before = await News(store).since(0)
        answers = [delivered(inside, bought) for _ in range(1000)]
        for each in await asyncio.gather(*answers, job.fold_due(), return_exceptions=True):
            assert each in (200, None)
        await job.fold_due()
        entries = await kept(inside)
        assert [each.event_id for each in entries if each.kind.startswith("checkout")] == [
            "evt_bought"
        ]
        (held,) = (await Holdings(store).held([reader_id]))[reader_id]
        assert (held.tier, held.ends_at) == ("gold", 1_795_000_000 + 2_592_000 + 72 * 3600)
        news = (await News(store).since(0))[len(before) :]
        assert [each.kind for each in news if each.key == reader_id] == ["reader"]
        assert await job.projector.replay() == []

    through(url, tmp_path, work)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (event(), {"secret": "whsec_foreign"}),
        (event(), {"off": 301}),
        (event(), {"off": -301}),
        (event(), {"header": "t=1,v1=é"}),
        (event(), {"header": "nonsense"}),
        (b"[" + event() + b"]", {}),
        (b"\xef\xbb\xbf" + event(), {}),
        (b'{"id":"a","id":"b","type":"x","created":1}', {}),
        (b"\xff", {}),
        (event(description="x" * 1_000_001), {}),
    ],
)
def test_what_is_not_stripe_s_leaves_no_row(
    raw: bytes, told: dict[str, Any], url: str, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        assert await delivered(inside, raw, **told) == 400
        assert await kept(inside) == []

    if "header" in told and not told["header"].isascii():
        told = {"header": told["header"].encode("latin-1")}
    through(url, tmp_path, work)


def test_a_handler_that_slept_until_stripe_was_ready(url: str, tmp_path: Path) -> None:
    """Leaky Paywall: `sleep(3)` in the handler. Ours asks nobody and applies nothing: Stripe is answered
    as soon as the event is in the ledger, whether its own API answers or not."""
    asked = []

    async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        writer.close()

    async def main() -> None:
        stripe = await asyncio.start_server(never_answers, "127.0.0.1", 0)
        port = stripe.sockets[0].getsockname()[1]
        secret_key = 'secret_key = "sk_test_only-for-tests"'
        settings = STRIPE.replace(secret_key, f'{secret_key}\napi_base = "http://127.0.0.1:{port}"')
        async with lodge(tmp_path, settings=settings, store_url=url) as inside:
            told = event(type="customer.subscription.created", data={"object": SUBSCRIPTION})
            assert await delivered(inside, told) == 200
            (entry,) = await kept(inside)
            assert isinstance(inside.lychgate.store, Store)
            work = LedgerWork(inside.lychgate.store)
            now = inside.clock.now()
            assert [each.number for each in await work.due(now=now, limit=9)] == [entry.number]
            assert [each.number for each in await work.hints(now=now, limit=9)] == [entry.number]
        stripe.close()
        await stripe.wait_closed()

    asyncio.run(main())
    assert asked == []


def test_without_stripe_there_is_no_webhook(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        assert await delivered(inside, event()) == 404

    through(url, tmp_path, work, settings="")


def test_a_grant_opens_and_a_replay_agrees(url: str, tmp_path: Path) -> None:
    """From an operator's act to a page that is whole, by the job of the background process."""

    async def work(inside: Lodge) -> None:
        reader = await inside.logged_in()
        exported = json.loads((await reader.get("/-/account/export")).content)
        reader_id = exported["reader"]["id"]
        store = inside.lychgate.store
        assert isinstance(store, Store)
        clock: Clock = inside.clock
        settings = load_settings(tmp_path / "lychgate.toml", {})
        job = folding(settings, store=store, clock=clock)
        await job.fold_due()
        kinds = [entry.kind for entry in await kept(inside)]
        assert sorted(kinds) == ["plans", "settings"]
        await folding(settings, store=store, clock=clock).fold_due()
        assert len(await kept(inside)) == 2, "the same rules aren't told twice"
        granted = acts.grant(
            reader_id, "gold", until=None, by="ops", at=clock.now(), reason="press"
        )
        await Ledger(store).append([granted], now=clock.now())
        await job.fold_due()
        assert await inside.reads(reader)
        told = json.loads((await reader.get("/-/me")).content)
        assert told["tiers"] == ["gold"]
        assert await job.projector.replay() == []

    through(url, tmp_path, work)
