"""The gateway's own kept pages: a crawler can't flush them, cookies aren't shared, order holds."""

from __future__ import annotations

import random
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.bench.load import Ask, once
from gateway.edge.framing import Limits
from tests.caches.conftest import Answer, Door, Gateway
from tests.caches.origin import WITHHELD, Page, Site

WITHHELD_BYTES = WITHHELD.encode()
AT_ONCE = Limits().queued  # a deeper pipeline is refused


def test_random_queries_flush_nothing(gateway: Gateway, origin: Site, fresh: str) -> None:
    path = f"/paid/{fresh}"
    origin.pages[path] = Page(tier="locked")
    for _ in range(3):
        gateway.door.get(path)
    assert origin.asked[path] == 1
    dice = random.Random(7)
    asks = [Ask(f"/paid/{fresh}?q={dice.getrandbits(64):x}") for _ in range(2_000)]
    assert once(gateway.door.port, asks, coding="identity") == len(asks)
    gateway.door.get(path)
    assert origin.asked[path] == 1


def test_tracking_parameters_make_no_other_page(gateway: Gateway, origin: Site, fresh: str) -> None:
    path = f"/paid/{fresh}"
    origin.pages[path] = Page(tier="locked")
    for query in ("", "?utm_source=a", "?utm_campaign=b&fbclid=c", "?gclid=d"):
        assert gateway.door.get(path + query).status == 200
    assert sum(count for asked, count in origin.asked.items() if asked.startswith(path)) == 1


@pytest.mark.parametrize("section", ["paid", "open", "news"])
@pytest.mark.parametrize("caching", ["public, max-age=60", "private", "no-store", ""])
def test_first_requests_at_once_never_share_a_cookie(
    cache: Door, gateway: Gateway, origin: Site, fresh: str, section: str, caching: str
) -> None:
    path = f"/{section}/{fresh}"
    origin.pages[path] = Page(tier="free", caching=caching, gives_cookie=True)
    with ThreadPoolExecutor(12) as readers:

        def ask(number: int) -> Answer:
            return (cache if number % 2 else gateway.door).get(path)

        answers = list(readers.map(ask, range(12)))
    given = [cookie for answer in answers for cookie in answer.set_cookies]
    assert all(answer.status == 200 for answer in answers)
    assert len(given) == len(set(given))


def test_pipelined_readers_get_each_their_own_answer_in_order(
    gateway: Gateway, origin: Site, fresh: str
) -> None:
    kept, other = f"/paid/{fresh}", f"/paid/{fresh}-b"
    for path in (kept, other):
        origin.pages[path] = Page(tier="locked")
        gateway.door.get(path)
    dice = random.Random(11)
    wanted: list[bool] = []
    requests = b""
    for _ in range(AT_ONCE):
        cookie = dice.choice(["", *gateway.subscribers[10:14], "lychgate=forged"])
        wanted.append(cookie.startswith("lychgate=") and cookie != "lychgate=forged")
        path = dice.choice([kept, other, f"/{fresh}-{dice.random()}"])
        wanted[-1] |= path.startswith(f"/{fresh}-")
        line = f"Cookie: {cookie}\r\n" if cookie else ""
        requests += f"GET {path} HTTP/1.1\r\nHost: {gateway.door.host}\r\n{line}\r\n".encode()
    assert [
        WITHHELD_BYTES in body for body in _answers(gateway.door.port, requests, AT_ONCE)
    ] == wanted


def _answers(port: int, requests: bytes, count: int) -> list[bytes]:
    """The bodies of so many answers on one connection."""
    bodies: list[bytes] = []
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
        connection.makefile("rb") as stream,
        ThreadPoolExecutor(1) as writer,
    ):
        sent = writer.submit(connection.sendall, requests)
        for _ in range(count):
            assert stream.readline().startswith(b"HTTP/1.1 200")
            length = 0
            while (line := stream.readline().lower()) != b"\r\n":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            bodies.append(stream.read(length))
        sent.result()
    return bodies
