"""A ledger as large as a newspaper's after years: a million entries of a hundred thousand readers.

    python -m tests.scale.filling STORE_URL [ENTRIES] [READERS]

Everything goes through the ledger's own append and the reader of terms; what the fold would say of
the entries is written beside them, for folding a million is another test.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, insert, text

from gateway.model.entry import Draft
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from gateway.money.entries.terms import terms
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.journal_terms import JournalTerms, TermKeys
from gateway.stores.ledger import Ledger
from gateway.stores.migrating import migrate

BEGAN = 1_600_000_000
KEYS = ("a key of the scale test",)
BATCH = 4000
KINDS = (
    ("customer.subscription.updated", 30),
    ("invoice.paid", 25),
    ("charge.succeeded", 15),
    ("customer.updated", 10),
    ("invoice.payment_failed", 6),
    ("checkout.session.completed", 5),
    ("refund.created", 2),
    ("charge.dispute.created", 1),
    ("fetched", 6),
)
CURRENCIES, SHARES = ("eur", "usd", "jpy", "kwd"), (90, 6, 3, 1)


def drafts(entries: int, readers: int, chance: random.Random) -> Iterator[Draft]:
    """Bindings first, then what happens to the customers that were bound."""
    for reader in range(readers):
        at = float(BEGAN + reader)
        yield acts.bind(f"cus_{reader}", f"reader-{reader}", by="checkout", at=at)
    names, weights = zip(*KINDS, strict=True)
    for number in range(entries - readers):
        kind = chance.choices(names, weights)[0]
        yield _draft(number, kind, chance.randrange(readers), chance)


def _draft(number: int, kind: str, customer: int, chance: random.Random) -> Draft:
    currency = chance.choices(CURRENCIES, SHARES)[0]
    at = BEGAN + 100_000 + number * 150
    common: dict[str, Any] = {"currency": currency, "customer": f"cus_{customer}"}
    amount = chance.choice((900, 990, 9900, 12_000, chance.randrange(100, 90_000)))
    family = kind.partition(".")[0]
    families: dict[str, dict[str, Any]] = {
        "customer": {"object": "customer", "id": f"cus_{customer}"},
        "invoice": {
            "object": "invoice",
            "id": f"in_{number}",
            "number": f"LC-{number:07d}",
            "total": amount,
            "status": "paid",
            "customer_email": f"reader{customer}@news.example",
            "parent": {"subscription_details": {"subscription": f"sub_{customer}"}},
        },
        "charge": {
            "object": "charge",
            "id": f"ch_{number}",
            "amount": amount,
            "payment_intent": f"pi_{number}",
            "payment_method_details": {"card": {"last4": f"{customer % 10_000:04d}"}},
        },
        "checkout": {"object": "checkout.session", "id": f"cs_{number}", "amount_total": amount},
        "refund": {"object": "refund", "id": f"re_{number}", "amount": amount},
        "fetched": {"object": "subscription", "id": f"sub_{customer}"},
    }
    said = families[family]
    if kind == "customer.subscription.updated":
        said = {"object": "subscription", "id": f"sub_{customer}", "status": "active"}
    event = {
        "id": f"evt_{number}",
        "object": "event",
        "type": kind,
        "created": at - (chance.randrange(60, 9000) if chance.random() < 0.01 else 2),
        "livemode": True,
        "data": {"object": {**common, **said}},
    }
    return parse(json.dumps(event).encode())


async def fill(url: str, entries: int, readers: int) -> None:
    chance = random.Random(1)
    store = Store(url, answer_seconds=None)
    ledger = Ledger(store)
    began = time.monotonic()

    def change(connection: Connection) -> None:
        rows = [
            {"id": f"reader-{n}", "email": f"reader{n}@news.example", "created_at": float(BEGAN)}
            for n in range(readers)
        ]
        connection.execute(insert(schema.reader), rows)

    await store.write(change)
    batch: list[Draft] = []
    done = 0
    for draft in drafts(entries, readers, chance):
        batch.append(draft)
        if len(batch) == BATCH:
            await ledger.append(batch, now=batch[-1].observed_at)
            done += len(batch)
            batch = []
            if done % 100_000 == 0:
                print(f"{done} entries, {time.monotonic() - began:.0f} s", flush=True)
    if batch:
        await ledger.append(batch, now=batch[-1].observed_at)
    await _states(store)
    reading = JournalTerms(store, TermKeys(KEYS), terms)
    while await reading.read_on(limit=5000):
        pass
    await store.write(lambda connection: connection.execute(text("ANALYZE")))
    await store.close()
    print(f"filled in {time.monotonic() - began:.0f} s", flush=True)


async def _states(store: Store) -> None:
    """As a fold leaves them: nearly all applied; a few of each other kind, all over the years."""

    def change(connection: Connection) -> None:
        for state, reason, rest in (
            ("applied", "", "1 = 1"),
            ("ignored", "kind-not-used", "number % 10 = 3"),
            ("not-ours", "other-business", "number % 20 = 7"),
            ("needs-a-person", "payment-without-a-reader", "number % 500 = 11"),
            ("needs-a-person", "disputed", "number % 5000 = 12"),
            ("received", "to-be-fetched", "number > (SELECT max(number) - 20 FROM ledger)"),
            ("received", "failed", "number % 100000 = 17"),
        ):
            connection.execute(
                text(f"UPDATE ledger_work SET state = '{state}', reason = '{reason}' WHERE {rest}")
            )
        connection.execute(text("UPDATE ledger_work SET deliveries = 3 WHERE number % 1000 = 5"))

    await store.write(change)


def main(arguments: list[str]) -> None:
    url, *sizes = arguments
    migrate(url)
    entries, readers = (*map(int, sizes), *(1_000_000, 100_000)[len(sizes) :])
    asyncio.run(fill(url, entries, readers))


if __name__ == "__main__":
    main(sys.argv[1:])
