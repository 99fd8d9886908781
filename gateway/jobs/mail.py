"""Sending what waits: letters are claimed from the store one sender at a time, and tried until over.

A reader waits for a login link, so it is looked for twice a second; a mail server that is away costs
them minutes, not the letter. What can't ever be delivered is dropped, and the log says so, without
the letter and without the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.model.letter import Letter, Outgoing
from gateway.ops.logs import logger

EVERY_SECONDS = 0.5
_PAUSES_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
_LOG = "lychgate.mail"


class Undelivered(Exception):
    """``for_good``: trying again won't help."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        self.why, self.for_good = why, for_good
        super().__init__(why)


class Post(Protocol):
    async def deliver(self, recipient: str, letter: Letter) -> None:
        """Hand a letter over. Raises Undelivered."""


class Letters(Protocol):
    """Each method raises StoreUnavailable."""

    async def claim(self, *, now: float) -> list[Outgoing]: ...

    async def sent(self, number: int) -> None: ...

    async def postpone(self, number: int, *, until: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    letters: Letters
    post: Post
    clock: Clock

    async def send_due(self) -> None:
        """Whatever is due, one after the other. Raises StoreUnavailable."""
        for outgoing in await self.letters.claim(now=self.clock.now()):
            try:
                await self.post.deliver(outgoing.recipient, outgoing.letter)
            except Undelivered as error:
                await self._not_sent(outgoing, error)
            else:
                await self.letters.sent(outgoing.number)

    async def _not_sent(self, outgoing: Outgoing, error: Undelivered) -> None:
        log = logger(_LOG)
        if error.for_good:
            log.warning("mail-dropped", number=outgoing.number, why=error.why)
            return await self.letters.sent(outgoing.number)
        log.warning("mail-waits", number=outgoing.number, tries=outgoing.tries + 1, why=error.why)
        pause = _PAUSES_SECONDS[min(outgoing.tries, len(_PAUSES_SECONDS) - 1)]
        return await self.letters.postpone(outgoing.number, until=self.clock.now() + pause)
