"""A day's sums against figures that are made of the raw webhooks by other means: whole lives of
subscriptions at the stand-in, in euros, yen and dinars; and Stripe's own figures beside ours.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from gateway.console import day_count, journal_table
from gateway.console.journal import day_span
from gateway.console.spreadsheet import Csv, Money
from gateway.console.words import Words
from gateway.model.journal import Filter
from gateway.model.movement import Movement, Sort
from gateway.money import day
from gateway.money.entries import acts
from gateway.money.stripe_api.counting import Counting
from gateway.stores.journal import Journal
from gateway.stores.journal_schema import work_item
from gateway.stores.journal_terms import TermKeys
from gateway.stores.work_list import Days, WorkList
from gateway.wiring.syncing import door_of
from tests.contracts.till import DAY, HOUR, Till, at_the_till

ZONE = ZoneInfo("Europe/Paris")
DEBIT = "FR1420041010050500013M02606"  # SEPA: pending, then paid
PRICES = ("price_gold", "price_yen", "price_dinar", "price_gold_year")
PLANS = """[[plan]]
id = "gold"
name = { en = "Gold", fr = "Or" }
tiers = ["gold"]
prices = ["price_gold", "price_gold_year", "price_yen", "price_dinar"]
"""
READERS = [f"reader{number}" for number in range(11)]
# Five years of eleven readers take minutes; the fast suite lives through some months of them.
WHOLE_LIVES = bool(os.environ.get("LYCHGATE_SCALE"))
MONTHS = 61 if WHOLE_LIVES else 6
# Written down once more, and not taken from the code under test.
DIGITS = {"eur": 2, "jpy": 0, "kwd": 3}
Figures = dict[tuple[date, str, str], tuple[int, int]]


def raw_figures(bodies: list[bytes]) -> Figures:
    """Of webhooks alone: what each object last said, in the order in which Stripe sent it."""
    last: dict[str, dict[str, Any]] = {}
    for body in bodies:
        event = json.loads(body)
        thing = event["data"]["object"]
        if thing["object"] in ("invoice", "refund", "dispute"):
            last[thing["id"]] = thing
    sums: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(at: int, currency: str, sort: str, amount: int) -> None:
        if amount:
            figure = sums[datetime.fromtimestamp(at, ZONE).date(), currency, sort]
            figure[0] += 1
            figure[1] += amount

    for thing in last.values():
        currency = thing["currency"]
        if thing["object"] == "invoice" and thing["status"] == "paid":
            other = thing.get("amount_paid_off_stripe") or 0
            at = thing["status_transitions"]["paid_at"]
            add(at, currency, "payment", thing["amount_paid"] - other)
            add(at, currency, "out-of-band", other)
        elif thing["object"] == "refund" and thing["status"] not in ("failed", "canceled"):
            add(thing["created"], currency, "refund", -thing["amount"])
        elif thing["object"] == "dispute" and thing["status"] in (
            "needs_response",
            "under_review",
            "lost",
        ):
            add(thing["created"], currency, "dispute", -thing["amount"])
    return {key: (count, amount) for key, (count, amount) in sums.items()}


async def our_figures(till: Till, first: date, last: date) -> Figures:
    days = Days(till.store)
    found: Figures = {}
    this = first
    while this <= last:
        for each in (await days.sums([day_span(this, ZONE)]))[0]:
            found[this, each.currency, str(each.sort)] = (each.count, each.amount_minor)
        this += timedelta(days=1)
    return found


async def offer(till: Till) -> None:
    hook = till.world.stand_in.hook
    for price, currency, amount in (("price_yen", "jpy", 990), ("price_dinar", "kwd", 3125)):
        await hook(
            "offer",
            id=price,
            product="prod_gold",
            name="Gold",
            unit_amount=amount,
            currency=currency,
        )


async def by_invoice(till: Till, reader: str) -> str:
    """A subscriber who pays by bank transfer: the customer's id."""
    v1 = till.world.v1
    customer = await v1.customers.create_async({"email": f"{reader}@news.example"})
    await v1.subscriptions.create_async(
        {
            "customer": customer.id,
            "items": [{"price": "price_gold"}],
            "collection_method": "send_invoice",
            "days_until_due": 30,
        }
    )
    await till.ledger.append(
        [acts.bind(customer.id, reader, by="ops", at=till.clock.now())], now=till.clock.now()
    )
    return str(customer.id)


class Lives:
    """What befalls some subscribers, month by month."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till, self.chance = till, chance
        self.disputed: set[str] = set()
        self.open_disputes: list[str] = []

    async def a_month(self) -> None:
        await self.till.pass_time(30.44 * DAY + self.chance.randrange(int(HOUR)))
        await self.transfers()
        charges = [
            each
            for each in self.till.world.stand_in.account.tables["charge"].values()
            if each["status"] == "succeeded" and each["id"] not in self.disputed
        ]
        if self.chance.random() < 0.5:
            charge = self.chance.choice(charges)
            left = charge["amount"] - charge["amount_refunded"]
            if left > 1:
                amount = self.chance.choice((left, left // 2))
                await self.till.world.v1.refunds.create_async(
                    {"charge": charge["id"], "amount": amount}
                )
        if self.chance.random() < 0.15:
            charge = self.chance.choice(charges)
            if not charge["amount_refunded"]:
                self.disputed.add(charge["id"])
                made = await self.till.world.stand_in.hook("dispute", charge=charge["id"])
                self.open_disputes.append(made["id"])
        if self.open_disputes and self.chance.random() < 0.5:
            dispute = self.open_disputes.pop()
            await self.till.world.stand_in.hook(
                "dispute/close", dispute=dispute, won=self.chance.random() < 0.5
            )

    async def transfers(self) -> None:
        """What is open is paid by a transfer that Stripe never sees."""
        page = await self.till.world.v1.invoices.list_async({"status": "open", "limit": 100})
        for invoice in page.data:
            if invoice.collection_method == "send_invoice":
                await self.till.world.v1.invoices.pay_async(invoice.id, {"paid_out_of_band": True})


def test_sums_of_many_years_equal_those_of_the_raw_webhooks(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await offer(till)
        for number, reader in enumerate(READERS[:-1]):
            await till.buy(reader, PRICES[number % len(PRICES)])
            await till.pass_time(7 * HOUR)
        await by_invoice(till, READERS[-1])
        lives = Lives(till, random.Random(5))
        first = datetime.fromtimestamp(till.clock.now(), ZONE).date() - timedelta(days=9)
        for _ in range(MONTHS):
            await lives.a_month()
        await till.hear()
        await till.settled()
        last = datetime.fromtimestamp(till.clock.now(), ZONE).date()
        expected = raw_figures(till.world.receiver.bodies)
        years = len(READERS) * (last - first).days / 365
        assert years >= (50 if WHOLE_LIVES else 5)
        assert {key[1] for key in expected} == set(DIGITS)
        assert {key[2] for key in expected} >= {"payment", "out-of-band", "refund"}
        assert sum(count for count, _ in expected.values()) > 7 * MONTHS
        assert await our_figures(till, first, last) == expected
        await rows_equal_raw(till)

    at_the_till(url, tmp_path, work, readers=READERS, plans=PLANS)


async def rows_equal_raw(till: Till) -> None:
    """Each row of the journal and of its export, to the minor unit of its currency."""
    raw = {
        event["id"]: (event["type"], event["data"]["object"])
        for event in map(json.loads, till.world.receiver.bodies)
    }
    words = Words(timezone="Europe/Paris")
    journal = Journal(till.store, TermKeys(["x" * 32]))
    place = journal_table.COLUMNS.index("amount")
    seen = 0
    async for rows in journal.all(Filter()):
        for row in rows:
            if row.entry.event_id not in raw:
                continue
            kind, thing = raw[row.entry.event_id]
            expected = shown_amount(kind, thing)
            assert row.amount_minor == expected, (kind, thing)
            cell = journal_table.cells(row, words, str)[place]
            if expected is None:
                assert cell is None
                continue
            digits = DIGITS[thing["currency"]]
            assert cell == Money(Decimal(expected) / 10**digits, digits)
            written = Csv([]).rows([[cell]]).decode().strip()
            assert written == f"{Decimal(expected) / 10**digits:.{digits}f}"
            seen += 1
    assert seen > 20 * MONTHS


def shown_amount(kind: str, thing: dict[str, Any]) -> int | None:
    if thing["object"] in ("refund", "dispute"):
        return -int(thing["amount"])
    if kind == "charge.refunded":
        return -int(thing["amount_refunded"])
    names = {
        "invoice": "total",
        "invoice_payment": "amount_paid",
        "charge": "amount",
        "checkout.session": "amount_total",
    }
    name = names.get(thing["object"])
    return None if name is None else thing[name]


# Stripe's figures beside ours.


async def counted(till: Till, this: date) -> tuple[list[day.Line], dict[str, Any]]:
    since, until = day_span(this, ZONE)
    days = Days(till.store)
    door = door_of(till.settings)
    try:
        found = await day_count.counted(days, Counting(door), since, until)
    finally:
        await door.close()
    assert found is not None
    said = json.loads(json.dumps(found.said()))
    return day.lines((await days.sums([(since, until)]))[0], said), said


def test_stripes_figures_stand_beside_ours_and_gaps_are_named(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await offer(till)
        await till.buy("ana")
        await till.buy("ben", "price_yen")
        this = datetime.fromtimestamp(till.clock.now(), ZONE).date()
        charge = next(iter(till.world.stand_in.account.tables["charge"].values()))
        await till.world.v1.refunds.create_async({"charge": charge["id"], "amount": 100})
        await till.hear()
        await till.settled()
        lines, said = await counted(till, this)
        figures = {(each.currency, str(each.sort)): (each.ours, each.stripe) for each in lines}
        assert figures == {
            ("eur", "payment"): ((1, 990), (1, 990)),
            ("eur", "refund"): ((1, -100), (1, -100)),
            ("jpy", "payment"): ((1, 990), (1, 990)),
        }
        assert all(each.gap == (0, 0) for each in lines)
        assert said["only_stripe"] == said["only_ours"] == []
        # A payment of ours whose webhook was lost, and one of another business.
        await till.buy("ana")
        await till.world.stand_in.settle()
        kinds = set(till.world.receiver.kinds())
        await till.hear(but=[kind for kind in kinds if kind.startswith("invoice")])
        stranger = await till.world.v1.customers.create_async({"email": "shop@else.example"})
        hook = till.world.stand_in.hook
        await hook("offer", id="price_mug", product="prod_mug", name="Mug", unit_amount=1500)
        session = await till.world.v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_mug", "quantity": 1}],
                "success_url": "https://shop.example/",
                "customer": stranger.id,
            }
        )
        await hook("pay", session=session.id)
        till.forget()
        await till.job.fold_due()
        lines, said = await counted(till, this)
        euros = next(each for each in lines if (each.currency, each.sort) == ("eur", Sort.PAYMENT))
        assert euros.gap == (1, 990)
        assert euros.others == (1, 1500)
        assert len(said["only_stripe"]) == 1

    at_the_till(url, tmp_path, work, plans=PLANS)


async def days_are_even(till: Till, first: date, last: date) -> Figures:
    """Stripe's figures of payments by day, each of which must be ours to the last unit."""
    found: Figures = {}
    this = first
    while this <= last:
        lines, said = await counted(till, this)
        assert all(each.gap in (None, (0, 0)) for each in lines), (this, lines)
        assert said["only_stripe"] == said["only_ours"] == []
        assert said["others"] == {}
        found |= {(this, each.currency, str(each.sort)): each.stripe or (0, 0) for each in lines}
        this += timedelta(days=1)
    return found


def test_a_direct_debit_is_of_the_day_on_which_it_was_paid(url: str, tmp_path: Path) -> None:
    """It is charged days before; and a card's charge may be made a moment before midnight."""

    async def work(till: Till) -> None:
        first = datetime.fromtimestamp(till.clock.now(), ZONE).date()
        await till.buy("ana", card=DEBIT)
        await till.pass_time(2 * DAY)
        await till.buy("ben")
        for _ in range(40):
            await till.pass_time(DAY)
        await till.hear()
        await till.settled()
        last = datetime.fromtimestamp(till.clock.now(), ZONE).date()
        ours = await our_figures(till, first, last)
        assert sum(count for count, _ in ours.values()) == 4
        assert await days_are_even(till, first, last) == ours
        charges = till.world.stand_in.account.tables["charge"].values()
        made = {datetime.fromtimestamp(each["created"], ZONE).date() for each in charges}
        assert made != {day for day, _, _ in ours}
        # The export says the same days, which is what an accountant adds up.
        moved = journal_table.COLUMNS.index("moved")
        words = Words(timezone="Europe/Paris")
        shown = set()
        async for rows in Journal(till.store, TermKeys(["x" * 32])).all(Filter()):
            for row in rows:
                at = journal_table.cells(row, words, str)[moved]
                shown |= {at.date()} if isinstance(at, datetime) else set()
        assert shown == {day for day, _, _ in ours}

    at_the_till(url, tmp_path, work)


def test_a_charge_before_midnight_is_of_the_day_of_its_invoice() -> None:
    ours = [_movement("in_1", customer_id="cus_1", at=DAY + 1)]
    stripes = [_movement("ch_a", customer_id="cus_1", charge_id="ch_a", at=DAY - 2)]
    days = [
        day.count(stripes, ours, known={"cus_1"}, since=since, until=since + DAY)
        for since in (0.0, DAY)
    ]
    assert [each.ours for each in days] == [{}, {"eur": {"payment": [1, 990]}}]
    assert [[*each.only_stripe, *each.only_ours] for each in days] == [[], []]


def test_what_stripe_gave_no_moment_is_counted_on_no_day_and_said(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        from tests.money.telling import event, invoice, subscription

        now = int(till.clock.now())
        bind = acts.bind("cus_1", "ana", by="ops", at=0.0)
        sub = subscription(items=[{"id": "si", "price": {"id": "price_gold"}, "quantity": 1}])
        await till.ledger.append(
            [bind, event("e1", sub, at=now), event("e2", invoice(1), at=now)], now=float(now)
        )
        await till.job.fold_due()
        assert await Days(till.store).timeless() == 1

    at_the_till(url, tmp_path, work, plans=PLANS)


def test_lines_say_what_isnt_known() -> None:
    from gateway.model.movement import Sum

    sums = [Sum("eur", Sort.PAYMENT, 2, 1980), Sum("eur", Sort.OUT_OF_BAND, 1, 990)]
    unasked = day.lines(sums, None)
    assert [(each.stripe, each.gap) for each in unasked] == [(None, None), (None, None)]
    asked = day.lines(sums, {"stripe": {"usd": {"payment": [1, 5]}}, "others": {}})
    assert [(each.currency, each.ours, each.stripe, each.gap) for each in asked] == [
        ("eur", (2, 1980), (0, 0), (-2, -1980)),
        ("eur", (1, 990), None, None),
        ("usd", (0, 0), (1, 5), (1, 5)),
    ]


def _movement(object_id: str, **changed: Any) -> Movement:
    told: dict[str, Any] = {
        "object_id": object_id,
        "sort": Sort.PAYMENT,
        "at": 1.0,
        "currency": "eur",
        "amount_minor": 990,
        "number": 1,
    }
    return Movement(**told | changed)


def test_charges_are_matched_by_name_first_and_then_each_once() -> None:
    ours = [
        _movement("in_1", customer_id="cus_1"),
        _movement("in_2", customer_id="cus_1", payment_id="pi_2"),
    ]
    stripes = [
        _movement("ch_a", customer_id="cus_1", payment_id="pi_2", charge_id="ch_a"),
        _movement("ch_b", customer_id="cus_1", payment_id="pi_b", charge_id="ch_b"),
        _movement("ch_c", customer_id="cus_1", payment_id="pi_c", charge_id="ch_c"),
        _movement("ch_d", customer_id="cus_9", charge_id="ch_d"),
        _movement("ch_e", customer_id="cus_1", charge_id="ch_e", currency="usd"),
    ]
    found = day.count(stripes, ours, known={"cus_1"}, since=0.0, until=DAY)
    assert found.ours == {"eur": {"payment": [3, 2970]}, "usd": {"payment": [1, 990]}}
    assert found.others == {"eur": {"payment": [1, 990]}}
    assert found.only_stripe == ["ch_c", "ch_e"]
    assert found.only_ours == []


# The work list.


def test_a_finding_is_worked_off_and_comes_again_with_news(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        from gateway.model.finding import Progress
        from gateway.money.entries.acts import Act
        from tests.money.telling import event, subscription

        works = WorkList(till.store)
        now = till.clock.now()

        async def hear(event_id: str, *, at: float) -> None:
            sub = subscription(
                customer="cus_9", items=[{"id": "si", "price": {"id": "price_gold"}, "quantity": 1}]
            )
            await till.ledger.append([event(event_id, sub, at=int(at))], now=now)
            await till.job.fold_due()

        await hear("e1", at=now)
        (item,) = await works.items()
        assert (item.finding.why, item.finding.subject) == ("payment-without-a-reader", "cus_9")
        assert await works.counts() == {"payment-without-a-reader": 1}
        draft = acts.worked(Act.ASSIGNED, item.finding, by="ops", at=now, to="ops@x")
        note = acts.worked(Act.NOTED, item.finding, by="ops", at=now, note="rang her")
        done = acts.worked(Act.DONE, item.finding, by="ops", at=now)
        await till.ledger.append([draft, note, done], now=now)
        await till.job.fold_due()
        assert await works.items() == []
        (item,) = await works.items(progress=Progress.DONE)
        assert item.finding.assignee == "ops@x"
        assert [each.kind for each in await works.acts([item.finding.key])] == [
            "assigned",
            "noted",
            "done",
        ]
        await hear("e2", at=now + 5)
        (item,) = await works.items(assignee="ops@x")
        assert item.progress is Progress.OPEN
        assert await works.items(assignee="") == []
        await till.ledger.append([acts.bind("cus_9", "ana", by="ops", at=now)], now=now)
        await till.job.fold_due()
        assert await works.items() == []
        (item,) = await works.items(progress=Progress.SETTLED)
        assert item.finding.subject == "cus_9"

    at_the_till(url, tmp_path, work, plans=PLANS)


def test_deadlines_come_first_and_pages_hang_together(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.buy("ana")
        charge = next(iter(till.world.stand_in.account.tables["charge"].values()))
        await till.world.stand_in.hook("dispute", charge=charge["id"])
        await till.hear()
        await till.settled()
        from tests.money.telling import event, subscription

        for number in range(60):
            sub = subscription(
                id=f"sub_{number}",
                customer=f"cus_{number}",
                items=[{"id": "si", "price": {"id": "price_gold"}, "quantity": 1}],
            )
            await till.ledger.append([event(f"e{number}", sub, at=int(till.clock.now()))], now=9.0)
        await till.job.fold_due()
        works = WorkList(till.store)
        # Several may be found of one entry.
        await till.store.execute(update(work_item).values(number=7))
        seen = []
        after: tuple[float, int, int] | None = None
        while page := await works.items(after=after):
            shown = page[:25]
            seen += [each.finding.subject for each in shown]
            last = shown[-1].finding
            due = last.due if last.due is not None else 32_503_680_000.0
            after = (due, last.number, shown[-1].id)
        assert len(seen) == len(set(seen)) == 61
        first = (await works.items())[0]
        assert first.finding.why == "disputed"
        assert first.finding.due is not None

    at_the_till(url, tmp_path, work, plans=PLANS)
