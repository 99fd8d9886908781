"""One reader in the console, and what operators do about them, through the whole gateway."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from gateway.money.entries import acts
from gateway.money.folding.story import gather
from gateway.money.folding.whose import bindings
from gateway.stores import schema
from gateway.stores.attempts import Attempts
from gateway.stores.mailed import Letters
from gateway.wiring.adopting import erasing_of
from gateway.wiring.syncing import door_of
from tests.console.bureau import ADDRESSES, Bureau, at_the_bureau
from tests.money import telling

WHY = {"reason": "asked by telephone"}


async def _paying(inside: Bureau, reader: str = "ana") -> str:
    """Somebody with a subscription; the customer's id."""
    bought = await inside.till.buy(reader)
    await inside.till.hear()
    await inside.till.settled()
    return str(bought.customer)


async def _told(inside: Bureau, kind: str) -> list[dict[str, object]]:
    return [each.said for each in await inside.till.entries() if each.kind == kind]


def test_a_reader_is_found_by_whatever_leads_to_them(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        await inside.enter("member")
        customer = await _paying(inside)
        entries = await inside.till.entries()
        subscription = next(each.subscription_id for each in entries if each.subscription_id)
        for query in ("ana", customer, subscription):
            found = await clerk.post("/-/finance/readers?lang=en", {"q": query})
            assert found.headers["location"].startswith("/-/finance/readers/ana?"), query
        found = await clerk.post("/-/finance/readers?lang=en", {"q": " Ana@Lecteurs.example"})
        assert found.status_code == 303
        nobody = await clerk.post("/-/finance/readers?lang=en", {"q": "x' OR 1=1 --"})
        assert (nobody.status_code, "No account is known" in nobody.text) == (200, True)
        told = " ".join(what for _, _, what, _ in await inside.audited())
        assert "lecteurs.example" not in told, "the audit log is never erased"

    at_the_bureau(url, tmp_path, work)


def test_the_page_says_why_since_when_and_until_when(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        customer = await _paying(inside)
        page = await clerk.get("/-/finance/readers/ana?lang=en")
        assert page.status_code == 200
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
        assert re.search(r"Gold · until \d+ \w+ \d{4}, \d\d:\d\d \( ?because of \d", text), text
        assert customer in text
        assert "running" in text
        assert "€9.90" in text
        assert page.text.count('class="lg-line-bar"') == 1
        assert (ADDRESSES["finance"], "reader", "ana", "") in await inside.audited()
        number = re.search(r'href="/-/finance/entries/(\d+)\?', page.text)
        assert number
        entry = await clerk.get(f"/-/finance/entries/{number[1]}?lang=en")
        assert "/-/finance/readers/ana?" in entry.text
        for nobody in ("nobody", "ana%00", "..%2fana"):
            assert (await clerk.get(f"/-/finance/readers/{nobody}")).status_code in (400, 404)

    at_the_bureau(url, tmp_path, work)


def test_support_sees_no_sums_and_gives_thirty_days_at_most(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        aide = await inside.enter("support")
        await _paying(inside, "ben")
        page = await aide.get("/-/finance/readers/ben?lang=en")
        assert page.status_code == 200
        assert "9.90" not in page.text
        assert "/-/finance/entries/" not in page.text
        there = "/-/finance/readers/ana/grant?lang=en"
        day = inside.console.frame.words.at(inside.now()).date()
        for until, said in (
            ("", "too-long"),
            (str(day.replace(year=day.year + 1)), "too-long"),
            ("2020-01-01", "day-over"),
            ("soon", "wrong-day"),
            (str(day), "granted"),
        ):
            form = {"tier": "gold", "until": until, **WHY}
            done = await aide.post(there, form)
            assert f"said={said}" in done.headers["location"], until
        wrong = await aide.post(there, {"tier": "vip", "until": str(day), **WHY})
        assert "said=wrong-tier" in wrong.headers["location"]
        assert (await aide.post(there, {"tier": "gold", "until": str(day)})).status_code == 400
        assert (await inside.till.holds("ana"))["gold"] > inside.now()
        granted = [each["by"] for each in await _told(inside, "grant")]
        assert granted == [ADDRESSES["support"]]
        page = await aide.get("/-/finance/readers/ana?lang=en&said=granted")
        assert "asked by telephone" in page.text
        for act in ("revoke", "bind", "unbind", "merge"):
            form = {"tier": "gold", "customer": "cus_1", "other": "ben", **WHY}
            refused = await aide.post(f"/-/finance/readers/ana/{act}", form)
            assert refused.status_code == 403, act

    at_the_bureau(url, tmp_path, work)


def test_an_admin_gives_for_good_and_takes_back(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        admin = await inside.enter("admin")
        form = {"tier": "gold", "until": "", **WHY}
        await admin.post("/-/finance/readers/ana/grant?lang=en", form)
        assert (await inside.till.holds("ana"))["gold"] == acts.FOREVER
        page = await admin.get("/-/finance/readers/ana?lang=en")
        assert "for good" in page.text
        await admin.post("/-/finance/readers/ana/revoke?lang=en", {"tier": "", **WHY})
        assert await inside.till.holds("ana") == {}
        audited = [line[1:3] for line in await inside.audited()]
        assert ("revoke", "ana") in audited

    at_the_bureau(url, tmp_path, work)


def test_a_reason_that_was_typed_about_a_reader_goes_with_them(url: str, tmp_path: Path) -> None:
    """The audit log is never erased: it leads to the reason, and says no word of it."""

    async def work(inside: Bureau) -> None:
        admin = await inside.enter("admin")
        customer = await _paying(inside)
        told = {"reason": "Ana Erasmus-Vif rang, 06 12 34 56 78"}
        there = "/-/finance/readers/ana"
        await admin.post(f"{there}/grant", {"tier": "gold", "until": "", **told})
        await admin.post(f"{there}/revoke", {"tier": "gold", **told})
        await admin.post(f"{there}/unbind", {"customer": customer, **told})
        await admin.post(f"{there}/bind", {"customer": customer, **told})
        number = (await inside.till.entries())[-1].number
        await admin.post(f"/-/finance/entries/{number}/review", {"reason": told["reason"]})
        await admin.get("/-/finance/audit?what=Erasmus+ana%40lecteurs.example+cus_1")
        lines = [line for line in await inside.audited() if line[3]]
        acts_of = ["grant", "revoke", "unbind", "bind", "review"]
        assert [line[1] for line in lines] == acts_of
        assert {line[3] for line in lines} == {told["reason"]}
        page = await admin.get("/-/finance/audit?lang=en")
        assert "Ana Erasmus-Vif rang" in page.text
        sheet = await admin.get("/-/finance/audit/export?format=csv&lang=en")
        assert sheet.text.count("Ana Erasmus-Vif rang") == len(acts_of)
        door = door_of(inside.till.settings)
        try:
            await erasing_of(inside.store, door).forget("ana", by="ops", now=inside.now())
        finally:
            await door.close()
        assert [line[3] for line in await inside.audited() if line[1] in acts_of] == [""] * 5
        wanted = select(schema.audit)
        async with inside.store.reading() as connection:
            kept = repr([tuple(row) for row in (await connection.execute(wanted)).all()])
        assert not re.search("Erasmus|06 12|lecteurs.example cus_1", kept)
        assert "what=(a word) (a word) cus_1" in kept

    at_the_bureau(url, tmp_path, work)


def test_a_payment_without_a_reader_is_settled(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        bought = await inside.till.world.subscribed()
        await inside.till.hear()
        await inside.till.settled()
        customer = str(bought.customer)
        there = "/-/finance/readers/ana/bind?lang=en"
        for wrong in ("", "cus_", "in_1", "cus_1;drop", "cus_nowhere"):
            done = await clerk.post(there, {"customer": wrong, **WHY})
            assert "said=no-customer" in done.headers["location"], wrong
        done = await clerk.post(there, {"customer": customer, **WHY})
        assert "said=bound" in done.headers["location"]
        taken = await clerk.post(
            "/-/finance/readers/ben/bind?lang=en", {"customer": customer, **WHY}
        )
        assert "said=bound-elsewhere" in taken.headers["location"]
        form = {"customer": customer, **WHY}
        other = await clerk.post("/-/finance/readers/ben/unbind?lang=en", form)
        assert "said=not-bound" in other.headers["location"]
        done = await clerk.post("/-/finance/readers/ana/unbind?lang=en", form)
        assert "said=unbound" in done.headers["location"]
        assert [each.kind for each in (await inside.till.entries())[-2:]] == ["bind", "unbind"]

    at_the_bureau(url, tmp_path, work)


def test_two_accounts_of_one_person_become_one(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        admin = await inside.enter("admin")
        old = await inside.enter("member", address="ana@old.example")
        async with inside.store.reading() as connection:
            wanted = select(schema.reader.c.id).where(schema.reader.c.email == "ana@old.example")
            gone = str((await connection.execute(wanted)).scalar_one())
        await inside.append(acts.bind("cus_old", gone, by="checkout", at=inside.now()))
        await Attempts(inside.store).keep_customer(gone, "cus_open", now=inside.now())
        await admin.post(f"/-/finance/readers/{gone}/grant", {"tier": "gold", "until": "", **WHY})
        there = "/-/finance/readers/ana/merge?lang=en"
        for other, said in (("ana", "same-account"), ("nobody", "no-account"), ("", "no-account")):
            done = await clerk.post(there, {"other": other, **WHY})
            assert f"said={said}" in done.headers["location"]
        asked = await clerk.post(there, {"other": gone, **WHY})
        assert (asked.status_code, "ana@old.example" in asked.text) == (200, True)
        assert await _told(inside, "merged") == []
        done = await clerk.post(there, {"other": gone, "confirm": "yes", **WHY})
        assert "said=merged" in done.headers["location"]
        assert (await inside.till.holds("ana"))["gold"] == acts.FOREVER
        assert await inside.till.holds(gone) == {}
        (moved,) = await _told(inside, "merged")
        assert (moved["from"], moved["customers"]) == (gone, ["cus_old", "cus_open"])
        assert len(moved["grants"]) == 1  # type: ignore[arg-type]  # JSON
        assert "old.example" not in str(moved), "nothing that names a person"
        page = await clerk.get("/-/finance/readers/ana?lang=en")
        assert "ana@old.example" in page.text, "its way to log in is this account's now"
        assert "cus_old" in page.text
        # A Checkout that was open meanwhile names the account that is gone.
        paid = telling.checkout(gone, customer="cus_open", subscription="sub_open")
        await inside.append(telling.event("evt_open", paid))
        found = bindings(gather(await inside.till.entries()))
        assert found["cus_open"].reader == "ana"
        over = await clerk.get(f"/-/finance/readers/{gone}?lang=en")
        assert "became part of another" in over.text
        assert (await old.get("/-/account")).status_code == 303, "its sessions are over"
        again = await inside.enter("member", address="ana@old.example")
        account = await again.get("/-/account?lang=en")
        assert account.status_code == 200
        audited = [line for line in await inside.audited() if line[1] == "merge"]
        assert audited[-1][2] == f"{gone} into ana"

    at_the_bureau(url, tmp_path, work)


def test_sessions_are_ended_and_a_login_link_goes_to_the_account_s_own_address(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Bureau) -> None:
        aide = await inside.enter("support")
        reader = await inside.enter("member")
        found = await aide.post("/-/finance/readers?lang=en", {"q": ADDRESSES["member"]})
        there = found.headers["location"].partition("?")[0]
        assert (await reader.get("/-/account")).status_code == 200
        await aide.post(f"{there}/end-sessions")
        assert (await reader.get("/-/account")).status_code == 303
        done = await aide.post(f"{there}/mail?lang=en", {"email": "evil@example.com"})
        assert "said=mailed" in done.headers["location"]
        (letter,) = await Letters(inside.store).claim(now=inside.now())
        assert letter.recipient == ADDRESSES["member"]
        link = re.search(r"(/-/login/mail/[\w-]+)", letter.letter.text)
        assert link
        assert not re.search(r"\b\d{3} \d{3}\b", letter.letter.text), "a code would open nothing"
        browser = inside.shop.new()
        assert ADDRESSES["member"] in (await browser.get(link[1])).text
        entered = await browser.post(link[1], {"confirm": "1"})
        assert (entered.status_code, bool(browser.session())) == (303, True)
        for _ in range(6):
            done = await aide.post(f"{there}/mail?lang=en")
        assert "said=mailed-often" in done.headers["location"]

    at_the_bureau(url, tmp_path, work)


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "\u202e\u0007evil"]
)
def test_names_of_others_are_text(url: str, tmp_path: Path, hostile: str) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")

        def change(connection: Connection) -> None:
            named = schema.reader.update().where(schema.reader.c.id == "ana")
            connection.execute(named.values(name=hostile, email="ana@lecteurs.example"))

        await inside.store.write(change)
        page = await clerk.get("/-/finance/readers/ana?lang=en")
        assert page.status_code == 200
        assert "<img" not in page.text
        assert "\u202e" not in page.text
        assert "\u0007" not in page.text

    at_the_bureau(url, tmp_path, work)
