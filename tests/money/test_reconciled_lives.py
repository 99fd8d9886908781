"""Whatever was lost, doubled or late: after one reconcile readers hold what an independent model says.

The lives are those of ``test_lives``, whose model knows nothing of the fold; here their events go
through the real reconcile, the real questions to Stripe and the real projector.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from gateway.model.entry import Draft
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from tests.money.in_memory import DAY, Clock, FakeStripe, Gateway, gateway
from tests.money.telling import NOON
from tests.money.test_lives import Life

SHUFFLES = 250
TOGETHER = 2


class Told(Life):
    """A life that also knows the last thing that is true of each of its objects."""

    things: dict[str, dict[str, Any]]

    def tell(self, thing: dict[str, Any], at: int) -> None:
        self.things[thing["id"]] = thing
        super().tell(thing, at)

    def back(self, month: int) -> dict[str, str]:
        """What paid a month is for Stripe to say."""
        sent = len(self.drafts)
        ids = super().back(month)
        del self.drafts[sent:]
        self.things[f"inpay_{self.number}_{month}"] = {
            "id": f"inpay_{self.number}_{month}",
            "object": "invoice_payment",
            "invoice": f"in_{self.number}_{month}",
            "status": "paid",
            "amount_paid": 900,
            "currency": "eur",
            "payment": {"type": "payment_intent", "payment_intent": ids["payment_intent"]},
        }
        return ids


def lived(number: int, chance: random.Random) -> Told:
    life = Told(number, chance)
    life.things = {}
    life.live()
    return life


async def through(lives: list[Told], kept: list[Draft], *, forgets: bool) -> Gateway:
    """All that reached us, at the moments at which it did; then a reconcile a day later."""
    clock = Clock(float(NOON))
    stripe = FakeStripe(clock, forgets=forgets)
    for life in lives:
        stripe.things |= life.things
        stripe.told += life.drafts
    inside = gateway(stripe)
    bound = [
        acts.bind(f"cus_{life.number}", f"r{life.number}", by="checkout", at=0.0) for life in lives
    ]
    await inside.books.append(bound, now=clock.time)
    await inside.reconciling.folding.fold_due()
    last = max(draft.observed_at for life in lives for draft in life.drafts)
    for draft in kept:
        await inside.books.append([draft], now=clock.time)
        if random.Random(draft.event_id).random() < 0.2:
            await inside.reconciling.folding.fold_due()
    clock.time = last + DAY
    await inside.reconciling.run(allow_closing=True)
    assert await inside.reconciling.settle()
    return inside


def held_of(inside: Gateway, life: Told) -> dict[str, float]:
    held = inside.books.entitlements.get(f"r{life.number}", ())
    return {each.tier: each.ends_at for each in held}


@pytest.mark.parametrize("seed", range(8))
def test_a_reconcile_makes_good_whatever_was_lost_doubled_and_shuffled(seed: int) -> None:
    """2,000 shuffles; of each life's events four in ten arrive, some of them twice."""

    async def main() -> None:
        chance = random.Random(seed)
        for shuffle in range(SHUFFLES):
            lives = [lived(shuffle * TOGETHER + n, chance) for n in range(TOGETHER)]
            sent = [draft for life in lives for draft in life.drafts] * 2
            kept = [draft for draft in sent if chance.random() < 0.25]
            chance.shuffle(kept)
            inside = await through(lives, kept, forgets=False)
            for life in lives:
                expected = {} if life.gold is None else {"gold": float(life.gold)}
                arrived = [draft.event_id for draft in kept]
                assert held_of(inside, life) == expected, (life.number, arrived)
            entries = [each.event_id for each in inside.books.entries_by_number]
            assert len(entries) == len(set(entries))

    asyncio.run(main())


def test_what_stripe_has_forgotten_is_asked_of_the_objects_themselves() -> None:
    """Events that are older than 30 days are gone; subscriptions and their invoices still stand."""

    async def main() -> None:
        chance = random.Random(99)
        told = 0
        for number in range(200):
            life = lived(number, chance)
            if any(each["object"] in ("refund", "dispute") for each in life.things.values()):
                continue
            told += 1
            inside = await through([life], [], forgets=True)
            expected = {} if life.gold is None else {"gold": float(life.gold)}
            assert held_of(inside, life) == expected, [each.facts for each in life.drafts]
        assert told > 100

    asyncio.run(main())


def test_a_second_reconcile_appends_nothing() -> None:
    async def main() -> None:
        chance = random.Random(3)
        lives = [lived(number, chance) for number in range(40)]
        inside = await through(lives, [], forgets=False)
        before = len(inside.books.entries_by_number)
        inside.stripe.clock.time += DAY
        report = await inside.reconciling.run()
        assert report.appended == 0
        assert report.agrees
        assert len(inside.books.entries_by_number) == before

    asyncio.run(main())


def test_the_lives_say_things_that_the_parser_reads() -> None:
    life = lived(1, random.Random(1))
    assert life.drafts
    assert all(draft.payload and parse(draft.payload) == draft for draft in life.drafts)
