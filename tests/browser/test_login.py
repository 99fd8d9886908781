"""Logging in and out as readers do, in a real browser: at npm's oidc-provider, and in the demo."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.looking import View, too_wide, violations
from tests.browser.signing_in import (
    ARTICLE,
    OTHER,
    PATIENCE_SECONDS,
    House,
    asked_anew,
    demo,
    is_whole,
    served,
)

pytestmark = pytest.mark.browser

VIEWS = {
    "desk": View(),
    "phone": View(width=320, scheme="dark"),
    "no script": View(javascript=False),
}


@pytest.fixture(scope="module", params=["oidc-provider", "demo"])
def house(
    request: pytest.FixtureRequest,
    packages: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with (served if request.param == "oidc-provider" else demo)(folder) as made:
        yield made


@contextmanager
def reader(browser: Browser, house: House, view: View) -> Iterator[BrowserContext]:
    """A browser of a French reader, who has never been here. Nobody else is asked for anything."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 800},
        color_scheme=view.scheme,
        java_script_enabled=view.javascript,
        locale="fr-FR",
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    strangers: list[str] = []

    def watch(url: str) -> bool:
        foreign = not any(url.startswith(f"http://{host}/") for host in house.hosts())
        # The library's own pages ask for a font.
        if foreign and "fonts.googleapis.com" not in url:
            strangers.append(url)
        return foreign

    context.route(watch, lambda route: route.abort())
    yield context
    context.close()
    assert strangers == []


def to_the_provider(page: Page, house: House, path: str) -> None:
    """From the article's wall, over the login page."""
    page.goto(house.url + path)
    assert not is_whole(page.content(), path)
    page.locator(".lg-wall-action").click()
    page.get_by_role("link", name=house.provider.name).click()
    page.wait_for_url(f"{house.provider.url}/**")


def log_in(page: Page, house: House, path: str) -> None:
    to_the_provider(page, house, path)
    house.provider.log_in(page)
    back_at(page, house, path)
    assert is_whole(page.content(), path)


def back_at(page: Page, house: House, path: str) -> None:
    """At the article, wherever in it."""
    page.wait_for_url(re.compile(re.escape(house.url + path) + "(#.*)?$"))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_from_a_wall_to_the_whole_article_and_out_again(
    house: House, chromium: Browser, axe: str, view: View
) -> None:
    with reader(chromium, house, view) as context:
        page = context.new_page()
        page.goto(house.url + ARTICLE)
        assert not is_whole(page.content(), ARTICLE)
        page.locator(".lg-wall-action").click()
        looks_right(page, axe, view)
        page.get_by_role("link", name=house.provider.name).click()
        house.provider.log_in(page)
        back_at(page, house, ARTICLE)
        assert is_whole(page.content(), ARTICLE)
        assert too_wide(page) == 0

        kept = [each for each in context.cookies(house.url) if each["name"].startswith("lychgate")]
        assert [each["name"] for each in kept] == ["lychgate"]
        assert kept[0]["httpOnly"]
        assert kept[0]["sameSite"] == "Lax"

        page.get_by_role("link", name="Mon compte").first.click()
        looks_right(page, axe, view)
        page.locator('form[action^="/-/logout"] button').click()
        house.provider.confirm_leaving(page)
        page.wait_for_url(f"{house.url}/**")
        looks_right(page, axe, view)
        page.goto(house.url + ARTICLE)
        assert not is_whole(page.content(), ARTICLE)


def looks_right(page: Page, axe: str, view: View) -> None:
    page.wait_for_load_state()
    assert too_wide(page) == 0
    if view.javascript:
        assert violations(page, axe) == []


def test_two_tabs_log_in_at_once(house: House, chromium: Browser) -> None:
    """Each comes back to its own article, in whichever order they end."""
    with reader(chromium, house, View()) as context:
        first, second = context.new_page(), context.new_page()
        to_the_provider(first, house, ARTICLE)
        to_the_provider(second, house, OTHER)
        house.provider.log_in(first)
        back_at(first, house, ARTICLE)
        house.provider.log_in(second)
        back_at(second, house, OTHER)
        assert is_whole(first.content(), ARTICLE)
        assert is_whole(second.content(), OTHER)
        first.reload()
        assert is_whole(first.content(), ARTICLE)


def test_cancelling_leads_to_a_page_that_says_so(house: House, chromium: Browser, axe: str) -> None:
    with reader(chromium, house, View(width=320)) as context:
        page = context.new_page()
        to_the_provider(page, house, ARTICLE)
        house.provider.cancel(page)
        page.wait_for_url(f"{house.url}/-/login/**")
        looks_right(page, axe, View())
        page.locator('main a[href^="/-/login/"]').first.click()  # to try again
        house.provider.log_in(page)
        back_at(page, house, ARTICLE)
        assert is_whole(page.content(), ARTICLE)


def test_logging_out_at_the_provider_closes_the_page_within_a_second(
    house: House, chromium: Browser
) -> None:
    with reader(chromium, house, View()) as context:
        page = context.new_page()
        log_in(page, house, ARTICLE)
        elsewhere = context.new_page()
        house.provider.leave(elsewhere)
        left = last_whole = time.monotonic()
        while time.monotonic() - left < 1.5:
            if is_whole(asked_anew(context, house.url + ARTICLE), ARTICLE):
                last_whole = time.monotonic()
        assert last_whole - left < 1.0
        page.reload()
        assert not is_whole(page.content(), ARTICLE)


demo_alone = pytest.mark.parametrize("house", ["demo"], indirect=True, scope="module")


@demo_alone
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_mailed_link_and_the_demo_s_mail(
    house: House, chromium: Browser, axe: str, view: View
) -> None:
    """The letter stands in a frame on the demo's mail page; its link opens in the page's stead."""
    with reader(chromium, house, view) as context:
        page = context.new_page()
        page.goto(house.url + ARTICLE)
        page.locator(".lg-wall-action").click()
        page.get_by_label("Adresse e-mail").fill("ana@lecteurs.example")
        page.locator('form[action^="/-/login/mail"] button').click()
        page.wait_for_url(f"{house.url}/-/login/code**")
        looks_right(page, axe, view)
        page.locator('a[href="/-/demo/mail"]').click()
        page.wait_for_url(f"{house.url}/-/demo/mail")
        looks_right(page, axe, view)
        page.frame_locator("iframe").first.locator('a[href*="/-/login/mail/"]').first.click()
        page.wait_for_url(f"{house.url}/-/login/mail/**")
        looks_right(page, axe, view)
        page.locator('form[action^="/-/login/mail/"] button').click()
        back_at(page, house, ARTICLE)
        assert is_whole(page.content(), ARTICLE)


@demo_alone
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_demo_s_provider_is_accessible(
    house: House, chromium: Browser, axe: str, view: View
) -> None:
    with reader(chromium, house, view) as context:
        page = context.new_page()
        to_the_provider(page, house, ARTICLE)
        looks_right(page, axe, view)
        house.provider.log_in(page)
        back_at(page, house, ARTICLE)
        page.goto(house.provider.url)
        looks_right(page, axe, view)
        house.provider.leave(page)
        looks_right(page, axe, view)
        page.goto(f"{house.provider.url}/authorize?client_id=other")
        looks_right(page, axe, view)
