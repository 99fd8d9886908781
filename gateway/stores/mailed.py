"""Mailed links and the letters that wait to be sent: the ports of ``identity.mailed`` and of
``jobs.mail``."""

from __future__ import annotations

import json
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from gateway.identity.mailed import TRIES_MAX, Mailed, Purpose
from gateway.model.letter import Letter, Outgoing
from gateway.stores import schema
from gateway.stores.engine import Store

_CLAIM_SECONDS = 60.0
_BATCH = 20


class MailedLogins:
    """Implements ``identity.mailed.MailedLogins``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def send(self, mailed: Mailed, letter: Letter) -> None:
        def work(connection: Connection) -> None:
            connection.execute(
                insert(schema.mailed).values(
                    token_hash=mailed.token_hash,
                    code_hash=mailed.code_hash,
                    browser_hash=mailed.browser_hash,
                    purpose=str(mailed.purpose),
                    email=mailed.email,
                    return_to=mailed.return_to,
                    language=mailed.language,
                    carried=dict(mailed.carried),
                    created_at=mailed.created_at,
                    until=mailed.until,
                    tries=0,
                )
            )
            connection.execute(
                put_out(mailed.email, letter, now=mailed.created_at, until=mailed.until)
            )

        await self._store.write(work)

    async def find(self, token_hash: str, *, now: float) -> Mailed | None:
        mailed, used = schema.mailed.c, schema.used.c
        async with self._store.reading() as connection:
            found = await connection.execute(
                select(schema.mailed).where(mailed.token_hash == token_hash, mailed.until > now)
            )
            row = found.mappings().first()
            if row is None:
                return None
            one = _mailed(row)
            served = await connection.execute(select(used.key).where(used.key == one.used_key))
            return None if served.first() else one

    async def waiting(self, browser_hash: str, *, now: float) -> Mailed | None:
        async with self._store.reading() as connection:
            rows = await connection.execute(
                select(schema.mailed)
                .where(_open(browser_hash, now))
                .order_by(schema.mailed.c.created_at.desc())
                .limit(1)
            )
            row = rows.mappings().first()
            return _mailed(row) if row else None

    async def try_code(
        self, browser_hash: str, code_hashes: Collection[str], *, now: float
    ) -> Mailed | None:
        mailed = schema.mailed

        def work(connection: Connection) -> list[Mailed]:
            # Counted before it is looked at: a hundred guesses at once are a hundred tries.
            rows = connection.execute(
                update(mailed)
                .where(_open(browser_hash, now))
                .values(tries=mailed.c.tries + 1)
                .returning(*mailed.c)
            )
            return [_mailed(row) for row in rows.mappings()]

        found = await self._store.write(work)
        return next((each for each in found if each.code_hash in code_hashes), None)

    async def put_out(self, recipient: str, letter: Letter, *, now: float) -> None:
        def work(connection: Connection) -> None:
            until = now + 4 * 86400.0
            connection.execute(put_out(recipient, letter, now=now, until=until))

        await self._store.write(work)


class Letters:
    """Implements ``jobs.mail.Letters``: what waits to be sent, claimed by one sender at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self, *, now: float, seconds: float = _CLAIM_SECONDS, limit: int = _BATCH
    ) -> list[Outgoing]:
        """Letters that are due; nobody else is given them for so many seconds."""
        outgoing = schema.outgoing
        due = and_(outgoing.c.next_at <= now, outgoing.c.until > now)
        wanted = select(outgoing.c.number).where(due).order_by(outgoing.c.number).limit(limit)
        async with self._store.reading() as connection:
            numbers = (await connection.execute(wanted)).scalars().all()
        if not numbers:
            return []

        def work(connection: Connection) -> list[Outgoing]:
            rows = connection.execute(
                update(outgoing)
                .where(outgoing.c.number.in_(numbers), due)
                .values(next_at=now + seconds, tries=outgoing.c.tries + 1)
                .returning(*outgoing.c)
            )
            return [_outgoing(row) for row in rows.mappings()]

        return await self._store.write(work)

    async def sent(self, number: int) -> None:
        await self._store.execute(delete(schema.outgoing).where(schema.outgoing.c.number == number))

    async def postpone(self, claimed: Outgoing, *, until: float) -> None:
        """Unless somebody else has claimed it since."""
        outgoing = schema.outgoing.c
        own = and_(outgoing.number == claimed.number, outgoing.tries == claimed.tries + 1)
        await self._store.execute(update(schema.outgoing).where(own).values(next_at=until))


def _open(browser_hash: str, now: float) -> Any:
    mailed, used = schema.mailed.c, schema.used.c
    served = select(used.key).where(used.key == "mail " + mailed.token_hash).exists()
    return and_(
        mailed.browser_hash == browser_hash,
        mailed.until > now,
        mailed.tries < TRIES_MAX,
        ~served,
    )


def put_out(recipient: str, letter: Letter, *, now: float, until: float) -> Any:
    """The row of a letter that is to be sent, within the caller's transaction."""
    return insert(schema.outgoing).values(
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        tries=0,
        next_at=now,
        until=until,
    )


def _outgoing(row: Any) -> Outgoing:
    """Numbers come again once their letters are gone; with the moment beside it, one is a letter's own."""
    told = [row["number"], row["until"], row["recipient"], row["subject"], row["text"]]
    return Outgoing(
        number=row["number"],
        recipient=row["recipient"],
        letter=Letter(row["subject"], row["text"], row["html"]),
        tries=row["tries"] - 1,
        key=sha256(json.dumps(told).encode()).hexdigest()[:40],
    )


def _mailed(row: Any) -> Mailed:
    return Mailed(
        token_hash=row["token_hash"],
        code_hash=row["code_hash"],
        browser_hash=row["browser_hash"],
        purpose=Purpose(row["purpose"]),
        email=row["email"],
        return_to=row["return_to"],
        language=row["language"],
        carried=row["carried"],
        created_at=row["created_at"],
        until=row["until"],
    )
