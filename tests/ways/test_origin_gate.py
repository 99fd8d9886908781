"""``origin_gate``: what the origin gives the gateway and not anyone is gated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ways.asking import WITHHELD, article, ask
from tests.ways.house import Asked, Page, house

pytestmark = pytest.mark.anyio

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
labels: [{ origin_gate: body, map: MAP }]
rules:
  - { name: labelled, label: any, access: as-labelled }
"""
AS_ONE = '[origin]\nheaders = { X-Id = "all" }\nshared_identity = true\n'
LISTING = b"<!doctype html><html><body><main><h2><a href=/a>Titre</a></h2></main></body></html>"
CUT = article().partition(b"<p>Le deux")[0]


def gated(whole: bytes, cut: bytes) -> Callable[[Asked], Page]:
    return lambda asked: Page(whole if asked.header(b"x-id") else cut)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def without_body(page: bytes) -> bytes:
    return page.replace(b'class="body"', b'class="corps"')


@pytest.mark.parametrize("says", ["{ gated: members }", "{ gated: members, open: public }"])
@pytest.mark.parametrize(
    ("whole", "cut", "walled"),
    [
        (article(), CUT, True),
        (article(), article(), False),
        (without_body(article()), without_body(CUT), True),  # nothing to compare
        (without_body(article()), without_body(article()), True),
        (LISTING, LISTING, False),
    ],
)
async def test_what_differs_is_gated_and_what_doesn_t_says_nothing(
    tmp_path: Path, says: str, whole: bytes, cut: bytes, walled: bool
) -> None:
    async with house(
        tmp_path,
        policy=POLICY.replace("MAP", says),
        pages={"/a": gated(whole, cut)},
        settings=AS_ONE,
    ) as at:
        _, body = await ask(at, "/a")
    assert (b"data-lg-wall=" in body) is walled
    assert (WITHHELD in body) is (WITHHELD in whole and not walled)
