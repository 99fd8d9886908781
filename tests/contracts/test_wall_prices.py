"""The price on a wall: from the catalogue by news to both lanes, and to no cache that keeps an old one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.stores.engine import Store
from gateway.stores.prices import Prices
from tests.contracts.test_money_road import STRIPE, through
from tests.hostile.lodge import Lodge

PAID = """version: 1
default: public
teaser: { body: [article], root: [article], keep: { paragraphs: 1 } }
rules:
  - { name: paid, path: /news, access: paid, tiers: [gold], cache: 60s }
"""
PRICE = Price(
    id="price_gold",
    product="prod_gold",
    amount=Amount(990, "eur"),
    interval="month",
    tax_behavior="inclusive",
    active=True,
    fetched_at=1.0,
)


async def wall(inside: Lodge) -> tuple[str, str]:
    """The page as the quick lane gives it, its ETag, and the full lane's as it was before."""
    shown = set()
    for _ in range(3):
        answer = await inside.shop.client.get(
            inside.shop.gateway + "/news", headers={"host": "news.example"}
        )
        assert answer.status_code == 200
        assert "s-maxage" in answer.headers["cache-control"], "anyone's, in a shared cache too"
        shown.add((answer.text, answer.headers["etag"]))
    (page,) = shown
    record = inside.lychgate.pages.cache.targets[b"news.example"][b"/news"]
    assert record.quick, "the last answers were the quick lane's"
    return page


async def heard(inside: Lodge) -> None:
    assert inside.lychgate.polling is not None
    await inside.lychgate.polling.poll()


def test_a_wall_says_the_price_of_the_moment_in_both_lanes(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        store = inside.lychgate.store
        assert isinstance(store, Store)
        (tmp_path / "policies" / "policy.yaml").write_text(PAID, "utf-8")
        assert inside.lychgate.policies.reload()
        silent, first = await wall(inside)
        assert "a month" not in silent
        await Prices(store).keep([PRICE], now=inside.clock.now())
        await heard(inside)
        told, second = await wall(inside)
        assert "From €9.90 a month, VAT included" in told
        assert inside.lychgate.policies.reload()
        assert await wall(inside) == (told, second), "a reload forgets no price"
        dearer = replace(PRICE, amount=Amount(1090, "eur"), fetched_at=2.0)
        await Prices(store).keep([dearer], now=inside.clock.now())
        await heard(inside)
        news, third = await wall(inside)
        assert "From €10.90 a month" in news
        assert len({first, second, third}) == 3, "no validator of an old wall stands for the new"
        await Prices(store).keep([], gone=["price_gold"], now=inside.clock.now())
        await heard(inside)
        assert await wall(inside) == (silent, first)

    through(url, tmp_path, work, settings=STRIPE)


def test_what_walls_do_not_say_makes_no_page_anew(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        store = inside.lychgate.store
        assert isinstance(store, Store)
        before = inside.lychgate.policies.current.version
        strange = replace(PRICE, id="price_of_a_mug")
        await Prices(store).keep([strange], now=inside.clock.now())
        await heard(inside)
        assert inside.lychgate.policies.current.version == before
        await Prices(store).keep([PRICE], now=inside.clock.now())
        await heard(inside)
        assert inside.lychgate.policies.current.version != before

    through(url, tmp_path, work, settings=STRIPE)
