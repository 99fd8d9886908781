"""Known heads: what was accepted is the same again, and nothing else ever becomes known."""

from __future__ import annotations

import random

import pytest

from gateway.edge import known
from gateway.edge.hook import Headers, LastHead
from gateway.edge.known import KnownHeads

HOST = b"Host: a.test"
AGENT = b"User-Agent: one"
TOOK = (b"host", b"a.test")


def head(*lines: bytes, target: bytes = b"/a", version: bytes = b"HTTP/1.1") -> bytes:
    return b"\r\n".join((b"GET " + target + b" " + version, *lines, b"", b""))


def fields_of(*lines: bytes) -> Headers:
    """As the parser gives them, for lines that it takes."""
    pairs = (line.split(b":", 1) for line in lines)
    return [(name.lower(), value.strip(b" \t")) for name, value in pairs]


class Heads:
    """Known heads, and the parser's part played by the test."""

    def __init__(self) -> None:
        self.heads: KnownHeads[Headers] = KnownHeads(self._read)
        self.last = LastHead()
        self.reads = 0

    def _read(self, fields: Headers) -> Headers | None:
        self.reads += 1
        return None if len(dict(fields)) != len(fields) else fields

    def accept(self, *lines: bytes) -> None:
        data = head(*lines)
        if self.heads.find(data, LastHead()) is None:
            self.heads.learn(data, fields_of(*lines))

    def knows(self, data: bytes) -> bool:
        """To a connection that sent nothing yet, and to one that did."""
        found = self.heads.find(data, LastHead())
        assert self.heads.find(data, self.last) == found
        return found is not None


@pytest.fixture
def heads() -> Heads:
    made = Heads()
    made.accept(HOST, AGENT, b"Accept: */*", b"Connection: keep-alive")
    return made


def test_a_head_of_accepted_lines_gives_their_fields_whatever_the_target(heads: Heads) -> None:
    for _ in range(4):
        found = heads.heads.find(head(AGENT, HOST, target=b"/b?c=d"), LastHead())
        assert found == (b"/b?c=d", fields_of(AGENT, HOST), None)
    assert heads.reads == 2, "once the whole head is known, it isn't read again"


def test_the_cookies_value_is_handed_on_and_never_kept(heads: Heads) -> None:
    heads.accept(HOST, b"Cookie: a=b")
    for line, value in ((b"Cookie: x=y; z", b"x=y; z"), (b"cookie: ", b"")):
        found = heads.heads.find(head(HOST, line, AGENT), heads.last)
        assert found is not None
        assert found[2] == value
        assert [name for name, _ in found[1]] == [b"host", b"cookie", b"user-agent"]


HOSTILE = {
    "host twice": head(HOST, HOST),
    "host twice, apart": head(HOST, AGENT, HOST),
    "two cookies": head(HOST, b"Cookie: a", b"Cookie: b"),
    "two cookies, two cases": head(HOST, b"Cookie: a", b"cookie: b"),
    "an empty cookie beside one": head(HOST, b"Cookie: ", b"Cookie: b"),
    "agent twice": head(HOST, AGENT, AGENT),
    "folded": head(HOST, b" " + AGENT),
    "folded by tab": head(HOST, b"\t" + AGENT),
    "folded cookie": head(HOST, b"Cookie: a", b" b"),
    "bare lf": head(HOST + b"\n" + AGENT),
    "bare cr": head(HOST + b"\r" + AGENT),
    "lf at the end": head(HOST)[:-2] + b"\n",
    "space before the colon": head(b"Host : a.test"),
    "space before a line": head(b" " + HOST),
    "space behind a line": head(HOST + b" "),
    "another case": head(b"HOST: a.test"),
    "an empty line within": head(HOST, b"", AGENT),
    "a second head": head(HOST) + head(HOST),
    "a body": head(HOST) + b"x",
    "more lines behind": head(HOST) + b"\r\n",
    "cut": head(HOST)[:-1],
    "cut in the cookie": head(HOST, b"Cookie: abc")[:-6],
    "no lines": head(),
    "another method": head(HOST).replace(b"GET", b"PUT"),
    "a method in small letters": head(HOST).replace(b"GET", b"get"),
    "a line more behind the cookie": head(HOST, b"Cookie: a", AGENT, b"X: y"),
    "a line more before the cookie": head(HOST, b"X: y", b"Cookie: a"),
    "a line known elsewhere, twice around the cookie": head(HOST, AGENT, b"Cookie: a", AGENT),
    "a line in the cookie's place": head(HOST, b"Cookie: a\r\nContent-Length: 5"),
    "the end in the cookie's place": head(HOST, b"Cookie: a\r\n\r\nGET /b HTTP/1.1"),
    "HTTP/1.0": head(HOST, version=b"HTTP/1.0"),
    "two spaces": head(HOST, version=b" HTTP/1.1"),
    "tab": head(HOST).replace(b" HTTP", b"\tHTTP"),
    "HTTP/0.9": b"GET /a\r\n\r\n",
    "close": head(HOST, b"Connection: close"),
    "keep-alive, close": head(HOST, b"Connection: keep-alive, close"),
    "unknown line": head(HOST, b"X: y"),
    "a known line's beginning": head(HOST, AGENT[:-1]),
    "a known line and more": head(HOST, AGENT + b"s"),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_was_never_accepted_so_is_unknown(heads: Heads, data: bytes) -> None:
    heads.accept(HOST, b"Cookie: a")
    for before in (head(HOST, AGENT), head(HOST, b"Cookie: a"), head(HOST, b"Cookie: a", AGENT)):
        assert heads.knows(before)
        for _ in range(2):
            assert not heads.knows(data)


def test_what_a_connection_sent_before_changes_no_answer(heads: Heads) -> None:
    heads.accept(HOST, b"Cookie: a")
    heads.accept(HOST, b"X-ookie: b")
    chance = random.Random(2)
    lines = [HOST, AGENT, b"Cookie: a", b"cookie: b", b"Cookie: ", b"X-ookie: b", b"Accept: */*"]
    sent = [head(*chance.sample(lines, chance.randint(1, 5))) for _ in range(300)]
    sent += [data[:-1] for data in sent[:20]] + [data + data for data in sent[:20]]
    sent += [b"GET / ", b"GET /a", b"GET /a  ", b"GET /a \0", b"GET /a \0\0\0"]
    known_ones = 0
    for _ in range(20_000):
        known_ones += heads.knows(chance.choice(sent))
    assert known_ones > 2_000


def test_a_long_head_is_not_kept_by_its_connection(heads: Heads) -> None:
    line = b"Cookie: " + b"a" * known.LAST_BYTES_MAX
    assert heads.knows(head(HOST, line))
    assert heads.last.rest is None


@pytest.mark.parametrize(
    "line",
    [
        b"Connection: close",
        b"Connection: Upgrade",
        b"Connection: keep-alive, x",
        b"Proxy-Connection: close",
        b"Upgrade: h2c",
        b"Content-Length: 0",
        b"Transfer-Encoding: chunked",
        b"TE: trailers",
        b"Trailer: x",
        b"Expect: 100-continue",
        b"X: " + b"a" * known.LINE_BYTES_MAX,
    ],
)
def test_some_lines_are_never_known_though_accepted(heads: Heads, line: bytes) -> None:
    heads.accept(HOST, line)
    assert not heads.knows(head(HOST, line))
    assert heads.knows(head(HOST, AGENT)), "and what was known stays known"


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (head(HOST, b"X: y") + head(HOST), fields_of(HOST, b"X: y")),
        (head(HOST, b"X: y"), fields_of(HOST)),
        (head(HOST, b"X: y"), [TOOK, (b"z", b"y")]),
        (head(HOST, b"X: y"), [TOOK, (b"x", b"z")]),
        (head(HOST, b"X: y"), [(b"x", b"y"), TOOK]),
        (head(HOST, b"X: y\nZ: z"), [TOOK, (b"x", b"y"), (b"z", b"z")]),
        (head(HOST, b"X: y\nZ: z"), [TOOK, (b"x", b"y")]),
    ],
)
def test_lines_that_arent_the_fields_arent_learned(
    heads: Heads, data: bytes, fields: Headers
) -> None:
    assert not heads.knows(data)
    heads.heads.learn(data, fields)
    assert not heads.knows(head(HOST, b"X: y"))
    assert not heads.knows(data)


def test_only_the_head_that_was_just_unknown_is_learned(heads: Heads) -> None:
    heads.heads.learn(head(HOST, b"X: y"), fields_of(HOST, b"X: y"))
    assert not heads.knows(head(HOST, b"X: y"))
    heads.heads.learn(head(HOST, b"X: z"), fields_of(HOST, b"X: z"))
    assert not heads.knows(head(HOST, b"X: z"))


def test_more_fields_than_any_limit_refuses_are_unknown() -> None:
    heads = Heads()
    lines = [b"X-%d: y" % number for number in range(known.FIELDS_MAX + 1)]
    for line in lines:
        heads.accept(line)
    assert heads.knows(head(*lines[:-1]))
    assert not heads.knows(head(*lines))


def test_a_flood_is_bounded_and_told(heads: Heads) -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        heads.accept(HOST, b"X: %d" % chance.getrandbits(60))
    kept = heads.heads
    assert len(kept._lines) <= known.LINES_MAX
    assert len(kept._heads) <= known.HEADS_MAX
    assert len(kept._once) <= 2 * known.HEADS_MAX
    assert kept.cold > 10_000


def test_what_is_known_warms_more_than_what_isnt_cools() -> None:
    heads = Heads()
    heads.accept(HOST, AGENT)
    for number in range(2_000):
        if number % 4 == 0:
            assert heads.knows(head(HOST, AGENT) if number % 8 else head(AGENT, HOST))
        else:
            assert not heads.knows(head(HOST, b"X: %d" % number))
        assert heads.heads.cold < 8


def test_full_it_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "LINES_MAX", 8)
    monkeypatch.setattr(known, "HEADS_MAX", 3)
    heads = Heads()
    for number in range(30):
        line = b"X: %d" % number
        for _ in range(3):
            heads.accept(HOST, line)
        assert heads.knows(head(HOST, line))
        assert len(heads.heads._lines) <= 8
        assert len(heads.heads._heads) <= 3
        assert len(heads.heads._once) <= 6
