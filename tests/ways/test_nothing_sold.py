"""A site that gates and sells nothing by itself: the wall's button leads to a page all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.lodge import lodge


@pytest.mark.anyio
async def test_the_plans_page_says_whom_to_ask(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        for wanted in ("/-/plans", "/-/plans?return_to=/members/story&lang=fr"):
            answer = await browser.go(wanted)
            assert answer.status_code == 200
            assert "/-/checkout" not in answer.text
        assert "ne vend pas d’abonnement en ligne" in answer.text
        assert 'href="/members/story"' in answer.text
        assert (await browser.go("/-/plans?return_to=//evil.test")).text.count("evil") == 0
        assert (await browser.go("/-/checkout?plan=a&price=b")).status_code == 404
