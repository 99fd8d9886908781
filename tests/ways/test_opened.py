"""What a rule opens is open, though the origin has a gate of its own; and ``explain`` says what was sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.console.explain import Asking, Explanation, explain
from gateway.model.reader import ANONYMOUS
from tests.ways.asking import WITHHELD, article, ask
from tests.ways.house import Asked, House, Page, house

pytestmark = pytest.mark.anyio

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
rules:
  - { name: dossiers, path: /dossiers/**, access: paid }
  - { name: free, path: [/libre/**, /compte/**], access: public }
  - { name: carts, path: /panier/**, access: public, personal: true }
"""
IDENTITY = '[origin]\nheaders = { X-Reader-Of-All = "yes" }\n'
OWN = b"Cookie: sid=1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def own_gate(asked: Asked) -> Page:
    """An origin that shows the whole to its subscribers alone, of whom the gateway is one."""
    assert not (asked.header(b"x-reader-of-all") and asked.header(b"cookie")), (
        "never on one request"
    )
    if asked.header(b"x-reader-of-all"):
        return Page(article(), headers=(("Cache-Control", "max-age=50"),))
    whole = article()
    return Page(whole[: whole.index(b"<p>Le deux")] + b"<p>Abonnez-vous.</div></article>")


def account(asked: Asked) -> Page:
    who = b"the gateway" if asked.header(b"x-reader-of-all") else asked.header(b"cookie") or b"-"
    return Page(b"<p>" + who, headers=(("Cache-Control", "private, no-cache"),))


PAGES: dict[str, Page | Callable[[Asked], Page]] = {
    "/libre/a": own_gate,
    "/autre": own_gate,
    "/panier/a": account,
    "/compte/moi": account,
    "/libre/a.zip": Page(b"PK", "application/zip"),
    "/libre/donnees": Page(b"1;2", "text/csv"),
}


async def test_a_rule_opens_what_the_origin_gates(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=IDENTITY) as at:
        for _ in range(2):
            head, body = await ask(at, "/libre/a", OWN)
            assert WITHHELD in body
            assert b"\r\ncache-control: public, max-age=50\r\n" in head
        assert len(at.origin.seen) == 1


async def test_a_page_that_no_rule_names_and_a_personal_one_are_the_readers_own(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=IDENTITY) as at:
        _, body = await ask(at, "/autre", OWN)
        assert b"Abonnez-vous" in body
        assert b"data-lg-access" not in body
        assert (await ask(at, "/panier/a", OWN))[1] == b"<p>sid=1"
        assert [asked.header(b"x-reader-of-all") for asked in at.origin.seen] == [None, None]


async def test_what_the_origin_marks_as_somebodys_is_the_readers(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=IDENTITY) as at:
        for _ in range(2):
            head, body = await ask(at, "/compte/moi", OWN)
            assert body == b"<p>sid=1"
            assert b"\r\ncache-control: private, no-store\r\n" in head


async def test_what_is_no_page_comes_as_the_reader_asks_for_it(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=IDENTITY) as at:
        for path, body in (("/libre/a.zip", b"PK"), ("/libre/donnees", b"1;2")):
            for _ in range(2):
                assert (await ask(at, path, OWN))[1] == body
                assert at.origin.seen[-1].header(b"cookie") == b"sid=1"
                assert at.origin.seen[-1].header(b"x-reader-of-all") is None


async def test_without_an_identity_at_the_origin_what_is_opened_streams(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES) as at:
        await ask(at, "/libre/a", OWN)
        assert at.origin.seen[-1].header(b"cookie") == b"sid=1"


async def explained(at: House, target: str) -> Explanation:
    entrance, policies = at.lychgate.entrance, at.lychgate.policies
    asking = Asking(
        ingress=entrance.ingress, gate=entrance.gate, policy=policies.get, host="localhost"
    )
    return await explain(asking, target, ANONYMOUS)


async def test_explain_counts_the_words_that_were_sent(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=PAGES, settings=IDENTITY, served=False) as at:
        opened, passed = await explained(at, "/libre/a"), await explained(at, "/autre")
    assert (opened.way, opened.words_withheld) == ("opened", 0)
    assert (passed.way, passed.decision) == ("open", "full")
    assert passed.words_kept == 5
    assert passed.words_withheld == opened.words_kept - 5
