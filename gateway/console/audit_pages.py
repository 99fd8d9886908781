"""``/-/finance/audit``: who looked at what and did what, when and why; through a filter, and its export.

Looking here is looked at too. Nothing is changed here, nor can it be: the database refuses.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gateway.console import spreadsheet
from gateway.console.audit_words import Say, act_said, what_said
from gateway.console.exporting import Writer, file_of, format_of
from gateway.console.frame import FINANCE, HOME, Action, Answer, Visit
from gateway.console.plain_text import plain
from gateway.console.spreadsheet import Format
from gateway.model.audited import AuditFilter, Line
from gateway.rooms.asking import Reply
from gateway.rooms.pages import Drawing

PATH = f"{HOME}/audit"
_FIELDS = ("who", "act", "what", "day", "until")
_COLUMNS = ("number", "at", "who", "act", "what", "why")
_TEXT_MAX = 320
_LINES = 100
_NUMBER_MAX = 15
_ID = re.compile(r"(?=.*[0-9_])[A-Za-z0-9_:.-]+", re.ASCII)


class AuditLog(Protocol):
    """Every method raises StoreUnavailable."""

    async def lines(
        self, wanted: AuditFilter, *, before: int = 0, limit: int = 100
    ) -> Sequence[Line]:
        """The newest first, below the number ``before``; 0: from the newest."""

    def all(self, wanted: AuditFilter) -> AsyncIterator[Sequence[Line]]: ...

    async def acts(self) -> Sequence[str]:
        """The words that stand in the log."""


@dataclass(frozen=True, slots=True)
class _Asked:
    raw: dict[str, str]
    filter: AuditFilter
    before: int = 0
    wrong: frozenset[str] = field(default_factory=frozenset)

    @property
    def told(self) -> str:
        """For the log itself: what was looked for is said where it is an id, and may be a name elsewhere."""
        what = " ".join(map(_impersonal, self.raw["what"].split()))
        said = {**self.raw, "what": what}
        return " ".join(f"{name}={text}" for name, text in said.items() if text) or "all"

    def address(self, path: str, language: str, **more: str) -> str:
        said = {name: text for name, text in self.raw.items() if text}
        return f"{path}?{urlencode({**said, **more, 'lang': language})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPages:
    log: AuditLog
    drawing: Drawing

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=FINANCE, act="audit", road=self.page),
            Action(path=f"{PATH}/export", roles=FINANCE, act="export", road=self.export),
        )

    async def page(self, visit: Visit) -> Reply:
        wanted = _asked(visit)
        await visit.note(wanted.told)
        found: Sequence[Line] = ()
        if not wanted.wrong:  # all that the rest of it finds would look like an answer
            found = await self.log.lines(wanted.filter, before=wanted.before, limit=_LINES + 1)
        lines = found[:_LINES]
        say = self._say(visit.language)
        older = {"before": str(lines[-1].number)} if len(found) > _LINES else {}
        return await visit.page(
            "finance-audit",
            asked=wanted.raw,
            wrong=wanted.wrong,
            acts=[(act, act_said(act, say)) for act in await self.log.acts()],
            lines=[_shown(each, visit, say) for each in lines],
            first=wanted.before == 0,
            newest=wanted.address(PATH, visit.language),
            older=wanted.address(PATH, visit.language, **older) if older else "",
            csv=wanted.address(f"{PATH}/export", visit.language, format=str(Format.CSV)),
            xlsx=wanted.address(f"{PATH}/export", visit.language, format=str(Format.XLSX)),
            zone=str(visit.words.zone),
        )

    async def export(self, visit: Visit) -> Answer:
        """Raises RequestRefused for a filter that can't be read."""
        wanted = _asked(visit)
        kind = format_of(visit, wrong=bool(wanted.wrong))
        await visit.note(f"audit {kind} {wanted.told}")
        text = self.drawing.text

        say = self._say(visit.language)

        async def rows(writer: Writer) -> AsyncIterator[bytes]:
            async for lines in self.log.all(wanted.filter):
                yield writer.rows(_cells(each, visit, say) for each in lines)

        return file_of(
            visit,
            kind,
            name="audit",
            title=text("audit.title", visit.language),
            heads=[text(f"audit.head.{name}", visit.language) for name in _COLUMNS],
            rows=rows,
        )

    def _say(self, language: str) -> Say:
        def say(key: str, **values: object) -> str:
            return self.drawing.text(key, language, **values)

        return say


def _impersonal(word: str) -> str:
    return word if _ID.fullmatch(word) else "(a word)"


def _what(line: Line, visit: Visit, say: Say) -> str:
    def dated(day: date) -> str:
        return visit.words.dated(day, visit.language)

    return what_said(line.act, line.what, say, dated)


def _cells(line: Line, visit: Visit, say: Say) -> list[spreadsheet.Cell]:
    at = visit.words.at(line.at).replace(tzinfo=None, microsecond=0)
    what = _what(line, visit, say)
    return [line.number, at, line.who, act_said(line.act, say), what, line.why]


def _shown(line: Line, visit: Visit, say: Say) -> dict[str, object]:
    return {
        "number": line.number,
        "at": visit.words.moment(line.at, visit.language),
        "who": plain(line.who),
        "act": plain(act_said(line.act, say)),
        "what": plain(_what(line, visit, say)),
        "why": plain(line.why, longest=600),
    }


def _asked(visit: Visit) -> _Asked:
    raw = {name: visit.ask.asked(name).strip()[:_TEXT_MAX] for name in _FIELDS}
    wrong = set()
    days: dict[str, float | None] = {}
    for name, after in (("day", 0), ("until", 1)):
        try:
            days[name] = _day(raw[name], visit.words.zone, after)
        except ValueError:
            days[name] = None
            wrong.add(name)
    if raw["day"] and not raw["until"] and "day" not in wrong:
        days["until"] = _day(raw["day"], visit.words.zone, 1)
    before = visit.ask.asked("before")
    known = before.isascii() and before.isdigit() and len(before) <= _NUMBER_MAX
    wanted = AuditFilter(
        who=raw["who"],
        act=raw["act"],
        what=raw["what"],
        since=days["day"],
        until=days["until"],
    )
    return _Asked(raw, wanted, int(before) if known else 0, frozenset(wrong))


def _day(written: str, zone: ZoneInfo, after: int) -> float | None:
    """The beginning of a day of the site's, ``after`` days on. Raises ValueError."""
    if not written:
        return None
    try:
        day = date.fromisoformat(written) + timedelta(days=after)
        return datetime.combine(day, time(), zone).timestamp()
    except OverflowError:
        raise ValueError(written) from None
