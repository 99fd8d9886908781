"""The desk: one process of `serve` where readers log in, apart from those that serve articles.

    python -m gateway.desk LISTENING_FD REPORT_FD FOLDER < settings

It serves what the workers pass on (``edge.relay``) over a socket in a folder that nobody else can
enter, so it believes what they say of a reader's address. Otherwise it is a worker like any other:
the same entrance, the same checks, and the same end when its supervisor is gone.
"""

from __future__ import annotations

import asyncio
import os
import sys
from ipaddress import ip_network
from typing import Any

from gateway.app import build
from gateway.config import Settings
from gateway.config.handing import Handed, take
from gateway.edge.entrance import Application
from gateway.errors import Faults, StoreUnavailable
from gateway.ops import forked, logs, priority
from gateway.stores.engine import give_way
from gateway.worker import UNFIT, serve

_WORKER = "127.0.0.1"


def from_workers(application: Application) -> Application:
    """Whoever comes over the socket is a worker of this gateway, and trusted as a proxy is."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        scope["client"] = (_WORKER, 0)
        await application(scope, receive, send)

    return served


def at_the_desk(settings: Settings) -> Settings:
    """The settings with the workers as the only proxies: they have judged what others say."""
    trusted = (ip_network(f"{_WORKER}/32"),)
    server = settings.server.model_copy(update={"trusted_proxies": trusted})
    return settings.model_copy(update={"server": server})


def begin(handed: Handed) -> int:
    """The process, from its birth to its exit code."""
    forked.named("lychgate-desk")
    settings = at_the_desk(handed.settings)
    logs.set_up(process="desk")
    priority.stand_behind(priority.DESK)
    give_way()
    try:
        lychgate = build(settings, around=from_workers, last_good=handed.last_good_policy)
    except Faults as faulty:
        print(faulty, file=sys.stderr)
        return UNFIT
    except StoreUnavailable as error:
        print(f"lychgate: {error.reason}: {error}", file=sys.stderr)
        return UNFIT
    os.set_blocking(handed.report_fd, False)
    lychgate.config.uds = handed.desk
    with asyncio.Runner(loop_factory=priority.patient_loop) as runner:
        runner.run(serve(lychgate, None, handed.report_fd))
    return 0


if __name__ == "__main__":
    sys.exit(begin(take(sys.argv[1:], sys.stdin.buffer)))
