"""A publisher's site whose pages a test can change: labels, dates, caching, cookies of its own.

It is as careless as sites are: it writes what it hears of host and language into its pages, and
gives each visitor a cookie.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WITHHELD = "the-withheld-part"
SHOWN = "the-shown-part"
_PAGE = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A story</title>{label}
{date}<link rel="alternate" href="//{host}/feed"><meta name="heard" content="{language}"></head>
<body><main><article><h1>A story</h1><div class="body">
<p>{shown} of the story begins here and says what it is about in a few words.</p>
<p>Its second paragraph goes on in the same way for whoever comes by.</p>
<p>{withheld} starts with this paragraph, which only those may read who may.</p>
<p>More of {withheld} stands here, and then the story is over.</p>
</div></article></main></body></html>
"""


@dataclass
class Page:
    tier: str = "free"
    caching: str = "public, max-age=60"
    published: str = ""
    gives_cookie: bool = False


@dataclass
class Site:
    """``pages`` by path (without its query); any other path is a free page."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@contextmanager
def site() -> Iterator[Site]:
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a head and a body are two writes

        def do_GET(self) -> None:
            state.asked[self.path] += 1
            page = state.pages.get(self.path.split("?")[0], Page())
            body = _draw(page, self.headers).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Cache-Control", page.caching)
            self.send_header("Content-Length", str(len(body)))
            if page.gives_cookie:
                self.send_header("Set-Cookie", f"visitor={next(state.numbers)}; Path=/")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # the name that http.server calls

        def log_message(self, *_: object) -> None:
            """A test's output is no access log."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _draw(page: Page, headers: object) -> str:
    get = getattr(headers, "get")  # noqa: B009  # http.client.HTTPMessage, as the server gives it
    date = f'<meta property="article:published_time" content="{page.published}">'
    return _PAGE.format(
        label=f'<meta name="article:content_tier" content="{page.tier}">' if page.tier else "",
        date=date if page.published else "",
        host=get("X-Forwarded-Host") or get("Host"),
        language=f"{get('Accept-Language')} {get('User-Agent')} {get('X-Original-URL')}",
        shown=SHOWN,
        withheld=WITHHELD,
    )
