"""Sending what waits: letters are claimed from the store one at a time, and tried until over.

At least once, and not at most: a link or a receipt that is lost helps nobody, one that comes twice does no
harm. A letter is claimed when its turn comes and for longer than an attempt may last, so that no two nodes
have it while the relay is slow; what is left is a relay that took it and whose word was lost, and a node
that stood still. Then it is mailed again as the same message (RFC 5322, 3.6.4), which many a mailbox shows once.

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
ATTEMPT_SECONDS = 60.0
LEASE_SECONDS = 90.0  # clocks of nodes may differ by the rest
_LETTERS_MAX = 20
_PAUSES_SECONDS = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
_LOG = "lychgate.mail"


class Undelivered(Exception):
    """``for_good``: trying again won't help."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        self.why, self.for_good = why, for_good
        super().__init__(why)


class Post(Protocol):
    async def deliver(self, recipient: str, letter: Letter, *, key: str) -> None:
        """Hand a letter over, within ``ATTEMPT_SECONDS``. ``key`` is the same whenever it is tried. Raises
        Undelivered."""


class Letters(Protocol):
    """Each method raises StoreUnavailable."""

    async def claim(self, *, now: float, seconds: float, limit: int) -> list[Outgoing]: ...

    async def sent(self, number: int) -> None: ...

    async def postpone(self, claimed: Outgoing, *, until: float) -> None:
        """Unless somebody else has claimed it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    letters: Letters
    post: Post
    clock: Clock

    async def send_due(self) -> None:
        """Whatever is due, one after the other. Raises StoreUnavailable."""
        for _ in range(_LETTERS_MAX):
            claimed = await self.letters.claim(now=self.clock.now(), seconds=LEASE_SECONDS, limit=1)
            for outgoing in claimed:
                await self._send(outgoing)
            if not claimed:
                return

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            await self.post.deliver(outgoing.recipient, outgoing.letter, key=outgoing.key)
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
        return await self.letters.postpone(outgoing, until=self.clock.now() + pause)
