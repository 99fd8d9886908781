"""A provider logs somebody out while their login is under way: the login begins no session."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from gateway.identity.accounts import Entered, NotEntered
from gateway.stores import entering, logged_out
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from tests.contracts.test_accounts import ANA, GOOGLE, NOON, entered, entry, using
from tests.contracts.test_addresses import waiting

TOLD = replace(ANA, issued_at=NOON)


async def log_out(store: Store, subject: str, session: str, *, at: float = NOON) -> object:
    return await Accounts(store).end_by_provider(
        GOOGLE,
        subject=subject,
        provider_session=session,
        said_at=at,
        used=f"jti {subject} {session} {at}",
        until=NOON + 3600,
        now=NOON,
    )


@pytest.mark.parametrize(
    ("subject", "session", "ends"),
    [
        ("ana", "", True),
        ("", "sid-1", True),
        ("ana", "sid-1", True),
        ("bob", "", False),
        ("", "sid-2", False),
        ("ana", "sid-2", False),
        ("bob", "sid-1", False),
    ],
)
def test_what_was_proved_before_a_logout_begins_no_session(
    url: str, subject: str, session: str, ends: bool
) -> None:
    async def work(store: Store) -> None:
        await log_out(store, subject, session, at=NOON)
        await log_out(store, subject, session, at=NOON - 5)  # told late, and not the last
        came = await Accounts(store).enter(entry(TOLD), now=NOON + 1)
        assert (came is NotEntered.LOGGED_OUT) is ends
        later = replace(TOLD, issued_at=NOON + 1)
        assert isinstance(
            await Accounts(store).enter(entry(later, used="later"), now=NOON + 2), Entered
        )
        # Who says no time, as a mailed link does, was proved by nobody who could take it back.
        await entered(store, entry(ANA, used="untimed"), now=NOON + 2)

    using(url, work)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # SQLite has one writer
@pytest.mark.parametrize(("subject", "session"), [("ana", ""), ("", "sid-1")])
def test_a_logout_waits_for_the_login_that_it_ends(url: str, subject: str, session: str) -> None:
    async def work(store: Store) -> None:
        ana = await entered(store, entry(TOLD))
        again = entry(TOLD, used="again")

        def logging_in(connection: Connection) -> str:
            entering.lock(connection, *logged_out.names(GOOGLE, "ana", "sid-1"))
            assert not logged_out.since(connection, TOLD)
            return entering.begin(connection, again, ana.reader_id, now=NOON)

        async with store.engine.begin() as connection:
            session_id = await connection.run_sync(logging_in)
            ending = asyncio.ensure_future(log_out(store, subject, session))
            assert await waiting(store, ending)
        assert await ending == 2
        assert await Accounts(store).login(session_id, now=NOON + 1) is None

    using(url, work)
