"""Letters through a relay that is slow: one claim, one attempt, and one message whoever repeats it."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.jobs import smtp
from gateway.jobs.mail import ATTEMPT_SECONDS, LEASE_SECONDS, Mailer, Undelivered
from gateway.jobs.smtp import Smtp, message
from gateway.model.letter import Letter
from gateway.stores.engine import Store
from gateway.stores.mailed import Letters, MailedLogins
from tests.migrated import new_store

LETTER = Letter("Votre lien", "Le voici.", "<p>Le voici.</p>")


@dataclass
class Clock:
    instant: float = 1_790_000_000.0

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant


@dataclass
class Relay:
    """Takes as long as an attempt may; meanwhile the other node looks what is due."""

    clock: Clock
    seconds: float = ATTEMPT_SECONDS
    other: Mailer | None = None
    taken: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    refuses: int = 0

    async def deliver(self, recipient: str, letter: Letter, *, key: str) -> None:
        self.clock.instant += self.seconds
        if self.other is not None:
            await self.other.send_due()
        self.keys.add(key)
        if self.refuses:
            self.refuses -= 1
            raise Undelivered("421", for_good=False)
        self.taken.append(recipient)


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    return new_store(tmp_path / "store.db")


@pytest.mark.anyio
async def test_two_nodes_mail_no_letter_twice_through_a_slow_relay(url: str) -> None:
    store, clock = Store(url), Clock()
    try:
        for number in range(6):
            await MailedLogins(store).put_out(f"{number}@news.example", LETTER, now=clock.now())
        quick, slow = Relay(clock, seconds=0.0), Relay(clock)
        slow.other = Mailer(letters=Letters(store), post=quick, clock=clock)
        await Mailer(letters=Letters(store), post=slow, clock=clock).send_due()
        times = Counter(slow.taken + quick.taken)
        assert times == {f"{number}@news.example": 1 for number in range(6)}
        assert await Letters(store).claim(now=clock.now() + 1e5) == []
    finally:
        await store.close()


@pytest.mark.anyio
async def test_who_lost_a_letter_meanwhile_postpones_it_for_nobody(url: str) -> None:
    store, clock = Store(url), Clock()
    letters = Letters(store)
    try:
        await MailedLogins(store).put_out("ana@news.example", LETTER, now=clock.now())
        (slept,) = await letters.claim(now=clock.now(), seconds=LEASE_SECONDS)
        later = clock.now() + LEASE_SECONDS
        (mine,) = await letters.claim(now=later, seconds=LEASE_SECONDS)
        assert mine.key == slept.key
        await letters.postpone(slept, until=later + 5)
        assert await letters.claim(now=later + 6) == [], "it is the other's still"
    finally:
        await store.close()


@pytest.mark.anyio
async def test_every_attempt_at_a_letter_is_the_same_message(url: str) -> None:
    """So that a mailbox can tell a letter that came twice from two letters."""
    store, clock = Store(url), Clock()
    try:
        relay = Relay(clock, refuses=2)
        mailer = Mailer(letters=Letters(store), post=relay, clock=clock)
        for _ in range(2):
            await MailedLogins(store).put_out("ana@news.example", LETTER, now=clock.now())
            clock.instant += 1.0
        while len(relay.taken) < 2:
            await mailer.send_due()
            clock.instant += 30.0
        assert len(relay.keys) == 2, "one of each letter, though they say the same"
    finally:
        await store.close()
    sent = [message("La Gazette <post@news.example>", "a@b.example", LETTER, key="k")] * 2
    assert {each["Message-ID"] for each in sent} == {"<k@news.example>"}


def test_a_letter_is_held_for_longer_than_an_attempt_lasts() -> None:
    assert LEASE_SECONDS >= ATTEMPT_SECONDS + 30


@pytest.mark.anyio
async def test_an_attempt_ends_however_slowly_the_relay_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of its answers comes in time, and all of them together never end."""
    monkeypatch.setattr(smtp, "ATTEMPT_SECONDS", 0.3)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            for _ in range(1000):
                writer.write(b"220-wait\r\n")
                await asyncio.sleep(0.05)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, family=socket.AF_INET)
    port = server.sockets[0].getsockname()[1]
    async with server:
        post = Smtp(f"smtp://127.0.0.1:{port}", "La Gazette <post@news.example>")
        with pytest.raises(Undelivered) as late:
            await post.deliver("ana@news.example", LETTER, key="k")
    assert (late.value.why, late.value.for_good) == ("TimeoutError", False)


@pytest.mark.anyio
async def test_a_letter_that_was_taken_is_sent_whatever_becomes_of_the_good_bye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "GOODBYE_SECONDS", 0.1)
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            writer.write(b"220 here\r\n")
            while line := await reader.readline():
                asked.append(line.split()[0])
                if asked[-1] == b"QUIT":
                    await reader.read()
                    return
                if asked[-1] == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 fine\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0, family=socket.AF_INET)
    port = server.sockets[0].getsockname()[1]
    async with server:
        post = Smtp(f"smtp://127.0.0.1:{port}", "La Gazette <post@news.example>")
        await post.deliver("ana@news.example", LETTER, key="k")
    assert asked[-2:] == [b"DATA", b"QUIT"]
