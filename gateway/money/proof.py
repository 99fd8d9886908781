"""Proving the chain, and writing the ledger out. Needs no payload: an erasure changes nothing here."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from gateway.model.amount import Amount, CannotCompute
from gateway.model.entry import Entry, Head, hash_of
from gateway.money.ledger import Ledger

FAULTS_MAX = 20
_BATCH = 1000
_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Verified:
    """``faults`` is empty when every entry is as it was written, and follows the one before."""

    entries: int
    head: Head
    faults: tuple[str, ...]


def head_of(written: str) -> Head | None:
    """``N:HASH`` as it was logged; None for anything else."""
    match = _HEAD.fullmatch(written.strip())
    return Head(int(match[1]), match[2]) if match else None


async def verify(ledger: Ledger, *, head: Head | None = None) -> Verified:
    """``head`` was written down elsewhere: with it a cut tail is found, and a chain made anew."""
    faults: list[str] = []
    last, count = Head(), 0
    async for entry in walk(ledger):
        count += 1
        if len(faults) < FAULTS_MAX:
            faults += _wrong(entry, last)
            if head is not None and head.number == entry.number and head.hash != entry.hash:
                faults.append(f"entry {entry.number} isn't the one that --head names")
        last = Head(entry.number, entry.hash)
    if head is not None and head.number > last.number:
        faults.append(f"the ledger ends at entry {last.number}: {head.number} was there")
    return Verified(count, last, tuple(faults[:FAULTS_MAX]))


def _wrong(entry: Entry, before: Head) -> list[str]:
    faults = []
    if entry.number != before.number + 1:
        faults.append(f"entry {entry.number} follows entry {before.number}")
    if entry.previous_hash != before.hash:
        faults.append(f"entry {entry.number} doesn't continue the chain")
    if hash_of(entry) != entry.hash:
        faults.append(f"entry {entry.number} isn't as it was written")
    return faults


async def walk(ledger: Ledger) -> AsyncIterator[Entry]:
    after = 0
    while batch := await ledger.read(after=after, limit=_BATCH):
        for entry in batch:
            yield entry
        after = batch[-1].number


async def export(ledger: Ledger, *, form: Literal["jsonl", "csv"]) -> AsyncIterator[str]:
    """Lines, each with its end. In CSV no cell can begin a formula of a spreadsheet."""
    if form == "csv":
        yield _csv([*(each.name for each in fields(Entry)), "amount"])
    async for entry in walk(ledger):
        row: dict[str, Any] = asdict(entry)
        if form == "csv":
            yield _csv([_cell(value) for value in (*row.values(), _amount(entry))])
        else:
            row |= {"facts": entry.said, "amount": _amount(entry)}
            yield json.dumps(row, ensure_ascii=False) + "\n"


def _amount(entry: Entry) -> str:
    """In the currency's major unit, as a decimal; empty where it can't be computed."""
    if entry.amount_minor is None:
        return ""
    try:
        return str(Amount(entry.amount_minor, entry.currency).major)
    except CannotCompute:
        return ""


def _cell(value: object) -> object:
    risky = isinstance(value, str) and value.startswith(_FORMULA)
    number = risky and re.fullmatch(r"-[0-9]+(\.[0-9]+)?", str(value))
    return f"'{value}" if risky and not number else value


def _csv(row: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(row)
    return line.getvalue()
