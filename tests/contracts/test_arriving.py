"""A newspaper arrives with its subscribers, imports them twice and lets the others take their subscriptions
along: nobody is doubled, nobody is shut out, nobody is sold a second subscription.

``ARRIVING=3000`` brings them all; sixty are enough for every run.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.demo.stripe import cards, customers, subscriptions
from gateway.demo.stripe.account import DAY
from gateway.identity.accounts import Entered, Entry, Joining
from gateway.model.identity import MAIL_ISSUER, Identity
from gateway.model.mark import Why
from gateway.money.arriving.import_files import Reading
from gateway.money.arriving.importing import Importing, Outlook
from gateway.money.entries import acts
from gateway.money.supposing import bound
from gateway.stores import schema
from gateway.stores.accounts import Accounts
from gateway.stores.holdings import Holdings
from gateway.stores.imported import Imported
from gateway.stores.journal_schema import work_item
from gateway.stores.ledger import Ledger
from gateway.stores.mailed import Letters
from gateway.wiring.adopting import adopting_of
from gateway.wiring.pages import templates_of
from gateway.wiring.syncing import Syncing
from tests.contracts.street import MAIL, Street, on_the_street, who
from tests.hostile.browsing import SITE

MANY = int(os.environ.get("ARRIVING", "60"))


@dataclass
class Subscriber:
    """Every tenth is of another kind. ``pays_as`` is the address at Stripe."""

    number: int
    customer: str = ""
    reader: str = ""

    @property
    def kind(self) -> str:
        kinds = ("in the file", "known before", "file without customer", "same", "elsewhere")
        return kinds[(0, 0, 0, 0, 0, 1, 2, 3, 4, 4)[self.number % 10]]

    @property
    def pays_as(self) -> str:
        return f"Payer{self.number}@Old.example"

    @property
    def logs_in_as(self) -> str:
        elsewhere = self.kind == "elsewhere"
        return f"n{self.number}@home.example" if elsewhere else self.pays_as.lower()


class Arrival:
    def __init__(self, street: Street) -> None:
        self.street, self.store = street, street.store
        self.now = street.lodge.clock.now()
        self.people = [Subscriber(number) for number in range(MANY)]
        mails = templates_of(street.settings)
        self.adopting = adopting_of(street.settings, store=self.store, mails=mails)

    async def subscribed_long_ago(self) -> None:
        """In Stripe's dashboard, with nobody listening."""
        stand_in = self.street.stripe.stand_in
        await stand_in.hook("delivery", enabled_events=["charge.dispute.created"])
        account = stand_in.account
        for each in self.people:
            each.customer = customers.create(account, {"email": each.pays_as})["id"]
            method = cards.attach(account, {"customer": each.customer}, "pm_card_visa")
            wish: dict[str, Any] = {
                "customer": each.customer,
                "items": [{"price": "price_gold_year"}],
            }
            subscriptions.create(account, wish | {"default_payment_method": method["id"]})
        # Stripe lists the events of 30 days, and theirs are older.
        await stand_in.advance(40 * DAY)
        self.street.lodge.clock.pass_time(40 * DAY)
        self.now += 40 * DAY

    async def reconciled(self) -> None:
        clock: Any = self.street.lodge.clock
        syncing = Syncing(
            self.street.settings, store=self.store, clock=clock, folding=self.street.folding
        )
        try:
            await syncing.fetching.refresh_prices()
            await syncing.reconciling.run()
            assert await syncing.reconciling.settle()
        finally:
            await syncing.close()

    async def imported(self) -> Outlook:
        rows = ["email,name,customer"]
        for each in self.people:
            if each.kind in ("in the file", "known before"):
                rows.append(f"{each.pays_as},Payer {each.number},{each.customer}")
            elif each.kind == "file without customer":
                rows.append(f"{each.pays_as},Payer {each.number},")
        read, faults = Reading(tiers={}).rows("\n".join(rows), path="members.csv")
        assert faults == []
        rules = self.street.folding
        importing = Importing(
            ledger=Ledger(self.store),
            people=Imported(self.store),
            holdings=Holdings(self.store),
            payments=None,
            rules=(
                acts.plans(rules.prices, at=self.now),
                acts.settings(rules.settings, at=self.now),
            ),
            by="ops",
            reason="imported from members.csv",
        )
        outlook = await importing.suppose(read, now=self.now, asked=lambda _: None)
        assert outlook.troubles == ()
        await importing.apply(outlook, now=self.now, done=lambda _: None)
        await self.street.folding.fold_due()
        return outlook

    async def log_in(self, each: Subscriber) -> None:
        """By a link mailed to the address that they log in with."""
        email = each.logs_in_as
        entered = await Accounts(self.store).enter(
            Entry(
                identity=Identity(MAIL_ISSUER, email, email, email_verified=True),
                provider="mail",
                used=f"mail {each.number}",
                used_until=self.now + 900,
                joining=Joining.PROVED,
                absolute_seconds=1e7,
                idle_seconds=1e7,
            ),
            now=self.now,
        )
        assert isinstance(entered, Entered)
        each.reader = entered.reader_id

    async def held(self) -> Counter[str]:
        found = await Holdings(self.store).held([each.reader for each in self.people])
        return Counter(tier for these in found.values() for tier in {one.tier for one in these})

    async def shut_out(self) -> list[Subscriber]:
        found = await Holdings(self.store).held([each.reader for each in self.people])
        return [each for each in self.people if not found.get(each.reader)]

    async def learned(self) -> None:
        """Whose address each customer has that no reader pays by."""
        for _ in range(MANY):
            await self.street.work.job.work()
            if not await self.adopting.adoptions.unknown(now=self.now, limit=1):
                return
        raise AssertionError("there is always one more to ask for")

    async def take_along(self, waiting: list[Subscriber]) -> None:
        """Each types the address on their receipts, reads mail there, and follows the link."""
        by_address = {each.pays_as.lower(): each for each in waiting}
        for each in waiting:
            await self.adopting.ask(each.pays_as, language="fr", return_to="/", now=self.now)
        letters = Letters(self.store)
        for _ in range(MANY):
            await self.street.work.job.work()
            self.street.lodge.clock.pass_time(1)  # the job's round
            self.now += 1
            for letter in await letters.claim(now=self.now):
                await letters.sent(letter.number)
                token = re.search(rf"{SITE}/-/adopt/([\w-]+)", letter.letter.text)
                if token is None:
                    continue  # of another way to log in
                payer = by_address.pop(letter.recipient)
                assert await self.adopting.take(token[1], payer.reader, now=self.now)
            if not by_address:
                break
        assert by_address == {}
        await self.street.folding.fold_due()


def test_subscribers_are_imported_twice_and_adopted(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        arrival = Arrival(street)
        await arrival.subscribed_long_ago()
        for each in arrival.people:
            if each.kind == "known before":
                await arrival.log_in(each)
        await arrival.reconciled()
        first = await arrival.imported()
        kinds = Counter(each.kind for each in arrival.people)
        assert len(first.new) == kinds["in the file"] + kinds["file without customer"]
        assert len(first.gains) == kinds["in the file"] + kinds["known before"]
        assert first.losses == ()
        second = await arrival.imported()
        assert (second.new, second.drafts, second.gains, second.losses) == ((), (), (), ())
        for each in arrival.people:
            if not each.reader:
                await arrival.log_in(each)
        waiting = await arrival.shut_out()
        assert {each.kind for each in waiting} == {"file without customer", "same", "elsewhere"}
        await arrival.learned()
        warned = next(each for each in waiting if each.kind == "same")
        await _is_told_before_paying(street, warned)
        await arrival.take_along(waiting)
        assert await arrival.shut_out() == []
        assert await arrival.held() == {"gold": MANY}
        await _nobody_doubled(arrival)
        await _nobody_sold_a_second(street, waiting[-1])

    on_the_street(url, tmp_path, work, settings=MAIL + "[limits]\nlogin_per_five_minutes = 0\n")


async def _nobody_doubled(arrival: Arrival) -> None:
    whose = await bound(Ledger(arrival.store), {each.customer for each in arrival.people})
    assert {customer: each.reader for customer, each in whose.items()} == {
        each.customer: each.reader for each in arrival.people
    }
    assert len({each.reader for each in arrival.people}) == MANY
    async with arrival.store.reading() as connection:
        readers = select(func.count()).select_from(schema.reader)
        assert (await connection.execute(readers)).scalar() == MANY
        twice = select(func.count()).where(work_item.c.why == str(Why.TWO_SUBSCRIPTIONS))
        assert (await connection.execute(twice)).scalar() == 0
    assert await arrival.street.folding.projector.replay() == []


async def _is_told_before_paying(street: Street, payer: Subscriber) -> None:
    """Who has an account with the address that pays, and hasn't taken it along yet."""
    street.lodge.provider.manner = who(payer.logs_in_as, f"subject {payer.number}")
    browser = street.lodge.browser()
    await browser.go("/-/login/idp?return_to=/")
    await _proved(street, browser)
    recap = await browser.get("/-/checkout?plan=gold&price=price_gold&lang=en")
    assert recap.status_code == 200
    assert "/-/adopt?return_to=" in recap.text


async def _nobody_sold_a_second(street: Street, payer: Subscriber) -> None:
    before = len(street.stripe.stand_in.account.all("checkout.session"))
    street.lodge.provider.manner = who(payer.logs_in_as, f"subject {payer.number}")
    browser = street.lodge.browser()
    await browser.go("/-/login/idp?return_to=/")
    await _proved(street, browser)
    order = {"plan": "gold", "price": "price_gold", "return_to": "/"}
    answer = await browser.post("/-/checkout", order)
    assert answer.status_code == 303
    assert "/checkout" not in answer.headers["location"], "to the portal, and to no Checkout"
    assert len(street.stripe.stand_in.account.all("checkout.session")) == before
    assert len(street.stripe.stand_in.account.all("subscription")) == MANY


async def _proved(street: Street, browser: Any) -> None:
    """The address has an account already: the code that went there links the two."""
    ((_, text),) = await street.letters()
    code = re.search(r"\b(\d{3}) (\d{3})\b", text)
    assert code
    done = await browser.post("/-/login/code", {"code": code[1] + code[2]})
    assert done.status_code == 303
