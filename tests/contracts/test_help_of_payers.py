"""``/-/help`` of who pays: the plan and the dates of the account page, on both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.stores.ledger import Ledger
from tests.contracts.counter import Counter, at_the_counter

_LINES = re.compile(r'<p class="lg-page-plan">Gold</p>\s*((?:<p>[^<]*</p>\s*)+)')


def test_help_says_of_a_subscription_what_the_account_page_says(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await inside.till.syncing.fetching.refresh_prices()
        browser, reader = await inside.reader()
        await inside.bought(reader)
        await inside.lodge.reads(browser)
        account = (await browser.get("/-/account?lang=en")).text
        shown = _LINES.search(account)
        assert shown
        lines = re.findall("<p>([^<]*)</p>", shown[1])
        assert any("October 21, 2026" in each or "21 October 2026" in each for each in lines)
        help_page = (await browser.get("/-/help?from=/members/story&lang=en")).text
        (held,) = re.findall(r"<p>Your subscription: (.*?)</p>", help_page, re.DOTALL)
        assert held.split("<br>") == ["Gold", *lines]

    at_the_counter(url, tmp_path, work)


def test_help_names_the_plan_though_the_ledger_is_away(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: Ledger, reader: str) -> list[object]:
        raise StoreUnavailable("away")

    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        await inside.bought(reader)
        await inside.lodge.reads(browser)
        monkeypatch.setattr(Ledger, "of_reader", away)
        answer = await browser.get("/-/help?from=/members/story&lang=en")
        assert answer.status_code == 200
        assert "<p>Your subscription: Gold</p>" in answer.text

    at_the_counter(url, tmp_path, work)
