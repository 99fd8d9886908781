"""`serve` under what happens at night: killed workers, a killed parent, signals, faulty files."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Settings, load_settings
from gateway.ops.child import (
    BACK_OFF_SECONDS,
    SILENT_SECONDS,
    STEADY_SECONDS,
    STUCK_SECONDS,
    Child,
)
from gateway.supervisor import DESK, WORKER, Supervisor
from tests.serving import (
    KEY,
    PAGE,
    TEXT,
    Served,
    alive,
    children_of,
    origin,
    served,
    serving,
)

CLOSING = """version: 1
default: public
rules:
  - name: closed
    path: /closed
    access: refuse
"""


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    """Of a site that nobody serves."""
    return load_settings(
        None,
        {
            "LYCHGATE_SITE__URL": "http://127.0.0.1:1",
            "LYCHGATE_SITE__ORIGIN": "http://127.0.0.1:2",
            "LYCHGATE_SITE__NAME": "The Courier",
            "LYCHGATE_POLICIES__FOLDER": str(tmp_path),
            "LYCHGATE_KEYS__COOKIE": json.dumps([KEY]),
        },
    )


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Served]:
    with origin() as address, served(tmp_path, address) as site:
        site.until_ready()
        yield site


def test_a_killed_worker_is_replaced_and_pages_go_on(site: Served) -> None:
    victim, other = site.workers()
    os.kill(victim, signal.SIGKILL)
    site.until(lambda: victim not in site.workers() and len(site.workers()) == 2, 10)
    site.until_ready()
    assert other in site.workers(), "the healthy one was left alone"
    assert TEXT in site.get("/kept")[1]


def test_counts_of_a_killed_worker_stay(site: Served) -> None:
    for _ in range(20):
        assert site.get("/kept")[0] == 200

    def answers() -> float:
        lines = site.ops("/metrics")[1].decode().splitlines()
        return sum(float(x.split()[-1]) for x in lines if x.startswith("lychgate_answers_total{"))

    site.until(lambda: answers() == 20, 5)
    for worker in site.workers():
        os.kill(worker, signal.SIGKILL)
    site.until(lambda: len(site.workers()) == 2, 10)
    site.until_ready()
    assert answers() == 20


def test_what_operators_are_told_of_is_in_the_metrics_whoever_is_told(site: Served) -> None:
    told = b"lychgate_alert_reconcile_stopped 0.0"
    site.until(lambda: told in site.ops("/metrics")[1], 10)


def test_the_background_process_comes_back_and_pages_never_wait_for_it(site: Served) -> None:
    site.until(lambda: len(children_of(site.process.pid)) == 4)
    found = {module: number for number, module in children_of(site.process.pid).items()}
    victim = found["gateway.jobs.background"]
    os.kill(victim, signal.SIGKILL)
    assert site.ops("/ready")[0] == 200
    site.until(
        lambda: (
            "gateway.jobs.background" in children_of(site.process.pid).values()
            and victim not in children_of(site.process.pid)
        ),
        10,
    )


def test_the_desk_comes_back_and_articles_never_wait_for_it(site: Served) -> None:
    """Readers log in at a process of its own: without it articles go on, and logging in says 503."""
    site.until(lambda: site.get("/-/login")[0] == 200)
    assert b'name="viewport"' in site.get("/-/login")[1]
    found = {module: number for number, module in children_of(site.process.pid).items()}
    os.kill(found["gateway.desk"], signal.SIGSTOP)
    try:
        assert site.get("/kept")[0] == 200
    finally:
        os.kill(found["gateway.desk"], signal.SIGKILL)
    assert site.get("/-/login")[0] in (200, 503)
    assert site.ops("/ready")[0] == 200
    site.until(lambda: site.get("/-/login")[0] == 200)


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked", b"Content-Length: 70000"])
@pytest.mark.parametrize("path", [b"/anything", b"/-/logout"])
def test_slow_senders_keep_neither_articles_nor_logins_waiting(
    site: Served, path: bytes, framing: bytes
) -> None:
    """Their bodies never end: no place at the origin or at the desk may be theirs meanwhile."""
    site.until(lambda: site.get("/-/login")[0] == 200)
    here = b"127.0.0.1:%d" % site.port
    sent = b"\r\n".join(
        (b"POST %b HTTP/1.1" % path, b"Host: " + here, b"Origin: http://" + here, framing, b"")
    )
    with contextlib.ExitStack() as held:
        for _ in range(600):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            slow.sendall(sent + b"\r\n1\r\na\r\n")
        time.sleep(0.5)
        assert [site.get(f"/news{number}")[0] for number in range(6)] == [200] * 6
        assert [site.get("/-/login")[0] for _ in range(6)] == [200] * 6


def test_a_stuck_worker_is_not_ready(site: Served) -> None:
    worker = site.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    try:
        site.until(lambda: site.ops("/ready")[0] == 503, SILENT_SECONDS + 5)
        assert b"silent" in site.ops("/ready")[1]
    finally:
        os.kill(worker, signal.SIGCONT)
    site.until_ready()


def test_nothing_outlives_a_killed_supervisor(site: Served) -> None:
    site.until(lambda: len(children_of(site.process.pid)) == 4)
    family = children_of(site.process.pid)
    site.process.kill()
    site.process.wait()
    site.until(lambda: not any(alive(number) for number in family), 10)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", site.port))


class Reader(threading.Thread):
    """Asks on one connection until it is told that it closes; whatever was asked is answered."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.answered = 0
        self.failed = ""

    def run(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            while True:
                # A parameter that no policy names makes each page a fetch of its own.
                fresh = str(self.answered) if self.path.endswith("=") else ""
                line.request("GET", self.path + fresh)
                answer = line.getresponse()
                if answer.status != 200 or TEXT not in answer.read():
                    self.failed = f"{answer.status} after {self.answered}"
                    return
                self.answered += 1
                if answer.will_close:
                    return
        except (OSError, http.client.HTTPException) as error:
            self.failed = f"{error!r} after {self.answered}"
        finally:
            line.close()


def test_sigterm_under_load_fails_no_request(site: Served) -> None:
    paths = ["/kept", "/slow?other=", "/kept?other=", "/kept"] * 4
    readers = [Reader(site.port, path) for path in paths]
    for reader in readers:
        reader.start()
    site.until(lambda: all(reader.answered > 1 for reader in readers), 20)
    family = children_of(site.process.pid)
    began = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    for reader in readers:
        reader.join(15)
    assert site.process.wait(15) == 0
    assert time.monotonic() - began < 10
    assert [reader.failed for reader in readers if reader.failed] == []
    assert not any(alive(number) for number in family)


def test_a_reader_in_the_middle_of_a_page_may_ask_once_more(site: Served) -> None:
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    line.request("GET", "/dripped")
    answer = line.getresponse()
    site.process.send_signal(signal.SIGTERM)
    assert answer.read() == PAGE
    assert not answer.will_close, "its head had left before the signal"
    line.request("GET", "/kept")
    assert TEXT in line.getresponse().read()
    line.close()


def test_sighup_reloads_in_every_worker_and_a_faulty_file_keeps_the_last_good(
    site: Served,
) -> None:
    policy = site.folder / "policies" / "site.yaml"
    policy.write_text(CLOSING, "utf-8")
    site.process.send_signal(signal.SIGHUP)
    site.until(lambda: all(site.get("/closed")[0] == 403 for _ in range(8)), 5)
    policy.write_text("version: 1\ndefault: nonsense\n", "utf-8")
    site.process.send_signal(signal.SIGHUP)
    site.until(lambda: b"lychgate_policy_faults 1.0" in site.ops("/metrics")[1], 5)
    assert site.get("/closed")[0] == 403


def test_whoever_is_started_anew_outlives_a_sighup(site: Served) -> None:
    before = site.workers()
    os.kill(before[0], signal.SIGKILL)
    site.until(lambda: set(site.workers()) - set(before))
    [born] = set(site.workers()) - set(before)
    os.kill(born, signal.SIGHUP)  # long before it has loaded what acts on it
    site.until_ready()
    site.until(lambda: len(site.workers()) == 2)
    assert born in site.workers()


def test_a_log_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    """Full from the start: each answer is told of, and so is that the site serves."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, True)
    with origin() as address, served(tmp_path, address, streams=writer) as site:
        site.until_ready()
        for _ in range(3):  # the access log is written each second
            deadline = time.monotonic() + 1.1
            while time.monotonic() < deadline:
                assert site.get("/kept")[0] == 200
        (tmp_path / "policies" / "site.yaml").write_text("version: 1\ndefault: nonsense\n", "utf-8")
        site.until(lambda: b"lychgate_policy_faults 1.0" in site.ops("/metrics")[1], 10)
        assert site.get("/kept")[0] == 200
        assert site.ops("/ready")[0] == 200
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(15) == 0
    os.close(writer)
    os.close(reader)


@pytest.mark.parametrize("fault", ["policy", "no policies", "settings", "words"])
def test_whoever_dies_while_a_file_is_faulty_comes_back_as_it_was(
    tmp_path: Path, fault: str
) -> None:
    """A file of the publisher's that can't be read turns no crash into an outage."""
    words = tmp_path / "words" / "locale" / "en"
    words.mkdir(parents=True)
    with (
        origin() as address,
        served(tmp_path, address, settings='[templates]\nfolder = "words"', policy=CLOSING) as site,
    ):
        site.until_ready()
        if fault == "policy":
            (tmp_path / "policies" / "site.yaml").write_text("version: 1\ndefault: x\n", "utf-8")
        elif fault == "no policies":
            (tmp_path / "policies").rename(tmp_path / "away")
        elif fault == "settings":
            (tmp_path / "lychgate.toml").write_text("[site", "utf-8")
        else:
            (words / "wall.json").write_text("{", "utf-8")
        before = children_of(site.process.pid)
        for number in before:
            os.kill(number, signal.SIGKILL)
        site.until(lambda: not set(children_of(site.process.pid)) & set(before))
        site.until_ready()
        assert site.get("/closed")[0] == 403
        site.until(lambda: site.get("/-/login")[0] == 200)
        now = children_of(site.process.pid)
        assert sorted(now.values()) == sorted(before.values())
        if "polic" in fault:
            site.until(lambda: b"lychgate_policy_faults 1.0" in site.ops("/metrics")[1])
            (tmp_path / "policies").mkdir(exist_ok=True)
            (tmp_path / "policies" / "site.yaml").write_text("version: 1\ndefault: public\n")
            site.until(lambda: site.get("/closed")[0] == 200)


WITHOUT_FORKS = """
import sys
from gateway.cli import main
from gateway.ops import forked
forked.possible = lambda: False
sys.argv = ["lychgate", "serve"]
main()
"""


def test_where_nobody_can_be_forked_all_are_started_alone(tmp_path: Path) -> None:
    with origin() as address:
        with served(tmp_path, address) as once:
            once.process.kill()
            once.process.wait()
        command = ("-c", WITHOUT_FORKS)
        with serving(tmp_path, once.port, once.ops_port, command) as site:
            site.until_ready()
            assert TEXT in site.get("/kept")[1]
            assert site.get("/-/login")[0] == 200
            site.until(lambda: len(children_of(site.process.pid)) == 4)


def test_a_signal_at_the_very_start_leaves_nobody_behind(tmp_path: Path) -> None:
    with origin() as address, served(tmp_path, address) as site:
        site.until(lambda: bool(children_of(site.process.pid)))
        family = children_of(site.process.pid)
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(30) == 0
        assert not any(alive(number) for number in family)


def test_a_start_on_a_faulty_policy_is_refused_also_after_a_good_one(tmp_path: Path) -> None:
    with origin() as address, served(tmp_path, address) as site:
        site.until_ready()
    (tmp_path / "policies" / "site.yaml").write_text("version: 1\ndefault: x\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve"],
        cwd=tmp_path,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert b"site.yaml:2:10" in done.stderr


def test_who_is_told_that_a_site_is_ready_can_log_in_there(site: Served) -> None:
    assert site.get("/-/login")[0] == 200
    said = f"lychgate: serving http://127.0.0.1:{site.port} on 127.0.0.1:{site.port} by policy "
    assert said in site.log()


def test_a_desk_that_never_comes_keeps_articles_waiting_but_for_a_while(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    worker, desk = Child(0, WORKER), Child(1, DESK)
    supervisor = Supervisor(settings, socket.socket(), [worker, desk], tmp_path)
    supervisor.listener.close()

    def whys(*, worker_ready: bool, desk_ready: bool) -> tuple[str, ...]:
        for child, ready in ((worker, worker_ready), (desk, desk_ready)):
            child.ready, child.heard_at = ready, time.monotonic()
        supervisor._see_how_far()
        return supervisor.why_not_ready()

    assert whys(worker_ready=False, desk_ready=False) == ("worker 0 isn't ready",)
    assert whys(worker_ready=True, desk_ready=False) == ("desk 1 isn't ready",)
    monkeypatch.setattr("gateway.supervisor.DESK_AWAITED_SECONDS", now - time.monotonic() - 1)
    assert whys(worker_ready=True, desk_ready=False) == ()
    assert whys(worker_ready=False, desk_ready=False) == ("worker 0 isn't ready",)


def test_a_node_that_starts_while_the_store_is_away_serves_articles(tmp_path: Path) -> None:
    with (
        origin() as origin_url,
        served(tmp_path, origin_url, store_url="postgresql://nobody@127.0.0.1:1/x") as one,
    ):
        one.until_ready()
        assert TEXT in one.get("/kept")[1]
        assert "the store can't be reached" in one.log()
        one.until(lambda: one.get("/-/login")[0] == 200)
        assert one.get("/-/login/mail/x")[0] in (400, 404, 503)


def test_a_taken_ops_port_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as taken, origin() as address:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served(tmp_path, address) as site:
            site.process.kill()
            site.process.wait()
        text = (tmp_path / "lychgate.toml").read_text("utf-8")
        (tmp_path / "lychgate.toml").write_text(
            text.replace(f'"127.0.0.1:{site.ops_port}"', f'"127.0.0.1:{port}"'), "utf-8"
        )
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "serve"],
            cwd=tmp_path,
            capture_output=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port}".encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_first_death_after_a_steady_while_is_mended_at_once() -> None:
    child = Child(0, WORKER)
    pauses = [child.pause_seconds(1.0) for _ in range(8)]
    assert pauses[: len(BACK_OFF_SECONDS)] == list(BACK_OFF_SECONDS)
    assert pauses[-1] == BACK_OFF_SECONDS[-1]
    assert child.pause_seconds(STEADY_SECONDS + 1.0) == BACK_OFF_SECONDS[0]


def test_a_child_that_says_nothing_for_a_minute_is_stuck() -> None:
    child = Child(0, WORKER, started_at=100.0)
    assert not child.stuck(100.0 + STUCK_SECONDS)
    assert child.stuck(100.1 + STUCK_SECONDS), "also one that never got as far as a word"
    child.heard_at = 150.0
    assert not child.stuck(100.1 + STUCK_SECONDS)
    assert child.stuck(150.1 + STUCK_SECONDS)


def test_the_stuck_are_killed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.supervisor.SILENT_SECONDS", 0.01)
    monkeypatch.setattr("gateway.ops.child.STUCK_SECONDS", 0.05)

    async def main() -> int:
        process = subprocess.Popen(["sleep", "60"])
        children = [Child(0, WORKER, process)]
        supervisor = Supervisor(settings, socket.socket(), children, tmp_path)
        watching = asyncio.create_task(supervisor.kill_the_stuck())
        code = await asyncio.to_thread(process.wait, 10)
        watching.cancel()
        supervisor.listener.close()
        return code

    assert asyncio.run(main()) == -signal.SIGKILL
