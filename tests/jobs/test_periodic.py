"""Jobs by the clock: alone with their errors, and once among nodes where they say so."""

from __future__ import annotations

import asyncio

from gateway.clock import SystemClock
from gateway.errors import StoreUnavailable
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
