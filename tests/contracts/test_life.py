"""The letters of a subscription's life on both databases: each once, in time, to who should have it."""

from __future__ import annotations

import asyncio
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.model.letter import Outgoing
from gateway.model.reader import Reader
from gateway.money.entries.parse import parse
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger
from gateway.stores.mailed import Letters
from gateway.stores.sessions import Readers
from gateway.wiring.life import LifeWork
from gateway.wiring.money import folding
from tests.contracts.counter import ANA, Counter, at_the_counter
from tests.contracts.till import DAY, HOUR
from tests.hostile.browsing import SITE
from tests.migrated import new_store

FAILS_LATER, ASKS_LATER = "4000000000000341", "4000002760003184"
# Each order is some hundred steps of two jobs; the fast suite tries enough of them for one to differ.
ORDERS = 40 if os.environ.get("LYCHGATE_SCALE") else 16
PLACE = re.compile(r"https?://[^\s\"<>)]+")


async def at_work(inside: Counter) -> None:
    """The job has begun before anybody buys."""
    await inside.living.life.work()


async def one(inside: Counter) -> Outgoing:
    await inside.living.life.work()
    (letter,) = await inside.letters()
    return letter


def places(letter: Outgoing) -> set[str]:
    return set(PLACE.findall(letter.letter.text)) | set(PLACE.findall(letter.letter.html))


def test_welcome_says_what_was_bought_and_how_to_leave(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        await inside.till.syncing.fetching.refresh_prices()
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        letter = await one(inside)
        assert letter.recipient == ANA
        text = letter.letter.text
        for said in ("Gold", "€9.90 a month", "21 October 2026", "5 October 2026", bought.id):
            assert said in text, said
        assert f"{SITE}/-/withdraw?lang=en" in text
        assert f"{SITE}/-/cancel?lang=en" in text
        assert all(each == SITE or each.startswith(f"{SITE}/") for each in places(letter))
        for _ in range(3):
            await inside.settle()
            assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_letters_speak_as_the_account_does(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        browser, reader = await inside.reader()
        await browser.post("/-/account/name", {"name": "Ana", "language": "fr"})
        await inside.bought(reader)
        letter = await one(inside)
        assert "bienvenue" in letter.letter.subject
        assert "5 octobre 2026" in letter.letter.text
        assert "Offre\u00a0: Or" in letter.letter.text

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize(("spoken", "greeting"), [(["fr-CA", "en"], "bienvenue"), ([], "welcome")])
def test_letters_to_an_account_without_a_language_speak_the_customer_s_or_the_site_s(
    url: str, tmp_path: Path, spoken: list[str], greeting: str
) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        _, reader = await inside.reader()
        now = inside.till.clock.now()
        await Accounts(inside.till.store).rename(reader, name="Ana", language="", now=now)
        bought = await inside.bought(reader)
        customers = inside.till.world.v1.customers
        await customers.update_async(bought.customer, {"preferred_locales": spoken})
        letter = await one(inside)
        assert letter.recipient == ANA
        assert greeting in letter.letter.subject.casefold()

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize(
    ("card", "subject"), [(FAILS_LATER, "didn’t go through"), (ASKS_LATER, "confirm your payment")]
)
def test_a_failed_renewal_leads_to_the_invoice_once(
    url: str, tmp_path: Path, card: str, subject: str
) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        await inside.told()
        hook = inside.till.world.stand_in.hook
        await hook("card", subscription=bought.id, number=card)
        await inside.till.pass_time(30 * DAY + 2 * HOUR)
        await inside.settle()
        letter = await one(inside)
        assert subject in letter.letter.subject
        invoice = await inside.till.world.v1.invoices.retrieve_async(
            (await inside.at_stripe(bought)).latest_invoice
        )
        foreign = {each for each in places(letter) if not each.startswith(SITE)}
        assert foreign == {invoice.hosted_invoice_url}
        assert "€9.90" in letter.letter.text
        # Stripe tries again and again: that is the same letter.
        await inside.till.pass_time(4 * DAY)
        await inside.settle()
        assert inside.till.world.receiver.kinds().count("invoice.payment_failed") > 1
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_who_has_paid_meanwhile_hears_of_no_failure(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        await inside.told()
        hook = inside.till.world.stand_in.hook
        await hook("card", subscription=bought.id, number=FAILS_LATER)
        await inside.till.pass_time(30 * DAY + 2 * HOUR)
        await hook("trouble", status=500, times=1000, method="GET")
        await inside.till.hear()
        await inside.till.job.fold_due()
        assert await inside.told() == [], "Stripe is away: the letter waits"
        inside.till.world.stand_in.api.troubles.clear()
        await hook("card", subscription=bought.id, number="4242424242424242")
        await hook("retry", subscription=bought.id)
        await inside.till.pass_time(HOUR)
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_a_yearly_renewal_is_announced_between_three_months_and_one_before(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        await inside.till.syncing.fetching.refresh_prices()
        _, reader = await inside.reader()
        bought = await inside.bought(reader, "price_gold_year")
        ends = bought["items"].data[0].current_period_end
        await inside.told()
        await inside.till.pass_time(ends - 63 * DAY - inside.till.clock.now())
        assert await inside.told() == []
        await inside.till.pass_time(2 * DAY)
        letter = await one(inside)
        assert "renews on 21 September 2027" in letter.letter.subject
        assert "€99" in letter.letter.text
        assert f"{SITE}/-/cancel?lang=en" in letter.letter.text
        for _ in range(5):
            await inside.till.pass_time(7 * HOUR)
            assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_who_has_cancelled_hears_of_no_renewal_and_of_the_end_once(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        await inside.told()
        await browser.post("/-/cancel", {"subscription": bought.id, "confirm": "yes"})
        await inside.letters()
        await inside.settle()
        await inside.till.pass_time(29 * DAY)
        assert await inside.told() == []
        await inside.till.pass_time(2 * DAY)
        await inside.settle()
        letter = await one(inside)
        assert "has ended" in letter.letter.subject
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_who_withdrew_has_a_receipt_and_no_second_word_of_it(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        await inside.told()
        await browser.post("/-/withdraw", {"subscription": bought.id, "confirm": "yes"})
        assert len(await inside.letters()) == 1
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_a_trial_that_ends_and_a_card_that_ends_before_the_payment(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        _, reader = await inside.reader()
        bought = await tried(inside, reader, days=30)
        assert [each[1] for each in await inside.told()] == [
            "Welcome: your subscription to La Gazette"
        ]
        method = inside.till.world.stand_in.account.named(
            "payment_method", bought.default_payment_method
        )
        method["card"] |= {"exp_year": 2026, "exp_month": 9}
        await inside.till.pass_time(17 * DAY)
        letter = await one(inside)
        assert "card expires" in letter.letter.subject
        assert "4242" in letter.letter.text
        await inside.till.pass_time(7 * DAY)
        letter = await one(inside)
        assert "trial at La Gazette ends soon" in letter.letter.subject
        assert "21 October 2026" in letter.letter.text
        await inside.till.pass_time(2 * DAY)
        assert await inside.told() == []
        # The next period's payment is by the same card, of which was told.
        await inside.till.pass_time(28 * DAY)
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


async def tried(inside: Counter, reader: str, *, days: int) -> Any:
    v1 = inside.till.world.v1
    customer = await v1.customers.create_async({"email": f"{reader}@news.example"})
    session = await v1.checkout.sessions.create_async(
        {
            "mode": "subscription",
            "line_items": [{"price": "price_gold", "quantity": 1}],
            "subscription_data": {"trial_period_days": days},
            "success_url": f"{SITE}/done",
            "customer": customer.id,
            "client_reference_id": reader,
        }
    )
    await inside.till.world.stand_in.hook("pay", session=session.id)
    session = await v1.checkout.sessions.retrieve_async(session.id)
    await inside.settle()
    await inside.till.pass_time(10)
    return await v1.subscriptions.retrieve_async(session.subscription)


def test_an_old_ledger_and_the_newly_bound_are_not_flooded(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        v1 = inside.till.world.v1
        for number in range(12):
            customer = await v1.customers.create_async({"email": f"old{number}@news.example"})
            await v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
            methods = await v1.payment_methods.list_async({"customer": customer.id})
            await v1.subscriptions.create_async(
                {
                    "customer": customer.id,
                    "items": [{"price": "price_gold_year" if number % 2 else "price_gold"}],
                    "default_payment_method": methods.data[0].id,
                }
            )
        await inside.settle()
        await inside.bought(reader)
        await inside.till.pass_time(310 * DAY)
        await inside.settle()
        assert await inside.told() == [], "the job begins with what is old"
        recent = await inside.bought(reader)
        assert recent.id
        assert [each[1] for each in await inside.told()] == [
            "Welcome: your subscription to La Gazette"
        ]

    at_the_counter(url, tmp_path, work)


def test_several_nodes_and_replays_send_each_once(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        _, reader = await inside.reader()
        await inside.bought(reader)
        settings, store = inside.till.settings, inside.till.store
        mails = inside.lodge.lychgate.templates
        nodes = [
            LifeWork(settings, store=store, clock=inside.till.clock, mails=mails) for _ in range(6)
        ]
        now = inside.till.clock.now()
        # Past the lease on purpose: were it lost, the keys would still hold.
        await asyncio.gather(*(each.life.living.read_on(now=now) for each in nodes))
        await asyncio.gather(*(each.life.living.send_due(now=now) for each in nodes))
        assert len(await inside.letters()) == 1
        await asyncio.gather(*(each.life.work() for each in nodes))
        assert await inside.letters() == []
        for each in nodes:
            await each.close()

    at_the_counter(url, tmp_path, work)


def test_any_order_and_doubles_come_to_the_same_letters(tmp_path: Path) -> None:
    """A life of thirty days told in many orders, a third of it twice, each to a new gateway."""

    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        hook = inside.till.world.stand_in.hook
        await hook("card", subscription=bought.id, number=ASKS_LATER)
        await inside.till.pass_time(30 * DAY + 2 * HOUR)
        other = await inside.bought(reader, "price_gold_year")
        await hook("cancel", subscription=other.id)
        await inside.till.world.stand_in.settle()
        bodies = list(inside.till.world.receiver.bodies)
        chance = random.Random(7)
        for number in range(ORDERS):
            order = bodies + chance.sample(bodies, len(bodies) // 3)
            chance.shuffle(order)
            subjects = await told_in(inside, order, reader, tmp_path / f"{number}.db", chance)
            assert len(subjects) == len(set(subjects)), number
            asked = [each for each in subjects if "payment to La Gazette" in each]
            assert len(asked) == 1, number
            # Welcome is who was heard of while it ran; who came and went in one breath isn't.
            welcome = {"Welcome: your subscription to La Gazette"}
            ended = {"Your subscription to La Gazette has ended"}
            assert {*subjects} - {*asked} - welcome == ended, number

    at_the_counter(new_store(tmp_path / "first.db"), tmp_path, work)


async def told_in(
    inside: Counter, bodies: list[bytes], reader: str, path: Path, chance: random.Random
) -> list[str]:
    store = Store(new_store(path))
    clock, settings = inside.till.clock, inside.till.settings
    await Readers(store).add(Reader(id=reader, email=ANA), now=clock.now())
    job = folding(settings, store=store, clock=clock)
    work = LifeWork(settings, store=store, clock=clock, mails=inside.lodge.lychgate.templates)
    while bodies:
        some = chance.randint(1, 6)
        batch, bodies = bodies[:some], bodies[some:]
        await Ledger(store).append([parse(each) for each in batch], now=clock.now())
        await job.fold_due()
        await work.life.work()
    letters = await Letters(store).claim(now=clock.now())
    await work.close()
    await store.close()
    return sorted(each.letter.subject for each in letters)


def test_who_pays_for_no_account_is_written_to_where_stripe_reaches_them(
    url: str, tmp_path: Path
) -> None:
    """The contract is theirs all the same; but nobody is welcomed to an account that isn't there."""

    async def work(inside: Counter) -> None:
        await at_work(inside)
        v1 = inside.till.world.v1
        customer = await v1.customers.create_async(
            {"email": "payer@news.example", "preferred_locales": ["fr-CA"]}
        )
        method = await v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
        bought = await v1.subscriptions.create_async(
            {
                "customer": customer.id,
                "items": [{"price": "price_gold"}],
                "default_payment_method": method.id,
            }
        )
        yearly = await v1.subscriptions.create_async(
            {
                "customer": customer.id,
                "items": [{"price": "price_gold_year"}],
                "default_payment_method": method.id,
            }
        )
        await inside.settle()
        assert await inside.told() == []
        hook = inside.till.world.stand_in.hook
        await hook("card", subscription=bought.id, number=FAILS_LATER)
        await inside.till.pass_time(30 * DAY + 2 * HOUR)
        await inside.settle()
        assert await inside.told() == [
            ("payer@news.example", "La Gazette\u00a0: votre paiement n’a pas abouti")
        ]
        ends = yearly["items"].data[0].current_period_end
        await inside.till.pass_time(ends - 61 * DAY - inside.till.clock.now())
        assert await inside.told() == [
            (
                "payer@news.example",
                "La Gazette\u00a0: votre abonnement se renouvelle le 21 septembre 2027",
            )
        ]

    at_the_counter(url, tmp_path, work)


def test_who_was_forgotten_hears_nothing_more(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        await at_work(inside)
        browser, reader = await inside.reader()
        await inside.bought(reader)
        await inside.told()
        await browser.post("/-/account/erase", {"confirm": "yes"})
        assert [each.letter.subject for each in await inside.letters()] == [
            "Your account at La Gazette is erased"
        ]
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)


def test_who_cancels_in_the_portal_has_it_confirmed_once(url: str, tmp_path: Path) -> None:
    """And who takes it back within ten minutes, or left here and has a receipt, hears nothing more."""

    async def work(inside: Counter) -> None:
        await at_work(inside)
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        other = await inside.bought(reader, "price_gold_year")
        await inside.told()
        hook = inside.till.world.stand_in.hook
        await browser.post("/-/cancel", {"subscription": other.id, "confirm": "yes"})
        await inside.letters()
        await hook("cancel", subscription=bought.id, at_period_end=True)
        await inside.settle()
        await inside.till.pass_time(60)
        update = inside.till.world.v1.subscriptions.update_async
        await update(bought.id, {"cancel_at_period_end": False})
        await inside.settle()
        await inside.till.pass_time(7 * HOUR)
        assert await inside.told() == []
        await hook("cancel", subscription=bought.id, at_period_end=True)
        await inside.settle()
        await inside.till.pass_time(7 * HOUR)
        assert await inside.told() == [
            (ANA, "Your subscription to La Gazette is cancelled and ends on 21 October 2026")
        ]
        await inside.till.pass_time(7 * HOUR)
        await inside.settle()
        assert await inside.told() == []

    at_the_counter(url, tmp_path, work)
