"""Lines leave without anybody's waiting for their reader, and none is lost that somebody could take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from gateway.ops.outlet import WAITING_BYTES_MAX, Outlet

PIECE = "".join(f"{number:07}\n" for number in range(4096))
PIECES = 3 * WAITING_BYTES_MAX // len(PIECE)


@pytest.fixture(name="ends", params=["pipe", "socket"])
def _ends(request: pytest.FixtureRequest) -> Iterator[tuple[int, TextIO]]:
    """Where it is read, and the stream that is written to."""
    if request.param == "pipe":
        reader, writer = os.pipe()
    else:
        reader, writer = (each.detach() for each in socket.socketpair())
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
        os.close(reader)  # or the thread would wait for ever


def taken(reader: int, length: int) -> bytes:
    found = b""
    while len(found) < length:
        found += os.read(reader, 1 << 20)
    return found


def test_nobody_waits_for_a_reader_and_what_is_lost_is_told(ends: tuple[int, TextIO]) -> None:
    reader, stream = ends
    lost: list[int] = []
    told = threading.Event()

    def tell(lines: int) -> None:
        lost.append(lines)
        told.set()

    outlet = Outlet(stream, lost=tell)
    for _ in range(PIECES):
        outlet.write(PIECE)
    found = b""
    while not outlet.settle(0.01):
        found += os.read(reader, 1 << 20)
    assert told.wait(10)
    kept = PIECES - sum(lost) // 4096
    assert kept >= WAITING_BYTES_MAX // len(PIECE)
    found += taken(reader, kept * len(PIECE) - len(found))
    assert found == PIECE.encode() * kept, "none of them is torn"
    outlet.write("again\n")
    assert taken(reader, 6) == b"again\n"


def test_a_reader_that_is_only_slow_loses_nothing(ends: tuple[int, TextIO]) -> None:
    reader, stream = ends
    outlet = Outlet(stream)
    found: list[bytes] = []
    slow = threading.Thread(target=lambda: found.append(taken(reader, PIECES * len(PIECE))))
    slow.start()
    for _ in range(PIECES):
        outlet.write(PIECE)
        assert outlet.settle(10)
    slow.join(10)
    assert found == [PIECE.encode() * PIECES]


def test_a_pipe_that_is_nonblocking_for_somebody_else_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(writer, "w") as stream:
        outlet = Outlet(stream)
        for _ in range(10):
            outlet.write(PIECE)
        assert taken(reader, 10 * len(PIECE)) == PIECE.encode() * 10
        assert outlet.settle(10)
    os.close(reader)


def test_a_file_is_written_to_at_once_and_loses_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        for _ in range(PIECES):
            outlet.write(PIECE)
        assert (tmp_path / "log").read_text("utf-8") == PIECE * PIECES


def test_a_stream_that_is_closed_or_that_nobody_will_read_costs_its_lines(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        closed = Outlet(stream)
    closed.write("lost\n")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        broken = Outlet(stream)
        broken.write("lost\n")
        assert broken.settle(10)


@pytest.mark.parametrize("end", ["", "os._exit(forked.fork(last, keep=()).wait())"])
def test_the_last_lines_leave_before_the_process_ends(end: str) -> None:
    program = f"""
import os, sys
from gateway.ops import forked, outlet
def last():
    out = outlet.Outlet(sys.stdout)
    for number in range(500):
        out.write(f"{{number}}\\n" * 100)
    return 0
{end or "last()"}
"""
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=20, check=True
    )
    assert done.stdout.count(b"\n") == 50_000
