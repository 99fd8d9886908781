"""Whose an address is as ways to log in come and go, and what happens at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import Connection, delete, select, text

from gateway.identity.accounts import Entered, Joining, NotEntered
from gateway.model.identity import Identity
from gateway.stores import entering, schema
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.merging import Directory
from gateway.stores.migrating import _config, migrate
from gateway.stores.news import Kind, News
from tests.contracts.test_accounts import ANA, GOOGLE, NOON, by_mail, entered, entry, using

OLD, NEW = "old@work.example", "new@home.example"
GITHUB = Identity("https://github.example", "7", NEW, email_verified=True)
AT_OLD = replace(ANA, email=OLD)


async def address(store: Store, reader_id: str) -> tuple[str, bool]:
    account = await Accounts(store).account(reader_id, session_id="", now=NOON)
    assert account is not None
    return account.email, account.email_verified


async def mailbox_opens(store: Store, email: str, used: str = "letter") -> str:
    """The account of whoever has this mailbox and follows a link."""
    asked = entry(by_mail(email), used=used, provider="mail", joining=Joining.PROVED)
    return (await entered(store, asked)).reader_id


async def with_two_ways(store: Store, first: Identity, second: Identity = GITHUB) -> Entered:
    ana = await entered(store, entry(first, used="first"))
    adding = entry(second, used="second", joining=Joining.ADD, adding_to=ana.reader_id)
    await entered(store, adding)
    return ana


async def remove(store: Store, reader_id: str, issuer: str) -> bool:
    account = await Accounts(store).account(reader_id, session_id="", now=NOON)
    assert account is not None
    key = next(each.key for each in account.ways if each.issuer == issuer)
    return await Accounts(store).remove_way(reader_id, key, now=NOON + 2)


@pytest.mark.parametrize("first", [AT_OLD, by_mail(OLD)], ids=["provider", "mail"])
def test_the_address_of_a_removed_way_opens_nothing(url: str, first: Identity) -> None:
    async def work(store: Store) -> None:
        ana = await with_two_ways(store, first)
        assert await address(store, ana.reader_id) == (OLD, True)
        assert await remove(store, ana.reader_id, first.issuer)
        assert await address(store, ana.reader_id) == (NEW, True)
        assert await mailbox_opens(store, OLD, "letter 1") != ana.reader_id
        assert await mailbox_opens(store, NEW, "letter 2") == ana.reader_id
        heard = {(each.kind, each.key) for each in await News(store).since(0)}
        assert (Kind.READER, ana.reader_id) in heard

    using(url, work)


def test_where_no_way_left_proves_an_address_the_account_has_none(url: str) -> None:
    async def work(store: Store) -> None:
        claims = replace(GITHUB, email_verified=False)
        ana = await with_two_ways(store, AT_OLD, claims)
        assert await remove(store, ana.reader_id, GOOGLE)
        assert await address(store, ana.reader_id) == (NEW, False)
        assert await mailbox_opens(store, NEW, "letter") != ana.reader_id
        # Its reader comes in as before, and what is proved later is theirs.
        again = await entered(store, entry(GITHUB, used="third"))
        assert again.reader_id == ana.reader_id
        assert await address(store, ana.reader_id) == (NEW, True)

    using(url, work)


def test_an_address_that_another_way_proves_too_stays(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await with_two_ways(store, AT_OLD, by_mail(OLD))
        assert await remove(store, ana.reader_id, GOOGLE)
        assert await address(store, ana.reader_id) == (OLD, True)

    using(url, work)


def test_what_a_provider_proves_of_late_stands_for_what_it_proved_before(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await with_two_ways(store, AT_OLD)
        moved = replace(ANA, email="moved@work.example")
        again = await entered(store, entry(moved, used="third"))
        assert again.reader_id == ana.reader_id
        assert await address(store, ana.reader_id) == (moved.email, True)
        assert await mailbox_opens(store, OLD) != ana.reader_id

    using(url, work)


@pytest.mark.parametrize("said", ["", "typed@elsewhere.example", OLD])
def test_what_a_provider_merely_claims_takes_no_address_away(url: str, said: str) -> None:
    async def work(store: Store) -> None:
        ana = await entered(store, entry(AT_OLD))
        claims = replace(ANA, email=said, email_verified=False)
        await entered(store, entry(claims, used="second"))
        assert await address(store, ana.reader_id) == (OLD, True)
        assert await mailbox_opens(store, OLD) == ana.reader_id

    using(url, work)


def test_another_accounts_address_is_both_theirs_and_no_account_is_lost(url: str) -> None:
    async def work(store: Store) -> None:
        bob = await mailbox_opens(store, NEW, "letter 1")
        ana = await entered(store, entry(AT_OLD))
        await entered(store, entry(replace(ANA, email=NEW), used="second"))
        assert await address(store, ana.reader_id) == (NEW, True)
        assert await mailbox_opens(store, NEW, "letter 2") == bob
        again = await entered(store, entry(replace(ANA, email=NEW), used="third"))
        assert again.reader_id == ana.reader_id

    using(url, work)


@pytest.mark.parametrize("verified", [True, False])
def test_a_merged_accounts_proved_address_leads_to_the_one_that_was_kept(
    url: str, verified: bool
) -> None:
    async def work(store: Store) -> None:
        gone = await entered(store, entry(replace(AT_OLD, email_verified=verified)))
        kept = await entered(store, entry(GITHUB, used="second"))
        assert await Directory(store).merge(kept.reader_id, gone.reader_id, now=NOON + 1)
        assert await address(store, gone.reader_id) == (OLD, False)
        reader = await mailbox_opens(store, OLD)
        assert (reader == kept.reader_id) is verified
        assert reader != gone.reader_id
        assert await address(store, kept.reader_id) == (NEW, True)
        # By another provider too: a code is asked for, as of any known address.
        third = Identity("https://third.example", "3", OLD, email_verified=True)
        met = await Accounts(store).enter(entry(third, used="fourth"), now=NOON + 2)
        assert met is NotEntered.ADDRESS_TAKEN
        assert await Accounts(store).ways_of_address(OLD)

    using(url, work)


def test_nothing_is_added_by_a_session_that_is_over(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await entered(store, entry())
        adding = entry(
            GITHUB,
            used="second",
            joining=Joining.ADD,
            adding_to=ana.reader_id,
            previous=ana.session_id,
        )
        await Accounts(store).end(ana.session_id, now=NOON)
        assert await Accounts(store).enter(adding, now=NOON) is NotEntered.ENDED

    using(url, work)


async def waiting(store: Store, acting: asyncio.Task[object]) -> bool:
    """Whether it comes to wait for a lock before it is done."""
    locked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not acting.done():
        async with store.reading() as connection:
            if (await connection.execute(locked)).scalar():
                return True
    return False


async def _merge(store: Store, reader_id: str) -> object:
    kept = await entered(store, entry(Identity(GOOGLE, "kept"), used="kept"))
    return await Directory(store).merge(kept.reader_id, reader_id, now=NOON + 2)


async def _remove(store: Store, reader_id: str) -> object:
    return await remove(store, reader_id, GITHUB.issuer)


async def _erase(store: Store, reader_id: str) -> object:
    await Accounts(store).erase(reader_id, now=NOON + 2)
    return True


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # SQLite has one writer
@pytest.mark.parametrize("act", [_remove, _merge, _erase])
def test_a_login_under_way_outlives_nothing_that_ends_it(
    url: str, act: Callable[[Store, str], Awaitable[object]]
) -> None:
    async def work(store: Store) -> None:
        ana = await with_two_ways(store, ANA)
        under_way = entry(GITHUB, used="third")

        def logging_in(connection: Connection) -> str:
            chosen = entering.choose(connection, under_way, now=NOON + 1)
            assert chosen == (ana.reader_id, False, False)
            return entering.begin(connection, under_way, ana.reader_id, now=NOON + 1)

        async with store.engine.begin() as connection:
            session_id = await connection.run_sync(logging_in)
            acting = asyncio.ensure_future(act(store, ana.reader_id))
            assert await waiting(store, acting)
        assert await acting
        assert await Accounts(store).login(session_id, now=NOON + 3) is None

    using(url, work)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_login_finds_what_was_done_while_it_waited(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await with_two_ways(store, ANA)
        way = schema.reader_identity
        async with store.engine.begin() as connection:
            await connection.execute(delete(way).where(way.c.issuer == GITHUB.issuer))
            alone = entry(replace(GITHUB, email="", email_verified=False), used="third")
            coming = asyncio.ensure_future(entered(store, alone))
            assert await waiting(store, coming)
        came = await coming
        assert came.is_new
        assert came.reader_id != ana.reader_id

    using(url, work)


_ROWS_BEFORE = (
    "INSERT INTO reader (id, email, email_verified, name, language, newsroom, created_at)"
    " VALUES ('r', 'a@x.example', true, '', '', false, 1)",
    "INSERT INTO session (id, reader_id, created_at, last_seen_at, expires_at, idle_seconds,"
    " provider, device, issuer, subject, proved_email)"
    " VALUES ('s', 'r', 1, 1, 1, 1, '', '', 'idp', 'of a session', 's@x.example')",
    "INSERT INTO reader_identity (issuer, subject, email, reader_id, added_at) VALUES"
    " ('mail', 'm@x.example', 'm@x.example', 'r', 1), ('idp', 'of a session', 's@x.example', 'r', 1),"
    " ('idp', 'of the account', 'a@x.example', 'r', 1), ('idp', 'claimed', 'c@x.example', 'r', 1),"
    " ('idp', 'silent', '', 'r', 1)",
)


def test_ways_that_were_there_keep_what_they_have_proved(empty_url: str) -> None:
    def before(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        for each in _ROWS_BEFORE:
            connection.execute(text(each))

    async def work(store: Store) -> None:
        await store.write(before)
        await asyncio.to_thread(migrate, empty_url)
        way = schema.reader_identity.c
        async with store.reading() as connection:
            rows = await connection.execute(select(way.subject).where(way.proved))
            proved = set(rows.scalars())
        assert proved == {"m@x.example", "of a session", "of the account"}

    using(empty_url, work)
