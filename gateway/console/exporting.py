"""A list of the console's as a file that is sent as it is made: what the journal's and the audit log's
exports share. What stands in a row is for whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from gateway.console import spreadsheet
from gateway.console.frame import Streamed, Visit
from gateway.console.spreadsheet import Format
from gateway.errors import RequestRefused

Writer = spreadsheet.Csv | spreadsheet.Xlsx


def format_of(visit: Visit, *, wrong: bool) -> Format:
    """As which file. ``wrong``: the filter can't be read. Raises RequestRefused."""
    asked = visit.ask.asked("format")
    if wrong or asked not in frozenset(Format):
        raise RequestRefused(400, "unreadable-filter")
    return Format(asked)


def file_of(
    visit: Visit,
    kind: Format,
    *,
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Callable[[Writer], AsyncIterator[bytes]],
) -> Streamed:
    """``name`` is the file's, before the day; ``title`` the workbook's. ``rows`` writes them, some at
    a time."""
    writer: Writer = (
        spreadsheet.Csv(heads) if kind is Format.CSV else spreadsheet.Xlsx(heads, name=title)
    )

    async def chunks() -> AsyncIterator[bytes]:
        yield writer.begin()
        async for some in rows(writer):
            yield some
        yield writer.end()

    return Streamed(
        name=f"{name}-{visit.words.at(visit.now).date().isoformat()}.{kind}",
        content_type=spreadsheet.TYPES[kind],
        chunks=chunks(),
    )
