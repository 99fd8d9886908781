"""Every broken or sly page in ``structures/``: no withheld sentence survives in any form.

threats.md, "Structure" and "In the teaser page itself", invariants I1 and I5.
"""

from __future__ import annotations

import pytest

from gateway.model.access import PAID
from gateway.model.reader import ReaderKind
from gateway.model.rule import Keep
from tests.page import prose
from tests.page.showing import WALL, full, settings, teased

KEEPS = {
    "two paragraphs": Keep(paragraphs=2, words_max=120),
    "one paragraph": Keep(paragraphs=1, words_max=60),
    "until the comment": Keep(until="<!--more-->"),
}
# Faces that no page shows whole even to those who may read it: cut tags and unclosed comments.
LOST_BY_PARSING = {"ends-in-a-tag", "duplicate-attributes", "frameset", "nul-bytes"}


@pytest.mark.parametrize("name", prose.names())
def test_no_withheld_sentence_survives(name: str) -> None:
    page = prose.structure(name)
    rendered = teased(page)
    text = rendered.body.decode("utf-8")
    assert prose.markers(text, "gone") == set()


@pytest.mark.parametrize("name", prose.names())
def test_what_may_be_read_stands_whole(name: str) -> None:
    source = prose.structure(name).decode("utf-8")
    rendered = teased(source.encode())
    text = rendered.body.decode("utf-8")
    assert prose.whole(source, "kept") <= prose.whole(text, "kept")
    assert prose.whole(source, "site") <= prose.whole(text, "site")


@pytest.mark.parametrize("name", sorted(set(prose.names()) - {"frameset"}))
def test_one_wall_stands_in_the_page(name: str) -> None:
    text = teased(prose.structure(name)).body.decode("utf-8")
    assert text.count('id="the-wall"') == 1
    kept = max((text.rfind(f"kept{number:02d}c") for number in (1, 2)), default=-1)
    assert kept < text.index(WALL[:20])


@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS)
@pytest.mark.parametrize("name", prose.names())
def test_no_way_of_keeping_opens_more(name: str, keep: Keep) -> None:
    rendered = teased(prose.structure(name), with_settings=settings(keep=keep))
    assert prose.markers(rendered.body.decode("utf-8"), "gone") == set()


@pytest.mark.parametrize("name", prose.names())
def test_the_whole_page_keeps_every_sentence(name: str) -> None:
    source = prose.structure(name)
    rendered = full(source, access=PAID, reader=ReaderKind.SUBSCRIBER)
    text = rendered.body.decode("utf-8")
    if name in LOST_BY_PARSING:
        return
    for kind in ("gone", "kept", "site", "may"):
        assert prose.markers(source.decode("utf-8"), kind) == prose.markers(text, kind), kind


@pytest.mark.parametrize("name", prose.names())
def test_rendering_twice_gives_the_same_bytes(name: str) -> None:
    page = prose.structure(name)
    assert teased(page).body == teased(page).body
