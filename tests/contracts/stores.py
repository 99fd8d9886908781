"""The stores that one contract suite runs against: SQLite always, PostgreSQL from its own programs.

PostgreSQL is a cluster of the test run's own in a folder that goes afterwards, reached through a
socket there and over loopback; it refuses root, so root hands it to `postgres` or `nobody`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
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


class PostgreSQL:
    """A server that can be stopped and started again on its port."""

    def __init__(self, folder: Path, user: int | None) -> None:
        self.folder, self.user = folder, user
        self.running: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"postgresql://lychgate:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        settings = f"-U lychgate --pwfile={secret} -A scram-sha-256 -E UTF8 --no-sync"
        subprocess.run(
            [_bin("initdb"), "-D", str(self.folder / "data"), *settings.split()],
            check=True,
            capture_output=True,
            user=self.user,
            cwd=self.folder,
        )

    def start(self) -> None:
        places = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                [_bin("postgres"), *places, "-p", str(self.port), *QUICK],
                stdout=log,
                stderr=log,
                user=self.user,
                cwd=self.folder,
            )
        _wait_for(self.port, self.running, self.folder / "log")

    def stop(self) -> None:
        """At once, whoever is connected."""
        if self.running is not None:
            self.running.send_signal(signal.SIGINT)
            self.running.wait(20)


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A server with an empty database, of this run's own."""
    program("psql")  # skips with PEERS=none
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="lychgate-pg-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(folder, user, -1)
        server = PostgreSQL(folder, user)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    ready = [_bin("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(200):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        assert running.poll() is None, log.read_text()
    raise AssertionError(f"PostgreSQL didn't start: {log.read_text()}")
