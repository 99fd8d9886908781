"""What ``edge.protocol`` asks of a quick lane, so that it knows framing and nothing of pages."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

Headers = list[tuple[bytes, bytes]]


class Quick(Protocol):
    """The buffers to write, or None: the full lane is to answer."""

    def __call__(self, target: bytes, headers: Headers, peer: str, /) -> list[bytes] | None: ...


@runtime_checkable
class Knowing(Protocol):
    """A quick lane that may answer a head unparsed (``edge.known``); ``learn`` tells what the parser
    made of one that it answered otherwise. For ``resting`` heads it needn't be asked."""

    resting: int

    def at_once(self, data: bytes, peer: str, /) -> list[bytes] | None: ...
    def learn(self, data: bytes, headers: Headers, /) -> None: ...


def decline(target: bytes, headers: Headers, peer: str) -> list[bytes] | None:
    """A quick lane that never answers."""
    return None
