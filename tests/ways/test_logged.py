"""What the access log says of an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ways.asking import ask
from tests.ways.house import Page, house

pytestmark = pytest.mark.anyio

POLICY = """
version: 1
default: public
rules: [{ name: kept, path: /kept, access: public, cache: 60s }]
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_every_line_says_how_much_was_sent(tmp_path: Path) -> None:
    pages = {"/kept": Page(b"<!doctype html><p>Kept."), "/film": Page(b"x" * 300_000, "video/mp4")}
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        log, written = at.lychgate.access_log, list[str]()
        log.on, log._write = True, written.append
        sizes = [len((await ask(at, path))[1]) for path in ("/film", "/kept", "/kept", "/-/me")]
        assert (await ask(at, "/film", method=b"HEAD"))[1] == b""
        log.flush()
        lines = [json.loads(line) for line in "".join(written).splitlines()]
    assert [line["bytes"] for line in lines] == [*sizes, 0]
    assert sizes[0] == 300_000
