"""Jobs by the clock: alone with their errors, and once among nodes where they say so."""

from __future__ import annotations

import asyncio

import pytest

from gateway.clock import SystemClock
from gateway.errors import StoreUnavailable
from gateway.jobs import periodic
from gateway.jobs.periodic import Job, run_all


class Leases:
    def __init__(self) -> None:
        self.holder = ""
        self.away = False

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool:
        if self.away:
            raise StoreUnavailable
        self.holder = self.holder or holder
        return self.holder == holder


def work_for(jobs: list[Job], leases: Leases, seconds: float = 0.2) -> None:
    async def main() -> None:
        running = asyncio.create_task(run_all(jobs, leases=leases, clock=SystemClock()))
        await asyncio.sleep(seconds)
        assert not running.done()
        running.cancel()

    asyncio.run(main())


def test_a_job_that_fails_is_tried_again_and_disturbs_no_other() -> None:
    failed, done = [], []

    async def fail() -> None:
        failed.append(1)
        raise RuntimeError

    async def succeed() -> None:
        done.append(1)

    work_for([Job("fails", 0.02, fail), Job("works", 0.02, succeed)], Leases())
    assert len(failed) > 2
    assert len(done) > 2


def test_a_job_once_among_nodes_needs_the_lease_and_the_store() -> None:
    done, alone = [], []

    async def shared() -> None:
        done.append(1)

    async def own() -> None:
        alone.append(1)

    jobs = [Job("shared", 0.02, shared, once_among_nodes=True), Job("own", 0.02, own)]
    leases = Leases()
    leases.holder = "another node"
    work_for(jobs, leases)
    assert done == []
    assert alone
    leases.holder, leases.away = "", True
    work_for(jobs, leases)
    assert done == []
    leases.away = False
    work_for(jobs, leases)
    assert done


def test_work_rests_while_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    versions = iter([1, 1, 1, 2])

    def told() -> int | None:
        return next(versions, 2)

    async def look() -> None:
        looked.append(1)

    monkeypatch.setattr(periodic, "LOOK_ANYWAY_SECONDS", 60.0)
    work_for([Job("looks", 0.01, look, version=told)], Leases(), 0.4)
    assert len(looked) == 2
    monkeypatch.setattr(periodic, "LOOK_ANYWAY_SECONDS", 0.1)
    work_for([Job("looks", 0.01, look, version=told)], Leases(), 0.4)
    assert 2 + 2 <= len(looked) <= 2 + 4, "what comes due by itself is looked for anyway"


def test_work_that_failed_or_whose_store_tells_nothing_never_rests() -> None:
    failed, looked = [], []

    def unchanged() -> int | None:
        return 1

    def unknown() -> int | None:
        return None

    async def fail() -> None:
        failed.append(1)
        raise StoreUnavailable

    async def look() -> None:
        looked.append(1)

    jobs = [Job("fails", 0.02, fail, version=unchanged), Job("looks", 0.02, look, version=unknown)]
    work_for(jobs, Leases())
    assert len(failed) > 2
    assert len(looked) > 2


def test_no_lease_is_written_for_nothing() -> None:
    leases, done, waits = Leases(), [], [False]

    async def due() -> bool:
        return waits[0]

    async def work() -> None:
        done.append(1)

    job = Job("shared", 0.02, work, once_among_nodes=True, due=due)
    work_for([job], leases)
    assert (leases.holder, done) == ("", [])
    waits[0] = True
    work_for([job], leases)
    assert done
