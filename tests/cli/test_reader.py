"""``lychgate reader``: what an operator gives and takes by hand."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.identity.accounts import Entered, Entry, Joining
from gateway.model.identity import Identity
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.sessions import Sessions
from tests.migrated import new_store

EMAIL = "ana@news.example"
NOON = 1_795_000_000.0
CONFIG = """[site]
url = "http://127.0.0.1:8000"
origin = "http://127.0.0.1:8001"
name = "La Gazette"
timezone = "Europe/Paris"
[policies]
[keys]
cookie = ["test-key-of-thirty-two-characters-and-more"]
"""
POLICY = """version: 1
default: public
rules: [{ name: gold, path: /gold/**, access: paid, tiers: [gold] }]
"""


async def _enter(url: str, subject: str, *, verified: bool = True) -> Entered:
    store = Store(url)
    identity = Identity("https://idp", subject, EMAIL, verified, "Ana")
    entry = Entry(
        identity=identity,
        provider="idp",
        used=f"state {subject}",
        used_until=NOON,
        joining=Joining.APART,
        absolute_seconds=1e9,
        idle_seconds=1e9,
    )
    made = await Accounts(store).enter(entry, now=NOON)
    await store.close()
    assert isinstance(made, Entered)
    return made


async def _tiers(url: str, session_id: str) -> frozenset[str]:
    store = Store(url)
    session = await Sessions(store).session(session_id, now=NOON + 60)
    await store.close()
    assert session is not None
    return session.reader.tiers(4e9)


@pytest.fixture(name="site")
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.yaml").write_text(POLICY)
    (tmp_path / "lychgate.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return new_store(tmp_path / "lychgate.db")


def ran(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["reader", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_what_is_granted_opens_and_what_is_revoked_closes(site: str) -> None:
    entered = asyncio.run(_enter(site, "ana"))
    told = ran("grant", EMAIL, "--tier", "gold", "--reason", "press")
    assert "reads gold for good" in told
    assert asyncio.run(_tiers(site, entered.session_id)) == {"gold"}
    (shown,) = json.loads(ran("show", EMAIL, "--json"))
    assert shown["entitlements"][0]["tier"] == "gold"
    assert shown["entitlements"][0]["entries"]
    entries = ", ".join(map(str, shown["entitlements"][0]["entries"]))
    assert f"gold until further notice  (ledger: {entries})" in ran("show", "ANA@news.example")
    ran("revoke", EMAIL, "--reason", "left")
    assert asyncio.run(_tiers(site, entered.session_id)) == frozenset()
    assert json.loads(ran("export", EMAIL))["reader"]["name"] == "Ana"


def test_what_isn_t_held_can_t_be_taken_and_leaves_no_entry(site: str) -> None:
    asyncio.run(_enter(site, "ana"))
    said = " ".join(ran("revoke", EMAIL, "--reason", "x", code=2).split())
    assert "was given nothing by hand" in said
    ran("grant", EMAIL, "--tier", "gold", "--reason", "x")
    assert "nothing of silver" in ran("revoke", EMAIL, "--tier", "silver", "--reason", "x", code=2)
    with sqlite3.connect(site.removeprefix("sqlite:///")) as store:
        kinds = store.execute("SELECT kind FROM ledger WHERE kind = 'revoke'").fetchall()
    store.close()
    assert kinds == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("grant", EMAIL, "--tier", "silver", "--reason", "x"), "known: gold"),
        (("grant", EMAIL, "--tier", "gold", "--reason", " "), "say why"),
        (("grant", EMAIL, "--tier", "gold", "--reason", "x", "--until", "1999-01-01"), "over"),
        (("grant", "bea@news.example", "--tier", "gold", "--reason", "x"), "no account"),
        (("show", "bea@news.example"), "no account"),
    ],
)
def test_what_can_t_be_done_is_said(site: str, words: tuple[str, ...], said: str) -> None:
    asyncio.run(_enter(site, "ana"))
    assert said in " ".join(ran(*words, code=2).split())


def test_of_several_accounts_one_is_named(site: str) -> None:
    first = asyncio.run(_enter(site, "ana"))
    second = asyncio.run(_enter(site, "ana at another provider"))
    words = ("grant", EMAIL, "--tier", "gold", "--reason", "x")
    assert "say which account" in " ".join(ran(*words, code=2).split())
    ran(*words, "--id", second.reader_id)
    assert asyncio.run(_tiers(site, first.session_id)) == frozenset()
    assert asyncio.run(_tiers(site, second.session_id)) == {"gold"}


def test_an_address_means_nobody_who_merely_claims_it(site: str) -> None:
    eve = asyncio.run(_enter(site, "eve", verified=False))
    words = ("grant", EMAIL, "--tier", "gold", "--reason", "x")
    said = " ".join(ran(*words, code=2).split())
    assert "say which account" in said
    assert "not verified" in said
    ana = asyncio.run(_enter(site, "ana"))
    ran(*words)
    assert asyncio.run(_tiers(site, eve.session_id)) == frozenset()
    assert asyncio.run(_tiers(site, ana.session_id)) == {"gold"}
    ran(*words, "--id", eve.reader_id)
    assert asyncio.run(_tiers(site, eve.session_id)) == {"gold"}
