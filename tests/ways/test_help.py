"""``/-/help``: who is logged in, what they hold, why the page is closed, and looking again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from gateway import shipped
from gateway.identity.sessions import Session
from gateway.model.decision import Reason
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from tests.ways.house import FAR, Asked, House, Page, cookie, house

POLICY = """version: 1
default: public
teaser: { root: [article], body: [.body] }
labels: [{ meta: tier, map: { gold: { access: paid, tiers: [gold] } } }]
rules:
  - { name: members, path: /members/**, access: members }
  - { name: labelled, label: any, access: as-labelled }
"""
GOLD = "<meta name=tier content=gold><article><h1>Un</h1><div class=body><p>x</p></div></article>"
PAGES: dict[str, Page | Callable[[Asked], Page]] = {
    "/gold": Page(GOLD.encode(), headers=(("Cache-Control", "max-age=60"),)),
    "/members/a": Page(b"<article><h1>Deux</h1></article>"),
}
SETTINGS = '[site.legal]\nsupport = "mailto:aide@gazette.example"'


async def ask(
    inside: House, path: str, method: str = "GET", form: str = "from=/gold", **headers: str
) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{inside.address[1]}{path}"
        body = form if method == "POST" else None
        sent = {"host": "localhost", **headers}
        return await client.request(method, url, headers=sent, content=body)


def texts(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads(
        (shipped.folder("templates") / "locale" / f"{language}.json").read_text("utf-8")
    )
    return read


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_reason_has_words(language: str) -> None:
    assert {f"help.reason.{reason}" for reason in Reason} <= set(texts(language))


@pytest.mark.anyio
async def test_it_says_who_and_why_and_never_asks_the_origin(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES), settings=SETTINGS) as inside:
        await ask(inside, "/gold")
        fetched = len(inside.origin.seen)
        said = texts("en")
        for name, path, reason in (
            ("", "/members/a", Reason.ACCOUNT_NEEDED),
            ("", "/gold", Reason.SUBSCRIPTION_NEEDED),
            ("member", "/gold", Reason.SUBSCRIPTION_NEEDED),
            ("silver", "/gold", Reason.OTHER_TIER_NEEDED),
            ("lapsed", "/gold", Reason.SUBSCRIPTION_ON_HOLD),
            ("gold", "/gold", Reason.TIER_HELD),
        ):
            carried = {"cookie": cookie(name).decode()} if name else {}
            answer = await ask(inside, f"/-/help?from={path}&lang=en", **carried)
            assert said[f"help.reason.{reason}"] in answer.text, (name, path)
            assert answer.headers["cache-control"] == "private, no-store"
            assert ("logged in as" in answer.text) is bool(name)
            assert "mailto:aide@gazette.example?subject=" in answer.text
        assert len(inside.origin.seen) == fetched


@pytest.mark.anyio
async def test_it_names_a_plan_of_several_tiers_once_and_no_tier(tmp_path: Path) -> None:
    plan = """
[[plan]]
id = "all"
name = { en = "Everything", fr = "Tout" }
tiers = ["gold", "extra"]
prices = ["price_all"]
"""
    both = tuple(Entitlement(tier, 0.0, FAR) for tier in ("gold", "extra"))
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES), settings=plan) as inside:
        inside.sessions.by_id["member"] = Session("member", Reader(id="m", entitlements=both), FAR)
        mine = {"cookie": cookie("member").decode()}
        page = (await ask(inside, "/-/help?from=/gold&lang=en", **mine)).text
        assert page.count("Your subscription:") == 1
        assert "Your subscription: Everything" in page


@pytest.mark.anyio
@pytest.mark.parametrize(
    "written", ["//evil.example", "https://evil.example/", "/-/login", "/a\\b", "/%zz", "x", "/é"]
)
async def test_what_is_no_page_of_the_site_is_left_out(tmp_path: Path, written: str) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as inside:
        answer = await ask(inside, f"/-/help?{httpx2.QueryParams({'from': written})}")
        assert answer.status_code == 200
        assert "evil" not in answer.text
        assert 'name="from"' not in answer.text


@pytest.mark.anyio
async def test_looking_again_forgets_what_was_remembered(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as inside:
        mine = {"cookie": cookie("member").decode(), "accept-language": "en"}
        assert 'data-lg-wall="subscribe"' in (await ask(inside, "/gold", **mine)).text
        paid = Reader(id="member", entitlements=(Entitlement("gold", 0.0, FAR),))
        inside.sessions.by_id["member"] = Session("member", paid, FAR)
        assert 'data-lg-wall="subscribe"' in (await ask(inside, "/gold", **mine)).text
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert (await ask(inside, "/-/help", "POST", **form, **mine)).status_code == 403
        origin = {"origin": "http://localhost"}
        answer = await ask(inside, "/-/help", "POST", **form, **mine, **origin)
        assert (answer.status_code, answer.headers["location"]) == (303, "/gold")
        assert "data-lg-wall" not in (await ask(inside, "/gold", **mine)).text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("form", "location"),
    [
        ("from=/gold%3Fpage=2", "/gold?page=2"),
        ("from=/gold%23%0d%0aX-Evil:%201", "/gold"),
        ("from=/gold%0d%0aX-Evil:%201", "/"),
        ("from=//evil.example/", "/"),
        ("from=/%5Cevil.example/", "/"),
        ("from=https://evil.example/", "/"),
        ("", "/"),
    ],
)
async def test_looking_again_leads_to_a_page_of_the_site(
    tmp_path: Path, form: str, location: str
) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as inside:
        sent = {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost"}
        answer = await ask(inside, "/-/help", "POST", form=form, **sent)
        assert (answer.status_code, answer.headers["location"]) == (303, location)
        assert "x-evil" not in answer.headers


@pytest.mark.anyio
async def test_a_reader_who_leaves_in_the_middle_of_a_form_is_no_failure(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as inside:
        _, line = await asyncio.open_connection(*inside.address)
        line.write(
            b"POST /-/help HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nfrom="
        )
        await line.drain()
        await asyncio.sleep(0.1)
        line.close()
        assert (await ask(inside, "/-/help?from=/gold")).status_code == 200
        await asyncio.sleep(0.1)
        assert inside.lychgate.counters.snapshot()["errors"] == {}
