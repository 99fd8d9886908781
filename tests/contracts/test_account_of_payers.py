"""The account page of who subscribes, and of who did, on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.contracts.counter import Counter, at_the_counter

_DAY = 86400
_INVOICES = 'action="/-/portal?lang=en"'


def test_who_no_longer_subscribes_reads_what_ended_and_finds_the_invoices(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        never = (await browser.get("/-/account?lang=en")).text
        assert "Free account" in never
        assert _INVOICES not in never
        bought = await inside.bought(reader)
        running = (await browser.get("/-/account?lang=en")).text
        assert "subscription ended on" not in running
        await browser.post("/-/cancel?lang=en", {"subscription": bought.id, "confirm": "yes"})
        await inside.till.pass_time(32 * _DAY)
        await inside.settle()
        over = await inside.at_stripe(bought)
        assert over.status == "canceled"
        former = (await browser.get("/-/account?lang=en")).text
        assert "Your Gold subscription ended on 21 October 2026." in former
        assert "You have no subscription at the moment" not in former
        assert _INVOICES in former
        assert "Invoices and payments" in former

    at_the_counter(url, tmp_path, work)
