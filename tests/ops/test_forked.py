"""A forked child: its end and its signals are its own, and of its parent's descriptors it keeps few."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="children are forked on Linux alone"
)

BEGINNING = """
import os, signal, sys, tempfile, threading, time
from gateway.ops import forked

def born(work, keep=()):
    return forked.fork(work, keep=keep)
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    """A process without threads that forks."""
    return subprocess.run(
        [sys.executable, "-c", BEGINNING + script],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def said(script: str) -> str:
    done = run(script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_ends_with_what_its_work_returns_or_with_a_signal() -> None:
    assert said(
        """
print(born(lambda: 3).wait(), born(lambda: 0).wait())
sleeping = born(lambda: time.sleep(20) or 0)
sleeping.kill()
print(sleeping.wait(), sleeping.wait())
sleeping.send_signal(signal.SIGTERM)  # nobody else's, though its number may be by now
"""
    ).split() == ["3", "0", "-9", "-9"]


def test_a_fault_is_told_and_nothing_of_the_parents_ends_with_it() -> None:
    done = run(
        """
def fail():
    raise RuntimeError("no such luck")
with tempfile.TemporaryDirectory() as folder:
    print(born(fail).wait(), born(lambda: sys.exit("over")).wait(), os.path.isdir(folder))
"""
    )
    assert done.stdout.split() == ["1", "1", "True"]
    assert "no such luck" in done.stderr


def test_it_hears_signals_that_its_parent_holds() -> None:
    assert said(
        """
signal.pthread_sigmask(signal.SIG_BLOCK, forked.SIGNALS)
child = born(lambda: time.sleep(20) or 0)
child.send_signal(signal.SIGTERM)
print(child.wait())
"""
    ).split() == ["-15"]


def test_a_hangup_that_comes_before_it_acts_on_it_is_acted_on_later() -> None:
    assert said(
        """
import asyncio
reader, writer = os.pipe()
async def hear():
    heard = asyncio.Event()
    forked.on_hangup(asyncio.get_running_loop(), heard.set)
    await asyncio.wait_for(heard.wait(), 10)
def act():
    os.read(reader, 1)
    asyncio.run(hear())
    return 4
child = born(act, keep=(reader,))
child.send_signal(signal.SIGHUP)
os.write(writer, b".")
print(child.wait(), signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""
    ).split() == ["4", "set()"]


def test_a_pipe_breaks_though_siblings_were_born_meanwhile() -> None:
    assert said(
        """
reader, writer = os.pipe()
kept, told = os.pipe()
others = [born(lambda: time.sleep(20) or 0) for _ in range(2)]
os.close(writer)
print(os.read(reader, 1))
child = born(lambda: os.write(told, b"here") and 0, keep=(told,))
print(child.wait(), os.read(kept, 4))
child = born(lambda: len(os.listdir("/proc/self/fd")), keep=(told,))
print(child.wait())
for each in others:
    each.kill()
"""
    ).split() == ["b''", "0", "b'here'", "5"], "the streams, one that was kept, and the listing's"


def test_with_a_thread_beside_it_nobody_is_forked() -> None:
    assert said(
        """
print(forked.possible())
threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
print(forked.possible())
"""
    ).split() == ["True", "False"]


def test_it_is_told_by_its_name() -> None:
    assert said(
        """
def name():
    forked.named("lychgate-worker")
    print(open("/proc/self/comm").read())
    return 0
born(name).wait()
"""
    ).split() == ["lychgate-worker"]


def test_whether_one_is_over_is_seen_without_taking_its_end() -> None:
    assert said(
        """
child = born(lambda: 3)
while not forked.any_ended():
    time.sleep(0.01)
print(child.wait())
"""
    ).split() == ["3"]


def test_its_collector_works_though_its_parents_rests() -> None:
    assert said(
        """
import gc
gc.disable()
print(born(lambda: 7 if gc.isenabled() else 1).wait(), gc.isenabled())
"""
    ).split() == ["7", "False"]
