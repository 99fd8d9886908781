"""Taking along what one pays already, in a real browser: found from the login page, offered before a
second payment, and read at once. No script is needed for any of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looking import too_wide, violations
from tests.browser.paying import ARTICLE, MONTH, Shop, demo
from tests.browser.signing_in import is_whole

pytestmark = pytest.mark.browser
PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module", name="shop")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with demo(tmp_path_factory.mktemp("demo")) as shop:
        yield shop


def link_to(shop: Shop, email: str) -> str:
    """A job learns which address pays, and writes to it: within seconds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return shop.mailed(email, "/-/adopt/")
        except AssertionError:
            if time.monotonic() > until:
                raise


def sound(page: Page, axe: str) -> None:
    assert violations(page, axe) == []
    assert too_wide(page) == 0


def test_who_paid_with_another_address_finds_the_subscription_from_the_login_page(
    shop: Shop, chromium: Browser, axe: str
) -> None:
    payer = "comptes@payeurs.example"
    shop.till.hook("payment_link", price=MONTH, email=payer)
    with chromium.new_context(locale="fr-FR", viewport={"width": 320, "height": 800}) as context:
        page = context.new_page()
        page.goto(shop.url + ARTICLE)
        assert not is_whole(page.content(), ARTICLE)
        page.locator(".lg-wall").get_by_role("link", name="Se connecter").click()
        page.get_by_role("link", name="Retrouver mon abonnement").click()
        sound(page, axe)
        page.get_by_label("Adresse e-mail de vos reçus").fill(payer)
        page.get_by_role("button", name="Recevoir le lien").click()
        page.wait_for_url("**said=sent*")
        sound(page, axe)
        page.goto(link_to(shop, payer))
        sound(page, axe)
        page.get_by_role("link", name="Se connecter").click()
        email = shop.log_in(page)
        assert email in page.locator("main").inner_text()
        sound(page, axe)
        page.get_by_role("button", name="Relier à ce compte").click()
        page.wait_for_url("**said=done*")
        sound(page, axe)
        until = time.monotonic() + PATIENCE_SECONDS
        page.get_by_role("link", name="Reprendre la lecture").click()
        while not is_whole(page.content(), ARTICLE) and time.monotonic() < until:
            page.goto(shop.url + ARTICLE)
        assert is_whole(page.content(), ARTICLE)
    assert shop.count_of(payer) == 1


def test_who_is_about_to_pay_twice_is_told_and_reads_without_paying(
    shop: Shop, chromium: Browser
) -> None:
    with chromium.new_context(locale="fr-FR", java_script_enabled=False) as context:
        page = context.new_page()
        email = shop.enter(context)
        shop.till.hook("payment_link", price=MONTH, email=email)
        until = time.monotonic() + PATIENCE_SECONDS
        recap = f"{shop.url}/-/checkout?plan=abonne&price={MONTH}&return_to={ARTICLE}"
        while True:
            page.goto(recap)
            told = page.locator('main a[href^="/-/adopt"]')
            if told.count() or time.monotonic() > until:
                break
        told.first.click()
        assert page.get_by_label("Adresse e-mail de vos reçus").input_value() == email
        page.get_by_role("button", name="Recevoir le lien").click()
        page.goto(link_to(shop, email))
        page.get_by_role("button", name="Relier à ce compte").click()
        page.get_by_role("link", name="Reprendre la lecture").click()
        while not is_whole(page.content(), ARTICLE) and time.monotonic() < until:
            page.goto(shop.url + ARTICLE)
        assert is_whole(page.content(), ARTICLE)
    assert shop.count_of(email) == 1
