"""The journal, the work list and the days as operators meet them: the whole gateway, over HTTP."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from gateway.console.journal import day_span
from gateway.console.words import Words
from gateway.model.entry import Source
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.wiring.terms import terms_job
from tests.console import bureau as bureau_settings
from tests.console.bureau import Bureau, at_the_bureau
from tests.hostile.browsing import Browser
from tests.migrated import new_store
from tests.money.telling import charge, event, invoice, refund, subscription

ZONE = ZoneInfo("UTC")
DAY = 86400.0
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0\u202etxt.exe" + "x" * 10_000


@pytest.fixture(name="store_url")
def _store_url(tmp_path: Path) -> str:
    return new_store(tmp_path / "store.db")


def a_subscription(**changed: Any) -> dict[str, Any]:
    return subscription(
        items=[{"id": "si", "price": {"id": "price_gold"}, "quantity": 1}], **changed
    )


def inside_words(bureau: Bureau) -> Words:
    return bureau.console.frame.words


async def filled(bureau: Bureau) -> None:
    """Ana's, paid and paid back in part; somebody's without a reader; and another business's."""
    at = int(bureau.now())
    paid = invoice(1, customer_email="ana@lecteurs.example") | {
        "number": "LG-0001",
        "status_transitions": {"paid_at": at},
    }
    await bureau.append(
        acts.bind("cus_1", "ana", by="checkout", at=float(at)),
        event("evt_sub", a_subscription(), at=at),
        event("evt_paid", paid, at=at, kind="invoice.paid"),
        event("evt_back", refund(1, 300), at=at, kind="refund.created"),
        event("evt_yen", charge(7, customer="cus_9", currency="jpy", amount=990), at=at),
        event("evt_odd", charge(8, customer="cus_9", currency="xau", amount=5), at=at),
        event("evt_nobody", a_subscription(id="sub_2", customer="cus_2"), at=at),
    )
    await terms_job(bureau.till.settings, store=bureau.store).work()


def text_of(answer: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text)))


def test_a_clerk_finds_entries_and_the_log_says_it_without_names(
    store_url: str, tmp_path: Path
) -> None:
    async def work(bureau: Bureau) -> None:
        await filled(bureau)
        clerk = await bureau.enter("finance")
        answer = await clerk.get("/-/finance/journal?lang=en")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        said = text_of(answer)
        assert "-€3.00" in said
        assert "¥990" in said
        assert "5 XAU (?) unknown currency" in said
        assert "payment without a reader" in said
        numbers = [int(each) for each in re.findall(r"/-/finance/entries/(\d+)\?", answer.text)]
        assert numbers == sorted(numbers, reverse=True)
        found = await clerk.get("/-/finance/journal?lang=fr&q=ana%40lecteurs.example+LG-0001")
        assert re.findall(r"<bdi>(invoice\.paid|refund\.created)</bdi>", found.text) == [
            "invoice.paid"
        ]
        assert 'lang="fr"' in found.text
        lines = [line for line in await bureau.audited() if line[1] == "journal"]
        assert lines[-1] == (
            "compta@news.example",
            "journal",
            "q=(a word) (a word)",
            "",
        )

    at_the_bureau(store_url, tmp_path, work)


def test_pages_turn_by_number_and_wrong_filters_are_named(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        at = int(bureau.now())
        await bureau.append(
            *(event(f"evt_{n}", charge(n, customer="cus_9"), at=at) for n in range(120))
        )
        clerk = await bureau.enter("finance")
        seen: list[str] = []
        url = "/-/finance/journal?kind=charge.updated&lang=en"
        for _ in range(3):
            answer = await clerk.get(url)
            seen += re.findall(r"/-/finance/entries/(\d+)\?", answer.text)
            older = re.search(r'rel="next" href="([^"]+)"', answer.text)
            url = html.unescape(older[1]) if older else ""
        assert url == ""
        assert len(seen) == len(set(seen)) == 120
        wrong = await clerk.get(
            "/-/finance/journal?amount=5..9&currency=zzz&day=never&month=2026-13&lang=en"
        )
        assert wrong.status_code == 200
        assert wrong.text.count('aria-invalid="true"') == 4
        assert "export" not in wrong.text
        assert "/-/finance/entries/" not in wrong.text, "not as if all of them matched"
        assert "Put the filter right" in text_of(wrong)
        refused = await clerk.get("/-/finance/journal/export?format=csv&day=never")
        assert refused.status_code == 400

    at_the_bureau(store_url, tmp_path, work)


def test_a_filtered_list_is_exported_in_both_formats(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        await filled(bureau)
        odd = replace(event("evt_formula", charge(9, customer="cus_9")), object_id="=1+1")
        await bureau.append(odd)
        clerk = await bureau.enter("finance")
        answer = await clerk.get("/-/finance/journal/export?format=csv&q=cus_9&lang=en")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["Event"], row["Amount"], row["Currency"]) for row in rows] == [
            ("evt_formula", "9.00", "EUR"),
            ("evt_odd", "", "XAU"),
            ("evt_yen", "990", "JPY"),
        ]
        assert rows[0]["Object"] == "'=1+1"
        assert [(row["State"], row["Source"]) for row in rows[:1]] == [("Not ours", "Webhook")]
        every = await clerk.get("/-/finance/journal/export?format=csv&kind=bind&lang=fr")
        (bound,) = csv.DictReader(io.StringIO(every.content.decode("utf-8-sig")))
        told = ("Type", "Source", "État", "Heure de Stripe")
        assert [bound[each] for each in told] == [
            "client rattaché",
            "Paiement du lecteur",
            "Appliquée",
            "",
        ]
        assert [row["Smallest units"] for row in rows] == ["900", "5", "990"]
        book = await clerk.get("/-/finance/journal/export?format=xlsx&lang=fr")
        sheet = cells_of(book.content)
        assert sheet[0][:3] == [("s", "N°"), ("s", "Reçue le"), ("s", "Heure de Stripe")]
        by_event = {row[17][1]: row for row in sheet[1:]}
        assert by_event["evt_back"][8] == ("n", "-3.00")
        assert by_event["evt_yen"][8] == ("n", "990")
        assert by_event["evt_odd"][8] == ("n", "")
        assert by_event["evt_formula"][16] == ("s", "=1+1")
        day = (
            datetime.fromtimestamp(bureau.now(), ZONE) - datetime(1899, 12, 30, tzinfo=ZONE)
        ).days
        assert int(float(by_event["evt_paid"][2][1])) == day
        assert b"<f>" not in book.content
        lines = [line[2] for line in await bureau.audited() if line[1] == "export"]
        assert lines == ["csv q=cus_9", "csv kind=bind", "xlsx all"]

    at_the_bureau(store_url, tmp_path, work)


def cells_of(book: bytes) -> list[list[tuple[str, str]]]:
    """Type and text of each cell: ``s`` text, ``n`` a number, a date among them, or nothing."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        for name in parts.namelist():
            ElementTree.fromstring(parts.read(name))
        tree = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
        formulas = list(tree.iter(f"{NAMESPACE}f"))
    assert not formulas
    return [
        [
            ("s" if cell.get("t") == "inlineStr" else "n", "".join(cell.itertext()))
            for cell in row.iter(f"{NAMESPACE}c")
        ]
        for row in tree.iter(f"{NAMESPACE}row")
    ]


def test_work_is_taken_noted_and_done(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        await filled(bureau)
        clerk = await bureau.enter("finance")
        page = await clerk.get("/-/finance/work?lang=en")
        assert "Somebody pays for a plan" in text_of(page)
        item = re.search(r"/-/finance/work/(\d+)\?", page.text)
        assert item is not None
        url = f"/-/finance/work/{item[1]}?lang=en"
        given = await clerk.post(url, {"act": "assign", "to": "ops@news.example"})
        assert given.status_code == 303
        mine = await clerk.get("/-/finance/work?lang=en&whose=mine")
        assert "Nothing like this" in text_of(mine)
        stranger = await clerk.post(url, {"act": "assign", "to": "who@evil.example"})
        assert stranger.status_code == 400
        for act, note in (("take", ""), ("note", HOSTILE), ("note", "")):
            assert (await clerk.post(url, {"act": act, "note": note})).status_code == 303
        await bureau.folded()  # a fold that began before may still say whose it was
        page = await clerk.get("/-/finance/work?lang=en&whose=mine")
        assert "compta@news.example" in page.text
        assert "<script>alert" not in page.text
        assert "[U+202E]" in page.text
        assert "x" * 2001 not in page.text
        assert (await clerk.post(url, {"act": "done", "note": "bound"})).status_code == 303
        assert "Nothing like this" in text_of(await clerk.get("/-/finance/work?lang=en"))
        await bureau.folded()
        assert "Nothing like this" in text_of(await clerk.get("/-/finance/work?lang=en"))
        done = await clerk.get("/-/finance/work?lang=en&progress=done")
        assert "did it" in text_of(done)
        entries = await bureau.till.entries()
        kinds = [each.kind for each in entries if each.kind in (Act.ASSIGNED, Act.NOTED, Act.DONE)]
        assert kinds == ["assigned", "assigned", "noted", "done"]
        assert all(each.source is Source.OPERATOR for each in entries if each.kind in kinds)
        logged = [line for line in await bureau.audited() if line[1] == "work-act"]
        assert [line[2] for line in logged] == [
            f"{act} payment-without-a-reader:cus_2"
            for act in ("assign", "take", "note", "note", "done")
        ]

    at_the_bureau(store_url, tmp_path, work)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("work/999999", {"act": "done"}, 404),
        ("work/x", {"act": "done"}, 404),
        ("work/1", {"act": "erase"}, 400),
        ("work/1", {}, 400),
        ("day/2026-13-01/sign", {}, 404),
        ("day/27-11-2026/count", {}, 404),
    ],
)
def test_forged_forms_are_refused(
    store_url: str, tmp_path: Path, path: str, fields: dict[str, str], status: int
) -> None:
    async def work(bureau: Bureau) -> None:
        await filled(bureau)
        before = len(await bureau.till.entries())
        clerk = await bureau.enter("finance")
        assert (await clerk.post(f"/-/finance/{path}", fields)).status_code == status
        elsewhere = await clerk.post(f"/-/finance/{path}", fields, from_site="https://evil.example")
        assert elsewhere.status_code == 403
        assert len(await bureau.till.entries()) == before

    at_the_bureau(store_url, tmp_path, work)


def test_support_sees_no_lists_and_no_sums(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        for who in ("support", "member"):
            person = await bureau.enter(who)
            for path in ("journal", "journal/export?format=csv", "work", "day", "day/2026-11-26"):
                assert (await person.get(f"/-/finance/{path}")).status_code == 403, path
            assert (await person.post("/-/finance/work/1", {"act": "done"})).status_code == 403
            assert (await person.post("/-/finance/day/2026-11-26/sign")).status_code == 403

    at_the_bureau(store_url, tmp_path, work)


def test_the_frame_leads_on_from_whatever_stands_in_it(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        clerk = await bureau.enter("finance")
        denied = text_of(await clerk.get("/-/finance/site?lang=fr"))
        assert "réservée à : l’administration." in denied
        assert "Vous avez accès à : la comptabilité." in denied
        missing = await clerk.get("/-/finance/entries/999999?lang=en")
        assert missing.status_code == 404
        for page in (missing, await clerk.get("/-/finance/journal?kind=a%26b&lang=en")):
            assert 'aria-current="page"' in page.text
            assert 'action="/-/logout?lang=en"' in page.text
            assert "/-/cancel" not in page.text
        assert 'href="/-/finance/journal?kind=a%26b&amp;lang=fr"' in page.text
        answered = await clerk.post("/-/finance/readers?lang=en", {"q": "nobody@news.example"})
        assert 'href="/-/finance/readers?lang=fr"' in answered.text
        assert (await clerk.post("/-/logout?lang=en", {"return_to": "/"})).status_code == 303
        assert (await clerk.get("/-/finance/journal")).status_code == 303

    at_the_bureau(store_url, tmp_path, work)


async def sign(browser: Browser, url: str, *, seen: str | None = None, note: str = "") -> Any:
    """What the page shows now, or showed before; a page that can't be signed has no form."""
    if seen is None:
        seen = seen_of(await browser.get(f"{url}?lang=en"))
    return await browser.post(f"{url}/sign?lang=en", {"note": note, "seen": seen})


def seen_of(page: Any) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page.text)
    return found[1] if found else ""


def test_figures_that_changed_since_they_were_seen_are_shown_and_not_signed(
    store_url: str, tmp_path: Path
) -> None:
    async def work(bureau: Bureau) -> None:
        await bureau.till.buy("ana")
        await bureau.till.hear()
        await bureau.till.settled()
        this = datetime.fromtimestamp(bureau.now(), ZONE).date()
        url = f"/-/finance/day/{this}"
        bureau.till.clock.advance(day_span(this, ZONE)[1] + 3600 - bureau.now())
        clerk = await bureau.enter("finance")
        await clerk.post(f"{url}/count?lang=en")
        seen = seen_of(await clerk.get(f"{url}?lang=en"))
        charge = next(iter(bureau.till.world.stand_in.account.tables["charge"].values()))
        at = int(day_span(this, ZONE)[1]) - 60
        back = refund(1, 100) | {"charge": charge["id"], "created": at}
        told = back | {"payment_intent": charge["payment_intent"]}
        await bureau.append(event("evt_late", told, at=at))
        await bureau.till.settled()
        for stale in (seen, ""):
            refused = await sign(clerk, url, seen=stale, note="all is well")
            assert refused.status_code == 409
            assert "have changed since" in refused.text
            assert "-€1.00" in text_of(refused), "they are shown as they are now"
        entries = await bureau.till.entries()
        assert not [each for each in entries if each.kind == "signed"]
        now = {"note": "a refund by hand", "seen": seen_of(refused)}
        assert (await clerk.post(f"{url}/sign?lang=en", now)).status_code == 303
        (signed,) = [each for each in await bureau.till.entries() if each.kind == "signed"]
        assert ["eur", "refund", [1, -100], [0, 0]] in signed.said["figures"]

    at_the_bureau(store_url, tmp_path, work)


def test_a_day_is_compared_signed_and_opened_again(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_four_eyes = bureau_settings._CONSOLE.replace("[console]", "[console]\nfour_eyes = true")
    monkeypatch.setattr(bureau_settings, "_CONSOLE", with_four_eyes)

    async def work(bureau: Bureau) -> None:
        bought = await bureau.till.buy("ana")
        await bureau.till.hear()
        await bureau.till.settled()
        this = datetime.fromtimestamp(bureau.now(), ZONE).date()
        url = f"/-/finance/day/{this}"
        clerk, boss = await bureau.enter("finance"), await bureau.enter("admin")
        early = await sign(clerk, url)
        assert early.status_code == 409
        assert "isn’t over" in early.text
        bureau.till.clock.advance(day_span(this, ZONE)[1] + 3600 - bureau.now())
        clerk, boss = await bureau.enter("finance"), await bureau.enter("admin")
        unasked = await sign(clerk, url)
        assert "Ask Stripe for its figures first" in unasked.text
        assert (await clerk.post(f"{url}/count?lang=en")).status_code == 303
        page = await clerk.get(f"{url}?lang=en")
        assert text_of(page).count("€9.90") >= 2
        assert "can’t be computed" not in page.text
        assert (await sign(clerk, url)).status_code == 303
        assert "Signed once" in (await clerk.get(f"{url}?lang=en")).text
        again = await sign(clerk, url)
        assert again.status_code == 409, "nobody has four eyes alone"
        assert (await sign(boss, url)).status_code == 303
        page = await clerk.get("/-/finance/day?lang=en")
        assert re.search(r"lg-state-good\">Signed<", page.text)
        assert "No known gap" in page.text
        signed = inside_words(bureau).moment(bureau.now(), "en")
        told = text_of(await clerk.get(f"{url}?lang=en"))
        assert re.search(rf"compta@news.example \({re.escape(signed)}\), ops@news.example \(", told)
        # A later entry about this very day.
        charge_id = next(iter(bureau.till.world.stand_in.account.tables["charge"]))
        at = int(day_span(this, ZONE)[1]) - 60
        back = refund(1, 100) | {"charge": charge_id, "created": at, "payment_intent": None}
        linked = bureau.till.world.stand_in.account.tables["charge"][charge_id]["payment_intent"]
        await bureau.append(event("evt_late", back | {"payment_intent": linked}, at=at))
        await bureau.till.settled()
        page = await clerk.get(f"{url}?lang=en")
        assert "Open again" in page.text
        assert "-€1.00" in text_of(page)
        gap = await sign(clerk, url)
        assert "say why" in gap.text
        assert bought.id

    at_the_bureau(store_url, tmp_path, work)


def test_without_stripes_word_a_figure_isnt_nought(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        await bureau.till.buy("ana")
        await bureau.till.hear()
        await bureau.till.settled()
        this = datetime.fromtimestamp(bureau.now(), ZONE).date()
        bureau.till.world.stand_in.gate.set()
        clerk = await bureau.enter("finance")
        page = text_of(await clerk.get(f"/-/finance/day/{this}?lang=en"))
        assert "Stripe wasn’t asked" in page
        assert page.count("can’t be computed") == 3, "Stripe’s, the gap, and the others’"
        tomorrow = this + timedelta(days=1)
        empty = text_of(await clerk.get(f"/-/finance/day/{tomorrow}?lang=en"))
        assert "No money moved." in empty
        assert "This day hasn’t begun." in empty
        assert "Ask Stripe" not in empty
        asked = await clerk.post(f"/-/finance/day/{tomorrow}/count?lang=en")
        assert (asked.status_code, "hasn’t begun: Stripe" in asked.text) == (409, True)
        listed = text_of(await clerk.get("/-/finance/day?lang=fr"))
        assert "Stripe pas encore interrogé" in listed
        assert "Aucun écart connu" not in listed

    at_the_bureau(store_url, tmp_path, work)
