"""``/-/finance/day``: a day's money, Stripe's figures beside ours, and its sign-off.

A day is one of the site's time zone. What is signed are the figures that stood there: the form says
which those were, and others aren't signed by it. Whatever changes one of them afterwards opens the day again. With four eyes, two people sign.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from gateway.console import day_count
from gateway.console.day_count import Stripe
from gateway.console.day_figures import Figures, by_currency, figures_of
from gateway.console.frame import FINANCE, HOME, Action, Answer, Visit
from gateway.console.journal import day_of, day_span
from gateway.console.plain_text import plain
from gateway.errors import RequestRefused, StripeRefused, StripeUnavailable
from gateway.model.entry import Appended, Draft, Entry
from gateway.model.movement import Sum
from gateway.money import day
from gateway.money.entries import acts

PATH = f"{HOME}/day"
DAYS_SHOWN = 31
NOTE_MAX = 2000


class Days(day_count.Days, Protocol):
    async def sums(self, spans: Sequence[tuple[float, float]]) -> Sequence[Sequence[Sum]]: ...

    async def changed(self, spans: Sequence[tuple[float, float]]) -> Sequence[int]:
        """The entry by which any figure of each stretch of time changed last."""

    async def timeless(self) -> int:
        """How much money has no moment, and so no day."""


class Ledger(Protocol):
    async def append(self, drafts: Sequence[Draft], *, now: float) -> Sequence[Appended]: ...

    async def objects(self, object_ids: Collection[str]) -> Sequence[Entry]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPages:
    """``stripe`` is None where there is none to ask. ``four_eyes``: two people sign."""

    days: Days
    ledger: Ledger
    stripe: Stripe | None
    four_eyes: bool

    def actions(self) -> tuple[Action, ...]:
        one = f"{PATH}/{{day}}"
        return (
            Action(path=PATH, roles=FINANCE, act="days", road=self.last),
            Action(path=one, roles=FINANCE, act="day", road=self.page),
            Action(
                path=f"{one}/count", method="POST", roles=FINANCE, act="day-count", road=self.count
            ),
            Action(
                path=f"{one}/sign", method="POST", roles=FINANCE, act="day-sign", road=self.sign
            ),
        )

    async def last(self, visit: Visit) -> Answer:
        """The last days, and where each stands."""
        typed = visit.ask.asked("day")
        asked = day_of(typed) if typed else None
        if asked is not None:
            await visit.note(asked.isoformat())
            return visit.onward(f"{PATH}/{asked.isoformat()}")
        today = visit.words.at(visit.now).date()
        await visit.note(f"{DAYS_SHOWN} days to {today.isoformat()}")
        days = [today - timedelta(days=back) for back in range(DAYS_SHOWN)]
        listed = [
            {
                "day": figures.day.isoformat(),
                "shown": visit.words.dated(figures.day, visit.language),
                "state": self._state(figures),
                "signers": [plain(each) for each in figures.signers],
                "known": self._known(figures),
            }
            for figures in await self.figures(days, visit)
        ]
        return await visit.page(
            "finance-days", days=listed, zone=str(visit.words.zone), wrong=bool(typed)
        )

    async def page(self, visit: Visit) -> Answer:
        figures = await self._one(visit)
        await visit.note(figures.day.isoformat())
        return await self._drawn(visit, figures)

    async def count(self, visit: Visit) -> Answer:
        """Ask Stripe, and write down what it answers."""
        this = _day(visit)
        await visit.note(this.isoformat())
        if self.stripe is None:
            raise RequestRefused(404, "no-stripe")
        since, until = day_span(this, visit.words.zone)
        if since > visit.now:
            return await self._drawn(visit, await self._one(visit), wrong="day.wrong.ahead")
        wrong = ""
        counted = None
        try:
            counted = await day_count.counted(self.days, self.stripe, since, until)
            wrong = "" if counted else "day.wrong.too-much"
        except (StripeUnavailable, StripeRefused):
            wrong = "day.wrong.stripe"
        if counted is None:
            return await self._drawn(visit, await self._one(visit), wrong=wrong)
        draft = acts.counted(this.isoformat(), counted.said(), by=visit.who, at=visit.now)
        await self.ledger.append([draft], now=visit.now)
        return visit.onward(f"{PATH}/{this.isoformat()}")

    async def sign(self, visit: Visit) -> Answer:
        figures = await self._one(visit)
        this = figures.day
        note = visit.ask.written("note").strip()[:NOTE_MAX]
        wrong = self._unsigned(figures, visit.who, note)
        if wrong in ("", "day.wrong.gap") and visit.ask.written("seen") != figures.version:
            wrong = "day.wrong.changed"
        if wrong:
            await visit.note(f"{this.isoformat()} refused: {wrong}")
            return await self._drawn(visit, figures, wrong=wrong, note=note)
        await visit.note(this.isoformat())
        sums = {"figures": day.digest(figures.lines)}
        draft = acts.signed(this.isoformat(), sums, by=visit.who, at=visit.now, note=note)
        await self.ledger.append([draft], now=visit.now)
        return visit.onward(f"{PATH}/{this.isoformat()}")

    def _unsigned(self, figures: Figures, who: str, note: str) -> str:
        """Why these figures can't be signed by somebody, as a text's key; or nothing."""
        if not figures.over:
            return "day.wrong.not-over"
        if who in figures.signers or self._signed(figures):
            return "day.wrong.signed"
        unknown = self.stripe is not None and not figures.whole
        if unknown:
            return "day.wrong.not-counted"
        return "" if figures.even or note else "day.wrong.gap"

    def _signed(self, figures: Figures) -> bool:
        return len(figures.signers) >= (2 if self.four_eyes else 1)

    def _known(self, figures: Figures) -> str:
        """What the list says of a day's figures: the tail of a text's key."""
        if not figures.lines:
            return "no-money"
        if figures.counted is None:
            return "no-stripe" if self.stripe is None else "not-counted"
        return "even" if figures.even else "uneven"

    def _state(self, figures: Figures) -> str:
        if not figures.begun:
            return "ahead"
        if not figures.over:
            return "running"
        if self._signed(figures):
            return "signed"
        if figures.signers:
            return "half-signed"
        return "reopened" if figures.reopened else "open"

    async def figures(self, days: Sequence[date], visit: Visit) -> list[Figures]:
        spans = [day_span(each, visit.words.zone) for each in days]
        sums, changed = await self.days.sums(spans), await self.days.changed(spans)
        keys = [f"day:{each.isoformat()}" for each in days]
        done = await self.ledger.objects(keys)
        return [
            figures_of(
                each,
                sums[number],
                [entry for entry in done if entry.object_id == keys[number]],
                changed=changed[number],
                span=spans[number],
                now=visit.now,
            )
            for number, each in enumerate(days)
        ]

    async def _one(self, visit: Visit) -> Figures:
        """Raises RequestRefused (404)."""
        (figures,) = await self.figures([_day(visit)], visit)
        return figures

    async def _drawn(
        self, visit: Visit, figures: Figures, *, wrong: str = "", note: str = ""
    ) -> Answer:
        words, language = visit.words, visit.language
        counted = figures.counted or {}
        this = figures.day
        asked_at = figures.counted_at
        return await visit.page(
            "finance-day",
            status=409 if wrong else 200,
            day=this.isoformat(),
            shown=words.dated(this, language),
            before=(this - timedelta(days=1)).isoformat(),
            after=(this + timedelta(days=1)).isoformat(),
            currencies=by_currency(figures.lines, words, language),
            counted="" if asked_at is None else words.moment(asked_at, language),
            whole=figures.whole,
            only_stripe=[plain(each) for each in counted.get("only_stripe", ())],
            only_ours=[plain(each) for each in counted.get("only_ours", ())],
            timeless=await self.days.timeless(),
            state=self._state(figures),
            signers=[
                {"who": plain(who), "at": words.moment(at, language)}
                for who, at in figures.signed.items()
            ],
            may_sign=not self._unsigned(figures, visit.who, "any"),
            note_needed=not figures.even,
            stripe=self.stripe is not None,
            asks=self.stripe is not None and figures.begun,
            four_eyes=self.four_eyes,
            zone=str(words.zone),
            seen=figures.version,
            wrong=wrong,
            note=note,
            note_max=NOTE_MAX,
        )


def _day(visit: Visit) -> date:
    """Raises RequestRefused (404)."""
    typed = visit.names["day"]
    found = day_of(typed)
    if found is None or found.isoformat() != typed:
        raise RequestRefused(404, "not-found")
    return found
