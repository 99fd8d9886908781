"""The pages that Stripe would host, walked as a payer does: forms alone, in French and English."""

from __future__ import annotations

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.demo.stripe.world import DECLINED, FAILS_LATER, GOOD, World

pytestmark = pytest.mark.anyio


async def got(url: str, **headers: str) -> LexborHTMLParser:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(url, headers=headers)
    return LexborHTMLParser(answer.text)


async def text(url: str) -> str:
    return (await got(url)).html or ""


async def sent(url: str, **form: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.post(url, data=form)


@pytest.mark.parametrize(
    ("locale", "accepted", "words", "price"),
    [
        ("fr", "en", "S’abonner à Soutien", "9,90\xa0€ par mois"),
        ("en", "fr", "Subscribe to Soutien", "€9.90 per month"),
        (None, "fr-FR,fr;q=0.9", "S’abonner à Soutien", "9,90\xa0€ par mois"),
        ("auto", "de", "Subscribe to Soutien", "€9.90 per month"),
    ],
)
async def test_a_checkout_page_speaks_the_payers_language(
    stripe_world: World, locale: str | None, accepted: str, words: str, price: str
) -> None:
    asked = {"locale": locale} if locale else {}
    session = await stripe_world.session(await stripe_world.shop(), **asked)
    page = await got(session.url, **{"accept-language": accepted})
    heading, said = page.css_first("h1"), page.css_first(".price")
    assert heading is not None
    assert said is not None
    assert heading.text() == words
    assert said.text() == price
    email = page.css_first("#email")
    assert email is not None
    assert email.attributes["value"] == "reader@example.com"
    assert "readonly" in email.attributes


async def test_a_payer_goes_through_checkout(stripe_world: World) -> None:
    session = await stripe_world.session(await stripe_world.shop(), locale="en")
    refused = await sent(session.url, card=DECLINED, name="Camille", pay="1")
    assert refused.status_code == 200
    assert "insufficient funds" in refused.text
    unknown = await sent(session.url, card="1234", name="Camille", pay="1")
    assert "Choose a payment method" in unknown.text
    paid = await sent(session.url, card=GOOD, name="Camille", pay="1")
    assert paid.status_code == 303
    assert paid.headers["location"] == f"https://news.example/done?session_id={session.id}"
    # As Stripe's Checkout: the webhook has heard before the payer is sent back.
    assert "checkout.session.completed" in stripe_world.receiver.kinds()
    again = await sent(session.url, card=GOOD, name="Camille", pay="1")
    assert (again.status_code, again.headers["location"]) == (303, paid.headers["location"])
    subscriptions = await stripe_world.v1.subscriptions.list_async()
    assert len(subscriptions.data) == 1


async def test_a_wallet_of_another_address(stripe_world: World) -> None:
    session = await stripe_world.session(
        await stripe_world.shop(), customer="", customer_email="a@b.example"
    )
    refused = await sent(session.url, card=GOOD, email="no address", name="C", pay="1")
    assert refused.status_code == 303  # The session's own address counts, whatever was posted.
    done = await stripe_world.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["customer"]}
    )
    assert done.customer.email == "a@b.example"


async def test_a_promotion_code(stripe_world: World) -> None:
    coupon = await stripe_world.v1.coupons.create_async({"percent_off": 50, "duration": "once"})
    await stripe_world.v1.promotion_codes.create_async(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "MOITIE"}
    )
    session = await stripe_world.session(
        await stripe_world.shop(amount=995), allow_promotion_codes=True, locale="fr"
    )
    refused = await sent(session.url, code="AUTRE", apply="1")
    assert "pas valable" in refused.text
    taken = await sent(session.url, code="moitie", apply="1", name="Camille Le Goff", card=GOOD)
    assert "Le code MOITIE est appliqué." in taken.text
    # What was typed beside it is still there.
    page = LexborHTMLParser(taken.text)
    typed = [page.css_first("#name"), page.css_first(f'input[name="card"][value="{GOOD}"]')]
    assert typed[0] is not None
    assert typed[0].attributes["value"] == "Camille Le Goff"
    assert typed[1] is not None
    assert "checked" in typed[1].attributes
    apply = page.css_first('button[name="apply"]')
    assert apply is not None
    assert apply.attributes["form"] == "pay"
    assert page.css_first("form#pay #name") is not None
    assert "4,97" in taken.text  # 497.5 rounded up is taken off.
    await sent(session.url, card=GOOD, name="C", pay="1")
    invoice = (await stripe_world.v1.invoices.list_async({"expand": ["data.discounts"]})).data[0]
    assert (invoice.subtotal, invoice.total, invoice.amount_paid) == (995, 497, 497)
    assert invoice.discounts[0].source.coupon == coupon.id
    await stripe_world.stand_in.hook("advance", days=32)
    renewed = (await stripe_world.v1.invoices.list_async()).data[0]
    assert renewed.amount_paid == 995


async def test_pages_that_are_over(stripe_world: World) -> None:
    session = await stripe_world.session(await stripe_world.shop(), locale="en")
    await stripe_world.v1.checkout.sessions.expire_async(session.id)
    assert "no longer valid" in await text(session.url)
    late = await stripe_world.session(await stripe_world.shop(), locale="en")
    await stripe_world.stand_in.hook("advance", days=1)
    assert "no longer valid" in await text(late.url)
    assert stripe_world.receiver.kinds().count("checkout.session.expired") == 2
    assert "no such page" in await text(f"{stripe_world.url}/c/pay/cs_test_none")
    assert "no such page" in await text(f"{stripe_world.url}/p/session/none")
    assert "no such page" in await text(f"{stripe_world.url}/i/in_none")


async def test_the_portal_cancels_and_takes_it_back(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    portal = await stripe_world.v1.billing_portal.sessions.create_async(
        {
            "customer": subscription.customer,
            "return_url": "https://news.example/-/account",
            "locale": "fr",
        }
    )
    page = await text(portal.url)
    assert "Renouvellement le 21 octobre 2026" in page
    assert "https://news.example/-/account" in page
    done = await sent(portal.url, do="cancel", subscription=subscription.id)
    assert done.status_code == 303
    cancelled = await stripe_world.again(subscription)
    end = subscription["items"].data[0].current_period_end
    # Flexible billing: cancel_at alone.
    assert (cancelled.cancel_at, cancelled.cancel_at_period_end) == (end, False)
    assert "Se termine le" in await text(portal.url)
    await sent(portal.url, do="keep", subscription=subscription.id)
    assert (await stripe_world.again(subscription)).cancel_at is None


async def test_the_portal_mends_a_failed_payment(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    await stripe_world.stand_in.hook("advance", days=32)
    portal = await stripe_world.v1.billing_portal.sessions.create_async(
        {"customer": subscription.customer}
    )
    await sent(portal.url, do="card", card=GOOD)
    late = await stripe_world.again(subscription)
    assert late.status == "past_due"
    await sent(portal.url, do="pay", invoice=late.latest_invoice)
    assert (await stripe_world.again(subscription)).status == "active"


async def test_an_open_invoice_is_paid_on_its_own_page(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    await stripe_world.stand_in.hook("advance", days=32)
    late = await stripe_world.again(subscription)
    invoice = await stripe_world.v1.invoices.retrieve_async(late.latest_invoice)
    refused = await sent(invoice.hosted_invoice_url, card=DECLINED, pay="1")
    assert "declined" in refused.text
    await sent(invoice.hosted_invoice_url, card=GOOD, pay="1")
    assert (await stripe_world.again(subscription)).status == "active"


async def test_the_portal_is_its_customers_alone(stripe_world: World) -> None:
    mine = await stripe_world.subscribed()
    other = await stripe_world.subscribed()
    portal = await stripe_world.v1.billing_portal.sessions.create_async({"customer": mine.customer})
    await sent(portal.url, do="cancel", subscription=other.id)
    assert (await stripe_world.again(other)).cancel_at is None
    assert other.latest_invoice not in await text(portal.url)


async def test_the_style_is_served(stripe_world: World) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{stripe_world.url}/hosted.css")
    assert answer.headers["content-type"].startswith("text/css")
