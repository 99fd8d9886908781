"""The pages served are articles of the size they say, and weigh what a newspaper's do."""

from __future__ import annotations

import gzip

import pytest

from gateway.bench import prose
from gateway.page.document import read


@pytest.mark.parametrize("wanted", prose.PAGES_BYTES.values())
def test_sizes(wanted: int) -> None:
    page = prose.article(wanted).encode()
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
