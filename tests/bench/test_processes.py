"""Programs are started, weighed with their children, and stopped by their own id."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from gateway.bench.load import Ask, once, read_result, request_bytes
from gateway.bench.processes import BenchFailed, fetch, free_port, run, running, tree

# A server whose child does the work, as nginx's and ours do.
_SERVER = """\
import http.server, os, sys, time
if os.fork():
    os.wait()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/work":
            end = time.process_time() + 0.3
            while time.process_time() < end: pass
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_servers_cost_is_that_of_its_whole_tree(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", _SERVER, str(port)]
    with running("forked", command, port=port, folder=tmp_path) as server:
        assert len(tree(server.pid)) == 2
        before = server.cpu_seconds()
        assert fetch(port, "/work").body == b"ok"
        assert 0.25 <= server.cpu_seconds() - before <= 1.0
        assert server.memory_bytes() > 1_000_000
        assert 0 < server.started_seconds < 20
        assert once(port, [Ask("/a"), Ask("/b"), Ask("/c")], coding="gzip", connections=2) == 3
        family = tree(server.pid)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}/cmdline").exists() and _alive(pid) for pid in family):
        assert time.monotonic() < deadline, "a process outlived its server"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    """A child that nobody waits for stays as a zombie, which runs no more."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_no_port_is_told_twice() -> None:
    assert len({free_port() for _ in range(300)}) == 300


def test_a_server_that_ends_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such setting')"]
    with (
        pytest.raises(BenchFailed, match="no such setting"),
        running("broken", command, port=free_port(), folder=tmp_path),
    ):
        pass


def test_a_program_that_fails_or_hangs_says_so() -> None:
    with pytest.raises(BenchFailed, match="out of luck"):
        run([sys.executable, "-c", "raise SystemExit('out of luck')"], timeout_seconds=20)
    with pytest.raises(BenchFailed, match="took over"):
        run([sys.executable, "-c", "import time; time.sleep(30)"], timeout_seconds=0.2)


def test_a_request_looks_like_a_browsers() -> None:
    sent = request_bytes(8000, Ask("/paid/a", "lychgate=x"), "gzip").decode()
    assert sent.startswith("GET /paid/a HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n")
    assert "\r\nCookie: lychgate=x\r\n\r\n" in sent
    assert "\r\nSec-Fetch-Dest: document\r\n" in sent


def test_what_wrk_says_is_read_or_refused() -> None:
    line = '{"requests":10,"micros":2000000,"bytes":99,"p50":1.5,"p99":3.0,"failed":1}'
    result = read_result(f"Running 1s test\n{line}\n")
    assert (result.requests, result.seconds, result.failed) == (10, 2.0, 1)
    with pytest.raises(BenchFailed, match="no result"):
        read_result("unable to connect")
    with pytest.raises(BenchFailed, match="answered"):
        read_result(line.replace('"requests":10', '"requests":0'))
