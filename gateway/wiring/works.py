"""What is done by the clock where something is sold. Apart from the rest, for it loads Stripe's library,
which takes a while and which nobody needs without ``[stripe]``."""

from __future__ import annotations

from typing import Protocol

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.folding import Folding
from gateway.jobs.periodic import Job
from gateway.stores.engine import Store
from gateway.wiring.adopting import AdoptingWork
from gateway.wiring.leaving import LeavingWork
from gateway.wiring.life import LifeWork
from gateway.wiring.pages import templates_of
from gateway.wiring.syncing import Syncing


class Work(Protocol):
    def jobs(self) -> list[Job]: ...

    async def close(self) -> None: ...


def works_of_money(settings: Settings, *, store: Store, clock: Clock, folds: Folding) -> list[Work]:
    """Links and letters need mail."""
    mails = templates_of(settings, beside_others=True)
    works: list[Work] = [
        Syncing(settings, store=store, clock=clock, folding=folds),
        LeavingWork(settings, store=store, clock=clock, mails=mails),
    ]
    if settings.mail is not None:
        works.append(AdoptingWork(settings, store=store, clock=clock, mails=mails))
        works.append(LifeWork(settings, store=store, clock=clock, mails=mails))
    return works
