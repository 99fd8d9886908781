"""Leaving, through the whole gateway on both databases: signed in and out, once, in time, Stripe away."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.finding import Progress
from gateway.model.leaving import Leaving, State, Way
from gateway.model.mark import Why
from gateway.money.entries import acts
from gateway.stores.leavers import kept as kept_of
from gateway.stores.leaving import Leavings
from gateway.stores.work_list import WorkList
from tests.contracts.counter import ANA, MAIL, Counter, at_the_counter
from tests.contracts.till import DAY
from tests.hostile.misbehaving_provider import SOUND, Manner
from tests.login.claims import GONE

NAMELESS = Manner(userinfo={"email": GONE, "email_verified": GONE})
WHO = {"apart": "1", "name": "Ana Nim", "email": ANA}


def test_signed_in_it_takes_a_recap_and_a_button(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        form = await browser.get("/-/cancel?lang=en")
        assert (form.status_code, bought.id in form.text, "Gold" in form.text) == (200, True, True)
        recap = await browser.post("/-/cancel?lang=en", {"subscription": bought.id})
        assert "Confirm cancellation" in recap.text
        assert not (await inside.at_stripe(bought)).cancel_at
        assert not await inside.letters(), "nothing has happened yet"
        sure = {"subscription": bought.id, "confirm": "yes", "reason": "I move.\nFar away"}
        done = await browser.post("/-/cancel?lang=en", sure)
        assert "Your request has been carried out" in done.text
        left = await inside.at_stripe(bought)
        assert left.status == "active"
        assert left.cancellation_details.comment == "I move. Far away"
        end = bought["items"].data[0].current_period_end
        assert left.cancel_at == end
        ((to, letter),) = [(each.recipient, each.letter) for each in await inside.letters()]
        assert to == ANA
        assert "receipt" in letter.subject
        assert "21 September 2026 at 14:13:30 (UTC)" in letter.text, "its time, to the second"
        assert bought.id in letter.text
        # The ledger knows without a webhook, and whoever reads goes on reading until then.
        await inside.till.settled()
        assert (await inside.till.holds(reader))["gold"] == end
        again = await browser.get("/-/cancel?lang=en")
        assert "cancelled already" in again.text
        assert 'type="submit"' not in again.text

    at_the_counter(url, tmp_path, work)


async def resumed(inside: Counter, bought: Any) -> None:
    """Taken back in Stripe's portal, and the webhook is lost."""
    await inside.till.pass_time(60)
    await inside.till.world.stand_in.settle()
    back: Any = {"cancel_at": ""}
    await inside.till.world.v1.subscriptions.update_async(bought.id, back)
    await inside.till.world.stand_in.settle()
    inside.till.forget()
    assert not (await inside.at_stripe(bought)).cancel_at
    await inside.till.pass_time(60)


@pytest.mark.parametrize("away", [False, True])
def test_what_was_taken_back_unheard_is_cancelled_again_and_not_called_cancelled(
    url: str, tmp_path: Path, *, away: bool
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        sure = {"subscription": bought.id, "confirm": "yes"}
        await browser.post("/-/cancel?lang=en", sure)
        await inside.till.settled()
        assert "cancelled already" in (await browser.get("/-/cancel?lang=en")).text
        head = await inside.till.ledger.head()
        await browser.get("/-/cancel?lang=en")
        assert await inside.till.ledger.head() == head, "looking again writes nothing"
        await resumed(inside, bought)
        troubles = inside.till.world.stand_in.api.troubles
        if away:
            trouble = {"status": 503, "times": 999, "method": "GET"}
            await inside.till.world.stand_in.hook("trouble", **trouble)
        page = await browser.get("/-/cancel?lang=en")
        assert "cancelled already" not in page.text
        assert 'type="submit"' in page.text
        done = await browser.post("/-/cancel?lang=en", sure)
        assert ("Your request has been carried out" in done.text) is not away
        troubles.clear()
        await inside.till.pass_time(600)
        await inside.leaving.turns.take_due()
        assert (await inside.at_stripe(bought)).cancel_at
        await inside.till.settled()
        assert "cancelled already" in (await browser.get("/-/cancel?lang=en")).text

    at_the_counter(url, tmp_path, work)


def test_signed_out_what_was_taken_back_unheard_is_among_what_is_cancelled(
    url: str, tmp_path: Path
) -> None:
    """Of two that are paid from a wallet's address, which only the ledger ties to the account."""

    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        other = await inside.bought(reader, "price_gold_year")
        await browser.post("/-/cancel?lang=en", {"subscription": bought.id, "confirm": "yes"})
        await inside.till.settled()
        await inside.letters()
        await resumed(inside, bought)
        stranger = inside.lodge.browser()
        await stranger.post("/-/cancel?lang=en", WHO)
        done = await stranger.post(await inside.link(), {"confirm": "yes"})
        assert "Your request has been carried out" in done.text
        assert (await inside.at_stripe(other)).cancel_at
        assert (await inside.at_stripe(bought)).cancel_at

    at_the_counter(url, tmp_path, work)


def test_signed_out_a_mailed_link_confirms_and_looking_does_nothing(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        stranger = inside.lodge.browser()
        assert "Contract reference" in (await stranger.get("/-/cancel?lang=en")).text
        sent = await stranger.post("/-/cancel?lang=en", {**WHO, "reference": bought.id})
        assert "Check your mail" in sent.text
        link = await inside.link()
        for _ in range(2):
            looked = await stranger.get(link)
            assert bought.id in looked.text
            assert looked.headers["referrer-policy"] == "strict-origin"
        assert not (await inside.at_stripe(bought)).cancel_at
        done = await stranger.post(link, {"confirm": "yes"})
        assert "Your request has been carried out" in done.text
        assert (await inside.at_stripe(bought)).cancel_at
        assert [each.recipient for each in await inside.letters()] == [ANA]
        again = await stranger.post(link, {"confirm": "yes"})
        assert "Your request has been carried out" in again.text
        assert not await inside.letters(), "it served once"

    at_the_counter(url, tmp_path, work)


def filled(page: str) -> dict[str, str]:
    """The fields of a page's forms that hold something, as a browser sends them again."""
    found = {each: re.search(r'name="([^"]+)"', each) for each in re.findall(r"<input[^>]*>", page)}
    values = {each: re.search(r'value="([^"]+)"', each) for each in found}
    return {name[1]: value[1] for each, name in found.items() if name and (value := values[each])}


def change(page: str) -> dict[str, str]:
    """The recap's form that leads back."""
    (form,) = (each for each in re.findall(r"<form.*?</form>", page, re.S) if '"change"' in each)
    return filled(form)


def test_to_change_something_brings_back_what_was_typed(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        typed = {"wished": "2026-11-01", "reason": "I move."}
        own = {"subscription": bought.id, **typed}
        recap = await browser.post("/-/cancel?lang=en", own)
        back = await browser.post("/-/cancel?lang=en", change(recap.text))
        assert "Continue" in back.text
        assert filled(back.text) == own
        stranger = inside.lodge.browser()
        apart = {**WHO, **typed, "reference": bought.id}
        await stranger.post("/-/cancel", apart)
        link = await inside.link()
        recap = await stranger.get(f"{link}?lang=en")
        back = await stranger.post(f"{link}?lang=en", change(recap.text))
        assert back.status_code == 200
        assert filled(back.text) == apart
        assert not (await inside.at_stripe(bought)).cancel_at, "nothing was confirmed"
        assert "Confirm cancellation" in (await stranger.get(f"{link}?lang=en")).text

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize("way", ["cancel", "withdraw"])
@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_who_logged_out_in_another_tab_is_asked_who_they_are_and_loses_nothing(
    url: str, tmp_path: Path, way: str, confirm: dict[str, str]
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        form = {"subscription": bought.id, "wished": "2026-11-01", "reason": "I move.", **confirm}
        await browser.post("/-/logout", {"return_to": "/"})
        page = await browser.post(f"/-/{way}?lang=en", form)
        assert page.status_code == 200
        assert 'name="email"' in page.text
        assert 'role="alert"' not in page.text
        assert ('value="2026-11-01"' in page.text) is (way == "cancel")
        assert 'value="I move."' in page.text
        assert not (await inside.at_stripe(bought)).cancel_at

    at_the_counter(url, tmp_path, work)


def test_a_hundred_clicks_at_once_are_one(url: str, tmp_path: Path) -> None:
    """Where the store can't be asked for all of them in time, those say so and did nothing."""

    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        sure = {"subscription": bought.id, "confirm": "yes"}
        clicks = await asyncio.gather(*(browser.post("/-/cancel", sure) for _ in range(100)))
        await once(inside, bought, {each.status_code for each in clicks})
        other = await inside.bought(reader, "price_gold_year")
        stranger = inside.lodge.browser()
        await stranger.post("/-/cancel", {**WHO, "reference": other.id})
        link = await inside.link()
        clicks = await asyncio.gather(*(stranger.post(link) for _ in range(100)))
        await once(inside, other, {each.status_code for each in clicks})

    at_the_counter(url, tmp_path, work)


async def once(inside: Counter, bought: Any, statuses: set[int]) -> None:
    assert 200 in statuses
    assert statuses <= {200, 503}
    await inside.till.pass_time(300)
    await inside.leaving.turns.take_due()
    (receipt,) = await inside.letters()
    assert "The subscription ends on" in receipt.letter.text
    assert inside.asked("POST", f"/v1/subscriptions/{bought.id}") == 1


def test_who_is_cut_off_in_the_middle_is_told_what_was_done(url: str, tmp_path: Path) -> None:
    """Stripe has done it, and the store was gone when that was to be said."""

    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        turns = inside.leaving.turns

        class Gone(Leavings):
            async def finish(self, *_: Any, **__: Any) -> bool:
                raise StoreUnavailable("gone")

        requests = Gone(inside.till.store)
        accepted = Leaving(
            id="a",
            once="cancel:a",
            way=Way.CANCEL,
            state=State.ACCEPTED,
            reader_id=reader,
            email=ANA,
            language="en",
            subscriptions=(bought.id,),
            asked_at=inside.till.clock.now(),
            accepted_at=inside.till.clock.now(),
        )
        assert await requests.begin(accepted)
        with pytest.raises(StoreUnavailable):
            await replace(turns, requests=requests).take(accepted)
        assert (await inside.at_stripe(bought)).cancel_at
        assert not await inside.letters()
        await inside.till.pass_time(300)
        await asyncio.gather(*(turns.take_due() for _ in range(3)))
        (receipt,) = await inside.letters()
        assert "The subscription ends on" in receipt.letter.text
        assert inside.asked("POST", f"/v1/subscriptions/{bought.id}") == 1

    at_the_counter(url, tmp_path, work)


def test_it_says_the_same_whether_the_address_is_known(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        await inside.bought(reader)
        told = []
        for email in (ANA, "nobody@news.example"):
            asked = inside.till.world.stand_in.api.seen[:]
            stranger = inside.lodge.browser()
            sent = await stranger.post("/-/cancel", {**WHO, "email": email})
            assert inside.till.world.stand_in.api.seen == asked, "nobody was looked for"
            told.append(re.sub(r"\b[0-9a-f]{16}\b", "N", sent.text.replace(email, "X")))
            (letter,) = await inside.letters()
            assert letter.recipient == email
        assert told[0] == told[1]
        await stranger.post("/-/cancel", {**WHO, "email": "nobody@news.example"})
        done = await stranger.post(await inside.link(), {"confirm": "yes"})
        assert "We found no subscription" in done.text
        receipt, by_hand = await inside.letters()
        assert "We found no subscription" in receipt.letter.text
        assert by_hand.recipient == "bonjour@news.example"
        assert "by hand" in by_hand.letter.subject
        assert "nobody@news.example" in by_hand.letter.text

    at_the_counter(url, tmp_path, work)


def test_who_pays_by_another_address_than_they_log_in_with_is_found_at_stripe(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        payer = f"{reader}@news.example"  # what Stripe's customer has
        elsewhere = await inside.till.world.subscribed(customer_email=payer)
        stranger = inside.lodge.browser()
        await stranger.post("/-/cancel", {**WHO, "email": payer})
        link = await inside.link()
        looked = await stranger.get(link)
        assert bought.id in looked.text
        assert elsewhere.id not in looked.text, "the same account of Stripe's sells other things"
        await stranger.post(link)
        assert (await inside.at_stripe(bought)).cancel_at
        assert not (await inside.at_stripe(elsewhere)).cancel_at
        assert [each.recipient for each in await inside.letters()] == [payer]

    at_the_counter(url, tmp_path, work)


def test_wrong_links_and_fields_change_nothing(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        stranger = inside.lodge.browser()
        for wrong in ("/-/cancel/x", "/-/cancel/" + "a" * 5000, "/-/withdraw/%C3%A9"):
            assert (await stranger.get(wrong)).status_code == 400
            assert (await stranger.post(wrong)).status_code == 400
        await stranger.post("/-/cancel", WHO)
        link = await inside.link()
        assert (await stranger.post(link.replace("cancel", "withdraw"))).status_code == 400
        assert (await stranger.post(link, from_site="https://evil.example")).status_code == 403
        await inside.till.pass_time(3 * DAY)
        assert (await stranger.get(link)).status_code == 400
        assert (await stranger.post(link)).status_code == 400
        for bad in ({"email": "a@b@c"}, {"name": " \t"}, {"wished": "2020-01-01"}, {"wished": "x"}):
            answer = await stranger.post("/-/cancel", {**WHO, **bad})
            assert answer.status_code == 400, bad
        sure = {"subscription": "sub_of_somebody_else", "confirm": "yes"}
        assert (await browser.post("/-/cancel", sure)).status_code == 200
        evil = {"subscription": bought.id, "confirm": "yes"}
        other = await browser.post("/-/cancel", evil, from_site="https://evil.example")
        assert other.status_code == 403
        assert not (await inside.at_stripe(bought)).cancel_at
        assert not await inside.letters()
        swept = await Leavings(inside.till.store).sweep(before=inside.till.clock.now() + 1)
        assert swept == 1, "what nobody confirmed is forgotten"

    at_the_counter(url, tmp_path, work)


def test_nobody_mails_words_of_their_own_to_others_in_our_name(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        lure = "Win at https://evil.example"
        typed = {**WHO, "name": lure, "reference": lure, "reason": lure}
        await inside.lodge.browser().post("/-/cancel", typed)
        (sent,) = await inside.letters()
        for part in (sent.letter.subject, sent.letter.text, sent.letter.html):
            assert "evil" not in part

    at_the_counter(url, tmp_path, work)


def test_a_reader_can_end_nobody_elses(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        other, _ = await inside.reader(SOUND)
        for way in ("cancel", "withdraw"):
            sure = {"subscription": bought.id, "confirm": "yes"}
            assert bought.id not in (await other.post(f"/-/{way}", sure)).text
        assert (await inside.at_stripe(bought)).status == "active"
        assert not (await inside.at_stripe(bought)).cancel_at

    at_the_counter(url, tmp_path, work)


def test_a_day_that_is_wished_is_kept_and_what_does_not_open_ends_at_once(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader, "price_gold_year")
        wish = {"subscription": bought.id, "wished": "2026-11-01"}
        assert "1 November 2026" in (await browser.post("/-/cancel?lang=en", wish)).text
        await browser.post("/-/cancel", {**wish, "confirm": "yes"})
        left = await inside.at_stripe(bought)
        assert left.cancel_at == 1_793_577_600, "the midnight that ends 1 November, UTC"
        assert not left.cancel_at_period_end
        unpaid = await inside.bought(reader)
        await inside.till.world.stand_in.hook(
            "card", subscription=unpaid.id, number="4000000000000341"
        )
        await inside.till.pass_time(32 * DAY)
        await inside.settle()
        assert (await inside.at_stripe(unpaid)).status == "past_due"
        await inside.letters()
        sure = {"subscription": unpaid.id, "confirm": "yes"}
        assert "Nothing more is charged" in (await browser.post("/-/cancel?lang=en", sure)).text
        assert (await inside.at_stripe(unpaid)).status == "canceled"

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize("in_time", [True, False])
def test_withdrawing_within_the_days_of_the_law_pays_all_back(
    url: str, tmp_path: Path, in_time: bool
) -> None:
    """Bought on a Monday: the fourteenth day after it is a Monday, to its end."""

    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        midnight = 1_791_244_800.0  # 6 October 2026, 00:00 UTC
        await inside.till.pass_time(midnight - 60 - inside.till.clock.now())
        await inside.lodge.reads(browser)
        await inside.till.pass_time(0 if in_time else 60)
        sure = {"subscription": bought.id, "confirm": "yes"}
        form = await browser.get("/-/withdraw?lang=en")
        done = await browser.post("/-/withdraw?lang=en", sure)
        if not in_time:
            assert "ended on 5 October 2026" in form.text
            assert "/-/cancel?lang=en" in form.text
            assert (await inside.at_stripe(bought)).status == "active"
            assert not await inside.letters()
            return
        assert "Confirm withdrawal" in form.text
        assert "We pay back €9.90" in done.text
        assert (await inside.at_stripe(bought)).status == "canceled"
        (refund,) = (await inside.till.world.v1.refunds.list_async()).data
        assert (refund.amount, refund.status) == (990, "succeeded")
        (receipt,) = await inside.letters()
        assert "€9.90" in receipt.letter.text
        # Without any webhook: closed, and the money told of in the ledger.
        await inside.till.settled()
        assert await inside.till.holds(reader) == {}
        kinds = {(each.object_type, each.source) for each in await inside.till.entries()}
        assert ("refund", "api") in kinds
        # And with all of them it is the same, once.
        again = await browser.post("/-/withdraw?lang=en", sure)
        assert "We pay back €9.90" in again.text
        await inside.settle()
        assert len((await inside.till.world.v1.refunds.list_async()).data) == 1
        assert await inside.till.holds(reader) == {}

    at_the_counter(url, tmp_path, work)


def test_what_was_paid_off_stripe_is_paid_back_by_a_person(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        till, v1 = inside.till, inside.till.world.v1
        now = till.clock.now()
        customer = await v1.customers.create_async({"email": ANA})
        bought = await v1.subscriptions.create_async(
            {
                "customer": customer.id,
                "items": [{"price": "price_gold"}],
                "collection_method": "send_invoice",
                "days_until_due": 30,
            }
        )
        bound = acts.bind(customer.id, reader, by="ops", at=now)
        await till.ledger.append([bound], now=now)
        (invoice,) = (await v1.invoices.list_async({"status": "open"})).data
        await v1.invoices.pay_async(invoice.id, {"paid_out_of_band": True})
        await inside.settle()
        await till.pass_time(DAY)
        sure = {"subscription": bought.id, "confirm": "yes"}
        for _ in range(2):
            done = await browser.post("/-/withdraw?lang=en", sure)
            assert "€9.90, can’t go back by itself" in done.text
            assert "Nothing had been paid" not in done.text
        letters = await inside.letters()
        assert [each.recipient for each in letters] == [ANA, "bonjour@news.example"]
        assert all("€9.90" in each.letter.text for each in letters)
        await inside.settle()
        (item,) = await WorkList(till.store).items(why=Why.BY_HAND)
        assert item.finding.subscription_id == bought.id
        assert item.progress is Progress.OPEN

    at_the_counter(url, tmp_path, work)


def test_what_was_paid_back_before_is_told_of_once_and_never_as_ours(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        charge = inside.till.world.stand_in.account.all("charge")[0]
        await inside.till.world.v1.refunds.create_async({"charge": charge["id"], "amount": 300})
        await inside.settle()
        await inside.till.pass_time(DAY)
        await browser.post("/-/withdraw?lang=en", {"subscription": bought.id, "confirm": "yes"})
        (receipt,) = await inside.letters()
        assert "We pay back €6.90" in receipt.letter.text
        await inside.till.pass_time(2 * DAY)  # Stripe has forgotten the key
        await inside.settle()
        await inside.letters()
        await inside.leaving.turns.look_back()
        assert await inside.letters() == []
        refunds = (await inside.till.world.v1.refunds.list_async()).data
        assert [each.amount for each in refunds] == [690, 300]

    at_the_counter(url, tmp_path, work)


def test_what_a_bank_takes_after_the_withdrawal_goes_back_too(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader, card="FR1420041010050500013M02606")
        turns = inside.leaving.turns
        done = await browser.post(
            "/-/withdraw?lang=en", {"subscription": bought.id, "confirm": "yes"}
        )
        assert "Your request has been carried out" in done.text
        (receipt,) = await inside.letters()
        assert "€9.90" not in receipt.letter.text, "nothing was taken yet"
        await turns.look_back()
        assert not (await inside.till.world.v1.refunds.list_async()).data
        await inside.till.pass_time(8 * DAY)
        await inside.settle()
        await inside.letters()
        for _ in range(2):
            await turns.look_back()
            await inside.settle()
        (refund,) = (await inside.till.world.v1.refunds.list_async()).data
        assert (refund.amount, refund.status) == (990, "succeeded")
        (receipt,) = [each for each in await inside.letters() if "receipt" in each.letter.subject]
        assert receipt.recipient == ANA
        assert "€9.90" in receipt.letter.text
        assert await inside.till.holds(reader) == {}
        await inside.till.pass_time(31 * DAY)
        before = inside.asked("GET", "/v1/invoices")
        assert before
        await turns.look_back()
        assert inside.asked("GET", "/v1/invoices") == before, "nobody looks for ever"

    at_the_counter(url, tmp_path, work)


def test_a_withdrawal_counts_from_when_it_was_written_not_from_its_link(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        _, reader = await inside.reader()
        bought = await inside.bought(reader)
        await inside.till.pass_time(1_791_244_700.0 - inside.till.clock.now())
        stranger = inside.lodge.browser()
        await stranger.post("/-/withdraw", {**WHO, "reference": bought.id})
        link = await inside.link("withdraw")
        await inside.till.pass_time(2 * DAY)
        done = await stranger.post(f"{link}?lang=en", {"confirm": "yes"})
        assert "We pay back €9.90" in done.text
        (receipt,) = await inside.letters()
        assert "5 October 2026" in receipt.letter.text

    at_the_counter(url, tmp_path, work)


def test_while_stripe_is_away_it_is_kept_said_and_carried_out_later(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        trouble = inside.till.world.stand_in.hook
        await trouble("trouble", status=500, times=1000, method="GET")
        await trouble("trouble", status=500, times=1000, method="DELETE")
        sure = {"subscription": bought.id, "confirm": "yes"}
        waits = await browser.post("/-/withdraw?lang=en", sure)
        assert "Your request has arrived" in waits.text
        (receipt,) = await inside.letters()
        assert "21 September 2026 at 14:13:30 (UTC)" in receipt.letter.text
        await inside.till.pass_time(20 * DAY)
        await inside.leaving.turns.take_due()
        assert not await inside.letters(), "that it came is said once"
        inside.till.world.stand_in.api.troubles.clear()
        await inside.till.pass_time(DAY)
        await asyncio.gather(*(inside.leaving.turns.take_due() for _ in range(5)))
        assert (await inside.at_stripe(bought)).status == "canceled"
        assert len((await inside.till.world.v1.refunds.list_async()).data) == 1
        (receipt,) = await inside.letters()
        assert "€9.90" in receipt.letter.text, "in time when it was asked, whenever it is done"
        assert "21 September 2026 at 14:13:30 (UTC)" in receipt.letter.text
        await inside.till.settled()
        assert await inside.till.holds(reader) == {}

    at_the_counter(url, tmp_path, work)


@pytest.mark.parametrize("path", ["/v1/refunds", "/v1/subscriptions"])
def test_an_answer_that_is_lost_on_its_way_pays_back_once(
    url: str, tmp_path: Path, path: str
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        for method in ("POST", "DELETE"):
            await inside.till.world.stand_in.hook(
                "trouble", status=503, times=50, after=True, path=path, method=method
            )
        sure = {"subscription": bought.id, "confirm": "yes"}
        await browser.post("/-/withdraw", sure)
        inside.till.world.stand_in.api.troubles.clear()
        await inside.till.pass_time(2 * DAY)
        await inside.leaving.turns.take_due()
        refunds = (await inside.till.world.v1.refunds.list_async()).data
        assert [each.amount for each in refunds] == [990]
        assert (await inside.at_stripe(bought)).status == "canceled"
        assert "9.90" in (await inside.letters())[-1].letter.text

    at_the_counter(url, tmp_path, work)


def test_a_reader_without_a_proved_address_hears_where_stripe_reaches_them(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader(NAMELESS)
        bought = await inside.bought(reader)
        await browser.post("/-/cancel", {"subscription": bought.id, "confirm": "yes"})
        assert [each.recipient for each in await inside.letters()] == [f"{reader}@news.example"]

    at_the_counter(url, tmp_path, work)


def test_mails_are_limited_and_without_mail_one_logs_in(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        stranger = inside.lodge.browser()
        for _ in range(2):
            assert (await stranger.post("/-/withdraw", WHO)).status_code == 200
        limited = await stranger.post("/-/withdraw", WHO)
        assert limited.status_code == 429
        assert 0 < int(limited.headers["retry-after"]) <= 3600
        assert len(await inside.letters()) == 2

    at_the_counter(url, tmp_path, work, more=MAIL + "[limits]\nmail_per_hour = 2\n")


def test_without_mail_one_logs_in_and_the_page_is_the_receipt(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        stranger = inside.lodge.browser()
        form = await stranger.get("/-/cancel?lang=en")
        assert "log in first" in form.text
        assert (await stranger.post("/-/cancel", WHO)).status_code == 400
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        sure: dict[str, Any] = {"subscription": bought.id, "confirm": "yes"}
        assert "Keep this page" in (await browser.post("/-/cancel?lang=en", sure)).text
        assert (await inside.at_stripe(bought)).cancel_at
        assert not await inside.letters()

    at_the_counter(url, tmp_path, work, more="")


def test_what_was_asked_is_exported_and_erased_with_the_account(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        sure = {"subscription": bought.id, "confirm": "yes", "reason": "the ink smudges"}
        await browser.post("/-/cancel", sure)
        stranger = inside.lodge.browser()
        await stranger.post("/-/withdraw", {**WHO, "reason": "the dog ate it"})
        kept = (await browser.get("/-/account/export")).json()["leaving"]
        assert [each["reason"] for each in kept] == ["the ink smudges", "the dog ate it"]
        assert "once" not in kept[0]
        await browser.post("/-/account/erase", {"confirm": "yes"})
        assert not await inside.till.store.read(partial(kept_of, reader=reader, addresses=[ANA]))
        assert (await inside.at_stripe(bought)).status == "canceled"

    at_the_counter(url, tmp_path, work)


def test_what_stripe_refuses_is_said_and_done_by_a_person(url: str, tmp_path: Path) -> None:
    async def work(inside: Counter) -> None:
        browser, reader = await inside.reader()
        bought = await inside.bought(reader)
        hook = inside.till.world.stand_in.hook
        await hook("trouble", status=400, times=9, path=f"/v1/subscriptions/{bought.id}")
        sure = {"subscription": bought.id, "confirm": "yes"}
        done = await browser.post("/-/cancel?lang=en", sure)
        assert "We do it by hand" in done.text
        assert [each.recipient for each in await inside.letters()] == [ANA, "bonjour@news.example"]
        assert not (await inside.at_stripe(bought)).cancel_at
        assert "Your request has arrived" in done.text
        assert "carried out" not in done.text
        await inside.settle()
        (item,) = await WorkList(inside.till.store).items(why=Why.BY_HAND)
        assert item.finding.subscription_id == bought.id
        inside.till.world.stand_in.api.troubles.clear()
        await inside.till.pass_time(60)
        await inside.leaving.turns.take_due()
        assert (await inside.at_stripe(bought)).cancel_at
        assert [each.recipient for each in await inside.letters()] == [ANA]
        assert "cancelled already" in (await browser.post("/-/cancel?lang=en", sure)).text
        await inside.settle()
        assert not await WorkList(inside.till.store).items(why=Why.BY_HAND)

    at_the_counter(url, tmp_path, work)
