"""What ``edge.protocol`` asks of a quick lane, so that it knows framing and nothing of pages."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

Headers = list[tuple[bytes, bytes]]


class LastHead:
    """What one connection's last known head was, but for its target: most often the next is the same, or
    the same around its Cookie's value, and needn't be looked up. ``around``: how many bytes ``before``
    and ``behind`` that value have together; where it had none, no length is ever right."""

    __slots__ = ("around", "before", "behind", "cookie", "read", "rest")

    def __init__(self) -> None:
        self.rest: bytes | None = None
        self.before = self.behind = b""
        self.around = -1
        self.cookie: bytes | None = None
        self.read: Any = None

    def keep(
        self, rest: bytes, cookie: bytes | None, around: tuple[bytes, bytes], read: Any
    ) -> None:
        self.rest, self.cookie, self.read = rest, cookie, read
        self.before, self.behind = (b"", b"") if cookie is None else around
        self.around = -1 if cookie is None else len(rest) - len(cookie)


class Quick(Protocol):
    """The buffers to write, or None: the full lane is to answer."""

    def __call__(self, target: bytes, headers: Headers, peer: str, /) -> list[bytes] | None: ...


@runtime_checkable
class Knowing(Protocol):
    """A quick lane that may answer a head unparsed (``edge.known``); ``last`` is the connection's own.
    ``learn`` tells what the parser made of one that it answered otherwise. For ``resting`` heads it
    needn't be asked."""

    resting: int

    def at_once(self, data: bytes, peer: str, last: LastHead, /) -> list[bytes] | None: ...
    def learn(self, data: bytes, headers: Headers, /) -> None: ...


def decline(target: bytes, headers: Headers, peer: str) -> list[bytes] | None:
    """A quick lane that never answers."""
    return None
