"""Heads whose every byte the strict parser has taken before, and what it made of them.

Browsers repeat themselves: what differs from one request to the next is the target and a line or
two. A line equal to one that stood in an accepted head is that field again, and a head of such lines
alone is those fields, so it needn't be parsed a second time. It is no parser: nothing gets in but by
``learn``, from a head that came whole in one read and that the parser took line by line; no line is
kept by which a message or a connection is framed, and what lines mean together (two of a name) is
for ``read`` to say, of all of them, as of fields that were parsed.

It knows no page and no reader. A Cookie line never gets in: its value is handed on as bytes, and
whoever asked must have seen it accepted before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gateway.edge.framing import Limits
from gateway.edge.hook import Headers, LastHead

Read = TypeVar("Read")

HEAD_BYTES_MAX = 4_096  # request line and all
FIELDS_MAX = 40
LAST_BYTES_MAX = 1_536  # kept twice, and by each connection
LINES_MAX = 8_192
LINE_BYTES_MAX = 512
HEADS_MAX = 2_048
_WARMTH = 3  # a head that is known spares about three times what looking in vain costs

END = b"\r\n\r\n"
_LINE_END = b"\r\n"
_LF = 0x0A  # a number: looking for bytes in bytes first raises and clears an error, 0.3 µs
_VERSION = b"HTTP/1.1"
_COOKIE = b"ookie: "
_EMPTY_COOKIE = _COOKIE + _LINE_END
_BEFORE_COOKIE = frozenset((b"\r\nC", b"\r\nc"))
# By these a message or a connection ends, or its reader is told from others.
_FRAMING = frozenset(
    (
        b"connection proxy-connection keep-alive upgrade expect te trailer transfer-encoding"
        b" content-length cookie"
    ).split()
)
_KEPT_ALIVE = frozenset((b"keep-alive", b"Keep-Alive"))


def generous(limits: Limits) -> bool:
    """Whether no head that can be known is beyond a limit."""
    bytes_max = min(limits.head_bytes, limits.target_bytes)
    return bytes_max >= HEAD_BYTES_MAX and limits.headers >= FIELDS_MAX


class KnownHeads(Generic[Read]):
    """``read`` makes of accepted fields what a lane asks of them; None: such heads aren't for it.

    Bounded in lines, heads and the bytes of each, and begun anew when full. ``cold`` counts what
    was looked up in vain, less what was spared: when it is high, looking doesn't pay.
    """

    __slots__ = ("_heads", "_lines", "_once", "_read", "_wanted", "cold")

    def __init__(self, read: Callable[[Headers], Read | None]) -> None:
        self._read = read
        self._lines: dict[bytes, tuple[bytes, bytes]] = dict(_EMPTY_COOKIES)
        self._heads: dict[bytes, Read] = {}
        self._once: set[int] = set()  # heads met a single time aren't worth their bytes
        self._wanted = b""  # the head that was just found unknown
        self.cold = 0

    def find(self, data: bytes, last: LastHead) -> tuple[bytes, Read, bytes | None] | None:
        """The target, what was read, and the value of the Cookie line where there is one. ``data`` has
        at most HEAD_BYTES_MAX bytes; whatever else it is than one whole known head of a GET, it is
        unknown. ``last`` is its connection's."""
        try:
            method, target, rest = data.split(b" ", 2)
        except ValueError:
            return None
        if method != b"GET":
            return None
        if rest == last.rest:
            read, cookie = last.read, last.cookie
        else:
            # A third of what looking for the line costs.
            cookie = rest.removeprefix(last.before).removesuffix(last.behind)
            if len(cookie) + last.around == len(rest) and _LF not in cookie:
                read = last.read
            else:
                read, cookie = self._looked_up(data, rest, last)
                if read is None:
                    return None
        if self.cold:
            self.cold = max(0, self.cold - _WARMTH)
        return target, read, cookie

    def _looked_up(
        self, data: bytes, rest: bytes, last: LastHead
    ) -> tuple[Read | None, bytes | None]:
        """What was read, and the Cookie line's value."""
        cookie: bytes | None
        before, found, line = rest.rpartition(_COOKIE)  # most send it among the last
        cookie, ended, behind = line.partition(_LINE_END)
        if not found or before[-3:] not in _BEFORE_COOKIE:
            cookie = None
        elif not ended:
            return None, None
        whole = rest if cookie is None else _EMPTY_COOKIE.join((before, behind))
        read = self._heads.get(whole)
        if read is None:
            read = self._assembled(data, whole)
        if read is not None and len(rest) <= LAST_BYTES_MAX:
            last.keep(rest, cookie, (before + found, ended + behind), read)
        return read, cookie

    def _assembled(self, data: bytes, rest: bytes) -> Read | None:
        """A head of known lines in a new order."""
        lines = rest.split(_LINE_END)
        if not 4 <= len(lines) <= FIELDS_MAX + 3 or lines[0] != _VERSION or lines[-1] or lines[-2]:
            return None
        try:
            fields = list(map(self._lines.__getitem__, lines[1:-2]))
        except KeyError:
            self._wanted = data
            self.cold += 1
            return None
        read = self._read(fields)
        if read is not None:
            self._keep(rest, read)
        return read

    def _keep(self, rest: bytes, read: Read) -> None:
        told = hash(rest)
        if told not in self._once:
            if len(self._once) >= 2 * HEADS_MAX:
                self._once.clear()
            self._once.add(told)
            return
        if len(self._heads) >= HEADS_MAX:
            self._heads.clear()
        self._heads[rest] = read

    def learn(self, data: bytes, fields: Headers) -> None:
        """``fields`` is what the parser made of ``data``, and all that it made of it."""
        if data is not self._wanted:
            return  # its lines were known
        self._wanted = b""
        if data.find(END) != len(data) - len(END):
            return
        lines = data[: -len(END)].split(_LINE_END)[1:]
        if len(lines) != len(fields):
            return
        known, learned = self._lines, {}
        for line, field in zip(lines, fields, strict=True):
            if known.get(line) == field:
                continue
            name, value = field
            at = len(name)
            if line[:at].lower() != name or line[at : at + 1] != b":":
                return  # a line and a field that aren't each other's: nothing of it is certain
            if line[at + 1 :].lstrip(b" \t") != value or len(line) > LINE_BYTES_MAX:
                continue
            if name not in _FRAMING or (name == b"connection" and value in _KEPT_ALIVE):
                learned[line] = field
        if len(known) + len(learned) > LINES_MAX:
            self._lines = dict(_EMPTY_COOKIES)
        self._lines.update(learned)


# What is left of a Cookie line whose value was taken out.
_EMPTY_COOKIES = {b"Cookie: ": (b"cookie", b""), b"cookie: ": (b"cookie", b"")}
