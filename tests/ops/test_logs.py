"""Logs are JSON lines without personal data, and never cost an answer."""

from __future__ import annotations

import json
import subprocess
import sys

from gateway.ops.logs import AccessLog, shown

_PROGRAM = """
import logging
from gateway.ops import logs
logs.set_up(process="worker-1")
logs.logger("lychgate.request").warning("request-failed", reason="origin-failed", error_id="e1")
try:
    raise ValueError("one\\ntwo")
except ValueError:
    logging.getLogger("lychgate.edge").exception("the quick lane failed")
logging.getLogger("aiosqlite").info("executing a query with what stands in it")
logging.getLogger("stripe").info("Request to Stripe api /v1/customers?email=ana@readers.example")
"""


def test_every_logger_writes_one_line_of_json() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, check=True, text=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["request-failed", "the quick lane failed"]
    assert lines[0]["reason"] == "origin-failed"
    assert lines[0]["error_id"] == "e1"
    assert "ValueError" in lines[1]["exception"]
    assert {line["process"] for line in lines} == {"worker-1"}
    assert done.stdout == ""


def test_the_access_log_is_written_in_one_piece_and_quotes_what_it_must() -> None:
    written: list[str] = []
    log = AccessLog(on=True, write=written.append)
    log.flush()
    log.note(1.0, "quick", '/a"b\\c\n{"forged":1}', 200, 5, "")
    log.note(2.0, "full", "/-/login/mail/secret-token", 200, 5, "id")
    assert written == []
    log.flush()
    assert len(written) == 1
    first, second = (json.loads(line) for line in written[0].splitlines())
    assert first["path"] == '/a"b\\c\n{"forged":1}'
    assert second == {
        "t": 2.0,
        "lane": "full",
        "path": "/-/login/mail/…",
        "status": 200,
        "bytes": 5,
        "id": "id",
    }
    log.flush()
    assert len(written) == 1


def test_many_lines_are_written_bit_by_bit() -> None:
    written: list[str] = []
    log = AccessLog(on=True, write=written.append)
    for number in range(5):
        log.note(float(number), "quick", "/a", 200, 5, "")
    assert [log.flush(2), log.flush(2), log.flush(2), log.flush(2)] == [True, True, False, False]
    lines = [json.loads(line) for part in written for line in part.splitlines()]
    assert [line["t"] for line in lines] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [part.count("\n") for part in written] == [2, 2, 1]


def test_a_log_that_is_off_keeps_nothing_and_a_closed_one_costs_only_lines() -> None:
    written: list[str] = []
    off = AccessLog(on=False, write=written.append)
    off.note(1.0, "quick", "/a", 200, 5, "")
    off.flush()
    assert written == []

    def closed(lines: str) -> None:
        raise BrokenPipeError

    log = AccessLog(on=True, write=closed)
    log.note(1.0, "quick", "/a", 200, 5, "")
    log.flush()


def test_what_opens_an_account_is_never_shown() -> None:
    assert shown("/-/login/mail/abcdef") == "/-/login/mail/…"
    assert shown("/-/login/mail") == "/-/login/mail"
    assert shown("/-/adopt/abcdef") == "/-/adopt/…"
    assert shown("/news/storm") == "/news/storm"
