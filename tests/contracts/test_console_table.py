"""The console's route table, walked: who is refused, on every route, and that nothing came of it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.console.frame import HOME, Action
from gateway.errors import StoreUnavailable
from gateway.identity.roles import FRESH_SECONDS, Role
from gateway.stores.news import Kind, News
from tests.console.bureau import ADDRESSES, Bureau, at_the_bureau
from tests.hostile.browsing import Browser

_NAMES = {"number": "1", "id": "ana", "day": "2026-11-26"}
FORM = {"reason": "because", "tier": "gold", "customer": "cus_1", "other": "ben", "q": "ana"}


def _address(action: Action) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: _NAMES.get(name[1], "1"), action.path)


async def _ask(browser: Browser, action: Action, *, from_site: str = "") -> tuple[int, str]:
    if action.method == "GET":
        answer = await browser.get(_address(action))
    elif from_site:
        answer = await browser.post(_address(action), FORM, from_site=from_site)
    else:
        answer = await browser.post(_address(action), FORM)
    return answer.status_code, answer.headers.get("location", "")


def test_the_table_names_each_route_once_and_each_has_a_role(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        table = inside.console.frame.actions
        routes = [(each.method, each.path) for each in table]
        assert len(routes) == len(set(routes)) >= 20
        assert all(each.roles and Role.ADMIN in each.roles for each in table)
        assert all(each.path == HOME or each.path.startswith(f"{HOME}/") for each in table)
        silent = {each.path for each in table if not each.act}
        allowed = {HOME, f"{HOME}/", f"{HOME}/readers", f"{HOME}/explain"}
        assert silent <= allowed, "what shows anything of anybody is written down"
        for each in table:
            if each.path.endswith("/export"):
                assert Role.SUPPORT not in each.roles

    at_the_bureau(url, tmp_path, work)


def test_everyone_else_is_refused_on_every_route(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        nobody = inside.shop.new()
        member = await inside.enter("member")
        # One address logs in twice: yesterday's session is stale, whatever today's is.
        stale = await inside.enter("admin", seconds_ago=FRESH_SECONDS + 60.0)
        people = {role: await inside.enter(str(role)) for role in Role}
        before = (len(await inside.till.entries()), len(await inside.audited()))
        for action in inside.console.frame.actions:
            status, location = await _ask(nobody, action)
            assert (status, location.partition("?")[0]) == (303, "/-/login"), action
            assert (await _ask(member, action))[0] == 403, action
            assert (await _ask(stale, action))[0] == 403, action
            for role, browser in people.items():
                if role not in action.roles:
                    assert (await _ask(browser, action))[0] == 403, (role, action)
            if action.method == "POST":
                foreign = await _ask(people[Role.ADMIN], action, from_site="https://evil.example")
                assert foreign[0] == 403, action
        after = (len(await inside.till.entries()), len(await inside.audited()))
        assert after == before, "nothing was done, and nothing was shown"

    at_the_bureau(url, tmp_path, work)


def test_an_admin_is_answered_everywhere_and_each_look_is_written_down(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Bureau) -> None:
        admin = await inside.enter("admin")
        await inside.till.hear()
        for action in inside.console.frame.actions:
            if action.method != "GET":
                continue
            before = len(await inside.audited())
            answer = await admin.get(f"{_address(action)}?format=csv&lang=fr")
            assert answer.status_code in (200, 303), action
            assert answer.headers["cache-control"] == "private, no-store", action
            if answer.headers.get("content-type", "").startswith("text/html"):
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "<script" not in answer.text
                assert "aria-current" in answer.text, action
            lines = (await inside.audited())[before:]
            assert [line[1] for line in lines] == ([action.act] if action.act else []), action

    at_the_bureau(url, tmp_path, work)


def test_the_audit_log_is_looked_through_and_exported(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        clerk = await inside.enter("finance")
        aide = await inside.enter("support")
        await aide.get("/-/finance/readers/ana")
        await clerk.get("/-/finance/readers/ben")
        page = await clerk.get("/-/finance/audit?act=reader&lang=en")
        assert page.text.count("<td>look at a reader</td>") == 2
        narrow = await clerk.get("/-/finance/audit?what=ana&act=reader&lang=en")
        assert narrow.text.count("<td>look at a reader</td>") == 1
        assert ADDRESSES["support"] in narrow.text
        french = await clerk.get("/-/finance/audit?act=audit&lang=fr")
        assert "<td>consulter ce journal</td><td><bdi>Acte = voir un lecteur</bdi>" in french.text
        for wildcard in ("%25", "_____"):
            none = await clerk.get(f"/-/finance/audit?what={wildcard}&act=reader&lang=en")
            assert "No line is like this." in none.text
        wrong = await clerk.get("/-/finance/audit?day=yesterday&lang=en")
        assert (wrong.status_code, "aria-invalid" in wrong.text) == (200, True)
        assert (await clerk.get("/-/finance/audit/export?format=csv&day=x")).status_code == 400
        assert (await aide.get("/-/finance/audit")).status_code == 403
        file = await clerk.get("/-/finance/audit/export?format=csv&act=reader&lang=en")
        assert file.headers["content-disposition"].startswith('attachment; filename="audit-')
        rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
        assert [row[2:5] for row in rows[1:]] == [
            [ADDRESSES["finance"], "look at a reader", "ben"],
            [ADDRESSES["support"], "look at a reader", "ana"],
        ]
        workbook = await clerk.get("/-/finance/audit/export?format=xlsx&lang=fr")
        assert workbook.content.startswith(b"PK")

    at_the_bureau(url, tmp_path, work)


def test_an_admin_opens_a_story_and_drops_what_is_kept(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        admin = await inside.enter("admin")
        words = inside.console.frame.words
        later = words.at(inside.now() + 3600.0).replace(tzinfo=None).isoformat(timespec="minutes")
        there = "/-/finance/site"
        for form, said in (
            ({"url": "/a", "until": "soon"}, "wrong-moment"),
            ({"url": "/a", "until": "2020-01-01T00:00"}, "moment-over"),
            ({"url": "https://evil.example/a", "until": later}, "not-this-site"),
            ({"url": "", "until": later}, "not-this-site"),
            ({"url": "https://news.example/culture/a?x=1", "until": later}, "opened"),
        ):
            done = await admin.post(f"{there}/open?lang=en", {**form, "reason": "a public duty"})
            assert f"said={said}" in done.headers["location"], form
        assert (await admin.post(f"{there}/open", {"url": "/a", "until": later})).status_code == 400
        page = await admin.get(f"{there}?lang=en")
        assert "/culture/a" in page.text
        assert "a public duty" in page.text
        opened = [line for line in await inside.audited() if line[1:3] == ("open", "/culture/a")]
        assert opened == [(ADDRESSES["admin"], "open", "/culture/a", "a public duty")]
        for form, what in (({"url": "/culture/a"}, "/culture/a"), ({"all": "yes"}, "all")):
            await admin.post(f"{there}/purge", {**form, "reason": "a slip"})
            assert (await inside.audited())[-1][1:] == ("purge", what, "a slip")
        half = {"url": "https://[::1", "reason": "a slip"}
        done = await admin.post(f"{there}/purge?lang=en", half)
        assert "said=not-this-site" in done.headers["location"]

    at_the_bureau(url, tmp_path, work)


def test_an_admin_isnt_told_of_a_purge_that_no_worker_hears_of(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(inside: Bureau) -> None:
        async def away(news: News, kind: Kind, key: str, *, now: float) -> None:
            raise StoreUnavailable

        admin = await inside.enter("admin")
        monkeypatch.setattr(News, "tell", away)
        form = {"all": "yes", "reason": "a slip"}
        assert (await admin.post("/-/finance/site/purge", form)).status_code == 503

    at_the_bureau(url, tmp_path, work)


HOSTILE = (
    "\0",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\u202e\u2066x\u200b",
    "é" * 700,
    "\r\nSet-Cookie: a=b",
    "../../etc/passwd",
    "{{ 7*7 }}",
)


def test_no_field_of_any_form_or_address_is_believed(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        admin = await inside.enter("admin")
        for action in inside.console.frame.actions:
            for text in HOSTILE:
                if action.method == "POST":
                    form = dict.fromkeys((*FORM, "url", "note", "to", "act", "until", "as"), text)
                    answer = await admin.post(_address(action), form)
                else:
                    fields = "q why kind amount day month reader who act what until before said url"
                    asked = urlencode(dict.fromkeys(fields.split(), text[:100]))
                    answer = await admin.get(f"{_address(action)}?{asked}&format=csv")
                assert answer.status_code in (200, 303, 400, 404, 409), (action, text[:20])
                assert "<script" not in answer.text, (action, text[:20])
                # What was typed stands in its own field again, and nowhere else.
                shown = re.sub(r' value="[^"]*"', "", answer.text)
                assert "\u202e" not in shown, (action, text[:20])
                assert "a" not in answer.cookies
        for where in ("readers/%F0%9F%98%80", "readers/a%22%3E%3Cb%3E", "entries/1%0a"):
            answer = await admin.post(f"/-/finance/{where}/unbind", FORM)
            assert answer.status_code in (303, 400, 404)

    at_the_bureau(url, tmp_path, work)
