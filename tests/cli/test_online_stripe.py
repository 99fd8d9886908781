"""``check --online`` against the stand-in: each thing that can be wrong at Stripe, told in one run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.cli.check import _of_dropped_prices, doubts
from gateway.cli.online_stripe import ask_stripe
from gateway.config import load_settings
from gateway.money.entries.kinds import EVENTS
from tests.contracts.till import PLAN, Till, at_the_till
from tests.migrated import new_store

WEBHOOK = "https://news.example/-/stripe/webhook"


def run(folder: Path, work: object, **more: str) -> None:
    at_the_till(new_store(folder / "lychgate.db"), folder, work, **more)  # type: ignore[arg-type]  # keywords by name


async def asked(till: Till) -> bool:
    """In a thread: the stand-in answers meanwhile."""
    return await asyncio.to_thread(ask_stripe, till.settings)


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(till: Till) -> None:
        await till.world.stand_in.hook("delivery", url=WEBHOOK)
        assert await asked(till)
        told = capsys.readouterr()
        assert f"account {till.world.stand_in.account.id}, test mode" in told.out
        assert 'price price_gold_year of plan "gold": is sold' in told.out
        assert "sends every event that counts" in told.out
        assert told.err == ""

    run(tmp_path, work)


def test_every_fault_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(till: Till) -> None:
        world = till.world
        once = await world.v1.prices.create_async(
            {"product": "prod_gold", "currency": "eur", "unit_amount": 500}
        )
        prices = world.stand_in.account.tables["price"]
        prices["price_once"] = {**prices[once.id], "id": "price_once"}
        await world.v1.prices.update_async("price_gold_year", {"active": False})
        events = [each for each in EVENTS if each != "invoice.paid"]
        await world.stand_in.hook("delivery", url=WEBHOOK, enabled_events=events)
        assert not await asked(till)
        told = capsys.readouterr().err
        assert "price price_absent" in told
        assert "there is no such price" in told
        assert "it is sold once" in told
        assert "isn't active at Stripe" in told
        assert "doesn't send invoice.paid" in told

    plans = PLAN.replace('"price_gold_year"]', '"price_gold_year", "price_absent", "price_once"]')
    run(tmp_path, work, plans=plans)


def test_an_endpoint_of_another_place_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(till: Till) -> None:
        assert not await asked(till)
        assert f"{WEBHOOK} doesn't exist" in capsys.readouterr().err

    run(tmp_path, work)


def test_a_key_that_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(till: Till) -> None:
        till.world.stand_in.api.secret_key = "sk_test_turned"
        assert not await asked(till)
        told = capsys.readouterr().err
        assert "refuses the secret key" in told
        assert "sk_test" not in told

    run(tmp_path, work)


def test_prices_without_their_tax_are_a_doubt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(till: Till) -> None:
        await till.world.stand_in.hook("delivery", url=WEBHOOK)
        update = till.world.v1.prices.update_async
        await update("price_gold", {"tax_behavior": "exclusive"})
        assert await asked(till)
        assert "tax is to be added to it" in capsys.readouterr().err
        assert list(doubts(till.settings))

    run(tmp_path, work)


def test_a_price_with_live_subscribers_is_not_dropped_silently(tmp_path: Path) -> None:
    """The fold refuses such plans and goes on by those it has; ``check`` says so beforehand."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        held = await till.holds("ana")
        config = tmp_path / "till" / "lychgate.toml"
        config.write_text(config.read_text().replace('"price_gold", ', ""))
        slip = load_settings(config, {})
        (fault,) = await asyncio.to_thread(_of_dropped_prices, slip)
        assert "price_gold is in no plan any more, and 1 live subscription" in str(fault)
        assert await refolded(till, slip), "and metrics say so"
        assert await till.holds("ana") == held
        meant = config.read_text().replace("[stripe]", '[stripe]\ndropped_prices = ["price_gold"]')
        config.write_text(meant)
        told = load_settings(config, {})
        assert await asyncio.to_thread(_of_dropped_prices, told) == ()
        assert not await refolded(till, told)
        assert await till.holds("ana") == {}
        assert (await till.world.again(bought)).status == "active"

    run(tmp_path, work)


async def refolded(till: Till, settings: object) -> bool:
    """As after a start with other settings; whether these rules were refused."""
    from gateway.wiring.money import folding

    job = folding(settings, store=till.store, clock=till.clock)  # type: ignore[arg-type]  # a clock that is moved
    await job.fold_due()
    return job.rules_refused
