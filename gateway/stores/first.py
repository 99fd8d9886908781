"""What `serve` asks of the store before it starts: an absent SQLite file is made, an old one refused."""

from __future__ import annotations

from gateway.errors import Faults
from gateway.model.fault import Fault, Place
from gateway.stores.engine import is_sqlite
from gateway.stores.migrating import State, migrate, schema_state


def make_if_absent(url: str) -> None:
    """Raises Faults with the command to run, or StoreUnavailable."""
    state = schema_state(url)
    if state is State.CURRENT:
        return
    if state is State.ABSENT and is_sqlite(url):
        migrate(url)
        return
    what = {
        State.ABSENT: "the store has no schema yet: run `lychgate migrate`",
        State.OLD: "the store's schema is older than this version: run `lychgate migrate`",
        State.NEWER: "the store was written by a later version of Lychgate: install that one",
    }
    raise Faults((Fault(Place("[store] url"), what[state]),))
