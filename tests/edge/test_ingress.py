"""The door: who is let in as what, and who isn't."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.edge.ingress import Ingress, MovedTo, known_hosts
from gateway.errors import RequestRefused
from gateway.model.request import Request
from tests.hostile.headers import AGENTS
from tests.hostile.paths import PATHS, Path

INGRESS = Ingress(
    hosts=known_hosts("a.test", ("www.a.test", "dev.test:8000")),
    trusted_proxies=(ip_network("10.0.0.0/8"),),
    cookie_names=(b"__Host-lychgate",),
)
HOST = (b"host", b"a.test")


def admit(
    method: str = "GET",
    target: bytes = b"/paid/a",
    headers: tuple[tuple[bytes, bytes], ...] = (HOST,),
    peer: str = "203.0.113.7",
    scheme: str = "http",
) -> Request | MovedTo:
    return INGRESS.admit(method=method, target=target, headers=headers, peer=peer, scheme=scheme)


def admitted(
    *headers: tuple[bytes, bytes], peer: str = "203.0.113.7", method: str = "GET"
) -> Request:
    request = admit(headers=(HOST, *headers), peer=peer, method=method)
    assert isinstance(request, Request)
    return request


def refusal(
    method: str = "GET",
    target: bytes = b"/paid/a",
    headers: tuple[tuple[bytes, bytes], ...] = (HOST,),
) -> int:
    with pytest.raises(RequestRefused) as refused:
        admit(method, target, headers)
    return refused.value.refused_status


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("row", PATHS, ids=str)
def test_each_path_by_each_method(row: Path, method: str) -> None:
    if row.refused is not None:
        assert refusal(method, row.target) == row.refused
    elif row.moved is not None and method in ("GET", "HEAD"):
        assert admit(method, row.target) == MovedTo(row.moved)
    elif row.moved is not None:
        assert refusal(method, row.target) == 400, "a form is never sent on to another path"
    else:
        request = admit(method, row.target)
        assert isinstance(request, Request)
        assert (request.path, request.query) == (row.judged, row.query)


@pytest.mark.parametrize("method", "CONNECT TRACE PRI get PROPFIND PURGE BREW".split())
def test_other_methods(method: str) -> None:
    assert refusal(method) == 405


@pytest.mark.parametrize(
    ("sent", "host"),
    [
        (b"a.test", "a.test"),
        (b"A.Test", "a.test"),
        (b"a.test:80", "a.test"),
        (b"a.test:443", "a.test"),
        (b"a.test.", "a.test"),
        (b"www.a.test", "www.a.test"),
        (b"dev.test:8000", "dev.test"),
    ],
)
def test_hosts_of_the_site(sent: bytes, host: str) -> None:
    request = admit(headers=((b"host", sent),))
    assert isinstance(request, Request)
    assert request.host == host


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (b"a.test/public?", 400),
        (b"x@a.test", 400),
        (b"a.test,b.test", 400),
        (b"a.test:", 400),
        (b"a.test:x", 400),
        (b"a..test/", 400),
        (b"[::1", 400),
        (b"a.test\x00", 400),
        (b"a.test%00", 400),
        (b".", 400),
        (b"evil.test", 421),
        (b"dev.test:9000", 421),
        (b"a.test:8080", 421),
        (b"xa.test", 421),
        (b"[::1]", 421),
        (b"127.0.0.1", 421),
    ],
)
def test_other_hosts(sent: bytes, status: int) -> None:
    assert refusal(headers=((b"host", sent),)) == status


def test_a_port_of_the_site_is_part_of_its_host() -> None:
    assert refusal(headers=((b"host", b"dev.test"),)) == 421


def test_no_host_and_two_hosts() -> None:
    assert refusal(headers=()) == 400
    assert refusal(headers=(HOST, HOST)) == 400


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_a_word_like_any_other(agent: bytes) -> None:
    assert admitted((b"user-agent", agent)).header(b"user-agent") == agent


@pytest.mark.parametrize(
    ("cookie", "ours"),
    [
        (b"__Host-lychgate=x", True),
        (b"a=1; __Host-lychgate=x; b=2", True),
        (b"__Host-lychgate", True),
        (b"a=1", False),
        (b"", False),
    ],
)
def test_a_cookie_of_ours(cookie: bytes, ours: bool) -> None:
    assert admitted((b"cookie", cookie)).has_session_cookie is ours


def test_a_cookie_of_ours_in_a_second_line() -> None:
    assert admitted((b"cookie", b"a=1"), (b"cookie", b"__Host-lychgate=x")).has_session_cookie


PROXIED = (
    (b"x-forwarded-for", b"198.51.100.4"),
    (b"x-forwarded-proto", b"https"),
    (b"cf-ipcountry", b"FR"),
)


def test_a_listed_proxy_is_believed() -> None:
    request = admitted(*PROXIED, peer="10.1.2.3")
    assert (request.client, request.scheme, request.country) == ("198.51.100.4", "https", "FR")
    assert request.headers == (HOST,)


def test_a_stranger_is_not() -> None:
    request = admitted(*PROXIED)
    assert (request.client, request.scheme, request.country) == ("203.0.113.7", "http", "")
    assert request.headers == (HOST,)
