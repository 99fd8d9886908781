"""Lychgate itself as it is measured: ``lychgate serve`` with one worker and readers in its store.

``/paid/**`` is for the supporter tier, ``/open/**`` is kept though public, ``/many/**`` is kept too
(for memory), and ``/stream/**`` meets no rule, so it passes through.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager
from operator import methodcaller
from pathlib import Path

from gateway.bench.processes import Server, free_port, running
from gateway.clock import SystemClock
from gateway.identity.cookies import CookieSigner, cookie_name, new_session_id
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.migrating import migrate

READERS = 1_000
TIER = "supporter"
KEY = "only-for-a-bench-on-loopback-0123456789"
FIRST_PAGE = "/open/small"
_CONFIG = """\
[site]
url = "http://127.0.0.1:{port}"
origin = "http://127.0.0.1:{origin}"
name = "Bench"
[origin]
fetches_max = 2048
[server]
bind = "127.0.0.1:{port}"
workers = 1
[ops]
bind = "127.0.0.1:{ops}"
access_log = {access_log}
[policies]
folder = "policies"
[store]
url = "sqlite:///{store}"
[keys]
cookie = ["{key}"]
"""
POLICY = f"""\
version: 1
default: public
teaser:
  root: ["article"]
  body: [".article-body"]
  keep: {{ paragraphs: 2, words_max: 120 }}
rules:
  - name: for supporters
    path: /paid/**
    access: paid
    tiers: [{TIER}]
    cache: 60s
  - name: open to all, and kept
    path: [/open/**, /many/**]
    access: public
    cache: 300s
"""


def lychgate(
    folder: Path, origin_port: int, *, name: str = "lychgate", access_log: bool = False
) -> AbstractContextManager[Server]:
    """A gateway of its own settings; it shares the store with the others. Raises BenchFailed."""
    port = free_port()
    config = _CONFIG.format(
        port=port,
        origin=origin_port,
        ops=free_port(),
        access_log=str(access_log).lower(),
        store=_store(folder),
        key=KEY,
    )
    return site(folder, name, config, port=port, path=FIRST_PAGE)


def site(
    folder: Path, name: str, config: str, *, port: int, path: str
) -> AbstractContextManager[Server]:
    """`lychgate serve` on these settings and the bench's policy, up when ``path`` answers. Raises
    BenchFailed."""
    home = folder / name
    (home / "policies").mkdir(parents=True, exist_ok=True)
    (home / "policies" / "bench.yaml").write_text(POLICY)
    written = home / "lychgate.toml"
    written.write_text(config)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(written)]
    # No environment: a setting of whoever runs the bench would be a setting of this gateway too.
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return running(name, command, port=port, folder=home, path=path, environment=environment)


def _store(folder: Path) -> Path:
    return folder / "bench.db"


def cookies(folder: Path, count: int) -> list[str]:
    """``count`` sessions of subscribers, written into the store; each one's Cookie header."""
    url = f"sqlite:///{_store(folder)}"
    migrate(url)
    sessions = [new_session_id() for _ in range(count)]
    asyncio.run(_fill(url, sessions, now=SystemClock().now()))
    signer = CookieSigner([KEY])
    name = cookie_name("http://127.0.0.1").decode()
    return [f"{name}={signer.sign(session)}" for session in sessions]


async def _fill(url: str, sessions: list[str], *, now: float) -> None:
    """Straight into the tables: 10,000 transactions, each to the disk, would take longer than all
    the measuring."""
    readers = [f"reader-{number}" for number in range(min(READERS, len(sessions)))]
    accounts = [{"id": each, "created_at": now} for each in readers]
    held = {"tier": TIER, "starts_at": now - 86_400, "ends_at": now + 30 * 86_400, "entries": [1]}
    times = {"created_at": now, "last_seen_at": now, "expires_at": now + 86_400}
    logged_in = [
        {
            "id": session,
            "reader_id": readers[number % len(readers)],
            **times,
            "idle_seconds": 86_400.0,
        }
        for number, session in enumerate(sessions)
    ]
    store = Store(url)
    try:
        for table, rows in (
            (schema.reader, accounts),
            (schema.entitlement, [{"reader_id": each, **held} for each in readers]),
            (schema.session, logged_in),
        ):
            await store.write(methodcaller("execute", table.insert(), rows))
    finally:
        await store.close()
