"""The demo's own pages in a browser: letters at their height, narrow screens, the paper's colours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import View, opened, too_wide
from tests.browser.paying import Shop, demo

WHOLE = """() => [...document.querySelectorAll("iframe")].every(
    frame => frame.contentDocument.documentElement.scrollHeight <= frame.clientHeight
)"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with demo(tmp_path_factory.mktemp("demo-pages")) as made:
        yield made


@pytest.mark.parametrize("view", [View(), View(width=320), View(width=320, text_percent=200)])
def test_mail_and_time_fit(shop: Shop, chromium: Browser, view: View) -> None:
    with chromium.new_context() as context:
        shop.enter(context)
    with opened(chromium, f"{shop.url}/-/demo/clock", view) as page:
        assert too_wide(page) == 0
    with opened(chromium, f"{shop.url}/-/demo/mail", view) as page:
        assert too_wide(page) == 0
        page.wait_for_function(WHOLE)
        frames = page.locator("iframe")
        assert frames.count() > 0
        for frame in frames.all():
            box = frame.bounding_box()
            assert box is not None
            assert box["height"] > 100


@pytest.mark.parametrize(
    ("scheme", "colour"), [("light", "rgb(168, 38, 28)"), ("dark", "rgb(255, 144, 131)")]
)
def test_our_pages_have_the_paper_s_colour(
    shop: Shop, chromium: Browser, scheme: str, colour: str
) -> None:
    view = View(scheme="dark" if scheme == "dark" else "light")
    with opened(chromium, f"{shop.url}/-/login", view) as page:
        button = page.locator(".lg-page-button > span").first
        assert button.evaluate("each => getComputedStyle(each).backgroundColor") == colour
