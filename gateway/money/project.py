"""What the fold says, written down for the request's way: entitlements of readers, marks of entries.

One process at a time does this (the caller holds the lease), so that an older fold never overwrites a
newer one. Folding is by story: what an entry can change is what hangs together with it by ids. Plans
and settings hang together with everything, so a new version of them folds the whole ledger anew.
Written is only what changed; writing tells every worker.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StoreUnavailable
from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry
from gateway.model.finding import Finding
from gateway.model.mark import Mark, State, Why
from gateway.model.movement import Movement, Sort
from gateway.money.entries.acts import Act
from gateway.money.folding import findings
from gateway.money.folding.fold import Folded, Want, fold
from gateway.money.ledger import Ledger, Work

BATCH_MAX = 500
READERS_MAX = 100  # in one transaction: nobody else writes meanwhile
AGAIN_SECONDS = 60.0
AGAIN_SECONDS_MAX = 3600.0
_RULES = (Act.PLANS, Act.SETTINGS)


class Holdings(Protocol):
    """What readers hold. Every method raises StoreUnavailable."""

    async def held(self, reader_ids: Collection[str]) -> Mapping[str, tuple[Entitlement, ...]]:
        """Of those that have an account, were it nothing; the others aren't named."""

    async def holders(self) -> set[str]: ...

    async def entitle(
        self, held: Mapping[str, Sequence[Entitlement]], *, now: float, fence: str = ""
    ) -> None:
        """Replace all that some readers hold, and tell every worker, in one transaction. ``fence``: only
        while that holder has the lease of folding."""


class Books(Protocol):
    """What the console shows of stories. Every method raises StoreUnavailable."""

    async def write(
        self,
        entries: Sequence[Entry],
        found: Mapping[str, Finding],
        moved: Mapping[tuple[str, Sort], Movement],
        *,
        now: float,
    ) -> None:
        """All that is to be said of whole stories; what stood there of them and isn't said goes."""

    async def failed(self, found: Sequence[Finding], *, now: float) -> None:
        """Entries that couldn't be folded."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reader holds, and what the ledger says."""

    reader: str
    held: tuple[Entitlement, ...]
    said: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """``entries`` were looked at. ``readers`` hold something else now. ``wants``: what to ask Stripe.
    ``failed`` are entries that couldn't be folded, a fault of ours; they come up again."""

    entries: int = 0
    readers: frozenset[str] = frozenset()
    wants: frozenset[Want] = frozenset()
    failed: tuple[tuple[int, str], ...] = ()


class Projector:
    """``books`` may be absent: then the console has no work list and no sums."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        work: Work,
        holdings: Holdings,
        clock: Clock,
        books: Books | None = None,
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._holdings = holdings
        self._clock = clock
        self._books = books

    async def apply_due(self, *, limit: int = BATCH_MAX, fence: str = "") -> Applied:
        """Apply what was received. ``fence``: the holder of the lease under which it is done. Raises
        StoreUnavailable, also where the lease is another's by now: then what isn't applied is still
        received."""
        due = await self._work.due(now=self._clock.now(), limit=limit)
        if not due:
            return Applied()
        if any(entry.kind in _RULES for entry in due):
            readers: set[str] = set()
            wants: set[Want] = set()
            failed: list[tuple[int, str]] = []
            async for folded in self._stories(failed):
                readers |= await self._write(folded, fence)
                wants |= folded.wants
            await self._fail(due, failed)
            return Applied(len(due), frozenset(readers), frozenset(wants), tuple(failed))
        return await self._apply(due, fence)

    async def _apply(self, due: Sequence[Entry], fence: str) -> Applied:
        failed: list[tuple[int, str]] = []
        readers: set[str] = set()
        wants: set[Want] = set()
        for folded in await self._folded(due, failed):
            readers |= await self._write(folded, fence)
            wants |= folded.wants
            await self._wait([entry for entry in due if entry.number in folded.marks], folded.marks)
        await self._fail(due, failed)
        return Applied(len(due), frozenset(readers), frozenset(wants), tuple(failed))

    async def _fail(self, due: Sequence[Entry], failed: Sequence[tuple[int, str]]) -> None:
        """Those that were due come up again later; all of them are said to have failed, and why."""
        whys = dict(failed)
        broken = [entry for entry in due if entry.number in whys]
        if broken:
            now = self._clock.now()
            await self._again(broken)
            await self._work.failed({each.number: whys[each.number] for each in broken}, now=now)
            if self._books is not None:
                found = [
                    findings.about(each, Why.FAILED, detail=whys[each.number]) for each in broken
                ]
                await self._books.failed(found, now=now)

    async def _fold(self, entries: Iterable[Entry]) -> Folded:
        story = await self._ledger.story(entries)
        rules = await self._ledger.objects(_RULES)
        whole = {entry.number: entry for entry in (*rules, *story)}
        return fold(whole.values(), now=self._clock.now())

    async def _folded(
        self, entries: Sequence[Entry], failed: list[tuple[int, str]]
    ) -> list[Folded]:
        """In one, or where that fails, one by one."""
        if not entries:
            return []
        try:
            return [await self._fold(entries)]
        except StoreUnavailable:
            raise
        except Exception as error:
            if len(entries) == 1:
                failed.append((entries[0].number, repr(error)))
                return []
            return [part for entry in entries for part in await self._folded([entry], failed)]

    async def _write(self, folded: Folded, fence: str = "") -> set[str]:
        """The readers that hold something else now. Their entitlements come before the marks: who is
        cut off in between applies the same again."""
        now = self._clock.now()
        held = await self._holdings.held(folded.entitlements.keys())
        changed = {
            reader
            for reader, said in folded.entitlements.items()
            if reader in held and set(said) != set(held[reader])
        }
        listed = sorted(changed)
        for start in range(0, len(listed), READERS_MAX):
            some = listed[start : start + READERS_MAX]
            await self._holdings.entitle(
                {reader: folded.entitlements[reader] for reader in some}, now=now, fence=fence
            )
        nobodys = _nobodys(folded, held)
        marks = {**folded.marks, **nobodys}
        before = await self._work.marks(marks.keys())
        news = {number: mark for number, mark in marks.items() if before.get(number) != mark}
        if self._books is not None:
            found = findings.of_marks(folded.entries, nobodys)
            found |= {each.key: each for each in folded.findings}
            await self._books.write(folded.entries, found, folded.movements, now=now)
        if news:
            await self._work.mark(news, now=now, fence=fence)
        return changed

    async def _wait(self, due: Sequence[Entry], marks: Mapping[int, Mark]) -> None:
        """What Stripe must tell us first comes up again when it has; and now and then all the same."""
        waiting = [entry for entry in due if marks[entry.number].state is State.RECEIVED]
        if waiting:
            await self._again(waiting)

    async def _again(self, entries: Sequence[Entry]) -> None:
        tries = await self._work.tries([entry.number for entry in entries])
        alike: defaultdict[int, list[int]] = defaultdict(list)
        for number, (failed, _) in tries.items():
            alike[min(failed, 10)].append(number)
        for failed, numbers in sorted(alike.items()):
            wait = min(AGAIN_SECONDS * 2**failed, AGAIN_SECONDS_MAX)
            await self._work.later(numbers, next_at=self._clock.now() + wait)

    async def _stories(self, failed: list[tuple[int, str]]) -> AsyncIterator[Folded]:
        """The whole ledger, story by story: never much more of it at once than hangs together.
        What can't be folded is named in ``failed``, and keeps nothing else from being."""
        seen: set[int] = set()
        after = 0
        while batch := await self._ledger.read(after=after, limit=BATCH_MAX):
            after = batch[-1].number
            new = [entry for entry in batch if entry.number not in seen]
            for part in await self._folded(new, failed):
                seen |= part.marks.keys()
                yield part

    async def replay(
        self, *, mend: bool = False, failed: list[tuple[int, str]] | None = None
    ) -> list[Difference]:
        """Entitlements rebuilt from nothing, against what is held. None differs when all is well.
        ``mend`` writes what the ledger says; who holds something that no entry names is only shown.
        ``failed`` is given the entries that can't be folded, which nothing can be said of."""
        differences = []
        failed = [] if failed is None else failed
        unnamed = await self._holdings.holders()
        async for folded in self._stories(failed):
            held = await self._holdings.held(folded.entitlements.keys())
            unnamed -= folded.entitlements.keys()
            for reader, said in sorted(folded.entitlements.items()):
                if reader in held and set(held[reader]) != set(said):
                    differences.append(Difference(reader, held[reader], said))
            if mend:
                await self._write(folded)
        strays = await self._holdings.held(unnamed)
        return differences + [Difference(each, strays[each], ()) for each in sorted(strays)]


def _nobodys(folded: Folded, held: Mapping[str, tuple[Entitlement, ...]]) -> dict[int, Mark]:
    """A customer bound to an account that isn't there pays for nobody."""
    nobody = Mark(State.NEEDS_A_PERSON, Why.NO_READER)
    return {
        number: nobody
        for reader, said in folded.entitlements.items()
        if reader not in held
        for entitlement in said
        for number in entitlement.entries
    }
