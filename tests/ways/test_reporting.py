"""Report mode: what the origin says, byte for byte, whatever it is."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.ways.asking import article, ask
from tests.ways.house import Page, house

pytestmark = pytest.mark.anyio

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"] }
labels: [{ meta: tier }]
rules: [{ name: labelled, label: any, access: as-labelled }]
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_pages_are_sent_as_they_come_and_counted(tmp_path: Path) -> None:
    whole = article("paid")
    large = b"<!doctype html>" + b"x" * (17 << 20)
    pages = {
        "/a": Page(whole),
        "/grand": Page(large),
        "/casse": Page(gzip.compress(whole)[:-9], headers=(("Content-Encoding", "gzip"),)),
    }
    async with house(tmp_path, policy=POLICY, pages=dict(pages), settings="") as at:
        object.__setattr__(at.lychgate.entrance.gate, "report_mode", True)
        head, body = await ask(at, "/a")
        assert body == whole
        assert b"\r\ncontent-length: %d\r\n" % len(whole) in head
        head, body = await ask(at, "/a", method=b"HEAD")
        assert body == b""
        assert b"\r\ncontent-length: %d\r\n" % len(whole) in head
        assert (await ask(at, "/grand"))[1] == large
        assert (await ask(at, "/casse"))[1] == pages["/casse"].body
        counted = at.lychgate.counters.decisions
        assert counted["report:subscription-needed"] == 1


async def test_what_would_be_decided_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    """By the page's own word, and not by the strictest that its path leaves open."""
    pages = {"/a": Page(article("public")), "/b": Page(article("paid"))}
    settings = "[server]\nexplain_header = true"
    async with house(tmp_path, policy=POLICY, pages=dict(pages), settings=settings) as at:
        object.__setattr__(at.lychgate.entrance.gate, "report_mode", True)
        head, _ = await ask(at, "/a")
        assert b'\r\nlychgate-decision: full; reason=public-page; rule="labelled"\r\n' in head
        head, _ = await ask(at, "/b")
        assert b"\r\nlychgate-decision: subscribe; reason=subscription-needed; rule=" in head
