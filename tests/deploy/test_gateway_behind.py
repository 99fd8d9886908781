"""The gateway itself behind each front: https outside, and readers told apart as without one."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gateway.bench import served
from gateway.bench.processes import free_port, running
from tests.caches.origin import SHOWN, WITHHELD, Page, site
from tests.deploy.fronts import FRONTS, SITE, trusting

CONFIG = """\
[site]
url = "https://{site}:{front}"
origin = "http://127.0.0.1:{origin}"
name = "Behind a front"
aliases = ["{site}"]
[server]
bind = "127.0.0.1:{port}"
workers = 1
trusted_proxies = ["127.0.0.1/32"]
[ops]
bind = "127.0.0.1:{ops}"
access_log = false
[policies]
folder = "policies"
[store]
url = "sqlite:///{store}"
[keys]
cookie = ["{key}"]
"""


@dataclass(frozen=True)
class Public:
    port: int
    cookie: str

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPSConnection(SITE, self.port, timeout=20, context=trusting())
        try:
            # Readers type a port only in tests, so the front doesn't send one on.
            connection.request("GET", path, headers={"Host": SITE, **headers})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module", params=sorted(FRONTS))
def public(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Public]:
    folder = tmp_path_factory.mktemp("gateway")
    front, port = free_port(), free_port()
    (folder / "policies").mkdir()
    policy = served.POLICY.replace(".article-body", ".body")
    (folder / "policies" / "site.yaml").write_text(policy)
    cookie = served.cookies(folder, 1)[0].replace("lychgate=", "__Host-lychgate=", 1)
    with site() as origin:
        origin.pages["/paid/story"] = Page(tier="locked")
        (folder / "lychgate.toml").write_text(
            CONFIG.format(
                site=SITE,
                front=front,
                port=port,
                origin=origin.port,
                ops=free_port(),
                store=folder / "bench.db",
                key=served.KEY,
            )
        )
        command = [sys.executable, "-m", "gateway", "serve"]
        command += ["--config", str(folder / "lychgate.toml")]
        start = FRONTS[request.param]
        with (
            # It knows its own host alone, so a bare look from here is misdirected: it is up.
            running("lychgate", command, port=port, folder=folder, up_at=421),
            start(tmp_path_factory.mktemp(request.param), upstream=port, port=front),
        ):
            yield Public(front, cookie)


def test_an_anonymous_reader_gets_the_teaser(public: Public) -> None:
    response, body = public.get("/paid/story")
    assert response.status == 200
    assert SHOWN.encode() in body
    assert WITHHELD.encode() not in body
    assert response.headers["cache-control"].startswith("public, max-age=0, s-maxage=")


def test_a_subscriber_reads_on(public: Public) -> None:
    response, body = public.get("/paid/story", Cookie=public.cookie)
    assert WITHHELD.encode() in body
    assert response.headers["cache-control"] == "private, no-store"


def test_the_cookie_of_a_plain_site_is_none_here(public: Public) -> None:
    plain = public.cookie.removeprefix("__Host-")
    assert WITHHELD.encode() not in public.get("/paid/story", Cookie=plain)[1]


@pytest.mark.parametrize("path", ["/open/../paid/story", "/open/%2e%2e/paid/story", "//paid/story"])
def test_no_front_opens_a_way_around(public: Public, path: str) -> None:
    response, body = public.get(path)
    assert response.status in (200, 301, 308, 400)
    assert WITHHELD.encode() not in body


def test_the_gateways_coding_comes_through(public: Public) -> None:
    response, _ = public.get("/paid/story", **{"Accept-Encoding": "br"})
    assert response.headers["content-encoding"] == "br"
