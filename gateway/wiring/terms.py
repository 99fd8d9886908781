"""The terms by which the journal finds people, under keys that are made of the config's own."""

from __future__ import annotations

from gateway.config import Settings
from gateway.jobs.periodic import Job
from gateway.money.entries.terms import terms
from gateway.stores.engine import Store
from gateway.stores.journal_terms import BATCH_MAX, JournalTerms, TermKeys

TERMS_SECONDS = 1.0
_ROUNDS_MAX = 20  # at once: a ledger from before is read bit by bit


def term_keys(settings: Settings) -> TermKeys:
    return TermKeys(key.get_secret_value() for key in settings.keys.cookie)


def terms_job(settings: Settings, *, store: Store) -> Job:
    """Reads payloads once they are durable, so that what they say can be looked for."""
    reading = JournalTerms(store, term_keys(settings), terms)

    async def read_on() -> None:
        for _ in range(_ROUNDS_MAX):
            if await reading.read_on() < BATCH_MAX:
                return

    return Job(
        "journal-terms",
        TERMS_SECONDS,
        read_on,
        once_among_nodes=True,
        version=store.changes.version,
        due=reading.waits,
    )
