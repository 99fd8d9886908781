"""What falls due as the clock moves: done in order, each at its own time.

Knows the names of actions and not what they do: ``routes.ACTIONS`` says that. Real time that passes
counts as well as a leap: every request catches up first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from gateway.demo.stripe.account import Account

Action = Callable[[Account, str], None]


def catch_up(account: Account, actions: Mapping[str, Action]) -> int:
    """Do all that is due by now; the number of things done."""
    done = 0
    now = account.clock.now()
    while account.agenda and account.agenda[0][0] <= now:
        moment, _, action, thing_id = heapq.heappop(account.agenda)
        with account.clock.turning(moment):
            actions[action](account, thing_id)
        done += 1
    return done
