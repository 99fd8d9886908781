"""Our own pages and the demo's, as a browser shows them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import TEMPLATES, View, opened, too_wide, violations

pytestmark = pytest.mark.browser

VIEWS = (View(), View(width=320, scheme="dark"), View(width=390, text_percent=200))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("status", [404, 503])
def test_error_pages(
    newspaper: str, chromium: Browser, axe: str, status: int, language: str, view: View
) -> None:
    body = TEMPLATES.error(status=status, language=language, error_id="5f0c1e9a7b3d2846")
    with opened(chromium, newspaper + "/error", view, body=body) as page:
        assert violations(page, axe) == []
        assert too_wide(page) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_help_withheld_and_preview(newspaper: str, chromium: Browser, axe: str, view: View) -> None:
    bodies = (
        TEMPLATES.help(language="fr", back="/a"),
        TEMPLATES.withheld(level="paid", language="en", return_to="/a", signed_in=False),
        TEMPLATES.preview("en"),
    )
    for body in bodies:
        with opened(chromium, newspaper + "/page", view, body=body) as page:
            assert violations(page, axe) == []
            assert too_wide(page) == 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/en",
        "/dossiers",
        "/pays/la-halle-aux-toiles-ne-sera-pas-vendue",
        "/en/longreads/the-island-that-kept-its-own-time",
        "/cgv",
        "/nowhere",
    ],
)
def test_the_demo_s_pages(
    newspaper: str, chromium: Browser, axe: str, path: str, view: View
) -> None:
    with opened(chromium, newspaper + path, view) as page:
        assert violations(page, axe) == []
        assert too_wide(page) == 0
