"""Paying, reading and leaving as readers do, in a real browser: in the demo, and at `lychgate serve`
with the payment provider as a process of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.looking import View, too_wide, violations
from tests.browser.paying import (
    ARTICLE,
    DOSSIER,
    FAILS_LATER,
    KEY,
    MONTH,
    SUPPORTER,
    YEAR,
    Shop,
    demo,
    served,
)
from tests.browser.signing_in import is_whole

pytestmark = pytest.mark.browser

DESK = View()
PHONE = View(width=320, scheme="dark")
NO_SCRIPT = View(javascript=False)
PATIENCE_SECONDS = 15.0


@pytest.fixture(scope="module")
def at_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with demo(tmp_path_factory.mktemp("demo")) as shop:
        yield shop


@pytest.fixture(scope="module")
def at_serve(packages: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with served(tmp_path_factory.mktemp("served")) as shop:
        yield shop


@pytest.fixture(params=["demo", "serve"])
def shop(request: pytest.FixtureRequest) -> Shop:
    made: Shop = request.getfixturevalue(f"at_{request.param}")
    return made


@contextmanager
def visiting(
    browser: Browser, view: View = DESK, *, locale: str = "fr-FR"
) -> Iterator[BrowserContext]:
    """A reader's browser that was never here. Nobody but this machine is asked for anything."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 800},
        color_scheme=view.scheme,
        java_script_enabled=view.javascript,
        locale=locale,
    )
    context.route(
        lambda url: not re.match(r"http://(127\.0\.0\.1|localhost):", url),
        lambda route: route.abort(),
    )
    yield context
    context.close()


def wall(page: Page, url: str) -> str:
    """The wall under the article at ``url``; empty where it is whole."""
    page.goto(url)
    whole = is_whole(page.content(), httpx2.URL(url).path)
    kind = page.locator("html").get_attribute("data-lg-wall") or ""
    assert whole is (kind == "")
    return kind


def comes(page: Page, url: str, kind: str) -> None:
    """Until the article at ``url`` has this wall, or none: work in the background takes its time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while wall(page, url) != kind:
        assert time.monotonic() < deadline, f"still {wall(page, url)!r}"


def looks_right(page: Page, axe: str, view: View) -> None:
    page.wait_for_load_state()
    assert too_wide(page) == 0
    if view.javascript:
        assert violations(page, axe) == []


def back_at(page: Page, shop: Shop, path: str) -> None:
    page.wait_for_url(re.compile(re.escape(shop.url + path) + "(#.*)?$"))


def told(page: Page, shop: Shop) -> list[str]:
    """The tiers that the reader holds."""
    page.goto(f"{shop.url}/-/me")
    tiers: list[str] = page.evaluate("JSON.parse(document.body.innerText).tiers ?? []")
    return tiers


@pytest.mark.parametrize(
    ("where", "view"),
    [("demo", DESK), ("demo", PHONE), ("serve", NO_SCRIPT)],
    ids=["demo", "demo, phone", "serve, no script"],
)
def test_from_the_wall_to_the_whole_article(
    where: str, view: View, chromium: Browser, axe: str, request: pytest.FixtureRequest
) -> None:
    shop: Shop = request.getfixturevalue(f"at_{where}")
    with visiting(chromium, view) as context:
        page = context.new_page()
        assert wall(page, shop.url + ARTICLE) == "subscribe"
        page.locator(".lg-wall-action").click()
        page.wait_for_url(f"{shop.url}/-/plans?**")
        looks_right(page, axe, view)
        page.locator(f'a[href*="{MONTH}"]').click()
        email = shop.log_in(page)
        page.wait_for_url(f"{shop.url}/-/checkout?**")
        looks_right(page, axe, view)
        assert "9,90\u00a0€" in page.locator("main").inner_text()
        page.get_by_role("button", name="S’abonner avec obligation de paiement").click()
        shop.pay(page)
        back_at(page, shop, ARTICLE)
        assert is_whole(page.content(), ARTICLE)
        assert too_wide(page) == 0
        assert shop.count_of(email) == 1


def test_the_article_opens_though_the_webhook_takes_a_minute(shop: Shop, chromium: Browser) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{shop.url}/-/login?return_to={ARTICLE}")
        email = shop.log_in(page)
        before = shop.till.waiting()
        shop.till.hook("delivery", delay_seconds=60)
        try:
            shop.buy(page)
            back_at(page, shop, ARTICLE)
            assert is_whole(page.content(), ARTICLE)
            assert shop.till.waiting() > before
        finally:
            shop.till.hook("delivery", delay_seconds=0)
        shop.till.hook("advance", seconds=61)
        assert shop.till.waiting() == before
        assert wall(page, shop.url + ARTICLE) == ""
        assert shop.count_of(email) == 1
        # Whoever clicks again is led to what they have, and never to a second payment.
        page.goto(f"{shop.url}/-/checkout?plan=abonne&price={MONTH}&return_to={ARTICLE}")
        page.locator('form[action^="/-/checkout"] button').click()
        page.wait_for_url(f"{shop.till.url}/p/session/**")


def test_webhooks_come_twice_and_backwards(shop: Shop, chromium: Browser) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{shop.url}/-/login?return_to={ARTICLE}")
        email = shop.log_in(page)
        before = shop.till.waiting()
        shop.till.hook("delivery", order="reversed", copies=2, held=True)
        try:
            shop.buy(page, SUPPORTER, back=DOSSIER)
            back_at(page, shop, DOSSIER)
            assert is_whole(page.content(), DOSSIER)
        finally:
            shop.till.hook("delivery", held=False)
            shop.till.hook("delivery", order="made", copies=1)
        assert shop.till.waiting() == before
        assert wall(page, shop.url + DOSSIER) == ""
        assert told(page, shop) == ["abonne", "soutien"]
        assert shop.count_of(email) == 1


def test_cancelled_in_the_portal_it_is_read_to_the_end_of_what_was_paid(
    at_demo: Shop, chromium: Browser
) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        at_demo.enter(context)
        at_demo.buy(page)
        page.goto(f"{at_demo.url}/-/account")
        page.locator('form[action^="/-/portal"] button').click()
        page.get_by_role("link", name="Annuler l’abonnement").click()
        page.get_by_role("button", name="Confirmer l’annulation").click()
        page.get_by_text("Se termine le").wait_for()
        page.locator("main a").first.click()
        page.wait_for_url(f"{at_demo.url}/-/account**")
        at_demo.later("hour")
        page.reload()
        page.get_by_text("Résilié").wait_for()
        at_demo.later("week", "week", "week")
        assert wall(page, at_demo.url + ARTICLE) == ""
        at_demo.later("week", "week")
        assert wall(page, at_demo.url + ARTICLE) == "subscribe"


def test_a_renewal_fails_and_the_grace_ends(at_demo: Shop, chromium: Browser) -> None:
    at_demo.till.hook("settings", after_last_failure="past_due")
    with visiting(chromium) as context:
        page = context.new_page()
        at_demo.enter(context)
        at_demo.buy(page, card=FAILS_LATER)
        at_demo.later("month", "day")
        assert wall(page, at_demo.url + ARTICLE) == ""
        page.goto(f"{at_demo.url}/-/account")
        assert "Le dernier paiement a échoué" in page.locator("main").inner_text()
        at_demo.later("week", "week")
        assert wall(page, at_demo.url + ARTICLE) == "settle"
        page.locator(".lg-wall-action").click()
        page.wait_for_url(f"{at_demo.url}/-/account**")
        page.locator('form[action^="/-/portal"] button').click()
        page.get_by_text("Changer de moyen de paiement").click()
        page.locator('input[name="card"]').first.check()
        page.get_by_role("button", name="Enregistrer").click()
        page.locator('button[value="pay"]').first.click()
        page.wait_for_load_state()
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == ""


def test_refunded_it_stays_open_and_disputed_it_closes_until_won(
    at_demo: Shop, chromium: Browser
) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        email = at_demo.enter(context)
        at_demo.buy(page, YEAR)
        subscription = at_demo.subscription(email)
        at_demo.till.hook("refund", subscription=subscription, amount=500)
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == ""
        disputed = at_demo.till.hook("dispute", subscription=subscription)
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == "settle"
        at_demo.till.hook("dispute/close", dispute=disputed["id"], won=True)
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == ""


def test_a_trial_costs_nothing_at_first_and_is_had_once(at_demo: Shop, chromium: Browser) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        email = at_demo.enter(context)
        page.goto(f"{at_demo.url}/-/plans?return_to={DOSSIER}")
        assert "14 jours d’essai gratuit" in page.locator("main").inner_text()
        at_demo.buy(page, SUPPORTER, back=DOSSIER)
        back_at(page, at_demo, DOSSIER)
        assert is_whole(page.content(), DOSSIER)
        page.goto(f"{at_demo.url}/-/account")
        assert "Essai gratuit jusqu’au" in page.locator("main").inner_text()
        at_demo.later("week", "week", "day")
        assert wall(page, at_demo.url + DOSSIER) == ""
        page.goto(f"{at_demo.url}/-/account")
        assert "Prochain prélèvement" in page.locator("main").inner_text()
        at_demo.till.hook("cancel", subscription=at_demo.subscription(email))
        at_demo.later("hour")
        assert wall(page, at_demo.url + DOSSIER) == "subscribe"
        page.goto(f"{at_demo.url}/-/checkout?plan=soutien&price={SUPPORTER}&return_to=/")
        recap = page.locator("main").inner_text()
        assert "gratuit" not in recap
        assert "19\u00a0€" in recap


def test_paused_it_closes_and_resumed_it_opens(at_serve: Shop, chromium: Browser) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{at_serve.url}/-/login?return_to={ARTICLE}")
        email = at_serve.log_in(page)
        at_serve.buy(page)
        assert wall(page, at_serve.url + ARTICLE) == ""
        place = f"{at_serve.till.url}/v1/subscriptions/{at_serve.subscription(email)}"
        headers = {"authorization": f"Bearer {KEY}"}
        for act, kind in (("pause", "settle"), ("resume", "")):
            form = {"type": "subscription"} if act == "pause" else {}
            answer = httpx2.post(f"{place}/{act}", data=form, headers=headers, trust_env=False)
            assert answer.status_code == 200, answer.text
            comes(page, at_serve.url + ARTICLE, kind)


def test_a_plan_is_changed_for_a_bigger_one(at_demo: Shop, chromium: Browser, axe: str) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        email = at_demo.enter(context)
        at_demo.buy(page)
        assert wall(page, at_demo.url + DOSSIER) == "upgrade"
        page.locator(".lg-wall-action").click()
        page.wait_for_url(f"{at_demo.url}/-/plans**")
        looks_right(page, axe, DESK)
        page.locator(f'a[href*="{SUPPORTER}"]').click()
        looks_right(page, axe, DESK)
        page.locator('form[action^="/-/checkout"] button').click()
        page.wait_for_url(f"{at_demo.till.url}/p/session/**")
        page.locator('button[value="plan"]').click()
        back_at(page, at_demo, DOSSIER)
        at_demo.later("hour")
        assert wall(page, at_demo.url + DOSSIER) == ""
        assert at_demo.count_of(email) == 1


def test_a_promotion_code_takes_its_share_off(at_demo: Shop, chromium: Browser) -> None:
    """And what was paid is given back whole: that alone ends nothing."""
    with visiting(chromium) as context:
        page = context.new_page()
        email = at_demo.enter(context)
        page.goto(f"{at_demo.url}/-/checkout?plan=abonne&price={MONTH}&return_to={ARTICLE}")
        page.locator('form[action^="/-/checkout"] button').click()
        page.get_by_label("Code promotionnel").fill("FANAL20")
        page.get_by_role("button", name="Appliquer").click()
        page.get_by_text("7,92\u00a0€").wait_for()
        at_demo.pay(page)
        back_at(page, at_demo, ARTICLE)
        assert is_whole(page.content(), ARTICLE)
        given = at_demo.till.hook("refund", subscription=at_demo.subscription(email))
        assert given["amount"] == 792
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == ""


def test_whoever_paid_is_told_so_while_the_provider_answers_nothing(
    at_demo: Shop, chromium: Browser, axe: str
) -> None:
    """Nothing opens yet, nothing is asked for again, and the webhook alone is enough."""
    with visiting(chromium, PHONE) as context:
        page = context.new_page()
        at_demo.enter(context)
        at_demo.order(page)
        session = page.url.rpartition("/")[2]
        path = f"/v1/checkout/sessions/{session}"
        at_demo.till.hook("trouble", path=path, method="GET", times=1000)
        at_demo.till.hook("delivery", held=True)
        try:
            at_demo.pay(page)
            page.get_by_role("heading", name="Nous attendons la confirmation").wait_for()
            looks_right(page, axe, PHONE)
        finally:
            at_demo.till.hook("delivery", held=False)
        comes(page, at_demo.url + ARTICLE, "")


def left(page: Page, shop: Shop, way: str, email: str, reference: str, button: str) -> None:
    """Signed out: what is asked on paper too, then the link in the mail, then the button."""
    page.goto(shop.url + ARTICLE)
    page.goto(f"{shop.url}/-/plans")
    page.locator(f'nav a[href^="/-/{way}"]').click()
    page.locator("#lg-name").fill("Camille Le Goff")
    page.locator("#lg-email").fill(email)
    page.locator("#lg-reference").fill(reference)
    page.locator('main form button[type="submit"]').click()
    page.get_by_role("heading", name="Consultez votre messagerie").wait_for()
    page.goto(shop.mailed(email, f"/-/{way}/"))
    page.get_by_role("button", name=button).click()
    page.get_by_role("heading", name="Votre demande est traitée").wait_for()


@pytest.mark.parametrize("view", [DESK, NO_SCRIPT], ids=["desk", "no script"])
def test_cancelled_signed_out_it_is_read_to_the_end(
    view: View, at_demo: Shop, chromium: Browser, axe: str
) -> None:
    with visiting(chromium) as context, visiting(chromium, view) as elsewhere:
        page, other = context.new_page(), elsewhere.new_page()
        email = at_demo.enter(context)
        at_demo.buy(page)
        reference = at_demo.subscription(email)
        left(other, at_demo, "cancel", email, reference, "Notifier la résiliation")
        looks_right(other, axe, view)
        assert reference in at_demo.letter(email, "Nous avons reçu votre résiliation")
        at_demo.later("week")
        assert wall(page, at_demo.url + ARTICLE) == ""
        at_demo.later("week", "week", "week", "week")
        assert wall(page, at_demo.url + ARTICLE) == "subscribe"


def test_withdrawn_signed_out_it_ends_at_once_and_is_paid_back(
    at_demo: Shop, chromium: Browser, axe: str
) -> None:
    with visiting(chromium) as context, visiting(chromium, PHONE) as elsewhere:
        page, other = context.new_page(), elsewhere.new_page()
        email = at_demo.enter(context)
        at_demo.buy(page, YEAR)
        reference = at_demo.subscription(email)
        left(other, at_demo, "withdraw", email, reference, "Confirmer la rétractation")
        looks_right(other, axe, PHONE)
        at_demo.later("hour")
        assert wall(page, at_demo.url + ARTICLE) == "subscribe"
        assert "99\u00a0€" in at_demo.letter(email, "rétractation")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_the_money_way_can_be_used_by_everybody(
    language: str, at_demo: Shop, chromium: Browser, axe: str
) -> None:
    """Of one who reads nothing yet, and of one who subscribes."""
    with visiting(chromium, locale=language) as context:
        page = context.new_page()
        asked = f"lang={language}&return_to={ARTICLE}"
        recap = f"/-/checkout?plan=abonne&price={YEAR}&{asked}"
        places = [f"/-/plans?{asked}", f"/-/cancel?{asked}", f"/-/withdraw?{asked}"]
        at_demo.enter(context)
        for path in (*places, recap):
            page.goto(at_demo.url + path)
            assert page.locator("html").get_attribute("lang") == language
            looks_right(page, axe, DESK)
        at_demo.buy(page)
        for path in (f"/-/plans?{asked}", recap, f"/-/account?{asked}"):
            page.goto(at_demo.url + path)
            looks_right(page, axe, DESK)
