"""Page records made of little, for the cache."""

from __future__ import annotations

from gateway.model.page import PageFacts, PageKind, Variant
from gateway.model.rule import PageSettings
from gateway.origin.freshness import Freshness
from gateway.origin.record import PageKey, PageRecord

HOST = "news.test"


def variant(size: int) -> Variant:
    return Variant(status=200, headers=(), head=b"", body=b"x" * size)


def key(target: str, host: str = HOST) -> PageKey:
    return PageKey(host, target.partition("?")[0], target.encode())


def record(
    target: str,
    *,
    size: int = 1000,
    status: int = 200,
    tags: tuple[str, ...] = (),
    host: str = HOST,
) -> PageRecord:
    return PageRecord(
        key=key(target, host),
        status=status,
        headers=(),
        content_type=b"text/html",
        format=b"text/html",
        body=b"x" * size,
        facts=PageFacts(PageKind.LISTING),
        specialised=None,
        sole=None,
        policy_version="1",
        read_under=PageSettings(),
        flips_at=1e12,
        fresh=Freshness(True, 0.0, 60.0, 60.0, 60.0, b"public"),
        tags=frozenset(tags),
    )


class SetClock:
    """A clock that stands where a test puts it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.at = now

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class SettingClock:
    """Runs as another one, and its wall clock is set by ``set_seconds``."""

    def __init__(self, runs: SetClock) -> None:
        self.runs = runs
        self.set_seconds = 0.0

    def now(self) -> float:
        return self.runs.at + self.set_seconds

    def monotonic(self) -> float:
        return self.runs.at
