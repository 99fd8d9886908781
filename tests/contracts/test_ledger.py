"""The ledger on both databases: it only grows, without gaps, and each event counts once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from gateway.errors import StoreUnavailable, WebhookRefused
from gateway.model.entry import GENESIS, Draft, Head, Source, chained, hash_of
from gateway.model.mark import Mark, State, Why
from gateway.money.entries.parse import parse
from gateway.money.ledger import Appender
from gateway.stores import money_schema
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.payloads import Payloads

NOON = 1_800_000_000.0


class Noon:
    def now(self) -> float:
        return NOON

    def monotonic(self) -> float:
        return 0.0


def draft(event_id: str = "evt_1", **changed: object) -> Draft:
    made = Draft(
        event_id=event_id,
        source=Source.WEBHOOK,
        kind="customer.subscription.updated",
        observed_at=NOON - 1,
        livemode=False,
        object_type="subscription",
        object_id="sub_1",
        subscription_id="sub_1",
        customer_id="cus_1",
        amount_minor=900,
        currency="eur",
        facts={"id": "sub_1", "é": [None, 1.5]},
        payload=b'{"id":"' + event_id.encode() + b'","name":"Ana Martin"}',
        hint=True,
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # fields by name


def using(url: str, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


async def count(store: Store, table: str) -> int:
    async with store.reading() as connection:
        found = await connection.execute(
            select(func.count()).select_from(getattr(money_schema, table))
        )
        number: int = found.scalar_one()
        return number


def test_what_is_appended_is_read_back_chained(url: str) -> None:
    async def work(store: Store) -> None:
        ledger = Ledger(store)
        assert await ledger.head() == Head(0, GENESIS)
        bare = draft("evt_2", livemode=None, amount_minor=None, facts={}, payload=b"", hint=False)
        done = await ledger.append([draft(), bare], now=NOON + 0.125)
        assert [(each.number, each.new) for each in done] == [(1, True), (2, True)]
        one, two = await ledger.read(after=0, limit=10)
        assert one == chained(draft(), number=1, previous_hash=GENESIS, at=NOON + 0.125)
        assert two == chained(bare, number=2, previous_hash=one.hash, at=NOON + 0.125)
        assert (hash_of(one), hash_of(two)) == (one.hash, two.hash)
        assert await ledger.head() == Head(2, two.hash)
        assert await ledger.read(after=1, limit=10) == [two]
        assert await ledger.read(after=0, limit=1) == [one]
        assert await ledger.entries({2, 1, 7}) == [one, two]

    using(url, work)


def test_whole_seconds_and_odd_values_are_hashed_as_they_are_read_back(url: str) -> None:
    """What a database gives back must be what was hashed, to the last bit."""

    async def work(store: Store) -> None:
        ledger = Ledger(store)
        odd = [
            draft("evt_1", observed_at=int(NOON)),
            draft("evt_2", observed_at=0.1 + 0.2, amount_minor=-(2**53) + 1, livemode=True),
            draft("evt_3", observed_at=1e-7, facts={"é\ud800": "\x00 \U0001f600", "a": 1e22}),
            draft("evt_4", kind=" x ", account="'", api_version="\\"),
        ]
        await ledger.append(odd, now=int(NOON))
        for entry in await ledger.read(after=0, limit=9):
            assert hash_of(entry) == entry.hash, entry

    using(url, work)


@pytest.mark.parametrize(
    "thing",
    [
        {"object": "subscription", "id": "\x00", "status": "\x00", "customer": "x" * 300},
        {"object": "x" * 255, "id": "y" * 255, "customer": "z" * 255},
        {"object": "invoice", "id": "in_1", "total": 2**53 - 1, "currency": "\ud800"},
        {"object": "charge", "id": "ch_1", "amount": 2**60, "currency": "EUR", "customer": "é"},
        {"object": "checkout.session", "id": "cs", "client_reference_id": "r" * 41},
        {"object": "refund", "id": "re_1", "status": "s" * 999, "reason": "'; DROP TABLE ledger"},
        {"object": "subscription", "items": {"data": [{"price": "p", "quantity": 10**30}] * 500}},
    ],
)
def test_no_event_that_parses_is_refused_by_a_database(url: str, thing: dict[str, object]) -> None:
    """Or one odd event would be redelivered for days, and take its whole batch along each time."""
    envelope = {"type": "k" * 255, "created": 1, "api_version": "v" * 99, "account": "a" * 255}

    async def work(store: Store) -> None:
        ids = ("e" * 255, "\U0001f600", "evt_1")
        raws = [json.dumps({"id": each, "data": {"object": thing}, **envelope}) for each in ids]
        drafts = [parse(raws[0].encode()), parse(raws[2].encode())]
        with pytest.raises(WebhookRefused):
            parse(raws[1].encode())
        done = await Ledger(store).append(drafts, now=NOON)
        assert [each.new for each in done] == [True, True]
        for entry in await Ledger(store).read(after=0, limit=9):
            assert hash_of(entry) == entry.hash

    using(url, work)


def test_an_event_counts_once_and_each_delivery_is_noted(url: str) -> None:
    """Redelivered bytes differ (``pending_webhooks``): the event's id alone says that it is known."""

    async def work(store: Store) -> None:
        ledger = Ledger(store)
        again = draft(payload=b"{}")
        done = await ledger.append([draft(), again, draft("evt_2")], now=NOON)
        done += await ledger.append([again, draft("evt_2"), draft("evt_3")], now=NOON + 1)
        assert [(each.number, each.new) for each in done] == [
            (1, True),
            (1, False),
            (2, True),
            (1, False),
            (2, False),
            (3, True),
        ]
        assert await count(store, "ledger") == 3
        assert await count(store, "ledger_work") == 3
        assert await count(store, "delivery") == 6
        assert (await ledger.read(after=0, limit=1))[0].payload_sha256 == draft().payload_sha256

    using(url, work)


def test_one_event_a_thousand_times_at_once_is_one_entry(url: str) -> None:
    async def work(store: Store) -> None:
        workers = [Appender(ledger=Ledger(store), clock=Noon()) for _ in range(3)]
        done = await asyncio.gather(
            *(workers[number % 3].append(draft()) for number in range(1000))
        )
        assert [each.new for each in done].count(True) == 1
        assert {each.number for each in done} == {1}
        assert await count(store, "ledger") == 1
        assert await count(store, "delivery") == 1000

    using(url, work)


def test_writers_at_once_leave_no_gap_and_one_chain(url: str) -> None:
    async def work(store: Store) -> None:
        ledger = Ledger(store)
        batches = [[draft(f"evt_{a}_{b}") for b in range(a % 4 + 1)] for a in range(24)]
        await asyncio.gather(*(ledger.append(batch, now=NOON) for batch in batches))
        entries = await ledger.read(after=0, limit=1000)
        assert [each.number for each in entries] == list(range(1, 61))
        before = GENESIS
        for each in entries:
            assert (each.previous_hash, each.hash) == (before, hash_of(each))
            before = each.hash

    using(url, work)


def test_nothing_of_a_batch_that_fails_stays(url: str) -> None:
    async def work(store: Store) -> None:
        ledger = Ledger(store)
        await ledger.append([draft()], now=NOON)
        unwritable = draft("evt_3", amount_minor=1 << 70)
        with pytest.raises((StoreUnavailable, OverflowError)):
            await ledger.append([draft("evt_2"), unwritable], now=NOON)
        assert (await ledger.head()).number == 1
        done = await ledger.append([draft("evt_2")], now=NOON)
        assert (done[0].number, done[0].new) == (2, True)

    using(url, work)


COLUMNS = ", ".join(column.name for column in money_schema.ledger.columns)


def copying(verb: str, **changed: str) -> str:
    """A statement that puts the first entry in again, with some columns changed."""
    values = ", ".join(changed.get(name, name) for name in COLUMNS.split(", "))
    return f"{verb} INTO ledger ({COLUMNS}) SELECT {values} FROM ledger WHERE number = 1"


@pytest.mark.parametrize(
    ("sqlite", "postgresql"),
    [
        ("UPDATE ledger SET kind = 'x'", "UPDATE ledger SET kind = 'x'"),
        ("UPDATE OR REPLACE ledger SET number = 2", "UPDATE ledger SET number = 3"),
        ("DELETE FROM ledger", "DELETE FROM ledger"),
        ("DELETE FROM ledger WHERE number = 2", "TRUNCATE ledger CASCADE"),
        (copying("INSERT"), copying("INSERT")),
        (copying("INSERT OR REPLACE"), copying("INSERT") + " ON CONFLICT DO NOTHING"),
        (copying("REPLACE"), copying("INSERT") + " ON CONFLICT (number) DO UPDATE SET kind = 'x'"),
        (
            copying("INSERT OR REPLACE", event_id="'evt_other'"),
            copying("INSERT", event_id="'evt_other'"),
        ),
        (
            copying("INSERT OR REPLACE", number="3", event_id="'evt_2'"),
            copying("INSERT", number="3", event_id="'evt_2'"),
        ),
        (copying("INSERT OR IGNORE", kind="'x'"), copying("INSERT", kind="'x'")),
        (
            copying("INSERT", number="9", event_id="'evt_9'"),
            copying("INSERT", number="9", event_id="'evt_9'"),
        ),
        (
            copying("INSERT", number="3", event_id="'evt_9'"),
            copying("INSERT", number="3", event_id="'evt_9'"),
        ),
        (
            copying("INSERT", number="NULL", event_id="'evt_9'"),
            copying("INSERT", number="NULL", event_id="'evt_9'"),
        ),
    ],
)
def test_the_database_itself_refuses_all_but_the_next_entry(
    url: str, sqlite: str, postgresql: str
) -> None:
    async def work(store: Store) -> None:
        await Ledger(store).append([draft(), draft("evt_2")], now=NOON)
        before = await Ledger(store).read(after=0, limit=10)
        with pytest.raises(StoreUnavailable):
            await store.write(
                lambda connection: connection.execute(
                    text(sqlite if is_sqlite(url) else postgresql)
                )
            )
        assert await Ledger(store).read(after=0, limit=10) == before

    using(url, work)


def test_a_story_is_all_that_hangs_together_over_any_number_of_steps(url: str) -> None:
    def told(event_id: str, **ids: str) -> Draft:
        nothing = {"object_id": "", "subscription_id": "", "customer_id": ""}
        return draft(event_id, **(nothing | ids))

    async def work(store: Store) -> None:
        ledger = Ledger(store)
        drafts = [
            told("dispute", payment_id="pi_1"),
            told("payment", payment_id="pi_1", invoice_id="in_1"),
            told("invoice", invoice_id="in_1", customer_id="cus_1", subscription_id="sub_1"),
            told("bind", customer_id="cus_1", reader="ana"),
            told("other bind", customer_id="cus_2", reader="ana"),
            told("early", customer_id="cus_2", subscription_id="sub_0"),
            told("stranger", customer_id="cus_9", invoice_id="in_9"),
            told("price", object_id="price_1"),
        ]
        await ledger.append(drafts, now=NOON)
        everything = {each.event_id: each for each in await ledger.read(after=0, limit=99)}
        for start in ("dispute", "early", "bind"):
            story = await ledger.story([everything[start]])
            assert [each.number for each in story] == [1, 2, 3, 4, 5, 6]
        assert await ledger.story([everything["price"]]) == [everything["price"]]
        assert await ledger.objects(["price_1", "none"]) == [everything["price"]]

    using(url, work)


def test_received_and_applied_are_two_facts(url: str) -> None:
    """Incident, dj-stripe 832: a failed event was swallowed, because it was known."""

    async def work(store: Store) -> None:
        ledger, todo = Ledger(store), LedgerWork(store)
        await ledger.append([draft(), draft("evt_2", hint=False)], now=NOON)
        await todo.later([1], next_at=NOON + 60)
        assert [each.number for each in await todo.due(now=NOON, limit=9)] == [2]
        await ledger.append([draft()], now=NOON + 1)
        assert [each.number for each in await todo.due(now=NOON + 60, limit=9)] == [1, 2]
        assert await todo.tries([1, 2]) == {1: (1, 0), 2: (0, 0)}
        mark = Mark(State.NEEDS_A_PERSON, Why.UNKNOWN_PRICE)
        await todo.mark({1: mark, 2: Mark(State.APPLIED)}, now=NOON)
        assert await todo.due(now=NOON + 60, limit=9) == []
        assert await todo.marks([1, 2]) == {1: mark, 2: Mark(State.APPLIED)}
        assert await todo.count() == {State.NEEDS_A_PERSON: 1, State.APPLIED: 1}

    using(url, work)


def test_hints_wait_until_their_object_is_fetched(url: str) -> None:
    async def work(store: Store) -> None:
        ledger, todo = Ledger(store), LedgerWork(store)
        await ledger.append([draft(), draft("evt_2", hint=False)], now=NOON)
        assert [each.number for each in await todo.hints(now=NOON, limit=9)] == [1]
        await todo.fetch_later([1], next_at=NOON + 30)
        assert await todo.hints(now=NOON + 29, limit=9) == []
        assert [each.number for each in await todo.hints(now=NOON + 30, limit=9)] == [1]
        assert await todo.tries([1]) == {1: (0, 1)}
        await todo.fetched([1])
        assert await todo.hints(now=NOON + 99, limit=9) == []

    using(url, work)


def test_a_payload_is_kept_as_it_came_and_sealed(url: str) -> None:
    async def work(store: Store) -> None:
        await Ledger(store).append([draft(), draft("evt_2", payload=b"")], now=NOON)
        assert await Payloads(store).payload(1) == draft().payload
        assert await Payloads(store).payload(2) is None
        assert await Payloads(store).payload(3) is None
        async with store.reading() as connection:
            rows = (await connection.execute(select(money_schema.payload))).mappings().all()
        assert [row["owner"] for row in rows] == ["cus_1"]
        assert b"Ana Martin" not in rows[0]["sealed"]

    using(url, work)


def test_a_payload_that_was_put_in_anothers_place_isnt_shown(url: str) -> None:
    async def work(store: Store) -> None:
        await Ledger(store).append([draft(), draft("evt_2")], now=NOON)
        await store.write(
            lambda connection: connection.execute(
                text(
                    "UPDATE payload SET sealed ="
                    " (SELECT sealed FROM payload AS other WHERE other.number = 1)"
                )
            )
        )
        assert await Payloads(store).payload(1) == draft().payload
        assert await Payloads(store).payload(2) is None

    using(url, work)


def test_destroying_a_key_erases_and_keeps_nothing_that_comes_later(
    url: str, tmp_path: Path
) -> None:
    async def work(store: Store) -> None:
        ledger, payloads = Ledger(store), Payloads(store)
        await ledger.append([draft(), draft("evt_2", customer_id="cus_2")], now=NOON)
        async with store.reading() as connection:
            kept = select(money_schema.payload_key.c.owner, money_schema.payload_key.c.key)
            keys = {row.owner: row.key for row in await connection.execute(kept)}
        if is_sqlite(url):
            assert keys["cus_1"] in on_disk(tmp_path)
        await payloads.destroy(["cus_1", "pi_never_seen"], now=NOON)
        await payloads.destroy(["cus_1"], now=NOON + 1)
        await ledger.append([draft("evt_3"), draft("evt_4", customer_id="cus_2")], now=NOON)
        assert [await payloads.payload(number) for number in (1, 3)] == [None, None]
        assert await payloads.payload(2) == draft("evt_2").payload
        assert await payloads.payload(4) == draft("evt_4").payload
        assert (await ledger.read(after=2, limit=1))[0].payload_sha256 == draft(
            "evt_3"
        ).payload_sha256
        if is_sqlite(url):
            assert keys["cus_1"] not in on_disk(tmp_path)
            assert keys["cus_2"] in on_disk(tmp_path)
            assert b"Ana Martin" not in on_disk(tmp_path)

    using(url, work)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("store.db*")))
