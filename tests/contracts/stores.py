"""The stores that one contract suite runs against: SQLite always, PostgreSQL from its own programs.

PostgreSQL is a cluster of the test run's own in a folder that goes afterwards, reached through a
socket there and over loopback; it refuses root, so root hands it to `postgres` or `nobody`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.peers import program

PASSWORD = "only-on-loopback"
QUICK = ("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")


def _bin(name: str) -> str:
    """Debian keeps PostgreSQL's own programs in a folder of each version."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else program(name)


def _unprivileged() -> int | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    return None


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database server."""
    initdb, server = _bin("initdb"), _bin("postgres")
    program("psql")  # skips with PEERS=none
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="lychgate-pg-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(folder, user, -1)
        data, secret = folder / "data", folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        settings = f"-U lychgate --pwfile={secret} -A scram-sha-256 -E UTF8 --no-sync"
        subprocess.run(
            [initdb, "-D", str(data), *settings.split()],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [server, "-D", str(data), "-p", str(port), "-k", str(folder), *QUICK],
                stdout=log,
                stderr=log,
                user=user,
                cwd=folder,
            )
        try:
            _wait_for(port, running, folder / "log")
            yield f"postgresql://lychgate:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            running.terminate()
            running.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    ready = [_bin("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(200):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        assert running.poll() is None, log.read_text()
    raise AssertionError(f"PostgreSQL didn't start: {log.read_text()}")
