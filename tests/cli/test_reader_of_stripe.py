"""``lychgate reader import``, ``adopt``, ``bind``, ``unbind`` and ``erase`` as an operator types them, with
Stripe's stand-in behind the official library."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.clock import SystemClock
from gateway.errors import StripeUnavailable
from tests.demo.stripe.world import KEY, SECRET, World, world
from tests.migrated import new_store

CONFIG = """[site]
url = "https://news.example"
origin = "http://127.0.0.1:8001"
name = "La Gazette"
languages = ["fr", "en"]
timezone = "Europe/Paris"
[policies]
[keys]
cookie = ["test-key-of-thirty-two-characters-and-more"]
[mail]
url = "smtp://localhost:1"
sender = "La Gazette <bonjour@news.example>"
[stripe]
secret_key = "{key}"
webhook_secrets = ["{secret}"]
api_base = "{stripe}"
[[plan]]
id = "gold"
name = {{ en = "Gold", fr = "Or" }}
tiers = ["gold"]
prices = ["price_gold"]
"""
POLICY = """version: 1
default: public
rules: [{ name: club, path: /club/**, access: paid, tiers: [club] }]
"""
DRY = "Nothing was changed: this was a dry run. With --apply it is done."
PLAIN = """email,name,language,customer,tier,until
Ana@Old.example,Ana,fr,{ana},,
ben@old.example,Ben,en,,club,2041-06-30
gone@old.example,Gone,,{gone},,
over@old.example,Over,,,club,2001-01-01
lost@old.example,Lost,,cus_nobody,,
free@old.example,Free,,,,
"""


@dataclass
class Desk:
    """An operator's folder, and Stripe."""

    stripe: World
    folder: Path

    async def ran(self, *words: str, code: int = 0) -> str:
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["reader", *words], catch_exceptions=False
        )
        assert done.exit_code == code, done.output
        return done.output

    async def pays(self, email: str, **more: Any) -> tuple[str, str]:
        """A customer who subscribed before there were readers, and the subscription."""
        v1 = self.stripe.v1
        customer = await v1.customers.create_async({"email": email, **more})
        session = await v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": customer.id,
            }
        )
        await self.stripe.stand_in.hook("pay", session=session.id)
        done = await v1.checkout.sessions.retrieve_async(session.id)
        return str(customer.id), str(done.subscription)

    async def holds(self, email: str) -> list[str]:
        (shown,) = json.loads(await self.ran("show", email, "--json"))
        return sorted(each["tier"] for each in shown["entitlements"])

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "lychgate.db") as file:
            found = file.execute(f"SELECT * FROM {table}").fetchall()
        file.close()
        return found

    def written(self) -> tuple[list[tuple[Any, ...]], ...]:
        """All that an import may change."""
        return tuple(self.rows(table) for table in ("reader", "ledger", "entitlement", "audit"))


def at_the_desk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Desk], Awaitable[None]]
) -> None:
    (folder / "policies").mkdir()
    (folder / "policies" / "p.yaml").write_text(POLICY)
    new_store(folder / "lychgate.db")
    monkeypatch.chdir(folder)

    async def main() -> None:
        async with world(at=float(int(SystemClock().now()))) as stripe:
            await stripe.stand_in.hook("offer", id="price_gold", name="Gold", unit_amount=990)
            config = CONFIG.format(key=KEY, secret=SECRET, stripe=stripe.url)
            (folder / "lychgate.toml").write_text(config)
            await work(Desk(stripe, folder))

    asyncio.run(main())


def test_a_file_is_supposed_then_brought_and_twice_is_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        ana, _ = await desk.pays("ana@old.example")
        gone, subscription = await desk.pays("gone@old.example")
        await desk.stripe.stand_in.hook("cancel", subscription=subscription)
        (tmp_path / "members.csv").write_text(PLAIN.format(ana=ana, gone=gone), "utf-8")
        before = desk.written()
        said = await desk.ran("import", "members.csv", code=1)
        assert DRY in said
        assert desk.written() == before
        gains, losses = said.split("Gain (2):")[1].split("Lose, or read nothing (3):")
        assert "  ana@old.example: gold until" in gains
        assert "  ben@old.example: club until 2041-07-01 00:00" in gains
        assert f"  gone@old.example: {gone} pays for none of our plans now" in losses
        assert "  over@old.example: what was given or paid there is over" in losses
        assert "members.csv:6:1: Stripe knows no customer cus_nobody" in said
        assert (
            "6 people: 6 without an account here yet; 2 customers to bind, 1 tiers to give" in said
        )
        done = await desk.ran("import", "members.csv", "--apply", code=1)
        assert done == said.replace(f"{DRY}\n", "")
        assert await desk.holds("ana@old.example") == ["gold"]
        assert await desk.holds("ben@old.example") == ["club"]
        assert await desk.holds("free@old.example") == []
        once = desk.written()
        again = await desk.ran("import", "members.csv", "--apply", code=1)
        assert "6 people: 0 without an account here yet; 0 customers to bind, 0 tiers" in again
        assert desk.written() == once, "twice changes nothing"

    at_the_desk(tmp_path, monkeypatch, work)


def test_without_mail_nobody_could_enter_and_nothing_is_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        config = tmp_path / "lychgate.toml"
        config.write_text(re.sub(r"\[mail\]\n.*\n.*\n", "", config.read_text()))
        (tmp_path / "m.csv").write_text("email,name\nana@new.example,A\n")
        assert DRY in await desk.ran("import", "m.csv")
        refused = await desk.ran("import", "m.csv", "--apply", code=2)
        assert "nobody could prove" in " ".join(refused.split())
        assert desk.rows("reader") == []

    at_the_desk(tmp_path, monkeypatch, work)


def test_what_an_operator_took_back_no_file_gives_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        ana, _ = await desk.pays("ana@old.example")
        file = tmp_path / "members.csv"
        file.write_text(f"email,customer,tier\nana@old.example,{ana},club\n", "utf-8")
        await desk.ran("import", "members.csv", "--apply")
        assert await desk.holds("ana@old.example") == ["club", "gold"]
        await desk.ran("revoke", "ana@old.example", "--reason", "left the club")
        await desk.ran("unbind", ana, "--reason", "not hers")
        assert await desk.holds("ana@old.example") == []
        said = await desk.ran("import", "members.csv", "--apply", code=1)
        assert f"members.csv:2:1: {ana} was unbound: bind it by hand" in said
        assert await desk.holds("ana@old.example") == []
        file.write_text(f"email,customer\nben@old.example,{ana}\nana@old.example,{ana}\n", "utf-8")
        said = await desk.ran("import", "members.csv", code=1)
        assert f"members.csv:3:1: {ana} stands here for another address already" in said

    at_the_desk(tmp_path, monkeypatch, work)


def test_a_customer_is_one_readers_until_it_is_unbound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        ana, _ = await desk.pays("ana@old.example")
        (tmp_path / "m.csv").write_text("email,name\nana@new.example,A\nben@new.example,B\n")
        await desk.ran("import", "m.csv", "--apply")
        (ben,) = json.loads(await desk.ran("show", "ben@new.example", "--json"))
        why = ("--reason", "she wrote to us")
        assert "say why" in await desk.ran("bind", "ana@new.example", ana, "--reason", " ", code=2)
        await desk.ran("bind", ben["id"], ana, *why)
        assert await desk.holds("ben@new.example") == ["gold"]
        assert "is bound already to" in await desk.ran("bind", ben["id"], ana, *why)
        taken = await desk.ran("bind", "ana@new.example", ana, *why, code=2)
        assert "unbind it first" in " ".join(taken.split())
        await desk.ran("unbind", ana, *why)
        assert await desk.holds("ben@new.example") == []
        await desk.ran("bind", "ana@new.example", ana, *why)
        assert await desk.holds("ana@new.example") == ["gold"]
        for words in (("bind", "ana@new.example", "cus_nobody"), ("bind", "nobody", ana)):
            await desk.ran(*words, *why, code=2)
        await desk.ran("unbind", "cus_nobody", *why, code=2)

    at_the_desk(tmp_path, monkeypatch, work)


def test_who_pays_without_a_reader_is_listed_bound_or_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        ana, subscription = await desk.pays("Ana@Old.example", preferred_locales=["en-GB"])
        also, _ = await desk.pays("ana@old.example")
        ben, _ = await desk.pays("ben@old.example")
        ended, over = await desk.pays("over@old.example")
        await desk.stripe.stand_in.hook("cancel", subscription=over)
        (tmp_path / "m.csv").write_text("email,name\nben@new.example,B\n")
        await desk.ran("import", "m.csv", "--apply")
        found = json.loads(await desk.ran("adopt", "--json"))
        assert {each["customer"] for each in found} == {ana, also, ben}
        assert ended not in str(found)
        assert {each["subscription"] for each in found} > {subscription}
        bound = ("adopt", "--customer", ben, "--bind", "ben@new.example", "--reason", "he called")
        await desk.ran(*bound)
        assert await desk.holds("ben@new.example") == ["gold"]
        assert "2 without a reader, 1 of their addresses written to" in await desk.ran(
            "adopt", "--mail"
        )
        ((_, recipient, subject, text, *_),) = desk.rows("outgoing")
        assert (recipient, subject) == (
            "ana@old.example",
            "Your subscription awaits you at La Gazette",
        )
        assert re.search(r"https://news\.example/-/adopt/[\w-]{43}\?lang=en", text)
        assert {row[1] for row in desk.rows("adoption")} == {ana, also}
        await desk.ran("adopt", "--bind", "ben@new.example", code=2)

    at_the_desk(tmp_path, monkeypatch, work)


def test_an_erased_reader_pays_no_more_and_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        ana, subscription = await desk.pays("ana@old.example")
        (tmp_path / "m.csv").write_text(f"email,customer\nana@old.example,{ana}\n")
        await desk.ran("import", "m.csv", "--apply")
        await desk.stripe.stand_in.hook("trouble", status=503, times=99, method="DELETE")
        with pytest.raises(StripeUnavailable):
            await desk.ran("erase", "ana@old.example", "--yes", code=1)
        assert await desk.holds("ana@old.example") == ["gold"]
        desk.stripe.stand_in.api.troubles.clear()
        await desk.ran("erase", "ana@old.example", code=1)  # nobody says yes
        assert await desk.holds("ana@old.example") == ["gold"]
        await desk.ran("erase", "ana@old.example", "--yes")
        again = await desk.stripe.v1.subscriptions.retrieve_async(subscription)
        assert again.status == "canceled"
        assert desk.rows("reader") == []
        assert b"ana@old" not in b"".join(each.read_bytes() for each in tmp_path.glob("*.db*"))

    at_the_desk(tmp_path, monkeypatch, work)
