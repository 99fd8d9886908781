"""What webhooks said, byte for byte, sealed: AES-GCM with a key for each owner, a customer mostly.

Destroying an owner's key erases whatever was sealed with it, and its row stays to say that nothing
more is kept for that owner. The ledger doesn't need any of this to prove itself or be replayed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from gateway.model.entry import Draft, Entry
from gateway.stores import journal_schema, money_schema
from gateway.stores.engine import Store
from gateway.stores.scrubbing import scrub

_KEY_BITS = 256
_NONCE_BYTES = 12
_key = money_schema.payload_key.c
_KEYS = select(_key.owner, _key.key).where(_key.owner.in_(bindparam("owners", expanding=True)))
_INSERT_KEYS = insert(money_schema.payload_key)
_INSERT_SEALED = insert(money_schema.payload)


def _bound_to(number: int, payload_sha256: str) -> bytes:
    """A sealed payload can't be put in another entry's place."""
    return f"{number}:{payload_sha256}".encode()


def keep(connection: Connection, pairs: Sequence[tuple[Draft, Entry]], *, now: float) -> None:
    """Within the transaction that appends the entries. What has no bytes has no row."""
    said = [(draft, entry) for draft, entry in pairs if draft.payload]
    if not said:
        return
    keys = _keys(connection, {draft.key_owner for draft, _ in said}, now=now)
    rows = []
    for draft, entry in said:
        key = keys[draft.key_owner]
        if key is None:
            continue  # erased: what comes afterwards isn't kept either
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound = _bound_to(entry.number, entry.payload_sha256)
        sealed = nonce + AESGCM(key).encrypt(nonce, draft.payload, bound)
        rows.append({"number": entry.number, "owner": draft.key_owner, "sealed": sealed})
    if rows:
        connection.execute(_INSERT_SEALED, rows)


def _keys(connection: Connection, owners: set[str], *, now: float) -> dict[str, bytes | None]:
    """None for an owner whose key was destroyed. The ledger's lock keeps two from making one key."""
    found = connection.execute(_KEYS, {"owners": sorted(owners)})
    keys: dict[str, bytes | None] = {row.owner: row.key for row in found}
    made = {owner: AESGCM.generate_key(_KEY_BITS) for owner in sorted(owners - keys.keys())}
    if made:
        rows = [{"owner": owner, "key": key, "made_at": now} for owner, key in made.items()]
        connection.execute(_INSERT_KEYS, rows)
    return {**keys, **made}


def _opened(number: int, row: Any) -> bytes | None:
    """None where somebody changed it."""
    nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
    try:
        return AESGCM(row.key).decrypt(nonce, sealed, _bound_to(number, row.payload_sha256))
    except InvalidTag:
        return None


class Payloads:
    """Reading payloads, and erasing them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def payload(self, number: int) -> bytes | None:
        """As it came; None where there was none, or it was erased, or somebody changed it."""
        entry, key = money_schema.ledger, money_schema.payload_key
        wanted = (
            select(money_schema.payload.c.sealed, key.c.key, entry.c.payload_sha256)
            .join(key, key.c.owner == money_schema.payload.c.owner)
            .join(entry, entry.c.number == money_schema.payload.c.number)
            .where(money_schema.payload.c.number == number)
        )
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).first()
        if row is None or row.key is None:
            return None
        return _opened(number, row)

    async def payloads(self, numbers: Collection[int]) -> dict[int, tuple[str, bytes]]:
        """Those of several entries that can still be read, each with its owner."""
        entry, key, kept = money_schema.ledger, money_schema.payload_key, money_schema.payload
        wanted = (
            select(kept.c.number, kept.c.owner, kept.c.sealed, key.c.key, entry.c.payload_sha256)
            .join(key, key.c.owner == kept.c.owner)
            .join(entry, entry.c.number == kept.c.number)
            .where(kept.c.number.in_(sorted(numbers)), key.c.key.is_not(None))
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        opened = {row.number: (row.owner, _opened(row.number, row)) for row in rows}
        return {number: (owner, said) for number, (owner, said) in opened.items() if said}

    async def destroy(self, owners: Iterable[str], *, now: float) -> None:
        """Erase for good all that these owners' keys sealed, and whatever will come for them."""
        table = money_schema.payload_key
        wanted = sorted(set(owners))

        def work(connection: Connection) -> None:
            found = connection.execute(select(table.c.owner).where(table.c.owner.in_(wanted)))
            known = set(found.scalars())
            connection.execute(
                update(table)
                .where(table.c.owner.in_(wanted), table.c.destroyed_at.is_(None))
                .values(key=None, destroyed_at=now)
            )
            # What the journal found them by: nothing that opens anything, and of nobody any more.
            found_by = journal_schema.journal_term
            connection.execute(delete(found_by).where(found_by.c.owner.in_(wanted)))
            rows = [
                {"owner": owner, "key": None, "made_at": now, "destroyed_at": now}
                for owner in wanted
                if owner not in known
            ]
            if rows:
                connection.execute(insert(table), rows)

        await self._store.write(work)
        await scrub(self._store, "payload_key", "journal_term")
