"""The page that explains an access: what is said of a reader who can't be meant, and at which field."""

from __future__ import annotations

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.console.bureau import Bureau, at_the_bureau
from tests.migrated import new_store


@pytest.fixture(name="store_url")
def _store_url(tmp_path: Path) -> str:
    return new_store(tmp_path / "store.db")


async def explained(bureau: Bureau, *, reader: str, language: str) -> LexborHTMLParser:
    clerk = await bureau.enter("finance")
    form = {"url": "/culture/a", "as": reader}
    answer = await clerk.post(f"/-/finance/explain?lang={language}", form)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def text_of(page: LexborHTMLParser, selector: str) -> str:
    return " ".join(node.text() for node in page.css(selector))


def test_a_tier_that_nobody_names_is_doubted(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        for language, said in (
            ("fr", "ne nomme la formule «\u00a0zzz\u00a0»"),
            ("en", "names the tier “zzz”"),
        ):
            page = await explained(bureau, reader="tier:zzz", language=language)
            assert said in text_of(page, "#lg-doubt")
            assert "gold" in text_of(page, "#lg-doubt")
            assert page.css_matches("#lg-as[aria-describedby~=lg-doubt]")
        for reader in ("tier:gold", "member", "anonymous"):
            page = await explained(bureau, reader=reader, language="en")
            assert not page.css_matches("#lg-doubt"), reader

    at_the_bureau(store_url, tmp_path, work)


@pytest.mark.parametrize(
    ("reader", "language", "said"),
    [
        ("x@y.example", "fr", "Personne n’a cette adresse."),
        ("x@y.example", "en", "Nobody has this address."),
        ("gold", "fr", "anonymous, member, tier:NOM ou une adresse e-mail"),
        ("tier:", "en", "anonymous, member, tier:NAME or an email address"),
    ],
)
def test_a_wrong_reader_is_said_at_its_field(
    store_url: str, tmp_path: Path, reader: str, language: str, said: str
) -> None:
    async def work(bureau: Bureau) -> None:
        page = await explained(bureau, reader=reader, language=language)
        assert said in text_of(page, "#lg-wrong")
        described = "[aria-describedby~=lg-wrong][aria-describedby~=lg-as-hint]"
        assert page.css_matches(f"#lg-as[aria-invalid]{described}")
        assert not page.css_matches("#lg-url[aria-invalid]")
        assert (await bureau.audited())[-1][2] == "/culture/a as nobody known"

    at_the_bureau(store_url, tmp_path, work)


def test_a_wrong_page_is_said_at_its_field(store_url: str, tmp_path: Path) -> None:
    async def work(bureau: Bureau) -> None:
        clerk = await bureau.enter("finance")
        answer = await clerk.post("/-/finance/explain?lang=en", {"url": "https://evil.example/"})
        page = LexborHTMLParser(answer.text)
        assert page.css_matches("#lg-url[aria-invalid][aria-describedby=lg-wrong]")
        assert not page.css_matches("#lg-as[aria-invalid]")

    at_the_bureau(store_url, tmp_path, work)
