"""Terms of payloads, hashed: what the journal finds addresses, cards and invoice numbers by.

The store holds no word that may name a person, only its HMAC under a key of the config; and when an
owner's payloads are erased, these rows go with them. They are read from payloads once the entries
are durable, so a webhook waits for none of this; and they can be read again from the beginning.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.stores.engine import Store
from gateway.stores.journal_schema import journal_mark, journal_term
from gateway.stores.money_schema import ledger, payload_key
from gateway.stores.payloads import Payloads

BATCH_MAX = 500
_TERM_BYTES = 16
_MARK = "terms"
_PURPOSE = b"lychgate: terms of the journal"
TermsOf = Callable[[bytes], Sequence[str]]


class TermKeys:
    """``secrets`` are those of the config, newest first: new terms are hashed with the first, and looked
    for with each."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [hmac.digest(each.encode(), _PURPOSE, "sha256") for each in secrets]

    @property
    def id(self) -> str:
        """Names the first key, and tells nothing of it."""
        return sha256(self._keys[0]).hexdigest()[:16]

    @property
    def ids(self) -> list[str]:
        return [sha256(key).hexdigest()[:16] for key in self._keys]

    def hash(self, term: str) -> bytes:
        return hmac.digest(self._keys[0], term.encode(), "sha256")[:_TERM_BYTES]

    def hashed(self, terms: Iterable[str]) -> list[bytes]:
        return [
            hmac.digest(key, term.encode(), "sha256")[:_TERM_BYTES]
            for term in terms
            for key in self._keys
        ]


class JournalTerms:
    """``terms_of`` says what people search for in a payload."""

    def __init__(self, store: Store, keys: TermKeys, terms_of: TermsOf) -> None:
        self._store = store
        self._keys = keys
        self._terms_of = terms_of
        self._payloads = Payloads(store)

    async def read_on(self, *, limit: int = BATCH_MAX) -> int:
        """Read the next payloads; how many entries that was. Raises StoreUnavailable."""
        after = await self._mark()
        async with self._store.reading() as connection:
            next_ones = select(ledger.c.number).where(ledger.c.number > after)
            wanted = next_ones.order_by(ledger.c.number).limit(limit)
            numbers = list((await connection.execute(wanted)).scalars())
        if not numbers:
            return 0
        said = await self._payloads.payloads(numbers)
        rows = [
            {"term": self._keys.hash(term), "number": number, "owner": owner}
            for number, (owner, payload) in said.items()
            for term in self._terms_of(payload)
        ]

        def keep(connection: Connection) -> None:
            _keep(connection, rows)
            mark = update(journal_mark).where(journal_mark.c.name == _MARK)
            connection.execute(mark.values(number=numbers[-1]))

        await self._store.write(keep)
        return len(numbers)

    async def waits(self) -> bool:
        """Whether there is something to read. Raises StoreUnavailable."""
        known = await self._known()
        if known is None:
            return True
        async with self._store.reading() as connection:
            last = (await connection.execute(select(func.max(ledger.c.number)))).scalar()
        return last is not None and last > known

    async def _known(self) -> int | None:
        """The last entry that was read. The key with which reading began must still be there: without it
        nothing that was hashed with it can be found, and all is to be read from the first entry anew:
        None."""
        async with self._store.reading() as connection:
            wanted = select(journal_mark).where(journal_mark.c.name == _MARK)
            row = (await connection.execute(wanted)).first()
        return int(row.number) if row is not None and row.key_id in self._keys.ids else None

    async def _mark(self) -> int:
        known = await self._known()
        if known is not None:
            return known

        def work(connection: Connection) -> None:
            connection.execute(delete(journal_term))
            connection.execute(delete(journal_mark).where(journal_mark.c.name == _MARK))
            mark = {"name": _MARK, "number": 0, "key_id": self._keys.id}
            connection.execute(insert(journal_mark).values(**mark))

        await self._store.write(work)
        return 0


def _keep(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Nothing of an owner who was erased since their payloads were read: whoever destroys a key waits
    for this transaction, or it sees that the key is gone."""
    owners = sorted({str(row["owner"]) for row in rows})
    key = payload_key.c
    alive = select(key.owner).where(key.owner.in_(owners), key.key.is_not(None))
    if connection.dialect.name == "postgresql":
        alive = alive.with_for_update(read=True)
    known = set(connection.execute(alive).scalars())
    kept = [row for row in rows if row["owner"] in known]
    if not kept:
        return
    numbers = sorted({row["number"] for row in kept})  # type: ignore[type-var]  # numbers are ints
    connection.execute(delete(journal_term).where(journal_term.c.number.in_(numbers)))
    connection.execute(insert(journal_term), kept)
