"""The pages served are articles of the size they say, and weigh what a newspaper's do."""

from __future__ import annotations

import gzip

import pytest

from gateway.bench import prose
from gateway.page.document import read


@pytest.mark.parametrize("french", [False, True])
@pytest.mark.parametrize("wanted", prose.PAGES_BYTES.values())
def test_sizes(wanted: int, french: bool) -> None:
    page = prose.article(wanted, french=french).encode()
    assert abs(len(page) - wanted) <= 0.01 * wanted
    assert 3 <= len(page) / len(gzip.compress(page, 6)) <= 6


def test_every_run_has_the_same_pages() -> None:
    assert prose.article(50_000) == prose.article(50_000)


def test_a_page_holds_what_the_cases_look_for() -> None:
    page = prose.article(50_000)
    shown = page.index(prose.SHOWN)
    assert shown < page.index('class="article-body"') < page.index(prose.MARKER)
    tree = read(page.encode(), b"text/html; charset=utf-8").tree()
    assert len(tree.css(".article-body > p")) > 20
    assert prose.MARKER not in "".join(node.text() for node in tree.css(".article-body > p")[:5])


def test_french_is_beyond_ascii_as_often_as_newspapers_are() -> None:
    page = prose.article(50_000, french=True)
    assert 0.02 < sum(not sign.isascii() for sign in page) / len(page) < 0.05
    assert prose.article(50_000).isascii()
