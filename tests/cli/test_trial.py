"""What stands around another site's pages in ``try``, and how readers are changed while playing."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from gateway.cli.switch import local_path
from gateway.cli.trial import Trial

URL = "http://127.0.0.1:8000"
SITES = ("https://www.tide.example", "https://tide.example:8443")


def trial(application: Any = None) -> Trial:
    return Trial(application, sites=SITES, url=URL)


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        (b'href="https://www.tide.example/a"', b'href="http://127.0.0.1:8000/a"'),
        (b'href="http://tide.example"', b'href="http://127.0.0.1:8000"'),
        (b'src="//www.tide.example/x.png"', b'src="http://127.0.0.1:8000/x.png"'),
        (b'"https:\\/\\/tide.example\\/a"', b'"http:\\/\\/127.0.0.1:8000\\/a"'),
        (b"https://tide.example:8443/a", b"http://127.0.0.1:8000/a"),
        (b"https://TIDE.example/a", b"http://127.0.0.1:8000/a"),
        # Another host, whatever it begins with.
        (b"https://tide.example.org/a", b"https://tide.example.org/a"),
        (b"https://tide.example-two.org/a", b"https://tide.example-two.org/a"),
        (b"https://tide.example:9000/a", b"https://tide.example:9000/a"),
        (b"https://cdn.tide.example/a", b"https://cdn.tide.example/a"),
        (b"mail@tide.example", b"mail@tide.example"),
    ],
)
def test_links_to_the_sites_own_host_stay_here(written: bytes, rewritten: bytes) -> None:
    assert trial().rewritten(written) == rewritten


PAGE = b'<html><body class="x"><a href="https://tide.example/b">b</a></body></html>'
HEAD = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'self'"),
    (b"strict-transport-security", b"max-age=1"),
    (b"cache-control", b"public, max-age=600"),
    (b"etag", b'"x"'),
]


def asked(method: str, *, body: bytes = PAGE, headers: Any = HEAD) -> tuple[Any, list[Any], Any]:
    """One request through a trial: the start, the bodies, and the scope that the gateway saw."""
    seen: list[Any] = []
    sent: list[Any] = []

    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        length = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, *length]})
        shown = b"" if method == "HEAD" else body
        await send({"type": "http.response.body", "body": shown[:20], "more_body": True})
        await send({"type": "http.response.body", "body": shown[20:]})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "method": method,
        "path": "/a",
        "query_string": b"x=1&y=<",
        "headers": [(b"accept-encoding", b"br"), (b"if-none-match", b'"x"'), (b"cookie", b"a=b")],
    }
    anyio.run(trial(gateway), scope, None, send)
    return sent[0], sent[1:], seen


def test_a_page_gets_a_bar_and_no_policies_of_its_own() -> None:
    start, bodies, seen = asked("GET")
    headers = dict(start["headers"])
    page = b"".join(each["body"] for each in bodies)
    assert headers[b"content-length"] == b"%d" % len(page)
    assert headers[b"x-robots-tag"] == b"noindex, nofollow"
    assert headers[b"cache-control"] == b"no-store"
    assert not set(headers) & {b"content-security-policy", b"strict-transport-security", b"etag"}
    assert page.startswith(
        b'<html><body class="x"><div lang="en" style='
    )  # whatever the site speaks
    assert b"/-/try/as/member?return_to=/a%3Fx%3D1%26y%3D%3C" in page
    assert b'href="http://127.0.0.1:8000/b"' in page
    assert seen[0]["headers"] == [(b"cookie", b"a=b")]


def test_head_has_no_length_of_nothing() -> None:
    start, bodies, _ = asked("HEAD")
    assert b"content-length" not in dict(start["headers"])
    assert b"".join(each["body"] for each in bodies) == b""


def test_other_types_stream_through() -> None:
    image = [(b"content-type", b"image/png")]
    start, bodies, _ = asked("GET", body=b"https://tide.example/" * 9, headers=image)
    assert len(bodies) == 2
    assert b"tide.example" in bodies[1]["body"]
    assert dict(start["headers"])[b"content-length"] == b"189"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_reading_passes(method: str) -> None:
    start, bodies, seen = asked(method)
    assert start["status"] == 405
    assert b"nothing is sent to it" in bodies[0]["body"], "no blank page"
    assert seen == []


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/a?b=c", "/a?b=c"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nset-cookie: x", "/"),
        ("/é", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_the_site(written: str, path: str) -> None:
    assert local_path(written) == path
