"""What a reader takes along: all that is kept of them, and nothing that is another's or opens something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.identity.accounts import Joining
from gateway.model.entry import Draft, Source
from gateway.model.identity import Identity
from gateway.money.entries import acts
from gateway.stores.ledger import Ledger
from gateway.stores.merging import Directory
from gateway.stores.selling_schema import checkout_attempt
from gateway.wiring.adopting import exporting_of
from tests.contracts.test_accounts import GOOGLE, by_mail, entered, entry
from tests.contracts.test_erasing import EMAIL, NAME, STREET, House, with_house, wrote
from tests.contracts.test_login_roads import BY_GOOGLE, through
from tests.hostile.lodge import Lodge

OPERATOR, BEN, BENS = "clerk@news.example", "ben.b@elsewhere.example", "Benedict Bystander"


async def exported(inside: House, reader: str = "") -> tuple[dict[str, Any], str]:
    kept = await exporting_of(inside.store).export(reader or inside.ana)
    return kept, json.dumps(kept, ensure_ascii=False)


async def done(inside: House, *drafts: Draft) -> None:
    await Ledger(inside.store).append(drafts, now=inside.till.clock.now())
    await inside.till.settled()


def test_whoever_pays_takes_along_what_was_said_of_them(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        subscription = await inside.buys()
        await inside.buys("ben", BEN, BENS)
        told = {"by": OPERATOR, "at": now, "reason": "a prize of the raffle"}
        await done(inside, acts.grant(inside.ana, "gold", until=None, **told))  # type: ignore[arg-type]  # by name
        kept, text = await exported(inside)
        assert kept["reader"]["id"] == inside.ana
        kinds = {each["kind"] for each in kept["ledger"]}
        assert {"checkout.session.completed", "invoice.paid", "grant"} <= kinds
        assert subscription.id in {each["subscription_id"] for each in kept["ledger"]}
        for mine in (EMAIL, NAME, STREET, "a prize of the raffle"):
            assert mine in text
        for others in (BEN, BENS, OPERATOR, "ben"):
            assert f'"{others}"' not in text

    with_house(url, tmp_path, work)


def test_a_customer_who_was_anothers_is_told_from_when_it_became_ones_own(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: House) -> None:
        subscription = await inside.buys()
        told = {"by": OPERATOR, "at": inside.till.clock.now()}
        await done(
            inside,
            acts.unbind(subscription.customer, inside.ana, **told),  # type: ignore[arg-type]  # by name
            acts.bind(subscription.customer, "ben", **told),  # type: ignore[arg-type]  # by name
        )
        for reader in ("", "ben"):
            kept, text = await exported(inside, reader)
            assert NAME not in json.dumps(kept["ledger"], ensure_ascii=False), reader
            assert STREET not in text
        assert subscription.customer in text
        assert [each["kind"] for each in kept["ledger"]] == ["bind"]

    with_house(url, tmp_path, work)


def test_an_account_that_was_merged_comes_along(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        now = inside.till.clock.now()
        subscription = await inside.buys()
        told = {"by": OPERATOR, "at": now}
        await done(
            inside,
            acts.merged("ben", inside.ana, {"ways": []}, **told, reason="one person"),  # type: ignore[arg-type]  # by name
            acts.bind(subscription.customer, "ben", **told),  # type: ignore[arg-type]  # by name
        )
        await Directory(inside.store).merge("ben", inside.ana, now=now)
        kept, text = await exported(inside, "ben")
        assert [each["reader"]["id"] for each in kept["merged"]] == [inside.ana]
        assert NAME in text
        assert STREET in text

    with_house(url, tmp_path, work)


def test_letters_and_attempts_are_named_and_open_nothing(url: str, tmp_path: Path) -> None:
    async def work(inside: House) -> None:
        await wrote(inside)
        claims = Identity(GOOGLE, "eve", EMAIL, email_verified=False)
        eve = await entered(inside.store, entry(claims, used="claimed"))
        kept, _ = await exported(inside, eve.reader_id)
        assert (kept["mailed"], kept["outgoing"]) == ([], []), (
            "of an address that she merely claims"
        )
        proved = entry(by_mail(EMAIL), provider="mail", joining=Joining.PROVED)
        assert (await entered(inside.store, proved)).reader_id == inside.ana
        kept, _ = await exported(inside)
        assert [each["email"] for each in kept["mailed"]] == [EMAIL]
        assert {each["recipient"] for each in kept["outgoing"]} == {EMAIL}
        assert not {"text", "html"} & kept["outgoing"][0].keys()
        assert not {"token_hash", "code_hash", "browser_hash", "carried"} & kept["mailed"][0].keys()
        assert checkout_attempt.name in kept

    with_house(url, tmp_path, work)


def test_half_a_surrogate_pair_is_taken_along_as_json_writes_it(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        browser = await inside.logged_in(BY_GOOGLE)
        reader = (await browser.get("/-/account/export")).json()["reader"]["id"]
        odd = Draft(
            event_id="evt_odd",
            source=Source.WEBHOOK,
            kind="customer.updated",
            observed_at=inside.clock.now(),
            reader=reader,
            payload=b'{"name": "\\ud800"}',
        )
        assert inside.lychgate.store is not None
        await Ledger(inside.lychgate.store).append([odd], now=inside.clock.now())
        answer = await browser.get("/-/account/export")
        assert answer.status_code == 200
        assert json.loads(answer.content)["ledger"][0]["said"] == {"name": "\ud800"}

    through(url, tmp_path, work)
