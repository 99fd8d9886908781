"""`lychgate serve` as it is run: a process tree of its own, in front of a small origin."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gateway.bench.processes import free_port

# A kept page is written out anew, so it is known again by its text alone.
TEXT = b"It may rain. " * 400
PAGE = (
    b"<!doctype html><html lang=en><title>Weather</title><article><p>The sky is grey.</p><p>"
    + TEXT
    + b"</p><p>The end of the story.</p></article>"
)
KEY = "test-key-of-thirty-two-characters-and-more"
START_SECONDS = 60.0


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a head and a body are two writes

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            time.sleep(0.3)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        if self.path.startswith("/dripped"):
            self.wfile.write(PAGE[:1000])
            time.sleep(1.0)
            self.wfile.write(PAGE[1000:])
        else:
            self.wfile.write(PAGE)

    def do_POST(self) -> None:
        """The whole body first, as most origins do. Ends with the line where none says its length."""
        length = int(self.headers.get("Content-Length", 1 << 30))
        if len(self.rfile.read(length)) == length:
            self.do_GET()

    def log_request(self, *args: object) -> None:
        return


class Server(ThreadingHTTPServer):
    request_queue_size = 200


POLICY = """version: 1
default: public
rules:
  - name: kept whole, and so answered whole
    path: [/kept, /slow]
    access: public
    cache: 60s
"""


@contextlib.contextmanager
def origin() -> Iterator[str]:
    """The address of an origin that answers any path."""
    server = Server(("127.0.0.1", 0), Origin)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


MODULES = {
    "lychgate-worker": "gateway.worker",
    "lychgate-desk": "gateway.desk",
    "lychgate-jobs": "gateway.jobs.background",
}


def children_of(parent: int) -> dict[int, str]:
    """Process ids and the modules that they run, of the children of one process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if int(fields[1]) == parent and fields[0] != "Z":
                module = words[words.index(b"-m") + 1].decode() if b"-m" in words else ""
                name = (folder / "comm").read_text().strip()
                found[int(folder.name)] = MODULES.get(name, module)
    return found


def alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    port: int
    ops_port: int
    folder: Path

    def get(self, path: str, port: int | None = None) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def ops(self, path: str) -> tuple[int, bytes]:
        """Status 0 while nobody listens."""
        try:
            return self.get(path, self.ops_port)
        except OSError:
            return 0, b""

    def workers(self) -> list[int]:
        found = children_of(self.process.pid)
        return sorted(number for number, module in found.items() if module == "gateway.worker")

    def until_ready(self) -> None:
        self.until(lambda: self.ops("/ready")[0] == 200)

    def until(self, true: object, seconds: float = START_SECONDS) -> None:
        assert callable(true)
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"waited in vain: {self.log()[-2000:]}"
            time.sleep(0.02)

    def log(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")


@contextlib.contextmanager
def served(
    folder: Path,
    origin_url: str,
    *,
    policy: str = POLICY,
    store_url: str = "sqlite:///lychgate.db",
    settings: str = "",
    streams: int | None = None,
) -> Iterator[Served]:
    """``settings`` are further sections of the config; ``streams`` is where it writes instead of
    the log."""
    port, ops_port = free_port(), free_port()
    (folder / "policies").mkdir()
    (folder / "policies" / "site.yaml").write_text(policy, "utf-8")
    (folder / "lychgate.toml").write_text(
        f"""[site]
url = "http://127.0.0.1:{port}"
origin = "{origin_url}"
name = "The Courier"
[server]
bind = "127.0.0.1:{port}"
workers = 2
[ops]
bind = "127.0.0.1:{ops_port}"
[policies]
folder = "policies"
[keys]
cookie = ["{KEY}"]
[store]
url = "{store_url}"
{settings}
""",
        "utf-8",
    )
    with serving(folder, port, ops_port, streams=streams) as one:
        yield one


@contextlib.contextmanager
def serving(
    folder: Path,
    port: int,
    ops_port: int,
    command: tuple[str, ...] = ("-m", "gateway", "serve"),
    *,
    streams: int | None = None,
) -> Iterator[Served]:
    """``folder`` holds the config, which names the ports. ``command`` is Python's."""
    with (folder / "serve.log").open("wb") as log:
        out = log if streams is None else streams
        process = subprocess.Popen([sys.executable, *command], cwd=folder, stdout=out, stderr=out)
    one = Served(process, port, ops_port, folder)
    try:
        yield one
    finally:
        orphans = children_of(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for number in orphans:
            if alive(number):
                os.kill(number, signal.SIGKILL)
