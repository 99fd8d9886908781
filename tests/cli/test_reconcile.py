"""``lychgate reconcile`` as it is typed: what it prints, and what it exits with."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.errors import Faults
from tests.contracts.till import Till, at_the_till
from tests.migrated import new_store
from tests.ways.house import KEY

pytestmark = pytest.mark.usefixtures("logging_as_it_was")
NAMES = tuple(f"reader{n}" for n in range(11))


@pytest.fixture(name="logging_as_it_was")
def _logging_as_it_was() -> Iterator[None]:
    """The command sets up the logs of a process of its own."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


async def typed(till: Till, folder: Path, *arguments: str) -> Result:
    """In a thread: the stand-in answers meanwhile."""
    config = str(folder / "till" / "lychgate.toml")
    line = ["reconcile", "--config", config, *arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, line)


def store(folder: Path) -> str:
    return new_store(folder / "lychgate.db")


def test_what_differs_is_told_mended_and_then_agrees(tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        first = await typed(till, tmp_path)
        assert first.exit_code == 0, first.output
        assert f"{bought.id}: unknown to the ledger" in first.output
        assert "appended, and applied" in first.output
        assert set(await till.holds("ana")) == {"gold"}
        second = await typed(till, tmp_path)
        assert second.exit_code == 0
        assert "Ledger and Stripe agree." in second.output

    at_the_till(store(tmp_path), tmp_path, work, at=None)


def test_json_says_all_of_it(tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        said = json.loads((await typed(till, tmp_path, "--json")).stdout)
        assert said["subscriptions"] == 1
        assert said["drifts"] == [{"subscription": bought.id, "fields": []}]
        assert said["stopped"] is False
        assert said["settled"] is True

    at_the_till(store(tmp_path), tmp_path, work, at=None)


def test_each_end_has_its_own_exit_code(tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = [await till.buy(name) for name in NAMES]
        await till.hear()
        await till.settled()
        for each in bought[1:]:
            await till.world.stand_in.hook("cancel", subscription=each.id)
        till.clock.advance(60)
        stopped = await typed(till, tmp_path)
        assert (stopped.exit_code, "Stopped" in stopped.output) == (3, True)
        allowed = await typed(till, tmp_path, "--allow-closing")
        assert allowed.exit_code == 0
        del till.world.stand_in.account.tables["subscription"][bought[0].id]
        missing = await typed(till, tmp_path)
        assert (missing.exit_code, bought[0].id in missing.output) == (5, True)
        # The commands live in real time, and so must whoever is in their way.
        await till.syncing.reconciling.leases.take("reconcile", "another", now=4e9, seconds=600.0)
        busy = await typed(till, tmp_path)
        assert (busy.exit_code, "under way" in busy.output) == (4, True)

    at_the_till(store(tmp_path), tmp_path, work, readers=NAMES, at=None)


def test_without_stripe_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    config = tmp_path / "lychgate.toml"
    config.write_text(
        f'[site]\nurl = "https://news.example"\norigin = "http://127.0.0.1:9"\nname = "N"\n'
        f'[policies]\nfolder = "policies"\n[keys]\ncookie = ["{KEY}"]\n'
    )
    done = CliRunner().invoke(app, ["reconcile", "--config", str(config)])
    assert isinstance(done.exception, Faults)
