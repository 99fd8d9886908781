"""For all rooms: one event loop for asynchronous tests, and a last word on peers left out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

from tests.peers import left_out

# Two processes share two cores with browsers and databases: how long one example took says nothing.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    missing = Counter(filter(None, map(left_out, reasons)))
    if missing:
        told = ", ".join(f"{name} ({count} tests)" for name, count in sorted(missing.items()))
        terminalreporter.write_line(
            f"left out because PEERS=none asked for it: {told}", yellow=True
        )
