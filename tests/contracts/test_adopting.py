"""Taking along what one pays already: through the real library, on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import StoreUnavailable
from gateway.money.arriving.adopting import INVITED_DAYS
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.stores.adopting import Adoptions
from gateway.stores.mailed import Letters
from gateway.wiring.adopting import AdoptingWork, adopting_of
from gateway.wiring.pages import templates_of
from tests.contracts.till import DAY, HOUR, Till, till

MAIL = '[mail]\nurl = "smtp://localhost:1"\nsender = "La Gazette <bonjour@news.example>"\n'
SITE = "https://news.example"
ADDRESS = "Ana.Lise@Old.example"
TYPED = "ana.lise@old.example"


@dataclass
class House:
    """A till, what mails links, and the letters that went out."""

    till: Till
    work: AdoptingWork

    def __post_init__(self) -> None:
        settings, store = self.till.settings, self.till.store
        self.clock = self.till.clock
        self.adopting = adopting_of(settings, store=store, mails=templates_of(settings))

    async def reborn(self) -> None:
        """Another process does the mailing from now on, after the last one's lease."""
        await self.work.close()
        await self.till.pass_time(61)
        self.work = mailing(self.till)

    async def pays(self, email: str = ADDRESS) -> str:
        """Somebody who bought before there were readers: the customer's id."""
        v1 = self.till.world.v1
        customer = await v1.customers.create_async({"email": email})
        session = await v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": f"{SITE}/done",
                "customer": customer.id,
            }
        )
        await self.till.world.stand_in.hook("pay", session=session.id)
        await self.heard()
        return str(customer.id)

    async def heard(self) -> None:
        await self.till.hear()
        await self.till.settled()

    async def ask(self, email: str = TYPED) -> list[tuple[str, str]]:
        """As somebody who types an address: to whom letters went, and the token in each."""
        now = self.clock.now()
        await self.adopting.ask(email, language="fr", return_to="/article", now=now)
        await self.work.job.work()
        return await self.letters()

    async def letters(self) -> list[tuple[str, str]]:
        waiting = Letters(self.till.store)
        found = []
        for each in await waiting.claim(now=self.clock.now()):
            await waiting.sent(each.number)
            token = re.search(rf"{SITE}/-/adopt/([\w-]+)\?lang=fr", each.letter.text)
            assert token
            found.append((each.recipient, token[1]))
        return found

    async def take(self, token: str, reader: str = "ana") -> bool:
        taken = await self.adopting.take(token, reader, now=self.clock.now())
        await self.till.settled()
        return taken is not None

    async def binds(self) -> list[tuple[str, str]]:
        entries = await self.till.entries()
        return [(each.customer_id, each.reader) for each in entries if each.kind == Act.BIND]


def mailing(open_till: Till) -> AdoptingWork:
    mails = templates_of(open_till.settings)
    return AdoptingWork(
        open_till.settings, store=open_till.store, clock=open_till.clock, mails=mails
    )


def with_house(url: str, folder: Path, work: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        async with till(url, folder, stripe=MAIL) as inside:
            mails = templates_of(inside.settings)
            job = AdoptingWork(inside.settings, store=inside.store, clock=inside.clock, mails=mails)
            try:
                await work(House(inside, job))
            finally:
                await job.close()

    asyncio.run(main())


def test_the_link_goes_to_the_address_that_pays_and_binds_once(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        customer = await house.pays()
        assert await house.till.holds("ana") == {}
        await house.work.job.work()
        assert await house.adopting.adoptable(TYPED)
        ((to, token),) = await house.ask()
        assert to == TYPED, "as Stripe has it"
        now = house.clock.now()
        for _ in range(2):
            link = await house.adopting.find(token, now=now)
            assert link, "looking changes nothing"
            assert link.return_to == "/article"
        assert await house.binds() == []
        assert await house.take(token)
        assert "gold" in await house.till.holds("ana")
        assert await house.binds() == [(customer, "ana")]
        assert not await house.take(token)
        assert not await house.take(token, "ben")
        assert await house.adopting.find(token, now=now) is None
        assert await house.binds() == [(customer, "ana")]
        assert not await house.adopting.adoptable(TYPED)
        assert await house.ask() == [], "it pays for somebody now"
        assert await house.till.job.projector.replay() == []

    with_house(url, tmp_path, work)


def test_of_a_hundred_who_take_one_link_at_once_one_has_it(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        customer = await house.pays()
        ((_, first),) = await house.ask()
        ((_, second),) = await house.ask()

        async def click(token: str, who: str) -> bool:
            for _ in range(20):
                with contextlib.suppress(StoreUnavailable):  # the pool is full: once more
                    return bool(await house.adopting.take(token, who, now=house.clock.now()))
            raise AssertionError("the store never answered")

        readers = ["ana", "ben"] * 25
        taken = await asyncio.gather(
            *(click(each, who) for who in readers for each in (first, second))
        )
        assert sum(taken) == 1
        ((bound, who),) = await house.binds()
        assert bound == customer
        await house.till.settled()
        other = {"ana": "ben", "ben": "ana"}[who]
        assert (await house.till.holds(who), await house.till.holds(other))[1] == {}
        assert await house.till.holds(who)

    with_house(url, tmp_path, work)


def test_nobody_is_written_to_whose_address_pays_nothing(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.pays()
        bought = await house.till.buy("ben")
        await house.heard()
        assert bought.id
        assert await house.ask("ben@news.example") == [], "what is bound is nobody else's"
        assert await house.ask("nobody@old.example") == []
        assert not await house.adopting.adoptable("nobody@old.example")
        assert not await house.adopting.adoptable("")

    with_house(url, tmp_path, work)


def test_an_address_that_changed_at_stripe_is_written_to_where_it_is_now(
    url: str, tmp_path: Path
) -> None:
    async def work(house: House) -> None:
        customer = await house.pays()
        await house.work.job.work()
        v1 = house.till.world.v1
        await v1.customers.update_async(customer, {"email": "ana@new.example"})
        assert await house.ask() == [], "the old address reads nobody's mail any more"
        ((to, token),) = await house.ask("ana@new.example")
        assert to == "ana@new.example"
        assert await house.take(token)

    with_house(url, tmp_path, work)


def test_all_that_one_address_pays_is_one_link(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        both = {await house.pays(), await house.pays(TYPED)}
        ((_, token),) = await house.ask()
        assert await house.take(token)
        assert {customer for customer, _ in await house.binds()} == both

    with_house(url, tmp_path, work)


def test_what_was_asked_waits_while_stripe_is_away(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.pays()
        await house.work.job.work()
        trouble = {"status": 503, "times": 10_000, "method": "GET"}
        await house.till.world.stand_in.hook("trouble", **trouble)
        assert await house.ask() == []
        house.till.world.stand_in.api.troubles.clear()
        await house.work.job.work()
        assert await house.letters() == [], "it rests for a while"
        await house.reborn()
        await house.work.job.work()
        assert [to for to, _ in await house.letters()] == [TYPED]
        await house.till.world.stand_in.hook("trouble", **trouble)
        assert await house.ask() == []
        house.till.world.stand_in.api.troubles.clear()
        await house.till.pass_time(HOUR)
        await house.reborn()
        await house.work.job.work()
        assert await house.letters() == [], "nobody waits for a letter of an hour ago"

    with_house(url, tmp_path, work)


def test_links_are_over_after_a_quarter_of_an_hour_and_invitations_after_a_week(
    url: str, tmp_path: Path
) -> None:
    async def work(house: House) -> None:
        customer = await house.pays()
        ((_, asked),) = await house.ask()
        now = house.clock.now()
        await house.adopting.mail([customer], TYPED, language="fr", invited=True, now=now)
        ((_, invited),) = await house.letters()
        await house.till.pass_time(900)
        assert not await house.take(asked)
        await house.till.pass_time(INVITED_DAYS * DAY - 901)
        assert await house.take(invited)
        await house.till.pass_time(2)
        assert await Adoptions(house.till.store).sweep(before=house.clock.now()) >= 2

    with_house(url, tmp_path, work)


def test_an_operator_unbinds_and_the_address_can_take_it_along_again(
    url: str, tmp_path: Path
) -> None:
    async def work(house: House) -> None:
        customer = await house.pays()
        ((_, token),) = await house.ask()
        assert await house.take(token, "ben")
        now = house.clock.now()
        undone = acts.unbind(customer, "ben", by="ops", at=now, reason="the wrong account")
        await house.till.ledger.append([undone], now=now)
        await house.till.settled()
        assert await house.till.holds("ben") == {}
        assert not await house.take(token, "ben"), "the link has served"
        ((_, again),) = await house.ask()
        assert await house.take(again)
        assert await house.till.holds("ana")

    with_house(url, tmp_path, work)


def test_what_ended_meanwhile_leads_nowhere(url: str, tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.pays()
        ((_, token),) = await house.ask()
        (subscription,) = house.till.world.stand_in.account.all("subscription")
        await house.till.world.stand_in.hook("cancel", subscription=subscription["id"])
        await house.heard()
        assert not await house.take(token)
        assert await house.ask() == []
        assert await house.binds() == []

    with_house(url, tmp_path, work)


def test_a_take_that_was_cut_off_is_taken_again_by_the_same_reader_alone(
    url: str, tmp_path: Path
) -> None:
    """The store took the link, and the ledger didn't hear of it."""

    async def work(house: House) -> None:
        customer = await house.pays()
        ((_, token),) = await house.ask()
        link = await house.adopting.adoptions.take(_hash(token), "ana", now=house.clock.now())
        assert link
        assert not await house.take(token, "ben")
        assert await house.take(token, "ana")
        assert await house.binds() == [(customer, "ana")]

    with_house(url, tmp_path, work)


def _hash(token: str) -> str:
    from gateway.money.arriving.adopting import hash_of

    return hash_of(token)
