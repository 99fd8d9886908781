"""The corpora against the whole gateway, before an origin that believes everything.

I1: no withheld byte reaches an anonymous reader. I2: the path that was judged is the path that the
origin received. I3: no identity from outside reaches it. And its own identity travels only where
the answer is judged.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.framing import REFUSED, SMUGGLED, Framing
from tests.hostile.headers import AGENTS, IDENTITY, ODD, OVERRIDES
from tests.hostile.lenient import GATEWAY_SECRET, MARKER, lenient_house
from tests.hostile.paths import FORMS, PATHS, TOO_LONG, Path
from tests.hostile.wire import Answered, Wire, asked
from tests.ways.house import House, cookie

_LINES = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with lenient_house(tmp_path_factory.mktemp("gateway")) as found:
        yield found


def answer(
    whole: House, data: bytes, method: bytes = b"GET", *, anonymous: bool = True
) -> Answered:
    whole.origin.seen.clear()
    with Wire(whole.address) as wire:
        wire.send(data)
        answered = wire.answer(method)
    assert answered is not None
    if anonymous:
        assert MARKER not in answered.body
        assert all(MARKER not in value for _, value in answered.headers)
    return answered


@pytest.mark.parametrize("row", PATHS, ids=str)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"], ids=bytes.decode)
def test_each_path(whole: House, row: Path, method: bytes) -> None:
    answered = answer(whole, asked(row.target, method=method), method)
    if row.moved is not None and method != b"POST":
        assert (answered.status, answered.header(b"location")) == (308, row.moved)
    elif row.judged is None:
        assert answered.status == (405 if answered.status == 405 and row in FORMS else 400)
    else:
        assert answered.status in (200, 403)
    if row.judged is None:
        assert not whole.origin.seen, "what was refused or moved is nobody's business"
    target = (row.judged or "").encode() + (b"?" + row.query if row.query else b"")
    assert {seen.target for seen in whole.origin.seen} <= {target}


@pytest.mark.parametrize("row", [row for row in PATHS if row.judged], ids=str)
def test_who_may_read_it_gets_the_judged_path(whole: House, row: Path) -> None:
    """The same rows tell that the marker is where the anonymous reader didn't find it."""
    headers = [(b"Cookie", cookie("gold"))]
    answered = answer(whole, asked(row.target, headers=headers), anonymous=False)
    assert answered.status == 200
    assert row.judged is not None
    if f"{row.judged.casefold()}/".startswith("/paid/"):
        assert MARKER in answered.body


@pytest.mark.parametrize("row", TOO_LONG, ids=str)
def test_too_long(whole: House, row: Path) -> None:
    assert answer(whole, asked(row.target)).status == 414
    assert not whole.origin.seen


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_framing(whole: House, row: Framing) -> None:
    whole.origin.seen.clear()
    with Wire(whole.address) as wire:
        wire.send(row.data + SMUGGLED)
        answered = wire.answer()
        assert answered is not None
        assert answered.status in row.statuses
        assert wire.closed()
    assert not whole.origin.seen


def lines_of(whole: House) -> dict[bytes, bytes]:
    assert len(whole.origin.seen) == 1
    return dict(whole.origin.seen[0].headers)


@pytest.mark.parametrize("reader", ["", "gold"])
@pytest.mark.parametrize("start", range(0, len(IDENTITY), _LINES))
def test_identities(whole: House, start: int, reader: str) -> None:
    headers = [(name, b"root") for name in IDENTITY[start : start + _LINES]]
    if reader:
        headers.append((b"Cookie", cookie(reader)))
    answered = answer(whole, asked(b"/public/%d" % start, headers=headers, method=b"POST"))
    assert answered.status == 200
    assert b"root" not in lines_of(whole).values()
    assert b"cookie" not in lines_of(whole), "our cookie never travels"


@pytest.mark.parametrize("start", range(0, len(OVERRIDES + ODD), _LINES))
@pytest.mark.parametrize("method", [b"GET", b"POST"], ids=bytes.decode)
def test_overrides(whole: House, start: int, method: bytes) -> None:
    sent = (OVERRIDES + ODD)[start : start + _LINES]
    answered = answer(whole, asked(b"/public/o", headers=sent, method=method), method)
    assert answered.status == 200
    for seen in whole.origin.seen:
        minted = dict(seen.headers)
        assert (seen.method, seen.target) == (method.decode(), b"/public/o")
        assert minted.get(b"x-forwarded-host", b"localhost") == b"localhost"
        assert b"evil.test" not in b" ".join(minted.values())
        assert minted.get(b"x-forwarded-for", b"127.0.0.1") == b"127.0.0.1"


@pytest.mark.parametrize("agent", AGENTS)
def test_no_agent_opens_anything(whole: House, agent: bytes) -> None:
    answered = answer(whole, asked(b"/paid/agents", headers=[(b"User-Agent", agent)]))
    assert answered.status == 200


def test_connection_names_nothing_minted_away(whole: House) -> None:
    named = b"close, X-Forwarded-For, X-Forwarded-Host, Via, Host, Lychgate-Reader"
    answer(
        whole,
        asked(
            b"/public/c",
            method=b"POST",
            headers=[(b"Connection", named), (b"Cookie", cookie("gold"))],
        ),
    )
    minted = lines_of(whole)
    assert minted[b"x-forwarded-host"] == b"localhost"
    assert {b"host", b"via", b"x-forwarded-for"} <= set(minted)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"OPTIONS"], ids=bytes.decode)
@pytest.mark.parametrize("path", [b"/public/i", b"/paid/i", b"/members/i"], ids=bytes.decode)
@pytest.mark.parametrize("reader", ["", "member", "gold"])
def test_the_gateway_s_own_identity_travels_only_to_be_judged(
    whole: House, method: bytes, path: bytes, reader: str
) -> None:
    target = path + b"-" + reader.encode() + method
    headers = [(b"Cookie", cookie(reader))] if reader else []
    answer(whole, asked(target, method=method, headers=headers), method, anonymous=reader != "gold")
    for seen in whole.origin.seen:
        identified = GATEWAY_SECRET in (seen.header(b"cookie") or b"")
        gated = not path.startswith(b"/public")
        assert not identified or (gated and method in (b"GET", b"HEAD"))


def test_trailers_and_bodies_say_nothing(whole: House) -> None:
    trailing = (
        b"POST /public/t HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\nCookie: who=%b\r\nHost: evil.test\r\nRemote-User: root\r\n\r\n"
    ) % GATEWAY_SECRET
    assert answer(whole, trailing).status == 200
    assert whole.origin.seen[0].body == b"abc"
    assert not {b"cookie", b"remote-user"} & set(lines_of(whole))
    assert answer(whole, asked(b"/public/body", body=b"feed=rss2")).status == 200
    assert whole.origin.seen[0].body == b""
    assert b"content-length" not in lines_of(whole)


HANDSHAKE = (
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"Sec-WebSocket-Version", b"13"),
)


@pytest.mark.parametrize(
    ("path", "reader", "status"),
    [
        (b"/public/live", "", 200),
        (b"/public/live", "gold", 200),
        (b"/paid/live", "", 403),
        (b"/paid/live", "member", 403),
        (b"/paid/live", "gold", 200),
        (b"/members/live", "", 403),
        (b"/members/live", "member", 200),
    ],
)
def test_a_websocket_is_decided_before_the_origin_hears_of_it(
    whole: House, path: bytes, reader: str, status: int
) -> None:
    """The origin here answers as to any page: its status passes, its body never does."""
    headers = [*HANDSHAKE, (b"X-Forwarded-User", b"root"), (b"Lychgate-Reader", b"root")]
    if reader:
        headers.append((b"Cookie", b"a=1; " + cookie(reader)))
    answered = answer(whole, asked(path, headers=headers))
    assert answered.status == status
    assert answered.header(b"connection") == b"close"
    if status == 403:
        assert not whole.origin.seen
        return
    assert answered.body == b""
    lines = lines_of(whole)
    assert lines[b"upgrade"] == b"websocket"
    assert lines[b"connection"] == b"Upgrade"
    assert b"root" not in lines.values()
    assert GATEWAY_SECRET not in b" ".join(lines.values())
    assert lines.get(b"cookie", b"") == (b"a=1" if reader else b"")


@pytest.mark.parametrize(
    "wrong",
    [
        {b"Sec-WebSocket-Key": b"short"},
        {b"Sec-WebSocket-Version": b"8"},
    ],
)
def test_a_malformed_handshake(whole: House, wrong: dict[bytes, bytes]) -> None:
    headers = [*(pair for pair in HANDSHAKE if pair[0] not in wrong), *wrong.items()]
    assert answer(whole, asked(b"/public/live", headers=headers)).status == 400
    assert not whole.origin.seen


def test_h2c_is_ignored(whole: House) -> None:
    headers = [
        (b"Connection", b"Upgrade, HTTP2-Settings"),
        (b"Upgrade", b"h2c"),
        (b"HTTP2-Settings", b"AAMAAABkAARAAAAAAAIAAAAA"),
    ]
    answered = answer(whole, asked(b"/public/h2c", headers=headers))
    assert answered.status == 200
    assert not {b"upgrade", b"http2-settings"} & set(lines_of(whole))


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT"])
def test_methods_that_nobody_may(whole: House, method: bytes) -> None:
    target = b"a.test:80" if method == b"CONNECT" else b"/paid/a"
    answered = answer(whole, asked(target, method=method))
    assert answered.status == 405
    assert b"GET" in (answered.header(b"allow") or b"")
    assert not whole.origin.seen
