"""The background process of `serve`.

    python -m gateway.jobs.background LISTENING_FD REPORT_FD FOLDER < settings

It never touches the listening socket. Jobs: the canary (does the gateway's identity still work at
the origin?), sending mail, folding the ledger and logging its head, watching for what operators
should hear of, asking Stripe, mailing links to those who pay without a reader, and sweeping what is
over: sessions, links, old news.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.config.handing import Handed, take
from gateway.jobs.alerts import EVERY_SECONDS as WATCH_SECONDS
from gateway.jobs.alerts import Watch
from gateway.jobs.asking import Asking
from gateway.jobs.canary import Canary
from gateway.jobs.folding import EVERY_SECONDS as FOLD_SECONDS
from gateway.jobs.ledger_head import EVERY_SECONDS as HEAD_SECONDS
from gateway.jobs.ledger_head import LedgerHead
from gateway.jobs.mail import EVERY_SECONDS, Mailer
from gateway.jobs.periodic import Job, run_all
from gateway.jobs.smtp import Smtp
from gateway.ops import forked, logs, priority
from gateway.stores.accounts import Accounts
from gateway.stores.alerts import Conditions
from gateway.stores.engine import Store, give_way
from gateway.stores.leases import Leases
from gateway.stores.ledger import Ledger
from gateway.stores.mailed import Letters
from gateway.stores.news import News
from gateway.stores.sessions import Sessions
from gateway.wiring.alerts import alerts_job
from gateway.wiring.money import folding
from gateway.wiring.terms import terms_job

if TYPE_CHECKING:
    from gateway.wiring.works import Work

DAY_SECONDS = 86400.0
CANARY_SECONDS = 300.0
SWEEP_SECONDS = 3600.0
REPORT_SECONDS = 1.0


async def run(settings: Settings, report_fd: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    forked.on_hangup(loop, lambda: None)
    clock = SystemClock()
    store = Store(settings.store.url.get_secret_value())
    asking = Asking(settings)
    await asking.open()
    canary = Canary(settings.origin.canary, ask=asking.ask)

    async def sweep() -> None:
        now = clock.now()
        await Sessions(store).sweep(before=now - DAY_SECONDS)
        await Accounts(store).sweep(before=now)
        await News(store).sweep(before=now - DAY_SECONDS)

    jobs = [Job("sweep", SWEEP_SECONDS, sweep, once_among_nodes=True)]
    folds = folding(settings, store=store, clock=clock)
    version = store.changes.version
    jobs.append(Job("fold", FOLD_SECONDS, folds.fold_due, version=version))
    head = LedgerHead(ledger=Ledger(store))
    jobs.append(Job("ledger-head", HEAD_SECONDS, head.tell, once_among_nodes=True))
    jobs.append(terms_job(settings, store=store))
    watch = Watch(conditions=Conditions(store, clock), clock=clock)
    jobs.append(Job("watch", WATCH_SECONDS, watch.look))
    alerting = alerts_job(settings, store=store, clock=clock)
    jobs += [alerting] if alerting is not None else []
    works: list[Work] = []
    if settings.stripe is not None:
        from gateway.wiring.works import works_of_money

        works = works_of_money(settings, store=store, clock=clock, folds=folds)
    jobs += [job for work in works for job in work.jobs()]
    if settings.origin.canary:
        jobs.append(Job("canary", CANARY_SECONDS, canary.sing))
    if settings.mail is not None:
        post = Smtp(settings.mail.url.get_secret_value(), settings.mail.sender)
        mailer = Mailer(letters=Letters(store), post=post, clock=clock)
        jobs.append(Job("mail", EVERY_SECONDS, mailer.send_due, version=version))
    working = asyncio.create_task(run_all(jobs, leases=Leases(store), clock=clock))

    def values() -> dict[str, float]:
        return {**canary.values(), **watch.values(), "rules_refused": float(folds.rules_refused)}

    reporting = asyncio.create_task(_report(values, report_fd, stopped))
    await stopped.wait()
    working.cancel()
    reporting.cancel()
    await asyncio.gather(working, reporting, return_exceptions=True)
    await asking.close()
    for work in works:
        await work.close()
    await store.close()


async def _report(
    values: Callable[[], dict[str, float]], report_fd: int, stopped: asyncio.Event
) -> None:
    """Each second, until the supervisor is gone and with it the reason to be here."""
    os.set_blocking(report_fd, False)
    while True:
        snapshot: dict[str, Any] = {"values": values()}
        try:
            os.write(report_fd, json.dumps({"ready": True, "snapshot": snapshot}).encode() + b"\n")
        except BlockingIOError:
            pass
        except BrokenPipeError:
            stopped.set()
            return
        await asyncio.sleep(REPORT_SECONDS)


def begin(handed: Handed) -> int:
    """The process, from its birth to its exit code."""
    forked.named("lychgate-jobs")
    logs.set_up(process="background")
    priority.stand_behind(priority.BACKGROUND)
    give_way()
    with asyncio.Runner(loop_factory=priority.patient_loop) as runner:
        runner.run(run(handed.settings, handed.report_fd))
    return 0


if __name__ == "__main__":
    sys.exit(begin(take(sys.argv[1:], sys.stdin.buffer)))
