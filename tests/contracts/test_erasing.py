"""Being forgotten: what is paid ends first, then nothing that names the reader can be read any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select

from gateway.errors import StoreUnavailable, StripeUnavailable
from gateway.identity.mailed import Mailed, Purpose
from gateway.model.identity import Identity
from gateway.model.imported import Person
from gateway.model.leaving import Leaving, State, Way
from gateway.model.letter import Letter
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.erasing import Erasing
from gateway.money.proof import verify
from gateway.stores import schema
from gateway.stores.attempts import Attempts
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.imported import Imported
from gateway.stores.leaving import Leavings
from gateway.stores.mailed import Letters, MailedLogins
from gateway.stores.merging import Directory
from gateway.stores.payloads import Payloads
from gateway.wiring.adopting import adopting_of, erasing_of
from gateway.wiring.pages import templates_of
from gateway.wiring.syncing import door_of
from tests.contracts import test_accounts as by_login
from tests.contracts.till import Till, till

EMAIL, NAME, STREET = "ana.erased@private.example", "Ana Erasmus-Vif", "7 quai de l'Oubli"
MAIL = '[mail]\nurl = "smtp://localhost:1"\nsender = "La Gazette <bonjour@news.example>"\n'
PERSONAL = [each.encode() for each in (EMAIL, "ana.erased", NAME, "Erasmus", "quai de l")]


@dataclass
class House:
    till: Till
    erasing: Erasing
    ana: str

    @property
    def store(self) -> Store:
        return self.till.store

    async def forget(self, reader: str = "") -> None:
        await self.erasing.forget(reader or self.ana, by="ana", now=self.till.clock.now())
        await self.till.settled()

    async def buys(self, reader: str = "", email: str = EMAIL, name: str = NAME) -> Any:
        """At Checkout, with a name and an address; all that Stripe says of it is heard and asked for."""
        v1 = self.till.world.v1
        wish = {"email": email, "name": name, "address": {"line1": STREET, "country": "FR"}}
        customer = await v1.customers.create_async(wish)
        session = await v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": customer.id,
                "client_reference_id": reader or self.ana,
            }
        )
        pay = {"session": session.id, "email": email, "name": name}
        await self.till.world.stand_in.hook("pay", **pay)
        await self.till.hear()
        await self.till.settled()
        done = await v1.checkout.sessions.retrieve_async(session.id)
        return await v1.subscriptions.retrieve_async(done.subscription)

    async def status(self, subscription: Any) -> str:
        again = await self.till.world.v1.subscriptions.retrieve_async(subscription.id)
        return str(again.status)

    async def erased(self) -> list[str]:
        return [each.reader for each in await self.till.entries() if each.kind == Act.ERASED]


@contextlib.asynccontextmanager
async def house(url: str, folder: Path) -> AsyncIterator[House]:
    async with till(url, folder, readers=("ben",), stripe=MAIL) as inside:
        person = Person(email=EMAIL, name=NAME)
        ids = await Imported(inside.store).add([person], now=inside.clock.now())
        door = door_of(inside.settings)
        try:
            yield House(inside, erasing_of(inside.store, door), ids[EMAIL])
        finally:
            await door.close()


def with_house(url: str, folder: Path, work: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        async with house(url, folder) as inside:
            await work(inside)

    asyncio.run(main())


async def readable(store: Store) -> set[bytes]:
    """What of ``PERSONAL`` stands in the store: in the very bytes of SQLite's files, in every row of
    PostgreSQL's tables."""
    if is_sqlite(store.url):
        file = Path(make_url(store.url).database or "")
        kept = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    else:
        rows: list[Any] = []
        async with store.reading() as connection:
            for table in schema.metadata.sorted_tables:
                rows += (await connection.execute(select(table))).all()
        kept = repr([tuple(row) for row in rows]).encode()
    return {each for each in PERSONAL if each.lower() in kept.lower()}


async def wrote(inside: House) -> None:
    """Letters, links and a session's own: all that a life leaves outside the ledger."""
    now = inside.till.clock.now()
    mailed = MailedLogins(inside.store)
    link = Mailed(
        token_hash="t",
        code_hash="c",
        browser_hash="b",
        purpose=Purpose.LOGIN,
        email=EMAIL,
        return_to="/",
        language="fr",
        created_at=now,
        until=now + 900,
    )
    await mailed.send(link, Letter("Un lien", f"Pour {NAME}", f"<p>{NAME}"))
    await mailed.put_out(EMAIL, Letter("Bonjour", f"Bonjour {NAME}", f"<p>{NAME}"), now=now)
    adopting = adopting_of(
        inside.till.settings, store=inside.store, mails=templates_of(inside.till.settings)
    )
    await adopting.ask(EMAIL, language="fr", return_to="/", now=now)
    await adopting.mail(["cus_old"], EMAIL, invited=True, now=now)


def test_an_address_that_one_merely_claims_erases_nobodys_request(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        wish = Leaving(
            id="a",
            once="cancel:a",
            way=Way.CANCEL,
            state=State.ACCEPTED,
            email=EMAIL,
            language="fr",
            asked_at=now,
            accepted_at=now,
        )
        leavings = Leavings(inside.store)
        assert await leavings.begin(wish)
        claims = Identity("https://idp.example", "eve", EMAIL, email_verified=False)
        eve = await by_login.entered(inside.store, by_login.entry(claims))
        await inside.forget(eve.reader_id)
        assert await leavings.known(wish.once)
        await inside.forget()
        assert await leavings.known(wish.once) is None, (
            "but their own, by the file that brought them"
        )

    with_house(url, tmp_path, work)


def test_a_request_to_leave_from_a_wallets_address_goes_with_whom_it_was_about(
    url: str, tmp_path: Path
) -> None:
    """Signed out, they wrote from where their invoices go, which no account here has proved."""

    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        bought, bens = await inside.buys(), await inside.buys("ben", "ben@others.example", "Ben")
        both = await inside.buys(email="two@wallet.example", name="Nobody")

        def asked(name: str, *about: Any) -> Leaving:
            return Leaving(
                id=name,
                once=f"mail:{name}",
                way=Way.CANCEL,
                state=State.ACCEPTED,
                email=f"{name}@wallet.example",
                name=NAME if name == "ana.erased" else name,
                reason=f"I am {NAME}" if name == "ana.erased" else "",
                language="fr",
                subscriptions=tuple(each.id for each in about),
                asked_at=now,
                accepted_at=now,
            )

        leavings, mailed = Leavings(inside.store), MailedLogins(inside.store)
        for wish in (asked("ana.erased", bought), asked("two", both, bens), asked("ben", bens)):
            assert await leavings.begin(wish)
            await mailed.put_out(wish.email, Letter("Reçu", wish.name, "<p>"), now=now)
        await inside.forget()
        assert await readable(inside.store) == set()
        assert await leavings.known("mail:ana.erased") is None
        shared, other = await leavings.known("mail:two"), await leavings.known("mail:ben")
        assert shared is not None
        assert other is not None
        assert shared.subscriptions == other.subscriptions == (bens.id,), "those are others' wishes"
        waiting = await Letters(inside.store).claim(now=now)
        assert {each.recipient for each in waiting} == {"two@wallet.example", "ben@wallet.example"}

    with_house(url, tmp_path, work)


@pytest.mark.parametrize("failed", [False, True])
def test_what_operators_typed_about_an_entry_goes_with_its_reader(
    url: str, tmp_path: Path, *, failed: bool
) -> None:
    async def work(inside: House) -> None:
        await inside.buys()
        now = inside.till.clock.now()
        entry = (await inside.till.ledger.of_reader(inside.ana))[-1]
        seen: dict[str, Any] = {"by": "ops", "at": now, "failed": failed}
        noted = acts.reviewed(Act.REVIEWED, entry, note=f"{NAME} rang", **seen)
        (done,) = await inside.till.ledger.append([noted], now=now)
        assert await sealed(inside, [done.number])
        await inside.forget()
        assert await sealed(inside, [done.number]) == []

    with_house(url, tmp_path, work)


async def sealed(inside: House, numbers: Iterable[int]) -> list[int]:
    payloads = Payloads(inside.store)
    return [each for each in numbers if await payloads.payload(each) is not None]


def test_nothing_that_names_an_erased_reader_can_be_read(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        # Neighbours on the same pages of the file, before and after.
        crowd = [Person(email=f"n{n}@others.example", name=f"Neighbour {n}") for n in range(400)]
        await Imported(inside.store).add(crowd[:200], now=inside.till.clock.now())
        subscription = await inside.buys()
        bens = await inside.buys("ben", "ben@others.example", "Ben")
        await wrote(inside)
        await Imported(inside.store).add(crowd[200:], now=inside.till.clock.now())
        before = await readable(inside.store)
        assert before >= {EMAIL.encode(), NAME.encode()}
        assert b"quai de l" not in before, (
            "what Stripe alone knows is never readable without its key"
        )
        theirs = await inside.till.ledger.story(await inside.till.ledger.of_reader(inside.ana))
        numbers = [each.number for each in theirs]
        assert len(await sealed(inside, numbers)) > 5
        head = await inside.till.ledger.head()
        await inside.forget()
        assert await readable(inside.store) == set()
        assert await sealed(inside, numbers) == []
        assert await inside.status(subscription) == "canceled"
        assert await inside.erased() == [inside.ana]
        # What Stripe says of the end comes in afterwards, and is kept for nobody.
        await inside.till.hear()
        await inside.till.settled()
        assert await readable(inside.store) == set()
        assert (await verify(inside.till.ledger, head=head)).faults == ()
        assert await inside.till.job.projector.replay() == []
        assert await inside.status(bens) == "active"
        assert "gold" in await inside.till.holds("ben")
        found = await Imported(inside.store).found([each.email for each in crowd])
        assert len(found) == len(crowd)

    with_house(url, tmp_path, work)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_while_stripe_is_away_nothing_is_erased(url: str, tmp_path: Path, method: str) -> None:
    """Ghost 12711: deleting a member left the subscription running."""

    async def work(inside: House) -> None:
        subscription = await inside.buys()
        numbers = [each.number for each in await inside.till.entries()]
        before = await sealed(inside, numbers)
        trouble = {"status": 503, "times": 10_000, "method": method}
        await inside.till.world.stand_in.hook("trouble", **trouble)
        with pytest.raises(StripeUnavailable):
            await inside.forget()
        assert await sealed(inside, numbers) == before
        assert await inside.erased() == []
        assert "gold" in await inside.till.holds(inside.ana)
        inside.till.world.stand_in.api.troubles.clear()
        await inside.forget()
        assert await inside.status(subscription) == "canceled"
        assert await readable(inside.store) == set()

    with_house(url, tmp_path, work)


def test_deleting_a_member_ends_what_nobody_told_us_of_too(url: str, tmp_path: Path) -> None:
    """A second subscription whose events were lost, and a Checkout that is still open."""

    async def work(inside: House) -> None:
        first = await inside.buys()
        v1 = inside.till.world.v1
        method = (await v1.payment_methods.list_async({"customer": first.customer})).data[0]
        second = await v1.subscriptions.create_async(
            {
                "customer": first.customer,
                "items": [{"price": "price_gold_year"}],
                "default_payment_method": method.id,
            }
        )
        opened = await v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": first.customer,
            }
        )
        inside.till.forget()
        await inside.forget()
        assert await inside.status(first) == await inside.status(second) == "canceled"
        assert (await v1.checkout.sessions.retrieve_async(opened.id)).status == "expired"

    with_house(url, tmp_path, work)


def test_without_stripe_in_the_config_nobody_who_pays_is_erased(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        await inside.buys()
        blind = erasing_of(inside.store, None)
        with pytest.raises(StripeUnavailable):
            await blind.forget(inside.ana, by="ana", now=inside.till.clock.now())
        assert await inside.erased() == []
        await blind.forget("ben", by="ben", now=inside.till.clock.now())
        assert await inside.erased() == ["ben"], "who pays nothing can go"

    with_house(url, tmp_path, work)


def test_what_was_cut_off_is_erased_to_the_end_the_next_time(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        await inside.buys()

        class Torn:
            async def customers(self, reader: str) -> list[str]:
                return []

            async def erase(self, reader: str, *of: Iterable[str], now: float) -> None:
                raise StoreUnavailable("disk full")

        torn = Erasing(
            ledger=inside.erasing.ledger,
            keys=inside.erasing.keys,
            payments=inside.erasing.payments,
            traces=Torn(),
        )
        with pytest.raises(StoreUnavailable):
            await torn.forget(inside.ana, by="ana", now=inside.till.clock.now())
        assert await readable(inside.store)
        await inside.till.pass_time(60)
        await inside.forget()
        assert await readable(inside.store) == set()
        assert (await verify(inside.till.ledger)).faults == ()
        assert await inside.till.job.projector.replay() == []

    with_house(url, tmp_path, work)


def test_a_customer_who_is_anothers_by_now_is_left_alone(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        subscription = await inside.buys()
        now = inside.till.clock.now()
        told: dict[str, Any] = {"by": "ops", "at": now, "reason": "the wrong account"}
        moved = [
            acts.unbind(subscription.customer, inside.ana, **told),
            acts.bind(subscription.customer, "ben", **told),
        ]
        await inside.till.ledger.append(moved, now=now)
        await inside.till.settled()
        numbers = [each.number for each in await inside.till.entries()]
        before = await sealed(inside, numbers)
        await inside.forget()
        assert await inside.status(subscription) == "active"
        assert await sealed(inside, numbers) == before
        assert "gold" in await inside.till.holds("ben")
        await inside.forget("ben")
        assert await inside.status(subscription) == "canceled"

    with_house(url, tmp_path, work)


@pytest.mark.parametrize("how", ["bought", "made"])
def test_what_was_paid_by_a_customer_who_is_nobodys_by_now_ends_too(
    url: str, tmp_path: Path, how: str
) -> None:
    async def work(inside: House) -> None:
        v1, now = inside.till.world.v1, inside.till.clock.now()
        if how == "bought":
            subscription = await inside.buys()
        else:  # for this reader at the till, where the subscription was sold by hand
            customer = await v1.customers.create_async({"email": EMAIL, "name": NAME})
            made = acts.bind(customer.id, inside.ana, by=acts.CHECKOUT, at=now)
            await inside.till.ledger.append([made], now=now)
            sent = {"collection_method": "send_invoice", "days_until_due": 30}
            asked: Any = {"customer": customer.id, "items": [{"price": "price_gold"}], **sent}
            subscription = await v1.subscriptions.create_async(asked)
            await inside.till.hear()
        parted = acts.unbind(subscription.customer, inside.ana, by="ops", at=now, reason="a slip")
        await inside.till.ledger.append([parted], now=now)
        await inside.till.settled()
        await inside.forget()
        assert await inside.status(subscription) == "canceled"
        await inside.till.hear()
        await inside.till.settled()
        assert await readable(inside.store) == set()

    with_house(url, tmp_path, work)


def test_a_customer_in_whose_name_two_readers_paid_is_left_to_a_person(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: House) -> None:
        subscription = await inside.buys()
        session = inside.till.world.stand_in.account.all("checkout.session")[0]
        told = await inside.till.world.v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": session["customer"],
                "client_reference_id": "ben",
            }
        )
        await inside.till.world.stand_in.hook("pay", session=told.id)
        await inside.till.hear()
        await inside.till.settled()
        await inside.forget()
        assert await inside.status(subscription) == "active"

    with_house(url, tmp_path, work)


def test_two_accounts_that_became_one_go_together(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        other = Person(email="ana.erased@elsewhere.example", name=NAME)
        gone = (await Imported(inside.store).add([other], now=now))[other.email]
        given = acts.grant(gone, "gold", until=None, by="ops", at=now, reason=f"for {NAME}")
        merged = acts.merged(inside.ana, gone, {}, by="ops", at=now, reason=f"both are {NAME}")
        await inside.till.ledger.append([given, merged], now=now)
        assert await Directory(inside.store).merge(inside.ana, gone, now=now)
        await inside.buys()
        await inside.forget()
        assert await readable(inside.store) == set()
        assert set(await inside.erased()) == {inside.ana, gone}
        assert await inside.till.job.projector.replay() == []

    with_house(url, tmp_path, work)


def test_a_customer_who_was_made_and_bought_nothing_is_forgotten_too(
    url: str, tmp_path: Path
) -> None:
    """A reader who turned back at Checkout."""

    async def work(inside: House) -> None:
        v1 = inside.till.world.v1
        customer = await v1.customers.create_async({"email": EMAIL, "name": NAME})
        now = inside.till.clock.now()
        await Attempts(inside.store).keep_customer(inside.ana, customer.id, now=now)
        opened = await v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": customer.id,
                "client_reference_id": inside.ana,
            }
        )
        await inside.till.hear()
        await inside.till.settled()
        numbers = [each.number for each in await inside.till.entries()]
        assert await sealed(inside, numbers)
        await inside.forget()
        assert (await v1.checkout.sessions.retrieve_async(opened.id)).status == "expired"
        await inside.till.hear()
        await inside.till.settled()
        assert await readable(inside.store) == set()
        payloads = Payloads(inside.store)
        for entry in await inside.till.entries():
            if entry.customer_id == customer.id:
                assert await payloads.payload(entry.number) is None

    with_house(url, tmp_path, work)


def test_a_customer_whom_stripe_knows_no_more_stops_nobody(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        gone = acts.bind("cus_of_another_account", inside.ana, by="ops", at=now)
        await inside.till.ledger.append([gone], now=now)
        await inside.till.settled()
        await inside.forget()
        assert await inside.erased() == [inside.ana]

    with_house(url, tmp_path, work)
