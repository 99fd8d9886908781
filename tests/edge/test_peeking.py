"""How much of an answer is waited for before it is known: of a stream no more than its first words."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext

import pytest

from gateway.edge.peeking import holds_feed, kind_of
from gateway.origin.answer import OriginResponse
from gateway.page.sniffing import Kind

RSS = b"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title></channel></rss>"
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": []}'


class Line:
    def resume(self) -> None: ...

    def whole(self) -> AbstractContextManager[None]:
        return nullcontext()

    def fail(self, error: BaseException) -> None: ...


def stream(content_type: bytes) -> OriginResponse:
    response = OriginResponse(Line())
    response.begin(200, ((b"content-type", content_type),) if content_type else ())
    return response


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content_type", "begins"),
    [
        (b"text/plain", b"1 of 10 is done\n"),
        (b"text/x-component", b'0:["$","div"]\n'),
        (b"text/csv", b"day,words\n"),
        (b"application/json", b'[{"a": 1},\n'),
        (b"text/vnd.turbo-stream.html", b"<turbo-stream action='append'>"),
        (b"application/octet-stream", b"\0\1 and more"),
        (b"", b"no type at all"),
    ],
)
async def test_a_stream_is_known_by_what_has_come(content_type: bytes, begins: bytes) -> None:
    for ask in (kind_of, holds_feed):
        response = stream(content_type)
        response.add(begins)
        async with asyncio.timeout(1):
            assert await ask(response) in (Kind.OTHER, Kind.HTML, False)
        response.end()
        assert b"".join([part async for part in response.chunks()]) == begins


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (RSS, Kind.RSS),
        (JSON_FEED, Kind.JSON_FEED),
        (b" \n<!doctype html><title>t</title><p>x", Kind.HTML),
        (b"<!-- a --><html lang=fr><p>x", Kind.HTML),
        (b"just some words", Kind.OTHER),
    ],
)
async def test_it_makes_no_difference_how_a_body_is_cut(body: bytes, kind: Kind) -> None:
    for ask, found in ((kind_of, kind), (holds_feed, kind in (Kind.RSS, Kind.JSON_FEED))):
        for size in (1, 2, 7, 40):
            response = stream(b"text/plain")
            asking = asyncio.create_task(ask(response))
            for at in range(0, len(body), size):
                response.add(body[at : at + size])
                await asyncio.sleep(0)
            response.end()
            assert await asking == found


@pytest.mark.anyio
async def test_of_data_that_is_no_feed_not_all_is_held() -> None:
    """A site's search index may have megabytes, and each slow reader of it would have cost as many."""
    response, row = stream(b"application/json"), b'{"title": "t", "text": "some words"},' * 100
    asking = asyncio.create_task(kind_of(response))
    response.add(b'{"posts": [')
    held = 0
    while not asking.done() and held < 1 << 20:
        response.add(row)
        held += len(row)
        for _ in range(20):
            await asyncio.sleep(0.001)
    assert asking.done()
    assert await asking is Kind.OTHER
    assert held < 200 << 10
    late = b'{"title": "%b", "items": [{"content_html": "<p>a</p>"}]}' % (b"t" * 60_000)
    response = stream(b"application/json")
    response.add(late)
    response.end()
    assert await kind_of(response) is Kind.JSON_FEED
