"""A table as CSV or as a workbook, some rows at a time: nothing of it is ever whole in memory. Pure.

A workbook is a ZIP of a few XML files (ECMA-376). XlsxWriter writes them to disk and sends nothing
before the last row is there, which for a million rows is minutes; here each row leaves as it comes.
Cells are typed, so that nothing is guessed: text is never a formula, an amount is a number with the
digits of its currency, a moment is a date.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO
from xml.sax.saxutils import escape

from gateway.console.plain_text import looks_like_a_formula, plain

SHEET_ROWS_MAX = 500_000  # Excel has 1,048,576 at most, and one file in a ZIP of the old kind 2 GiB
_EPOCH = datetime.fromisoformat("1899-12-30T00:00:00")
_DAY_SECONDS = 86_400
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Money:
    """In the currency's major unit, with as many digits as it has."""

    major: Decimal
    digits: int


Cell = str | int | Money | datetime | None  # a moment has no time zone: it is a clock's on a wall
Row = Sequence[Cell]


class Csv:
    """RFC 4180, in UTF-8 with the mark by which spreadsheets know it."""

    def __init__(self, heads: Sequence[str]) -> None:
        self._heads = heads

    def begin(self) -> bytes:
        return "\ufeff".encode() + self.rows([self._heads])

    def rows(self, rows: Iterable[Row]) -> bytes:
        into = io.StringIO(newline="")
        writer = csv.writer(into)
        writer.writerows([_word(cell) for cell in row] for row in rows)
        return into.getvalue().encode()

    def end(self) -> bytes:
        return b""


def _word(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = plain(cell)
        return f"'{text}" if looks_like_a_formula(text) else text
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell.major) if isinstance(cell, Money) else str(cell)


class _Sink(io.RawIOBase):
    """What was written since it was last taken. It can't be sought in, as a socket can't."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: object) -> int:
        piece = bytes(some)  # type: ignore[call-overload]  # a buffer of any kind
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


class Xlsx:
    """``name`` is that of the sheets; a long table has several."""

    def __init__(self, heads: Sequence[str], *, name: str) -> None:
        self._heads = heads
        self._name = plain(name, longest=25).translate({ord(each): " " for each in "[]:*?/\\'"})
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(
            self._sink,
            "w",
            zipfile.ZIP_DEFLATED,
            compresslevel=1,
        )
        self._sheets = 0
        self._row = 0
        self._sheet: IO[bytes] | None = None

    def begin(self) -> bytes:
        self._open()
        return self._sink.take()

    def rows(self, rows: Iterable[Row]) -> bytes:
        made: list[str] = []
        for row in rows:
            if self._row > SHEET_ROWS_MAX:
                self._write("".join(made))
                made = []
                self._close()
                self._open()
            self._row += 1
            made.append(_row(self._row, row))
        self._write("".join(made))
        return self._sink.take()

    def end(self) -> bytes:
        self._close()
        numbers = range(1, self._sheets + 1)
        for path, text in (
            ("xl/workbook.xml", _workbook(self._name, numbers)),
            ("xl/_rels/workbook.xml.rels", _relations(numbers)),
            ("xl/styles.xml", _STYLES),
            ("_rels/.rels", _ROOT),
            ("[Content_Types].xml", _types(numbers)),
        ):
            self._zip.writestr(path, _XML + text)
        self._zip.close()
        return self._sink.take()

    def _open(self) -> None:
        self._sheets += 1
        self._row = 1
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        heads = "".join(_text(plain(head), style=_HEAD) for head in self._heads)
        self._write(f'{_XML}{_SHEET}<sheetData><row r="1">{heads}</row>')

    def _close(self) -> None:
        assert self._sheet is not None
        last = f"{_LETTERS[len(self._heads) - 1]}{self._row}"
        self._write(f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>')
        self._sheet.close()

    def _write(self, text: str) -> None:
        assert self._sheet is not None
        self._sheet.write(text.encode())


def _row(number: int, row: Row) -> str:
    return f'<row r="{number}">{"".join(map(_cell, row))}</row>'


def _cell(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, str):
        text = plain(cell)
        return _text(text, style=_QUOTED if looks_like_a_formula(text) else 0)
    if isinstance(cell, datetime):
        since = cell - _EPOCH
        serial = since.days + since.seconds / _DAY_SECONDS
        return f'<c s="{_MOMENT}"><v>{serial:.9f}</v></c>'
    if isinstance(cell, Money):
        return f'<c s="{_AMOUNTS.get(cell.digits, 0)}"><v>{cell.major}</v></c>'
    return f"<c><v>{cell}</v></c>"


def _text(text: str, *, style: int) -> str:
    said = escape(text)
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{said}</t></is></c>'


# Which of the styles below; by how many digits, for amounts.
_MOMENT, _HEAD, _QUOTED = 1, 5, 6
_AMOUNTS = {0: 2, 2: 3, 3: 4}
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1"'
    ' topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="26" width="20"'
    ' customWidth="1"/></cols>'
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="0.000"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="7">'
    + "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0"{more}/>'
        for number, font, more in (
            (0, 0, ""),
            (164, 0, ' applyNumberFormat="1"'),
            (1, 0, ' applyNumberFormat="1"'),
            (2, 0, ' applyNumberFormat="1"'),
            (165, 0, ' applyNumberFormat="1"'),
            (0, 1, ' applyFont="1"'),
            (49, 0, ' quotePrefix="1" applyNumberFormat="1"'),
        )
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)
_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def _workbook(name: str, numbers: Iterable[int]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)} {number}" sheetId="{number}" r:id="rId{number}"/>'
        for number in numbers
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _relations(numbers: Sequence[int]) -> str:
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    styles = (
        f'<Relationship Id="rId{len(numbers) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}{styles}</Relationships>'


def _types(numbers: Iterable[int]) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{kind}.worksheet+xml"/>'
        for number in numbers
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{sheets}'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>'
    )
