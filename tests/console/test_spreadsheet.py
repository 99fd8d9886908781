"""Tables as CSV and as workbooks: typed, safe, and never whole in memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import spreadsheet
from gateway.console.plain_text import looks_like_a_formula, plain
from gateway.console.spreadsheet import Cell, Csv, Money, Xlsx

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "|calc",
    "=cmd|' /C calc'!A0",
]


def book(rows: list[list[Cell]], *, heads: int = 9) -> bytes:
    made = Xlsx([f"h{number}" for number in range(heads)], name="Journal")
    return made.begin() + made.rows(rows) + made.end()


def sheets(content: bytes) -> list[ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert parts.testzip() is None
        for name in parts.namelist():
            ElementTree.fromstring(parts.read(name))
        names = sorted(name for name in parts.namelist() if "worksheets/" in name)
        return [ElementTree.fromstring(parts.read(name)) for name in names]


def row(content: bytes, number: int = 2) -> list[tuple[str | None, str | None, str]]:
    """Type, style and text of each cell."""
    found = next(r for r in sheets(content)[0].iter(f"{NAMESPACE}row") if r.get("r") == str(number))
    return [(cell.get("t"), cell.get("s"), "".join(cell.itertext())) for cell in found]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    written = Csv(["h"]).rows([[text]]).decode()
    (cell,) = next(csv.reader(io.StringIO(written)))
    assert cell.startswith(("'", "[U+"))
    kind, style, shown = row(book([[text]]))[0]
    assert kind == "inlineStr"
    assert shown == plain(text)
    assert style == "6" or shown.startswith("[U+")
    assert not list(sheets(book([[text]]))[0].iter(f"{NAMESPACE}f"))


def test_cells_are_typed() -> None:
    cells: list[Cell] = [
        "text",
        7,
        None,
        Money(Decimal("-9.90"), 2),
        Money(Decimal(990), 0),
        Money(Decimal("1.234"), 3),
        datetime.fromisoformat("2026-11-27T18:06:49"),
        "<b>&\"'",
        "",
    ]
    assert row(book([cells])) == [
        ("inlineStr", "0", "text"),
        (None, None, "7"),
        (None, None, ""),
        (None, "3", "-9.90"),
        (None, "2", "990"),
        (None, "4", "1.234"),
        (None, "1", "46353.754733796"),
        ("inlineStr", "0", "<b>&\"'"),
        ("inlineStr", "0", ""),
    ]
    written = Csv([]).rows([cells]).decode()
    assert next(csv.reader(io.StringIO(written))) == [
        "text",
        "7",
        "",
        "-9.90",
        "990",
        "1.234",
        "2026-11-27 18:06:49",
        "<b>&\"'",
        "",
    ]


def test_marks_that_cant_be_seen_are_written_out() -> None:
    assert plain("a\u202eb\u2066c\x00d\u200be\ufefff\x1b[31m") == (
        "a[U+202E]b[U+2066]c[U+0000]d[U+200B]e[U+FEFF]f[U+001B][31m"
    )
    assert plain("\ud800") == "[U+D800]"
    assert plain("Amélie Ångström 李") == "Amélie Ångström 李"
    assert len(plain("x" * 10_000)) == 301
    assert plain("\u202e" * 10_000).startswith("[U+202E]")
    assert len(plain("\u202e" * 10_000)) == 301


@given(st.text(max_size=400))
def test_whatever_it_is_both_can_be_read_again(text: str) -> None:
    shown = plain(text)
    assert row(book([[text]]))[0][2] == shown
    (cell,) = next(
        csv.reader(
            io.StringIO(
                Csv([])
                .rows(
                    [
                        [
                            text,
                        ]
                    ]
                )
                .decode()
            )
        ),
        [""],
    )
    assert cell in (shown, f"'{shown}")
    assert not looks_like_a_formula(cell)


def test_a_long_table_has_several_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS_MAX", 10)
    found = sheets(book([[number] for number in range(25)]))
    counts = [len(list(each.iter(f"{NAMESPACE}row"))) for each in found]
    assert counts == [11, 11, 6], "each has its heads"
    values = [
        cell.findtext(f"{NAMESPACE}v")
        for each in found
        for line in list(each.iter(f"{NAMESPACE}row"))[1:]
        for cell in line
    ]
    assert values == [str(number) for number in range(25)]


def pieces(writer: Csv | Xlsx, rows: int) -> Iterator[bytes]:
    yield writer.begin()
    some: list[Cell] = ["cus_1234567890", "in_1234567890", 990, Money(Decimal("9.90"), 2)]
    for _ in range(rows // 100):
        yield writer.rows([some] * 100)
    yield writer.end()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_stays_flat(kind: str) -> None:
    def peak(rows: int) -> int:
        heads = ["a", "b", "c", "d"]
        writer = Csv(heads) if kind == "csv" else Xlsx(heads, name="Journal")
        tracemalloc.start()
        for _ in pieces(writer, rows):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak(2_000)
    assert peak(40_000) < few * 1.5 + 200_000
