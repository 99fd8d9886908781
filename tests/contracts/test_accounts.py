"""Accounts, mailed links, letters and rate windows on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from limits import RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy import func, select

from gateway.identity.accounts import Entered, Entry, Joining, NotEntered
from gateway.identity.mailed import TRIES_MAX, Mailed, Purpose
from gateway.identity.roles import Newsroom, People
from gateway.model.identity import MAIL_ISSUER, Identity
from gateway.model.imported import Found, Person
from gateway.model.letter import Letter
from gateway.stores import schema
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.imported import Imported
from gateway.stores.mailed import Letters, MailedLogins
from gateway.stores.news import Kind, News
from gateway.stores.rates import RateStorage
from gateway.stores.sessions import Sessions

NOON = 1_800_000_000.0
GOOGLE = "https://accounts.google.example"
ANA = Identity(GOOGLE, "ana", "ana@news.example", True, "Ana", "fr", ("redaction",), "sid-1")
LETTER = Letter("A link", "text", "<p>html")


def using(url: str, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def entry(identity: Identity = ANA, used: str = "state 1", **more: object) -> Entry:
    plain = Entry(
        identity=identity,
        provider="google",
        used=used,
        used_until=NOON + 3600,
        absolute_seconds=86400.0,
        idle_seconds=3600.0,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def by_mail(email: str) -> Identity:
    return Identity(MAIL_ISSUER, email, email, email_verified=True)


async def entered(store: Store, one: Entry, *, now: float = NOON) -> Entered:
    made = await Accounts(store).enter(one, now=now)
    assert isinstance(made, Entered), made
    return made


async def count(store: Store, table: object) -> int:
    async with store.reading() as connection:
        found = await connection.execute(select(func.count()).select_from(table))  # type: ignore[arg-type]  # any table
        return int(found.scalar_one())


def test_a_first_login_makes_an_account_and_the_next_one_finds_it(url: str) -> None:
    async def work(store: Store) -> None:
        first = await entered(store, entry(device="Firefox · Linux", network="192.0.2"))
        assert first.is_new
        again = await entered(store, entry(used="state 2"), now=NOON + 5)
        assert (again.reader_id, again.is_new) == (first.reader_id, False)
        assert again.session_id != first.session_id
        account = await Accounts(store).account(
            first.reader_id, session_id=again.session_id, now=NOON + 6
        )
        assert account is not None
        assert (account.email, account.email_verified, account.name) == (ANA.email, True, "Ana")
        assert [way.provider for way in account.ways] == ["google"]
        assert {each.device for each in account.sessions} == {"Firefox · Linux", ""}
        assert [each.current for each in account.sessions] == [True, False]
        login = await Accounts(store).login(again.session_id, now=NOON + 6)
        assert login is not None
        assert (login.proved_email, login.groups) == (ANA.email, ("redaction",))
        session = await Sessions(store).session(first.session_id, now=NOON + 6)
        assert session is not None
        assert session.reader.name == "Ana"

    using(url, work)


def test_a_hundred_first_logins_at_once_make_one_account(url: str) -> None:
    async def work(store: Store) -> None:
        made = await asyncio.gather(
            *(entered(store, entry(used=f"state {number}")) for number in range(100))
        )
        assert len({each.reader_id for each in made}) == 1
        assert len({each.session_id for each in made}) == 100
        assert sum(each.is_new for each in made) == 1
        assert await count(store, schema.reader) == 1
        assert await count(store, schema.session) == 100

    using(url, work)


def test_what_may_serve_once_serves_once(url: str) -> None:
    async def work(store: Store) -> None:
        made = await asyncio.gather(*(Accounts(store).enter(entry(), now=NOON) for _ in range(100)))
        assert sum(isinstance(each, Entered) for each in made) == 1
        assert sum(each is NotEntered.USED for each in made) == 99
        assert await count(store, schema.session) == 1

    using(url, work)


def test_the_session_that_came_along_ends_and_every_worker_hears(url: str) -> None:
    async def work(store: Store) -> None:
        first = await entered(store, entry())
        await entered(store, entry(used="state 2", previous=first.session_id), now=NOON + 1)
        assert await Sessions(store).session(first.session_id, now=NOON + 2) is None
        heard = await News(store).since(0)
        assert [(each.kind, each.key) for each in heard] == [(Kind.SESSION, first.session_id)]

    using(url, work)


def test_an_address_joins_nothing_by_itself(url: str) -> None:
    """threats.md: accounts link by issuer and subject, never by e-mail alone."""

    async def work(store: Store) -> None:
        mailed = await entered(store, entry(by_mail(ANA.email), provider="mail"))
        assert await Accounts(store).enter(entry(used="s2"), now=NOON) is NotEntered.ADDRESS_TAKEN
        assert await count(store, schema.session) == 1
        assert list(await Accounts(store).ways_of_address(ANA.email)) == ["mail"]
        proved = await entered(store, entry(used="s3", joining=Joining.PROVED))
        assert (proved.reader_id, proved.added, proved.is_new) == (mailed.reader_id, True, False)
        later = await entered(store, entry(used="s4"))
        assert later.reader_id == mailed.reader_id

    using(url, work)


def test_whoever_wants_two_accounts_has_them(url: str) -> None:
    async def work(store: Store) -> None:
        mailed = await entered(store, entry(by_mail(ANA.email), provider="mail"))
        apart = await entered(store, entry(used="s2", joining=Joining.APART))
        assert apart.reader_id != mailed.reader_id
        assert (await entered(store, entry(used="s3"))).reader_id == apart.reader_id

    using(url, work)


def test_an_unverified_address_is_nobody_s_neighbour(url: str) -> None:
    async def work(store: Store) -> None:
        await entered(store, entry(replace(ANA, email_verified=False)))
        mailed = await entered(store, entry(by_mail(ANA.email), used="s2", provider="mail"))
        assert mailed.is_new

    using(url, work)


def test_a_mailed_link_proves_the_address_of_the_account_that_has_it(url: str) -> None:
    async def work(store: Store) -> None:
        google = await entered(store, entry())
        mailed = await entered(store, entry(by_mail(ANA.email), used="s2", provider="mail"))
        assert (mailed.reader_id, mailed.is_new) == (google.reader_id, False)

    using(url, work)


def test_a_way_is_added_to_whoever_asks_and_taken_from_nobody(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await entered(store, entry())
        bob = await entered(store, entry(Identity(GOOGLE, "bob"), used="s2"))
        other = Identity("https://github.example", "7")
        adding = entry(other, used="s3", joining=Joining.ADD, adding_to=ana.reader_id)
        assert (await entered(store, adding)).added
        taken = entry(other, used="s4", joining=Joining.ADD, adding_to=bob.reader_id)
        assert await Accounts(store).enter(taken, now=NOON) is NotEntered.IDENTITY_TAKEN

    using(url, work)


def test_the_last_way_stays_and_a_removed_one_takes_its_sessions_along(url: str) -> None:
    async def work(store: Store) -> None:
        accounts = Accounts(store)
        ana = await entered(store, entry())
        account = await accounts.account(ana.reader_id, session_id="", now=NOON)
        assert account is not None
        assert not await accounts.remove_way(ana.reader_id, account.ways[0].key, now=NOON)
        other = Identity("https://github.example", "7")
        github = await entered(
            store, entry(other, used="s3", joining=Joining.ADD, adding_to=ana.reader_id)
        )
        assert not await accounts.remove_way(ana.reader_id, "another", now=NOON)
        assert await accounts.remove_way(ana.reader_id, account.ways[0].key, now=NOON)
        assert await Sessions(store).session(ana.session_id, now=NOON) is None
        assert await Sessions(store).session(github.session_id, now=NOON) is not None

    using(url, work)


def test_sessions_end_by_key_all_at_once_and_by_the_provider(url: str) -> None:
    async def work(store: Store) -> None:
        accounts = Accounts(store)
        made = [await entered(store, entry(used=f"s{number}")) for number in range(4)]
        reader_id, mine = made[0].reader_id, made[3].session_id
        account = await accounts.account(reader_id, session_id=mine, now=NOON)
        assert account is not None
        key = next(each.key for each in account.sessions if not each.current)
        assert not await accounts.end_by_key("somebody else", key, now=NOON)
        assert await accounts.end_by_key(reader_id, key, now=NOON)
        assert not await accounts.end_by_key(reader_id, key, now=NOON)
        assert await accounts.end_all(reader_id, but=mine, now=NOON) == 2
        assert await accounts.login(mine, now=NOON) is not None
        ended = await accounts.end_by_provider(
            GOOGLE,
            subject="",
            provider_session="sid-1",
            said_at=NOON,
            used="jti 1",
            until=NOON + 9,
            now=NOON,
        )
        assert ended == 1
        again = await accounts.end_by_provider(
            GOOGLE,
            subject="ana",
            provider_session="",
            said_at=NOON,
            used="jti 1",
            until=NOON + 9,
            now=NOON,
        )
        assert again is NotEntered.USED
        assert await accounts.login(mine, now=NOON) is None

    using(url, work)


def test_export_holds_all_but_what_opens_and_erasing_leaves_nothing(url: str) -> None:
    async def work(store: Store) -> None:
        accounts = Accounts(store)
        ana = await entered(store, entry(id_token="a.b.c"))
        kept = await accounts.export(ana.reader_id)
        assert kept["reader"]["email"] == ANA.email
        assert kept["reader_identity"][0]["subject"] == "ana"
        assert kept["session"][0]["network"] == ""
        assert ana.session_id not in str(kept)
        assert "a.b.c" not in str(kept)
        await accounts.erase(ana.reader_id, now=NOON)
        for table in (schema.reader, schema.reader_identity, schema.session):
            assert await count(store, table) == 0
        heard = {(each.kind, each.key) for each in await News(store).since(0)}
        assert (Kind.SESSION, ana.session_id) in heard

    using(url, work)


def test_the_newsroom_is_told_by_what_a_login_proved(url: str) -> None:
    async def work(store: Store) -> None:
        people = People(frozenset({"group:redaction"}))
        newsroom = Newsroom(providers={"google": GOOGLE}, people=people)
        sessions = Sessions(store, newsroom=newsroom.reads)
        ana = await entered(store, entry())
        bob = await entered(store, entry(Identity(GOOGLE, "bob"), used="s2"))
        elsewhere = replace(ANA, issuer="https://gitlab.example", email="eve@x.example")
        eve = await entered(store, entry(elsewhere, used="s3", provider="gitlab"))
        for entry_of, reads_all in ((ana, True), (bob, False), (eve, False)):
            session = await sessions.session(entry_of.session_id, now=NOON)
            assert session is not None
            assert session.reader.newsroom is reads_all
            together = await sessions.sessions([entry_of.session_id], now=NOON)
            assert together[entry_of.session_id].reader.newsroom is reads_all

    using(url, work)


def mailed(number: int = 1, *, browser: str = "b", code: str = "123456") -> Mailed:
    return Mailed(
        token_hash=f"token-{number}",
        code_hash=code,
        browser_hash=browser,
        purpose=Purpose.JOIN,
        email=ANA.email,
        return_to="/a",
        language="fr",
        carried={"identity": {"issuer": GOOGLE}},
        created_at=NOON + number,
        until=NOON + 900,
    )


def test_a_mailed_link_is_found_until_it_is_over_or_has_served(url: str) -> None:
    async def work(store: Store) -> None:
        links = MailedLogins(store)
        await links.send(mailed(), LETTER)
        found = await links.find("token-1", now=NOON + 10)
        assert found == mailed()
        assert await links.find("token-1", now=NOON + 900) is None
        assert await links.find("token-2", now=NOON + 10) is None
        await entered(store, entry(used=mailed().used_key))
        assert await links.find("token-1", now=NOON + 10) is None
        assert await links.waiting("b", now=NOON + 10) is None
        assert await links.try_code("b", ("123456",), now=NOON + 10) is None

    using(url, work)


def test_a_code_holds_for_its_browser_and_five_tries(url: str) -> None:
    async def work(store: Store) -> None:
        links = MailedLogins(store)
        await links.send(mailed(1), LETTER)
        await links.send(mailed(2, code="654321"), LETTER)
        newest = await links.waiting("b", now=NOON + 10)
        assert newest is not None
        assert newest.token_hash == "token-2"
        assert await links.try_code("another", ("123456",), now=NOON + 10) is None
        found = await links.try_code("b", ("123456",), now=NOON + 10)
        assert found is not None
        assert found.token_hash == "token-1"
        guesses = [links.try_code("b", (f"{number:06d}",), now=NOON + 10) for number in range(20)]
        assert set(await asyncio.gather(*guesses)) == {None}
        assert await links.try_code("b", ("123456",), now=NOON + 10) is None
        assert TRIES_MAX == 5

    using(url, work)


def test_a_letter_is_claimed_once_and_waits_when_it_must(url: str) -> None:
    async def work(store: Store) -> None:
        letters = Letters(store)
        await MailedLogins(store).send(mailed(), LETTER)
        claims = await asyncio.gather(*(letters.claim(now=NOON + 5) for _ in range(4)))
        (one,) = [each for claim in claims for each in claim]
        assert (one.recipient, one.letter, one.tries) == (ANA.email, LETTER, 0)
        await letters.postpone(one, until=NOON + 20)
        assert await letters.claim(now=NOON + 19) == []
        (again,) = await letters.claim(now=NOON + 20)
        assert again.tries == 1
        await letters.sent(again.number)
        assert await letters.claim(now=NOON + 200) == []

    using(url, work)


class StoppedClock:
    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant


def test_a_window_of_a_rate_limit_is_counted_by_all_and_begins_anew(url: str) -> None:
    async def work(store: Store) -> None:
        clock = StoppedClock()
        limiter = FixedWindowRateLimiter(RateStorage(store, clock))
        item = RateLimitItemPerMinute(7)
        hits = await asyncio.gather(*(limiter.hit(item, "192.0.2") for _ in range(20)))
        assert sum(hits) == 7
        assert await limiter.hit(item, "198.51.100")
        resets_at, left = await limiter.get_window_stats(item, "192.0.2")
        assert (resets_at, left) == (NOON + 60, 0)
        clock.instant += 60
        assert await limiter.hit(item, "192.0.2")

    using(url, work)


async def brought(store: Store, email: str = ANA.email) -> str:
    made = await Imported(store).add([Person(email=email, name="Ana from the file")], now=NOON)
    return made[email]


def test_what_a_file_brings_belongs_to_whoever_proves_the_address(url: str) -> None:
    async def work(store: Store) -> None:
        reader = await brought(store)
        assert await brought(store) == reader, "twice is once"
        assert (await Imported(store).found([ANA.email]))[ANA.email] == Found(reader, claimed=False)
        claims = Identity(GOOGLE, "eve", ANA.email, email_verified=False)
        eve = await entered(store, entry(claims, used="s1"))
        assert eve.reader_id != reader, "claiming an address isn't proving it"
        assert await Accounts(store).enter(entry(used="s2"), now=NOON) is NotEntered.ADDRESS_TAKEN
        proved = entry(used="s3", joining=Joining.PROVED)
        ana = await entered(store, proved)
        assert (ana.reader_id, ana.is_new, ana.added) == (reader, False, True)
        account = await Accounts(store).account(reader, session_id="", now=NOON)
        assert account is not None
        assert (account.email_verified, account.name) == (True, "Ana from the file")
        assert (await Imported(store).found([ANA.email]))[ANA.email] == Found(reader, claimed=True)
        assert await brought(store) == reader, "and a later file means the same account"

    using(url, work)


def test_a_mailed_link_leads_to_what_a_file_brought_and_nobody_adds_the_address_elsewhere(
    url: str,
) -> None:
    async def work(store: Store) -> None:
        reader = await brought(store)
        bob = await entered(store, entry(Identity(GOOGLE, "bob"), used="s1"))
        way = by_mail(ANA.email)
        adding = entry(way, used="s2", joining=Joining.ADD, adding_to=bob.reader_id)
        assert await Accounts(store).enter(adding, now=NOON) is NotEntered.IDENTITY_TAKEN
        ana = await entered(store, entry(way, used="s3", joining=Joining.PROVED, provider="mail"))
        assert ana.reader_id == reader

    using(url, work)


def test_a_file_means_the_account_that_the_address_logs_in_to(url: str) -> None:
    async def work(store: Store) -> None:
        ana = await entered(store, entry())
        mail = by_mail("ana@elsewhere.example")
        adding = entry(mail, used="s2", joining=Joining.ADD, adding_to=ana.reader_id)
        await entered(store, adding)
        assert await brought(store, mail.email) == ana.reader_id
        assert await brought(store) == ana.reader_id
        assert await count(store, schema.reader) == 1

    using(url, work)


def test_two_imports_and_a_first_login_at_once_make_one_account(url: str) -> None:
    async def work(store: Store) -> None:
        login = entry(by_mail(ANA.email), joining=Joining.PROVED, provider="mail")
        logging_in = asyncio.create_task(entered(store, login))
        made = await asyncio.gather(*(brought(store) for _ in range(5)))
        assert set(made) == {(await logging_in).reader_id}
        assert await count(store, schema.reader) == 1

    using(url, work)
