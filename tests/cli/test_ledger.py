"""``lychgate ledger``: as a bookkeeper types it, on a store with some life in it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from gateway.money.project import Projector
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.sessions import Readers
from tests.migrated import new_store
from tests.money.stories import BEGUN
from tests.money.telling import ACTS, NOON

CONFIG = """
[site]
url = "http://127.0.0.1:8000"
origin = "http://127.0.0.1:2368"
name = "Le Courrier"
[policies]
folder = "policies"
[keys]
cookie = ["0123456789abcdef0123456789abcdef"]
"""


class Noon:
    def now(self) -> float:
        return float(NOON)

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "lychgate.toml").write_text(CONFIG)
    url = new_store(tmp_path / "lychgate.db")

    async def live() -> None:
        store = Store(url)
        await Readers(store).add(Reader(id="ana"), now=NOON)
        await Ledger(store).append([*ACTS, *BEGUN], now=NOON)
        await Projector(
            ledger=Ledger(store), work=LedgerWork(store), holdings=Holdings(store), clock=Noon()
        ).apply_due()
        await store.close()

    asyncio.run(live())
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *words, "-c", str(folder / "lychgate.toml")])


def test_verify_proves_prints_the_head_and_takes_it_back(folder: Path) -> None:
    first = run(folder, "verify")
    assert first.exit_code == 0, first.output
    head = first.output.strip().removeprefix("6 entries, head ")
    assert head.startswith("6:")
    assert run(folder, "verify", "--head", head).exit_code == 0
    assert run(folder, "verify", "--head", "7" + head[1:]).exit_code == 1
    wrong = run(folder, "verify", "--head", "yesterday's")
    assert wrong.exit_code == 2


def test_verify_names_what_was_changed(folder: Path) -> None:
    with sqlite3.connect(folder / "lychgate.db") as file:
        file.execute("DROP TRIGGER ledger_no_update")
        file.execute("UPDATE ledger SET amount_minor = 1 WHERE number = 6")
    file.close()
    found = run(folder, "verify")
    assert found.exit_code == 1
    assert "entry 6 isn't as it was written" in found.output


def test_replay_shows_what_differs_and_mends_it(folder: Path) -> None:
    assert run(folder, "replay").exit_code == 0

    async def give() -> None:
        store = Store(f"sqlite:///{folder}/lychgate.db")
        await Readers(store).entitle("ana", [Entitlement("club", 0.0, 0.0, True)], now=NOON)
        await store.close()

    asyncio.run(give())
    found = run(folder, "replay")
    assert found.exit_code == 1
    assert "ana: held club on hold; the ledger says gold until 2027-02-17T08:00" in found.output
    assert run(folder, "replay", "--mend").exit_code == 0
    assert run(folder, "replay").output == "Every reader holds what the ledger says.\n"


def test_replay_says_what_it_could_not_fold(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("gateway.money.project.fold", broken)
    found = run(folder, "replay")
    assert found.exit_code == 1
    assert "entry 6 can't be folded: ValueError('a fault of ours')" in found.output
    assert "Every reader" not in found.output


def test_export_writes_json_lines_and_csv(folder: Path) -> None:
    lines = run(folder, "export").output.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4, 5, 6]
    target = folder / "ledger.csv"
    assert run(folder, "export", "--format", "csv", "--output", str(target)).exit_code == 0
    assert target.read_text().count("\n") == 7
    assert run(folder, "export", "--format", "xlsx").exit_code == 2
