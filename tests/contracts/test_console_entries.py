"""One entry of the ledger in the console, through the whole gateway, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, update

from gateway.demo.stripe.api import Trouble
from gateway.model.mark import State, Why
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from gateway.stores.money_schema import ledger_work
from tests.console.bureau import ADDRESSES, Bureau, at_the_bureau, event
from tests.money.telling import subscription

HOSTILE = "<script>alert(1)</script>\u202etxt.exe" + "x" * 10_000 + "\u0000"


async def _subscription(inside: Bureau, **more: Any) -> int:
    """A subscription of a customer whom nobody is bound to."""
    thing = subscription(**more) | {"livemode": False}
    body = event("customer.subscription.updated", thing, at=inside.now())
    return (await inside.append(parse(body)))[0]


def test_an_entry_says_what_came_what_it_changed_and_what_it_belongs_with(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        bought = await inside.till.buy("ana")
        await inside.till.hear()
        await inside.till.settled()
        entries = await inside.till.entries()
        first = next(each for each in entries if each.subscription_id == bought.id)
        page = await clerk.get(f"/-/finance/entries/{first.number}?lang=en")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "private, no-store"
        assert "script-src" not in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert bought.id in page.text
        assert "Entries it belongs with" in page.text
        other = next(each for each in entries if each.invoice_id and each.number != first.number)
        assert f"/-/finance/entries/{other.number}?" in page.text
        opening = [
            each for each in entries if each.object_type in ("subscription", "checkout.session")
        ]
        texts = [
            (await clerk.get(f"/-/finance/entries/{each.number}?lang=en")).text for each in opening
        ]
        assert sum("changed</span>" in text and ">ana<" in text for text in texts) >= 1
        assert (ADDRESSES["finance"], "entry", str(first.number), "") in await inside.audited()
        french = (await clerk.get(f"/-/finance/entries/{first.number}?lang=fr")).text
        assert "Ce que cela a changé" in french

    at_the_bureau(url, tmp_path, work)


def test_text_of_others_is_shown_as_text(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        metadata = {"note": HOSTILE, "api_key": "sk_live_0123456789abcdef"}
        number = await _subscription(inside, metadata=metadata)
        page = await clerk.get(f"/-/finance/entries/{number}?lang=en")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert "\u202e" not in page.text
        assert "\\u202etxt.exe" in page.text
        assert "sk_live" not in page.text
        assert "payment without a reader" in page.text

    at_the_bureau(url, tmp_path, work)


def test_what_is_no_entry_is_not_found(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        for wrong in ("999999", "0", "-1", "1e3", "x", "9" * 40, "%00", "１"):
            assert (await clerk.get(f"/-/finance/entries/{wrong}")).status_code in (400, 404)
        for act in ("retry", "fetch", "review"):
            there = f"/-/finance/entries/999999/{act}"
            assert (await clerk.post(there, {"reason": "x"})).status_code == 404
        assert [line for line in await inside.audited() if line[1] != "login"] == []

    at_the_bureau(url, tmp_path, work)


def test_a_failed_entry_is_applied_again_and_the_ledger_says_who_did_it(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        await inside.append(acts.bind("cus_1", "ana", by="test", at=inside.now()))
        number = await _subscription(inside)
        broken = {
            "state": str(State.RECEIVED),
            "reason": str(Why.FAILED),
            "failure": "KeyError('x')",
            "tries": 3,
            "next_at": inside.now() + 3600.0,
        }

        def change(connection: Connection) -> None:
            of_it = update(ledger_work).where(ledger_work.c.number == number)
            connection.execute(of_it.values(**broken))

        await inside.store.write(change)
        page = await clerk.get(f"/-/finance/entries/{number}?lang=en")
        assert "Failed" in page.text
        assert "KeyError" in page.text
        done = await clerk.post(f"/-/finance/entries/{number}/retry?lang=en", {"reason": "mended"})
        assert done.status_code == 303
        after = await clerk.get(done.headers["location"])
        assert "KeyError" not in after.text
        assert "lg-state-good" in after.text
        assert "mended" in after.text
        assert (await inside.till.holds("ana"))["gold"] > inside.now()
        assert (ADDRESSES["finance"], "retry", str(number), "mended") in await inside.audited()
        again = await clerk.post(f"/-/finance/entries/{number}/retry?lang=en", {"reason": ""})
        assert "said=not-retried" in again.headers["location"]

    at_the_bureau(url, tmp_path, work)


def test_a_note_is_an_entry_and_needs_words(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        number = await _subscription(inside)
        there = f"/-/finance/entries/{number}/review?lang=en"
        assert (await clerk.post(there, {"reason": "  "})).status_code == 400
        done = await clerk.post(there, {"reason": "Asked the <b>bank</b>"})
        page = await clerk.get(done.headers["location"])
        assert "Asked the &lt;b&gt;bank&lt;/b&gt;" in page.text
        last = (await inside.till.entries())[-1]
        assert (last.kind, last.said) == (
            "reviewed",
            {"number": number, "by": ADDRESSES["finance"]},
        )
        assert "bank" not in last.facts, "a note may name a person: it stands in the payload"

    at_the_bureau(url, tmp_path, work)


def test_stripe_is_asked_and_its_answer_stands_beside_ours(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        bought = await inside.till.buy("ana")
        await inside.till.hear()
        await inside.till.settled()
        number = next(
            each.number
            for each in await inside.till.entries()
            if each.object_type == "subscription" and each.source == "webhook"
        )
        await inside.till.pass_time(5)
        await inside.till.world.v1.subscriptions.update_async(
            bought.id, {"cancel_at_period_end": True}
        )
        await inside.till.pass_time(5)
        done = await clerk.post(f"/-/finance/entries/{number}/fetch?lang=en")
        assert "said=fetched" in done.headers["location"]
        page = await clerk.get(done.headers["location"])
        assert "It said something else than was known here." in page.text
        assert page.text.count('class="lg-differs"') >= 1
        missing = await _subscription(inside, id="sub_nowhere")
        gone = await clerk.post(f"/-/finance/entries/{missing}/fetch?lang=en")
        assert "said=missing" in gone.headers["location"]
        assert "there is no such object" in (await clerk.get(gone.headers["location"])).text

    at_the_bureau(url, tmp_path, work)


def test_stripe_away_changes_nothing(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        number = await _subscription(inside)
        away = Trouble(503, times=9, path="/v1/subscriptions", method="GET")
        inside.till.world.stand_in.api.troubles.append(away)
        before = len(await inside.till.entries())
        done = await clerk.post(f"/-/finance/entries/{number}/fetch?lang=en")
        assert "said=stripe-away" in done.headers["location"]
        assert len(await inside.till.entries()) == before
        assert "can’t be reached" in (await clerk.get(done.headers["location"])).text

    at_the_bureau(url, tmp_path, work)
