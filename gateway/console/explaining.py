"""``/-/finance/explain``: what one reader gets of one page, and why, as ``lychgate explain`` says it.

Posted, for an address of a reader has no place in an address bar; a link may name the page.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from gateway.console.address import target_of
from gateway.console.explain import CASES, Asking, Explanation, explain, reader_named
from gateway.console.frame import EVERYONE, FINANCE, Action, Visit
from gateway.console.plain_text import plain
from gateway.console.reader_view import held_now
from gateway.console.tiers import unnamed_tier
from gateway.errors import LychgateError, RequestRefused
from gateway.model.access import Level
from gateway.model.decision import Reason, Wall
from gateway.model.page import PageKind
from gateway.model.reader import Reader
from gateway.rooms.asking import Reply

_URL_MAX = 2000
_OF_READER = ("console.which-reader", "console.no-such-reader")
_PATH = "/-/finance/explain"
# What the page shows of an explanation, in this order; each is a text's key too.
_SHOWN = "status decision wall reason access rule way kind label label_from caching".split()


# What the gate's own words are, by fact; all else is the policy's or the page's.
_KNOWN: dict[str, Collection[str]] = {
    "decision": ("full", "teaser", "refuse"),
    "wall": frozenset(Wall),
    "reason": frozenset(Reason),
    "access": frozenset(Level),
    "way": ("open", "label", "path"),
    "kind": frozenset(PageKind),
    "caching": tuple(CASES),
}
_ACCESS = re.compile(r"([a-z]+)\(([^)]*)\)")


def _told(name: str, value: str) -> dict[str, object]:
    """A fact and how it is said: ``key`` is a text's, empty where the value is nobody's word of ours.
    ``tiers``: those that an access names."""
    word, tiers = value, ""
    if name == "access" and (named := _ACCESS.fullmatch(value)):
        word, tiers = named[1], named[2]
    if name == "caching":
        word = next((case for case, said in CASES.items() if said == value), value)
    key = f"explain.{name}.{word}" if word in _KNOWN.get(name, ()) else ""
    return {"name": name, "value": value, "key": key, "tiers": tiers.split(", ") if tiers else []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """``readers_with`` finds the accounts of an address. ``planned``: the tiers of all plans."""

    asking: Callable[[], Asking]
    readers_with: Callable[[str], Awaitable[tuple[Reader, ...]]]
    site_url: str
    planned: Collection[str] = ()

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=_PATH, roles=EVERYONE, act="", road=self.asked),
            Action(path=_PATH, method="POST", roles=EVERYONE, act="explain", road=self.answered),
        )

    async def asked(self, visit: Visit) -> Reply:
        return await self._page(visit, url=visit.ask.asked("url")[:_URL_MAX])

    async def answered(self, visit: Visit) -> Reply:
        url = visit.ask.written("url").strip()[:_URL_MAX]
        named = visit.ask.written("as").strip()[:320] or "anonymous"
        reader, wrong = await self._reader(named)
        if reader is None:
            await visit.note(f"{url} as nobody known")
            return await self._page(visit, url=url, named=named, wrong=wrong)
        # A reader is an id there: the audit log is never erased.
        await visit.note(f"{url} as {reader.id if '@' in named else named}")
        found: Explanation | None = None
        try:
            target = target_of(url, site_url=self.site_url)
            found = await explain(self.asking(), target, reader, named=named)
        except RequestRefused:
            wrong = "console.not-this-site"
        except LychgateError as error:
            away = error.status in (502, 503, 504)
            wrong = "console.origin" if away else "console.not-this-site"
        return await self._page(
            visit, url=url, named=named, found=found, wrong=wrong, reader=reader
        )

    async def _page(
        self,
        visit: Visit,
        *,
        url: str,
        named: str = "anonymous",
        found: Explanation | None = None,
        wrong: str = "",
        reader: Reader | None = None,
    ) -> Reply:
        told = [
            _told(name, str(getattr(found, name))) for name in _SHOWN if getattr(found, name, "")
        ]
        if found is not None and found.body_found:
            whole = found.words_kept + found.words_withheld
            told.append(_told("words", f"{found.words_kept} / {whole}"))
        account = reader if reader is not None and "@" in named else None
        return await visit.page(
            "finance-explain",
            url=url,
            named=named,
            told=told,
            wrong=wrong,
            wrong_reader=wrong in _OF_READER,
            doubt=self._doubt(named),
            reader=account.id if account is not None and found is not None else "",
            held=[]
            if account is None
            else held_now(account.entitlements, visit.now, visit.words, visit.language),
            sums=visit.may(FINANCE),
        )

    def _doubt(self, named: str) -> dict[str, str]:
        found = unnamed_tier(named, self.asking().policy(), self.planned)
        if found is None:
            return {}
        return {"tier": plain(found.tier), "named": plain(", ".join(found.named))}

    async def _reader(self, named: str) -> tuple[Reader | None, str]:
        """Who is meant; or None, and a text's key that says why."""
        reader = reader_named(named)
        if reader is not None:
            return reader, ""
        if "@" not in named:
            return None, "console.which-reader"
        accounts = await self.readers_with(named.lower())
        return (accounts[0], "") if accounts else (None, "console.no-such-reader")
