"""The journal on both databases: every filter against one that reads all entries one by one; pages that
nothing moves; terms that find people until they are erased, and of which nothing can be read.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, make_url, select, text, update

from gateway.console.journal import asked
from gateway.model.amount import EXPONENTS
from gateway.model.entry import Draft
from gateway.model.journal import Filter, Row, Shown, Word
from gateway.model.mark import Mark, State
from gateway.model.reader import Reader
from gateway.money import erasing
from gateway.money.entries import acts
from gateway.money.entries.terms import address_term, card_term, number_term, terms
from gateway.stores import journal as journal_store
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.journal import Journal
from gateway.stores.journal_schema import journal_mark, journal_term
from gateway.stores.journal_terms import JournalTerms, TermKeys
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.money_schema import ledger_work
from gateway.stores.payloads import Payloads
from gateway.stores.sessions import Readers
from tests.money.telling import NOON, charge, dispute, event, fetched, invoice, refund, subscription

ZONE = ZoneInfo("Europe/Paris")
KEYS = TermKeys(["a secret of the config"])
HOUR = 3600
STATES = [
    Mark(State.APPLIED),
    Mark(State.APPLIED),
    Mark(State.IGNORED, "kind-not-used"),
    Mark(State.NOT_OURS, "other-business"),
    Mark(State.NEEDS_A_PERSON, "payment-without-a-reader"),
    Mark(State.NEEDS_A_PERSON, "disputed"),
]
Using = Callable[[Store], Awaitable[None]]


def using(url: str, work: Using) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def some(chance: random.Random, number: int) -> Draft:
    customer = f"cus_{chance.randrange(9)}"
    amount = chance.choice((900, 990, 9900, 17))
    currency = chance.choice(("eur", "eur", "jpy", "kwd"))
    money = {"amount": amount, "total": amount, "currency": currency, "customer": customer}
    things: list[dict[str, Any]] = [
        subscription(id=f"sub_{number % 7}", customer=customer),
        invoice(1, id=f"in_{number}", customer_email=f"{customer}@x.example")
        | {"number": f"LC-{number}"}
        | money,
        charge(1, id=f"ch_{number}")
        | money
        | {"payment_method_details": {"card": {"last4": chance.choice(("4242", "0341"))}}},
        refund(1) | {"id": f"re_{number}"} | money,
        dispute(1) | {"id": f"dp_{number}"} | money,
    ]
    thing = chance.choice(things)
    if chance.random() < 0.2:
        return fetched(thing, at=NOON + number * HOUR)
    late = chance.choice((1, 2, 90, 700, 4000, 90_000))
    return event(f"evt_{number}", thing, at=NOON + number * HOUR - late)


async def fill(store: Store, count: int = 400) -> list[Row]:
    """Entries over some weeks; a clock that once went back; and all rows, read without any filter."""
    chance = random.Random(7)
    ledger, work = Ledger(store), LedgerWork(store)
    await Readers(store).add(Reader(id="ana", email="ana@site.example"), now=NOON)
    bind = acts.bind("cus_3", "ana", by="checkout", at=0.0)
    await ledger.append([bind], now=float(NOON))
    for number in range(count):
        back = -3000 if number % 50 == 0 else 0
        draft = some(chance, number)
        times = chance.choice((1, 1, 1, 2, 4))
        for _ in range(times):
            await ledger.append([draft], now=float(NOON + number * HOUR + back))
    head = (await ledger.head()).number
    marks = {number: chance.choice(STATES) for number in range(1, head - 20)}
    await work.mark(marks, now=1.0)
    await work.failed(dict.fromkeys(range(9, head, 60), "KeyError('x')"), now=1.0)
    reading = JournalTerms(store, KEYS, terms)
    while await reading.read_on(limit=90):
        pass
    journal = Journal(store, KEYS)
    rows = [row async for some_rows in journal.all(Filter()) for row in some_rows]
    assert [row.entry.number for row in rows] == list(range(head, 0, -1))
    return rows


class Model:
    """A filter that looks at each row, and knows the payloads."""

    def __init__(self, rows: list[Row], said: dict[int, tuple[str, ...]]) -> None:
        self.rows = rows
        self.said = said

    def holds(self, row: Row, wanted: Filter) -> bool:
        entry = row.entry
        amount = None if entry.amount_minor is None else abs(entry.amount_minor)
        low, high = wanted.amount_min, wanted.amount_max
        in_range = (low is None and high is None) or (
            amount is not None
            and (low is None or amount >= low)
            and (high is None or amount <= high)
        )
        return (
            wanted.state in (None, row.state)
            and wanted.reason in ("", row.reason)
            and wanted.kind in ("", entry.kind)
            and wanted.source in ("", entry.source)
            and wanted.currency in ("", entry.currency)
            and in_range
            and (not wanted.reader or self.of_people(row, [wanted.reader], []))
            and (wanted.since is None or entry.at >= wanted.since)
            and (wanted.until is None or entry.at < wanted.until)
            and row.deliveries >= wanted.deliveries_min
            and (not wanted.lag_min or (row.lag_seconds or 0.0) >= wanted.lag_min)
            and all(self.answers(row, word) for word in wanted.words)
        )

    def of_people(self, row: Row, readers: list[str], customers: list[str]) -> bool:
        theirs = {each.entry.customer_id for each in self.rows if each.entry.reader in readers}
        theirs |= set(customers)
        return row.entry.reader in readers or row.entry.customer_id in theirs - {""}

    def answers(self, row: Row, word: Word) -> bool:
        entry = row.entry
        names = "event object customer subscription invoice charge payment".split()
        ids = {getattr(entry, f"{name}_id") for name in names} | {entry.reader}
        digits = EXPONENTS.get(entry.currency, 2)
        amounts = {each.minor for each in word.amounts if each.exponent == digits}
        readers = ["ana"] if word.address == "ana@site.example" else []
        owners = [
            each.entry.customer_id
            for each in self.rows
            if word.address and address_term(word.address) in self.said.get(each.entry.number, ())
        ]
        return (
            (word.id != "" and word.id in ids)
            or (entry.amount_minor is not None and abs(entry.amount_minor) in amounts)
            or any(since <= entry.at < until for since, until in word.days)
            or any(term in self.said.get(entry.number, ()) for term in word.terms)
            or self.of_people(row, readers, owners)
        )


SEARCHES: list[dict[str, str]] = [
    {},
    *({"state": str(state)} for state in Shown),
    {"why": "disputed"},
    {"kind": "invoice.updated"},
    {"kind": "refund.updated", "state": "needs-a-person"},
    {"source": "operator"},
    {"source": "api", "state": "applied"},
    {"reader": "ana"},
    {"reader": "nobody"},
    {"currency": "jpy"},
    {"currency": "eur", "amount": "9,90"},
    {"currency": "jpy", "amount": "990"},
    {"currency": "kwd", "amount": "0.99"},
    {"amount": "9.90"},
    {"amount": "990"},
    {"currency": "eur", "amount": "5 .. 20"},
    {"currency": "eur", "amount": ">= 50"},
    {"currency": "eur", "amount": "<1"},
    {"sent": "2"},
    {"sent": "3", "state": "failed"},
    {"late": "60"},
    {"late": "3600", "kind": "charge.updated"},
    {"day": "2027-01-20"},
    {"day": "20/01/2027", "state": "applied"},
    {"month": "2027-01"},
    {"month": "2027-02", "kind": "invoice.updated", "sent": "2"},
    {"month": "2031-02"},
    {"q": "sub_3"},
    {"q": "cus_3 990"},
    {"q": "in_40"},
    {"q": "LC-40"},
    {"q": "lc-40"},
    {"q": "4242"},
    {"q": "0341", "state": "applied"},
    {"q": "cus_3@x.example"},
    {"q": "CUS_3@X.example 9,90€"},
    {"q": "ana@site.example"},
    {"q": "nobody@site.example"},
    {"q": "2027-01-20"},
    {"q": "2027-01 9.90"},
    {"q": "evt_12 evt_13"},
    {"q": "%' OR 1=1 --"},
]


def test_every_filter_finds_what_reading_everything_finds(url: str) -> None:
    async def work(store: Store) -> None:
        rows = await fill(store)
        payloads = await Payloads(store).payloads([row.entry.number for row in rows])
        model = Model(rows, {number: terms(said) for number, (_, said) in payloads.items()})
        journal = Journal(store, KEYS)
        found_something = 0
        for search in SEARCHES:
            wanted = asked(search, zone=ZONE)
            assert wanted.wrong == {}, search
            expected = [row for row in rows if model.holds(row, wanted.filter)]
            found = [row async for some_rows in journal.all(wanted.filter) for row in some_rows]
            assert found == expected, search
            found_something += bool(found)
            assert await paged(journal, wanted.filter, rows=7, look=40) == expected, search
        assert found_something > len(SEARCHES) * 0.8, "filters that find nothing prove nothing"

    using(url, work)


async def paged(journal: Journal, wanted: Filter, *, rows: int, look: int) -> list[Row]:
    """All of it as a person turns the pages, each of which looks at few entries."""
    found: list[Row] = []
    before = 0
    while True:
        page = await journal.page(wanted, before=before, rows=rows, look=look)
        assert len(page.rows) <= rows
        found += page.rows
        if not page.before:
            return found
        assert page.before < (before or 1 << 62)
        before = page.before


def test_a_page_looks_at_so_many_entries_and_no_more(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_store, "_CHUNK", 10)

    async def work(store: Store) -> None:
        await fill(store, 150)
        journal = Journal(store, KEYS)
        rare = replace(asked({"q": "LC-3"}, zone=ZONE).filter, state=Shown.APPLIED)
        common = Filter(state=Shown.APPLIED, currency="xau")
        assert (await journal.page(rare)).before == 0
        page = await journal.page(common, look=20)
        assert page.rows == ()
        assert page.cut
        assert page.before
        again = await paged(journal, common, rows=50, look=20)
        assert again == []

    using(url, work)


def test_what_comes_in_meanwhile_moves_no_page(url: str) -> None:
    async def work(store: Store) -> None:
        await fill(store, 60)
        journal = Journal(store, KEYS)
        first = await journal.page(Filter(), rows=20)
        second = await journal.page(Filter(), rows=20, before=first.before)
        await Ledger(store).append([event("late", subscription())], now=9e9)
        assert await journal.page(Filter(), rows=20, before=first.before) == second
        newest = (await journal.page(Filter(), rows=20)).rows[0]
        assert newest.entry.event_id == "late"

    using(url, work)


def test_what_waits_is_counted_and_the_count_is_bounded(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(store: Store) -> None:
        rows = await fill(store, 200)
        journal = Journal(store, KEYS)
        of = [row.state for row in rows]
        expected = {
            each: of.count(Shown(each)) for each in ("received", "failed", "needs-a-person")
        }
        assert await journal.waiting() == expected | {"work": 0}
        monkeypatch.setattr(journal_store, "COUNTED_MAX", 3)
        assert max((await journal.waiting()).values()) == 4

    using(url, work)


def test_deliveries_before_this_version_are_counted_too(url: str) -> None:
    async def work(store: Store) -> None:
        draft = event("evt", subscription())
        for moment in (1.0, 2.0, 3.0):
            await Ledger(store).append([draft], now=moment)
        async with store.reading() as connection:
            times = await connection.execute(select(ledger_work.c.deliveries))
            assert times.scalars().all() == [3]

    using(url, work)


# Erasure.

LETTERS = "cus_7@x.example"


async def _known(store: Store) -> None:
    ledger = Ledger(store)
    await Readers(store).add(Reader(id="bo", email="bo@site.example"), now=NOON)
    thing = invoice(1, id="in_7", customer="cus_7", customer_email=LETTERS)
    thing["number"] = "LC-SECRET-7"
    paid = charge(1, id="ch_7", customer="cus_7") | {
        "payment_method_details": {"card": {"last4": "7391"}}
    }
    await ledger.append(
        [
            acts.bind("cus_7", "bo", by="ops", at=1.0, reason="bo@site.example wrote to us"),
            event("evt_a", thing),
            event("evt_b", paid),
            event("evt_other", charge(2, customer="cus_8") | {"receipt_email": "other@x.example"}),
        ],
        now=float(NOON),
    )


def test_terms_find_people_until_they_are_erased(url: str) -> None:
    async def work(store: Store) -> None:
        await _known(store)
        reading = JournalTerms(store, KEYS, terms)
        assert await reading.read_on() == 4
        assert await reading.read_on() == 0
        journal = Journal(store, KEYS)

        async def found(typed: str) -> list[str]:
            page = await journal.page(asked({"q": typed}, zone=ZONE).filter)
            return [row.entry.event_id for row in page.rows][::-1]

        assert await found("7391") == ["evt_b"]
        assert await found("lc-secret-7") == ["evt_a"]
        assert (await found(LETTERS))[1:] == ["evt_a", "evt_b"]
        await erasing.erase(Ledger(store), Payloads(store), "bo", by="ops", now=float(NOON))
        for typed in ("7391", "LC-SECRET-7", LETTERS):
            assert await found(typed) == [], typed
        assert await found("other@x.example") == ["evt_other"], "others are still found"
        async with store.reading() as connection:
            owners = await connection.execute(select(journal_term.c.owner).distinct())
            assert owners.scalars().all() == ["cus_8"]
        # What was read before the erasure and is written after it isn't kept.
        await _rewind(store)
        assert await reading.read_on() == 5
        assert await found("7391") == []

    using(url, work)


async def _rewind(store: Store) -> None:
    await store.write(lambda connection: connection.execute(update(journal_mark).values(number=0)))


def test_a_payload_that_is_erased_while_it_is_read_leaves_no_term(url: str) -> None:
    async def work(store: Store) -> None:
        await _known(store)
        reading = JournalTerms(store, KEYS, terms)
        opened = await reading._payloads.payloads([2, 3])

        async def read_before(numbers: object) -> dict[int, tuple[str, bytes]]:
            await Payloads(store).destroy(["cus_7"], now=float(NOON))
            return opened

        reading._payloads.payloads = read_before  # type: ignore[method-assign]  # another comes in between
        await reading.read_on()
        async with store.reading() as connection:
            counted = await connection.execute(select(func.count()).select_from(journal_term))
            assert counted.scalar() == 0

    using(url, work)


def test_no_personal_byte_is_in_the_store_before_or_after(url: str) -> None:
    """Not of what is searched for, in any spelling, nor a hash that could be made without the key."""
    from hashlib import sha256

    secrets = [LETTERS, "7391", "LC-SECRET-7", "lc-secret-7"]
    words = [address_term(LETTERS), card_term("7391"), number_term("LC-SECRET-7")]
    needles = [each.encode() for each in (*secrets, *words)]
    needles += [sha256(each.encode()).digest()[:8] for each in (*secrets, *words)]

    async def work(store: Store) -> None:
        await _known(store)
        await JournalTerms(store, KEYS, terms).read_on()
        hashed = KEYS.hash(card_term("7391"))
        assert any(hashed in each for each in await _bytes(store, url)), "the search would miss it"
        assert not _among(needles, await _bytes(store, url))
        await erasing.erase(Ledger(store), Payloads(store), "bo", by="ops", now=float(NOON))
        left = await _bytes(store, url)
        assert not _among(needles, left)
        if is_sqlite(url):
            assert not _among([hashed], left), "nor the hash itself"

    using(url, work)


def _among(needles: list[bytes], files: list[bytes]) -> list[bytes]:
    return [needle for needle in needles if any(needle in each for each in files)]


async def _bytes(store: Store, url: str) -> list[bytes]:
    """All that the database has of the journal's terms: its files, or every row with its bytes."""
    if is_sqlite(url):
        path = Path(make_url(url).database or "")
        beside = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
        return [each.read_bytes() for each in beside if each.exists()]
    async with store.reading() as connection:
        rows = await connection.execute(text("SELECT term, number, owner FROM journal_term"))
        return [b"".join((bytes(row[0]), json.dumps([row[1], row[2]]).encode())) for row in rows]


def test_another_key_reads_everything_anew_and_a_second_one_is_still_looked_for(url: str) -> None:
    async def work(store: Store) -> None:
        await _known(store)
        await JournalTerms(store, KEYS, terms).read_on()
        both = TermKeys(["a newer secret", "a secret of the config"])
        assert not await JournalTerms(store, both, terms).waits()
        assert await JournalTerms(store, both, terms).read_on() == 0
        wanted = asked({"q": "7391"}, zone=ZONE).filter
        assert len((await Journal(store, both).page(wanted)).rows) == 1
        await Ledger(store).append([event("evt_z", charge(3, customer="cus_8"))], now=float(NOON))
        assert await JournalTerms(store, both, terms).waits()
        assert await JournalTerms(store, both, terms).read_on() == 1
        assert await JournalTerms(store, TermKeys(["a newer secret"]), terms).read_on() == 5
        newest = TermKeys(["the newest secret"])
        assert (await Journal(store, newest).page(wanted)).rows == ()
        assert await JournalTerms(store, newest, terms).waits()
        assert await JournalTerms(store, newest, terms).read_on() == 5
        assert len((await Journal(store, newest).page(wanted)).rows) == 1

    using(url, work)
