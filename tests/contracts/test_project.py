"""From a webhook in the ledger to what its reader may read, on both databases; replay and proof."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text

from gateway.errors import Faults
from gateway.model.entitlement import Entitlement
from gateway.model.entry import Draft, Entry, Head
from gateway.model.mark import Mark, State, Why
from gateway.model.reader import Reader
from gateway.money.applying import apply_rules
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.erasing import erase
from gateway.money.folding.fold import Want, newest_rules
from gateway.money.folding.rules import Rules
from gateway.money.project import Difference, Projector
from gateway.money.proof import export, head_of, verify
from gateway.stores.books import Books
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.news import News
from gateway.stores.payloads import Payloads
from gateway.stores.sessions import Readers
from tests.money.stories import FIRST, sub
from tests.money.telling import (
    ACTS,
    DAY,
    MONTH,
    NOON,
    charge,
    dispute,
    event,
    fetched,
    invoice,
    item,
    payment,
    subscription,
    thin,
)


class Clock:
    def __init__(self) -> None:
        self.time = float(NOON)

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class House:
    """A store, and what works on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.ledger, self.work = Ledger(store), LedgerWork(store)
        self.holdings = Holdings(store)
        self.projector = Projector(
            ledger=self.ledger,
            work=self.work,
            holdings=self.holdings,
            clock=self.clock,
            books=Books(store),
        )

    async def append(self, *drafts: Draft) -> None:
        await self.ledger.append(drafts, now=self.clock.time)

    async def ends(self, reader: str) -> dict[str, float]:
        return {each.tier: each.ends_at for each in (await self.holdings.held([reader]))[reader]}

    async def marks(self) -> dict[str, Mark]:
        entries = await self.ledger.read(after=0, limit=999)
        marks = await self.work.marks([entry.number for entry in entries])
        return {entry.event_id: marks[entry.number] for entry in entries}


def using(
    url: str, work: Callable[[House], Awaitable[None]], readers: Sequence[str] = ("ana",)
) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            for reader in readers:
                await Readers(store).add(Reader(id=reader), now=NOON)
            await work(House(store))
        finally:
            await store.close()

    asyncio.run(main())


APPLIED = Mark(State.APPLIED)


def test_what_was_received_is_applied_once_and_told(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON))
        done = await house.projector.apply_due()
        assert (done.entries, set(done.readers), len(done.failed)) == (4, {"ana"}, 0)
        assert await house.ends("ana") == {"gold": FIRST}
        assert [each.key for each in await News(house.store).since(0)] == ["ana"]
        assert (await house.marks())["e1"] == APPLIED
        await house.append(sub("e1", "active", NOON), sub("e2", "active", NOON + 1))
        again = await house.projector.apply_due()
        assert again.entries == 1
        assert (await house.projector.apply_due()).entries == 0

    using(url, work)


def test_applying_again_changes_and_tells_nothing(url: str) -> None:
    """As after being cut off before the marks were written."""

    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON))
        await house.projector.apply_due()
        received = dict.fromkeys(range(1, 5), Mark(State.RECEIVED))
        await house.work.mark(received, now=NOON)
        again = await house.projector.apply_due()
        assert (again.entries, again.readers) == (4, frozenset())
        assert len(await News(house.store).since(0)) == 1

    using(url, work)


def test_a_later_event_closes_what_an_earlier_one_opened(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON))
        await house.projector.apply_due()
        await house.append(sub("e2", "canceled", NOON + DAY))
        assert (await house.projector.apply_due()).readers == {"ana"}
        assert await house.ends("ana") == {}

    using(url, work)


def test_a_hint_waits_for_its_answer_and_comes_up_again(url: str) -> None:
    async def work(house: House) -> None:
        hint = thin("t", "subscription", "sub_1", at="2027-01-15T08:00:01Z")
        await house.append(*ACTS, hint)
        await house.projector.apply_due()
        await house.projector.apply_due()
        assert (await house.marks())["t"] == Mark(State.RECEIVED, Why.TO_BE_FETCHED)
        assert await house.work.due(now=house.clock.time, limit=9) == []
        house.clock.time += 60
        assert len(await house.work.due(now=house.clock.time, limit=9)) == 1
        await house.append(fetched(subscription(), at=NOON + 1))
        await house.projector.apply_due()
        assert (await house.marks())["t"] == APPLIED
        assert await house.ends("ana") == {"gold": FIRST}

    using(url, work)


def test_new_plans_fold_everything_anew(url: str) -> None:
    async def work(house: House) -> None:
        other = acts.bind("cus_2", "bob", by="ops", at=1.0)
        await house.append(*ACTS, other, sub("e1", "active", NOON))
        await house.append(sub("e2", "active", NOON, id="sub_2", customer="cus_2"))
        await house.projector.apply_due()
        await house.append(acts.plans({"price_gold": ["gold", "club"]}, at=2.0))
        done = await house.projector.apply_due()
        assert done.readers == {"ana", "bob"}
        for reader in ("ana", "bob"):
            assert await house.ends(reader) == {"gold": FIRST, "club": FIRST}
        assert (await house.marks())[ACTS[0].event_id] == Mark(State.IGNORED, Why.SUPERSEDED)

    using(url, work, ("ana", "bob"))


def test_plans_and_settings_are_written_down_when_they_change_and_pinned_to_one_account(
    url: str,
) -> None:
    async def work(house: House) -> None:
        async def apply(prices: dict[str, list[str]], **values: object) -> list[str]:
            clock = house.clock
            clock.time += 1
            done = await apply_rules(house.ledger, prices=prices, values=values, now=clock.time)
            return [draft.kind for draft in done]

        gold = {"price_gold": ["gold"]}
        assert await apply(gold, unpaid="none") == [Act.PLANS, Act.SETTINGS]
        assert await apply(gold, unpaid="none") == []
        assert await apply(gold, unpaid="none", account="acct_1", livemode=True) == [Act.SETTINGS]
        # Stripe is away, and doesn't say whose key it is: what is known stays.
        assert await apply(gold, unpaid="none") == []
        assert await apply(gold, unpaid="access") == [Act.SETTINGS]
        for other in ({"account": "acct_2"}, {"livemode": False}):
            with pytest.raises(Faults, match="belongs to another Stripe"):
                await apply(gold, unpaid="access", **other)
        assert await apply({**gold, "price_b": ["b"]}, unpaid="access") == [Act.PLANS]
        assert await apply(gold, unpaid="access") == [Act.PLANS], "an earlier version may come back"
        rules = newest_rules(await house.ledger.read(after=0, limit=99))
        assert rules == Rules(
            tiers={"price_gold": ("gold",)}, unpaid="access", account="acct_1", livemode=True
        )

    using(url, work)


def test_one_entry_that_cant_be_folded_holds_up_no_other(url: str) -> None:
    async def work(house: House) -> None:
        odd = subscription(id="sub_9", customer="cus_9")
        broken = replace(event("broken", odd), facts={"id": "sub_9", "items": 7})
        await house.append(*ACTS)
        await house.projector.apply_due()
        await house.append(broken, sub("e1", "active", NOON))
        done = await house.projector.apply_due()
        assert [number for number, _ in done.failed] == [4]
        assert await house.ends("ana") == {"gold": FIRST}
        assert (await house.marks())["broken"] == Mark(State.RECEIVED, Why.FAILED)
        assert await house.work.tries([4]) == {4: (1, 0)}
        await house.append(acts.plans({"price_gold": ["gold", "club"]}, at=2.0))
        again = await house.projector.apply_due()
        assert [number for number, _ in again.failed] == [4]
        assert await house.ends("ana") == {"gold": FIRST, "club": FIRST}
        assert await house.projector.replay() == []

    using(url, work)


def test_a_reader_without_an_account_is_paid_for_by_nobody(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON))
        await house.projector.apply_due()
        assert (await house.marks())["e1"] == Mark(State.NEEDS_A_PERSON, Why.NO_READER)

    using(url, work, ())


def test_what_to_ask_stripe_is_told(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS)
        await house.projector.apply_due()
        house.clock.time += MONTH
        await house.append(sub("e1", "active", NOON))
        assert (await house.projector.apply_due()).wants == {Want("subscription", "sub_1")}

    using(url, work)


async def lived(house: House) -> None:
    """Some life: many customers of many readers, in no order."""
    drafts = [*ACTS]
    for number in range(40):
        customer, reader = f"cus_x{number}", f"r{number % 7}"
        drafts.append(acts.bind(customer, reader, by="ops", at=float(number)))
        both = {"id": f"sub_x{number}", "customer": customer, "items": [item("price_both")]}
        drafts.append(sub(f"x{number}", "active", NOON + number, **both))
        if number % 3 == 0:
            drafts.insert(3, sub(f"y{number}", "canceled", NOON + DAY, **both))
    await house.append(*drafts)
    while (await house.projector.apply_due(limit=25)).entries:
        pass


LIVED = ("ana", *(f"r{number}" for number in range(7)))


def test_a_replay_rebuilds_the_same_from_nothing(url: str) -> None:
    async def work(house: House) -> None:
        await lived(house)
        assert len(await house.ends("r1")) == 2
        assert await house.projector.replay() == []
        told = await News(house.store).last()
        held = (await house.holdings.held(["r1"]))["r1"]
        wrong = (Entitlement("platinum", 0.0, 1e12),)
        await house.holdings.entitle({"r1": wrong}, now=NOON)
        assert await house.projector.replay() == [Difference("r1", wrong, held)]
        assert await house.projector.replay(mend=True) == [Difference("r1", wrong, held)]
        assert await house.projector.replay() == []
        assert await News(house.store).last() == told + 2

    using(url, work, LIVED)


def test_who_holds_what_no_entry_names_is_shown(url: str) -> None:
    async def work(house: House) -> None:
        stray = (Entitlement("gold", 0.0, 1e12),)
        await house.holdings.entitle({"ana": stray}, now=NOON)
        assert await house.projector.replay(mend=True) == [Difference("ana", stray, ())]

    using(url, work)


def test_after_an_erasure_verify_and_replay_still_hold(url: str) -> None:
    async def work(house: House) -> None:
        await lived(house)
        before = await verify(house.ledger)
        payloads = Payloads(house.store)
        await house.append(event("d", dispute(), at=NOON), fetched(payment()))
        paid = invoice(subscription="sub_x1", customer="cus_x1")
        await house.append(event("i", paid), event("s", subscription(customer="cus_other")))
        theirs = await house.ledger.story(await house.ledger.of_reader("r1"))
        sealed = [e.number for e in theirs if await payloads.payload(e.number) is not None]
        assert len(sealed) > 5
        assert {"d", "i", "x1", "x8"} <= {entry.event_id for entry in theirs}
        await erase(house.ledger, payloads, "r1", by="r1", now=NOON)
        await house.append(event("late", charge() | {"customer": None}), event("late2", paid))
        late = await house.ledger.read(after=(await house.ledger.head()).number - 2, limit=2)
        for number in (*sealed, *(entry.number for entry in late)):
            assert await payloads.payload(number) is None
        assert await payloads.payload((await house.ledger.objects(["sub_1"]))[0].number)
        while (await house.projector.apply_due()).entries:
            pass
        assert await house.ends("r1") == {}
        assert await house.projector.replay() == []
        verified = await verify(house.ledger, head=before.head)
        assert (verified.faults, verified.entries) == ((), before.entries + 7)

    using(url, work, LIVED)


CHANGED = [each.name for each in fields(Entry)]


@pytest.mark.parametrize("name", CHANGED)
def test_a_single_changed_value_is_found(url: str, name: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON), sub("e2", "active", NOON))
        head = await house.ledger.head()
        await tamper(house.store, f"UPDATE ledger SET {name} = {changed(name)} WHERE number = 4")
        faults = (await verify(house.ledger, head=head)).faults
        assert any("entry 4" in fault or "entry 5 follows" in fault for fault in faults), faults

    using(url, work)


TEXTS = [each for each in CHANGED if each not in ("number", "at", "observed_at", "livemode")]


def test_any_single_changed_byte_is_found(url: str) -> None:
    """At places drawn by lot, in whatever entry and column has one."""
    chance = random.Random(20)

    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON), sub("e2", "active", NOON))
        head = await house.ledger.head()
        entries = await house.ledger.read(after=0, limit=9)
        for _ in range(25):
            entry = chance.choice(entries)
            name = chance.choice([each for each in TEXTS if getattr(entry, each)])
            before = str(getattr(entry, name))
            at = chance.randrange(len(before))
            other = chr(ord(before[at]) ^ 1)  # one bit of one byte
            after = before[:at] + other + before[at + 1 :]
            where = f"WHERE number = {entry.number}"
            await tamper(house.store, f"UPDATE ledger SET {name} = {quoted(after, url)} {where}")
            assert (await verify(house.ledger, head=head)).faults, (entry.number, name, at)
            await tamper(house.store, f"UPDATE ledger SET {name} = {quoted(before, url)} {where}")
            assert (await verify(house.ledger, head=head)).faults == ()

    using(url, work)


def quoted(value: str, url: str) -> str:
    """A colon would begin a parameter, where SQLAlchemy reads the statement."""
    plain = value.replace("'", "''")
    return f"'{plain}'" if is_sqlite(url) else "'{}'".format(plain.replace(":", "\\:"))


def changed(name: str) -> str:
    if name in ("number", "at", "observed_at"):
        return f"{name} + 0.5" if name != "number" else "9"
    if name == "livemode":
        return "NULL"
    if name == "amount_minor":
        return "1"
    return "'x'"


async def tamper(store: Store, statement: str) -> None:
    """As someone who owns the database may."""
    if is_sqlite(store.url):
        with sqlite3.connect(make_url(store.url).database or "") as file:
            names = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                file.execute(f"DROP TRIGGER {name}")
            file.execute(statement)
        file.close()
        return

    def change(connection: Connection) -> None:
        # Triggers and foreign keys rest as for a replica; the schema stays for whoever comes next.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))

    await store.write(change)


def test_a_cut_tail_is_found_by_the_head_that_was_written_down(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON), sub("e2", "active", NOON))
        head = await house.ledger.head()
        assert (await verify(house.ledger, head=head)).faults == ()
        await tamper(house.store, "DELETE FROM ledger WHERE number >= 4")
        assert (await verify(house.ledger)).faults == ()
        assert (await verify(house.ledger, head=head)).faults == (
            "the ledger ends at entry 3: 5 was there",
        )
        for around in ("ledger_work WHERE number", "payload WHERE number", "delivery WHERE entry"):
            await tamper(house.store, f"DELETE FROM {around} >= 4")
        await house.append(sub("f1", "canceled", NOON), sub("f2", "canceled", NOON))
        assert (await verify(house.ledger, head=head)).faults == (
            "entry 5 isn't the one that --head names",
        )

    using(url, work)


def test_a_missing_entry_is_found(url: str) -> None:
    async def work(house: House) -> None:
        await house.append(*ACTS, sub("e1", "active", NOON))
        await tamper(house.store, "DELETE FROM ledger WHERE number = 2")
        faults = (await verify(house.ledger)).faults
        assert faults == ("entry 3 follows entry 1", "entry 3 doesn't continue the chain")

    using(url, work)


@pytest.mark.parametrize(
    "written", ["", "5", "5:abc", "0:" + "0" * 64, "-1:" + "0" * 64, "5:" + "G" * 64]
)
def test_what_is_no_head(written: str) -> None:
    assert head_of(written) is None
    assert head_of(f"5:{'ab' * 32}\n") == Head(5, "ab" * 32)


def test_the_export_says_everything_and_no_cell_is_a_formula(url: str) -> None:
    async def work(house: House) -> None:
        paid = event("=HYPERLINK(1)", {"object": "invoice", "id": "@in", "total": -950})
        isk = {"object": "charge", "id": "ch_1", "amount": 500, "currency": "isk"}
        yen = isk | {"id": "ch_2", "currency": "zzz"}
        await house.append(*ACTS, paid, event("e2", isk), event("e3", yen))
        entries = await house.ledger.read(after=0, limit=99)
        lines = [line async for line in export(house.ledger, form="jsonl")]
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        assert [row["hash"] for row in rows] == [entry.hash for entry in entries]
        assert rows[0]["facts"] == ACTS[0].facts
        assert [row["amount"] for row in rows[3:]] == ["", "5.00", ""]
        table = "".join([line async for line in export(house.ledger, form="csv")])
        cells = list(csv.DictReader(io.StringIO(table, newline="")))
        assert [row["event_id"] for row in cells][3:] == ["'=HYPERLINK(1)", "e2", "e3"]
        assert (cells[3]["object_id"], cells[3]["amount_minor"]) == ("'@in", "-950")
        assert len(cells) == len(rows) == 6

    using(url, work)
