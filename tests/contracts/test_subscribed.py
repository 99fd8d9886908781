"""What the account page says of the next charge, on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.contracts.counter import Counter, at_the_counter
from tests.contracts.till import DAY


def test_the_next_charge_has_its_amount_where_the_last_was_the_price(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        await inside.till.syncing.fetching.refresh_prices()
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        page = (await browser.get("/-/account?lang=en")).text
        assert "Next charge: €9.90 on 21 October 2026" in page
        assert "<p>€9.90 a month</p>" in page, "the plan's name stands above it"
        assert bought.id in page, "leaving without an account asks for it"
        french = (await browser.get("/-/account?lang=fr")).text
        assert "Prochain prélèvement\u00a0: 9,90\u00a0€ le 21 octobre 2026" in french

    at_the_counter(url, tmp_path, work)


def test_the_next_charge_has_no_amount_where_a_discount_was_taken_off(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        await inside.till.syncing.fetching.refresh_prices()
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        stripe = inside.till.world.v1
        coupon = await stripe.coupons.create_async({"percent_off": 20, "duration": "forever"})
        await stripe.subscriptions.update_async(bought.id, {"discounts": [{"coupon": coupon.id}]})
        await inside.till.pass_time(31 * DAY)
        await inside.settle()
        page = (await browser.get("/-/account?lang=en")).text
        assert "Next charge: 21 November 2026" in page, "what comes off next isn't in the ledger"
        assert "€9.90 on" not in page

    at_the_counter(url, tmp_path, work)
