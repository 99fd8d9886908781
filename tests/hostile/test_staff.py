"""Who works here, through the whole gateway: a group of the right name from the wrong place is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.reader import Reader
from tests.hostile.browsing import Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner
from tests.migrated import new_store

STAFF = """
[newsroom]
readers = ["group:redaction"]
[console]
providers = ["{named}"]
admins = ["group:redaction"]
[[login.provider]]
id = "staff"
issuer = "https://staff.example"
client_id = "x"
client_secret = "y"
"""
EDITOR = Manner(
    id_token={
        "sub": "ed",
        "email": "ed@news.example",
        "email_verified": True,
        "groups": ["redaction"],
    },
    userinfo={"sub": "ed"},
)
CONSOLE = "/-/finance/readers"


async def reader(inside: Lodge, browser: Browser) -> Reader:
    inside.lychgate.sessions.forget_all()
    cookie = b"__Host-lychgate=" + browser.session().encode()
    return await inside.lychgate.sessions.reader_of(cookie, inside.clock.now())


@pytest.mark.anyio
@pytest.mark.parametrize(("named", "counts"), [("idp", True), ("staff", False)])
async def test_a_group_counts_from_the_named_providers(
    named: str, counts: bool, tmp_path: Path
) -> None:
    async with lodge(tmp_path, settings=STAFF.format(named=named)) as inside:
        browser = await inside.logged_in(EDITOR)
        assert (await reader(inside, browser)).newsroom is counts
        assert (await browser.get(CONSOLE)).status_code == (200 if counts else 403)
        # The newsroom reads on; the console wants another login.
        inside.clock.pass_time(13 * 3600.0)
        assert (await reader(inside, browser)).newsroom is counts
        assert (await browser.get(CONSOLE)).status_code == 403


@pytest.mark.anyio
async def test_a_session_of_the_issuer_that_an_id_stood_for_once_bears_nothing(
    tmp_path: Path,
) -> None:
    store, settings = new_store(tmp_path / "store.db"), STAFF.format(named="idp")
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    async with lodge(tmp_path / "before", settings=settings, store_url=store) as inside:
        cookies = (await inside.logged_in(EDITOR)).cookies
    async with lodge(tmp_path / "after", settings=settings, store_url=store) as inside:
        browser = inside.browser()
        browser.cookies = cookies
        known = await reader(inside, browser)
        assert (known.email, known.newsroom) == ("ed@news.example", False)
        assert (await browser.get(CONSOLE)).status_code == 403
