"""Selling, through the official library to the stand-in: one session and one customer a reader, and
nobody pays twice, whatever is clicked, lost or cut off. On both databases.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.mark import Why
from gateway.model.selling import Plan
from gateway.money.entries import acts
from gateway.money.selling.ordering import Terms, Wish
from gateway.money.selling.sessions import NOBODYS, Led, Selling
from gateway.money.stripe_api.selling import Till as StripeTill
from gateway.stores.attempts import Attempts
from gateway.wiring.syncing import door_of
from tests.contracts.till import DAY, Till, till

PLAN = Plan(
    id="gold",
    names={"en": "Gold"},
    tiers=("gold",),
    prices=("price_gold", "price_gold_year"),
    offered=(),
    trial_days=14,
)
UNTRIED = replace(PLAN, trial_days=0)
ARTICLE = "/paid/story"


class Counter:
    """A till with the selling room's part of it. ``more`` is that of another node."""

    def __init__(self, inside: Till) -> None:
        self.till = inside
        self.doors = [door_of(inside.settings), door_of(inside.settings)]
        self.here, self.elsewhere = (
            Selling(
                ledger=inside.ledger,
                attempts=Attempts(inside.store),
                stripe=StripeTill(door),
                terms=Terms(site_url="https://news.example"),
            )
            for door in self.doors
        )

    @property
    def now(self) -> float:
        return self.till.clock.now()

    async def wish(
        self, reader: str = "ana", price: str = "price_gold", plan: Plan = UNTRIED
    ) -> Wish:
        prices = {each.id: each for each in await self._prices()}
        return Wish(
            reader=reader,
            email=f"{reader}@news.example",
            plan=plan,
            price=prices[price],
            return_to=ARTICLE,
            language="en",
        )

    async def order(self, **more: Any) -> Led:
        return await self.here.order(await self.wish(**more), now=self.now)

    async def _prices(self) -> Any:
        await self.till.syncing.fetching.refresh_prices()
        from gateway.stores.prices import Prices

        return (await Prices(self.till.store).all()).values()

    def things(self, kind: str) -> list[Any]:
        return self.till.world.stand_in.account.all(kind)

    def open_sessions(self) -> list[Any]:
        return [each for each in self.things("checkout.session") if each["status"] == "open"]

    async def pay(self, **more: Any) -> str:
        (session,) = self.open_sessions()
        await self.till.world.stand_in.hook("pay", session=session["id"], **more)
        return str(session["id"])

    async def parts(self, customer: str, other: str = "") -> None:
        """An operator takes a customer from ana, and gives it to another reader or to nobody."""
        at = self.now
        unbound = acts.unbind(customer, "ana", by="op", at=at, reason="wrong one")
        given = [acts.bind(customer, other, by="op", at=at + 1, reason="theirs")] if other else []
        await self.till.ledger.append([unbound, *given], now=at)
        await self.till.settled()

    async def back(self, session_id: str) -> None:
        """As the page of ``/-/checkout/done`` does."""
        session = await self.here.stripe.bought(session_id)
        await self.till.ledger.append(list(session.drafts), now=self.now)
        await self.till.job.fold_due()


@contextlib.asynccontextmanager
async def counter(url: str, folder: Path, **more: Any) -> AsyncIterator[Counter]:
    async with till(url, folder, **more) as inside:
        made = Counter(inside)
        try:
            yield made
        finally:
            for door in made.doors:
                await door.close()


def at_the_counter(
    url: str, folder: Path, work: Callable[[Counter], Awaitable[None]], **more: Any
) -> None:
    async def main() -> None:
        async with counter(url, folder, **more) as inside:
            await work(inside)

    asyncio.run(main())


def test_what_was_paid_opens_when_its_payer_is_back_though_no_webhook_came(
    url: str, tmp_path: Path
) -> None:
    async def work(shop: Counter) -> None:
        led = await shop.order()
        assert led.url.startswith(shop.till.world.url)
        session = await shop.pay()
        shop.till.forget()
        assert await shop.till.holds("ana") == {}
        await shop.back(session)
        held = await shop.till.holds("ana")
        assert held["gold"] > shop.now + 27 * DAY
        before = len(await shop.till.entries())
        await shop.back(session)  # several visits do no harm
        assert await shop.till.holds("ana") == held
        assert len(await shop.till.entries()) == before

    at_the_counter(url, tmp_path, work)


def test_an_unpaid_session_opens_nothing(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        await shop.order()
        (session,) = shop.open_sessions()
        await shop.back(session["id"])
        assert await shop.till.holds("ana") == {}

    at_the_counter(url, tmp_path, work)


def test_fifty_clicks_at_once_on_two_nodes_are_one_session_of_one_customer(
    url: str, tmp_path: Path
) -> None:
    """Ghost 28508 and 16057: two subscriptions by a double click."""

    async def work(shop: Counter) -> None:
        wish = await shop.wish()
        nodes = (shop.here, shop.elsewhere)
        led = await asyncio.gather(
            *(nodes[number % 2].order(wish, now=shop.now) for number in range(50))
        )
        assert len({each.url for each in led}) == 1
        assert len(shop.things("checkout.session")) == 1
        assert len({each["customer"] for each in shop.things("checkout.session")}) == 1
        assert len(shop.things("customer")) == 1

    at_the_counter(url, tmp_path, work)


def test_another_price_takes_the_place_of_an_open_session(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        first = await shop.order()
        assert await shop.order() == first
        second = await shop.order(price="price_gold_year")
        assert second.url != first.url
        (session,) = shop.open_sessions()
        assert session["amount_total"] == 9900
        assert len(shop.things("checkout.session")) == 2
        assert len(shop.things("customer")) == 1

    at_the_counter(url, tmp_path, work)


def test_who_has_paid_meanwhile_is_led_to_what_they_paid(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        await shop.order()
        session = await shop.pay()
        shop.till.forget()
        attempts = Attempts(shop.till.store)
        kept = await attempts.of_session(session)
        assert kept is not None
        assert kept.reader == "ana"
        assert kept.return_to == ARTICLE
        # No webhook came, and yet nobody is sold a second one: Stripe knows of the first.
        led = await shop.order(price="price_gold_year")
        assert "/p/session/" in led.url
        assert len(shop.things("subscription")) == 1
        assert len(shop.things("checkout.session")) == 1

    at_the_counter(url, tmp_path, work)


async def paid(shop: Counter, *, heard: bool) -> None:
    """Ordered and paid for; ``heard``: its webhooks have come, too."""
    await shop.order()
    await shop.pay()
    if heard:
        await shop.till.hear()
        await shop.till.settled()


@pytest.mark.parametrize("heard", [True, False])
def test_a_subscriber_is_led_to_the_portal_and_never_to_a_checkout(
    url: str, tmp_path: Path, heard: bool
) -> None:
    async def work(shop: Counter) -> None:
        await paid(shop, heard=heard)
        await shop.till.world.stand_in.hook("plan_changes")
        for price in ("price_gold", "price_gold_year"):
            led = await shop.order(price=price)
            assert "/p/session/" in led.url
        kinds = [
            each["flow"] and each["flow"]["type"] for each in shop.things("billing_portal.session")
        ]
        assert kinds == ["subscription_update_confirm", None]  # newest first
        assert len(shop.things("checkout.session")) == 1

    at_the_counter(url, tmp_path, work)


def test_the_payer_has_it_though_the_wallet_has_another_address(url: str, tmp_path: Path) -> None:
    """Ghost 11695: the payer stays free because the wallet's e-mail differs."""

    async def work(shop: Counter) -> None:
        await shop.order()
        await shop.pay(email="somebody@else.example")
        await shop.till.hear()
        await shop.till.settled()
        assert "gold" in await shop.till.holds("ana")

    at_the_counter(url, tmp_path, work)


def test_a_trial_is_given_once_a_reader(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        await shop.order(plan=PLAN)
        await shop.pay()
        await shop.till.hear()
        await shop.till.settled()
        (first,) = shop.things("subscription")
        assert first["status"] == "trialing"
        await shop.till.world.stand_in.hook("cancel", subscription=first["id"])
        await shop.till.hear()
        await shop.till.settled()
        await shop.order(plan=PLAN)
        await shop.pay()
        second = shop.things("subscription")[0]
        assert second["id"] != first["id"]
        assert second["status"] == "active"

    at_the_counter(url, tmp_path, work)


def test_while_stripe_is_away_nothing_is_sold_and_then_the_same_attempt_goes_on(
    url: str, tmp_path: Path
) -> None:
    async def work(shop: Counter) -> None:
        wish = await shop.wish()
        api = shop.till.world.stand_in.api
        working, shop.till.world.stand_in.api = api, Broken()  # type: ignore[assignment]  # as it answers in an outage
        try:
            with pytest.raises(StripeUnavailable):
                await shop.here.order(wish, now=shop.now)
        finally:
            shop.till.world.stand_in.api = working
        assert shop.things("checkout.session") == []
        led = await shop.here.order(wish, now=shop.now)
        assert led.url
        assert len(shop.things("customer")) == 1

    at_the_counter(url, tmp_path, work)


class Broken:
    def begin(self, asked: Any) -> Any:
        from gateway.demo.stripe.refused import Refused

        raise Refused("down", status=500, type="api_error")


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_that_stripe_keeps_under_a_key_locks_nobody_out(
    url: str, tmp_path: Path, path: str, times: int
) -> None:
    async def work(shop: Counter) -> None:
        await shop.till.world.stand_in.hook("trouble", status=500, times=times, path=path)
        wish = await shop.wish()
        led = await asyncio.gather(*(shop.here.order(wish, now=shop.now) for _ in range(2)))
        assert led[0].url
        assert led[0] == led[1] == await shop.order()
        assert len(shop.open_sessions()) == 1
        assert len(shop.things("customer")) == 1

    at_the_counter(url, tmp_path, work)


def test_a_session_that_ran_out_is_followed_by_another(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        first = await shop.order()
        await shop.till.pass_time(25 * 3600)
        second = await shop.order()
        assert second.url
        assert second.url != first.url
        assert len(shop.open_sessions()) == 1

    at_the_counter(url, tmp_path, work)


def test_a_customer_that_was_deleted_at_stripe_is_made_anew(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        await shop.order()
        (customer,) = shop.things("customer")
        await shop.till.world.v1.customers.delete_async(customer["id"])
        led = await shop.order()
        assert led.url
        assert len(shop.open_sessions()) == 1

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize("other", ["", "ben"])
def test_a_customer_who_is_no_longer_the_readers_is_neither_sold_to_nor_shown(
    url: str, tmp_path: Path, other: str
) -> None:
    async def work(shop: Counter) -> None:
        await shop.order()
        (first,) = shop.things("customer")
        await shop.parts(first["id"], other)
        owned = await shop.here.owned("ana", now=shop.now)
        assert await shop.here.portal("ana", owned, back="/", language="en") == ""
        await shop.order()
        (session,) = shop.open_sessions()  # that of the first customer is expired
        assert session["customer"] != first["id"]
        await shop.pay()
        await shop.till.hear()
        await shop.till.settled()
        assert "gold" in await shop.till.holds("ana")
        assert await shop.till.holds("ben") == {}
        assert "/p/session/" in (await shop.order()).url
        (portal,) = shop.things("billing_portal.session")
        assert portal["customer"] == session["customer"]

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize("heard", [True, False])
def test_who_pays_already_for_nobody_is_sold_nothing_and_a_person_looks(
    url: str, tmp_path: Path, heard: bool
) -> None:
    async def work(shop: Counter) -> None:
        await paid(shop, heard=heard)
        (customer,) = shop.things("customer")
        await shop.parts(customer["id"])
        for _ in range(2):
            with pytest.raises(StripeRefused) as refused:
                await shop.order()
            assert refused.value.code == NOBODYS
        await shop.till.settled()
        assert Why.NO_READER in {each.reason for each in (await shop.till.marks()).values()}
        assert len(shop.things("checkout.session")) == 1
        # Whose it is was said: now its payer is sold one of their own.
        bound = acts.bind(customer["id"], "ben", by="op", at=shop.now + 2, reason="his")
        await shop.till.ledger.append([bound], now=shop.now)
        assert (await shop.order()).done
        await shop.order()
        (session,) = shop.open_sessions()
        assert session["customer"] != customer["id"]

    at_the_counter(url, tmp_path, work)


def test_what_is_paid_for_elsewhere_on_the_account_neither_stops_nor_is_exchanged(
    url: str, tmp_path: Path
) -> None:
    async def work(shop: Counter) -> None:
        till = shop.till
        offered = {"id": "price_print", "product": "prod_print", "name": "Print"}
        await till.world.stand_in.hook("offer", unit_amount=3900, **offered)
        await shop.order()
        (session,) = shop.open_sessions()
        sent = {"collection_method": "send_invoice", "days_until_due": 30}
        items = [{"price": "price_print"}]
        asked: Any = {"customer": session["customer"], "items": items, **sent}
        printed = await till.world.v1.subscriptions.create_async(asked)
        for heard in (False, True):
            if heard:
                await till.hear()
                await till.settled()
            assert "/c/pay/" in (await shop.order()).url
        await shop.pay()
        await till.hear()
        await till.settled()
        assert "gold" in await till.holds("ana")
        await till.world.stand_in.hook("plan_changes")
        assert "/p/session/" in (await shop.order(price="price_gold_year")).url
        (portal,) = shop.things("billing_portal.session")
        assert printed.id not in str(portal["flow"])

    at_the_counter(url, tmp_path, work)


def test_a_customer_is_bound_though_its_maker_was_cut_off_before(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        made = await shop.till.world.v1.customers.create_async({"email": "ana@news.example"})
        attempts = Attempts(shop.till.store)
        await attempts.keep_customer("ana", made.id, now=shop.now)
        await shop.order()
        assert [each["id"] for each in shop.things("customer")] == [made.id]
        assert (await shop.here.owned("ana", now=shop.now)).customers == (made.id,)

    at_the_counter(url, tmp_path, work)


def test_a_customer_whom_an_operator_bound_meanwhile_stays_theirs(url: str, tmp_path: Path) -> None:
    async def work(shop: Counter) -> None:
        made = await shop.till.world.v1.customers.create_async({"email": "ana@news.example"})
        await Attempts(shop.till.store).keep_customer("ana", made.id, now=shop.now)
        bound = acts.bind(made.id, "ben", by="op", at=shop.now, reason="his")
        await shop.till.ledger.append([bound], now=shop.now)
        await shop.order()
        (session,) = shop.open_sessions()
        assert session["customer"] != made.id
        assert (await shop.here.owned("ben", now=shop.now)).customers == (made.id,)

    at_the_counter(url, tmp_path, work)
