"""``/-/finance/site``: the policy of the moment, stories opened by hand, and what is kept of pages.

An admin's page. A story is opened for a while and with a reason, as by ``lychgate open``; what is kept is
dropped by every worker. What must not be here: a rule; those stand in the policy's files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.console.acting import reason_of
from gateway.console.address import canonical
from gateway.console.explain import Asking
from gateway.console.frame import ADMIN, HOME, Action, Visit
from gateway.console.plain_text import plain
from gateway.errors import RequestRefused
from gateway.model.opening import Opening
from gateway.rooms.asking import Reply

PATH = f"{HOME}/site"
_URL_MAX = 2000
SAID = frozenset(("opened", "purged"))
WRONG = frozenset(("wrong-moment", "moment-over", "not-this-site"))


class Openings(Protocol):
    """Every method raises StoreUnavailable."""

    async def open(self, opening: Opening, *, now: float) -> None:
        """Open, write into the audit log and tell the workers, in one transaction."""

    async def live(self, *, now: float) -> Sequence[Opening]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePages:
    """``purge`` tells every worker what to drop: ``path:…``, or ``all``. Raises StoreUnavailable."""

    asking: Callable[[], Asking]
    openings: Openings
    purge: Callable[[str], Awaitable[None]]
    site_url: str

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=ADMIN, act="site", road=self.page),
            Action(path=f"{PATH}/open", method="POST", roles=ADMIN, act="open", road=self.open),
            Action(path=f"{PATH}/purge", method="POST", roles=ADMIN, act="purge", road=self.drop),
        )

    async def page(self, visit: Visit) -> Reply:
        await visit.note("policy and openings")
        asking, said = self.asking(), visit.ask.asked("said")
        policy = asking.policy()
        openings = await self.openings.live(now=visit.now)
        return await visit.page(
            "finance-site",
            version=policy.version,
            rules=[plain(rule.name) for rule in policy.rules],
            faults=[plain(str(fault)) for fault in asking.faults()],
            openings=[
                {
                    "path": plain(each.path),
                    "until": visit.words.until(each.until, visit.language),
                    "by": plain(each.by),
                    "reason": plain(each.reason, longest=500),
                }
                for each in openings
            ],
            said=said if said in SAID else "",
            wrong=said if said in WRONG else "",
        )

    async def open(self, visit: Visit) -> Reply:
        reason = reason_of(visit)
        try:
            path = self._path(visit)
            written = datetime.fromisoformat(visit.ask.written("until").strip())
            until = written.replace(tzinfo=written.tzinfo or visit.words.zone).timestamp()
        except RequestRefused:
            return await _not_done(visit, "not-this-site")
        except (ValueError, OverflowError):
            return await _not_done(visit, "wrong-moment")
        if until <= visit.now:
            return await _not_done(visit, "moment-over")
        opening = Opening(path, until, reason, visit.who)
        await self.openings.open(opening, now=visit.now)
        visit.noted = True  # in the very transaction that opened it
        return visit.onward(PATH, said="opened")

    async def drop(self, visit: Visit) -> Reply:
        reason = reason_of(visit)
        try:
            path = self._path(visit)
        except RequestRefused:
            return await _not_done(visit, "not-this-site")
        await visit.note(path or "all", reason)
        await self.purge(f"path:{path}" if path else "all")
        return visit.onward(PATH, said="purged")

    def _path(self, visit: Visit) -> str:
        """Empty for all of the site, which is said in so many words. Raises RequestRefused."""
        if visit.ask.written("all") == "yes":
            return ""
        url = visit.ask.written("url").strip()[:_URL_MAX]
        if not url:
            raise RequestRefused(400, "names-nothing")
        return canonical(url, site_url=self.site_url)


async def _not_done(visit: Visit, why: str) -> Reply:
    await visit.note(f"not done: {why}")
    return visit.onward(PATH, said=why)
