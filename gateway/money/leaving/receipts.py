"""What is said of a request to leave, on pages and in letters: the same facts, in the reader's words.

A receipt is the durable medium that the law asks for: what was asked, by whom, and when to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gateway.model.amount import Amount
from gateway.model.leaving import LINK_HOURS, Leaving, Outcome, Result
from gateway.model.letter import Letter
from gateway.model.life import Told
from gateway.money.leaving.contracts import Contract


class Words(Protocol):
    """Times, plans and money as a reader's language says them."""

    def day(self, instant: float, language: str) -> str: ...

    def exact(self, instant: float, language: str) -> str:
        """To the second, with the time zone."""

    def plan(self, prices: Sequence[str], language: str) -> str: ...

    def money(self, amount: Amount, language: str) -> str: ...


class Mails(Protocol):
    def mail(self, name: str, language: str, **context: object) -> Letter: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """``language`` is that of who works here."""

    site_url: str
    language: str
    zone: ZoneInfo
    words: Words
    mails: Mails

    def link(self, asked: Leaving, token: str) -> Letter:
        """The link by which whoever reads this address says that it was they. What was typed is left
        out: anybody may have typed it, to have it mailed to somebody else in our name."""
        link = f"{self.site_url}/-/{asked.way}/{token}"
        bare = replace(asked, name="", reference="", wished="", reason="")
        return self.mails.mail(
            "leaving-link", asked.language, link=link, hours=LINK_HOURS, **self._said(bare)
        )

    def receipt(self, asked: Leaving) -> Letter:
        """Of what was done, or that it came and will be."""
        said = self._said(asked)
        return self.mails.mail("leaving-receipt", asked.language, **said)

    def by_hand(self, asked: Leaving) -> Letter:
        """For who works here: this couldn't be done by itself, and its reader was told so."""
        return self.mails.mail("leaving-hand", self.language, **self._said(asked, self.language))

    def told(self, asked: Leaving, language: str) -> dict[str, Any]:
        """For a page."""
        return {
            "number": asked.id,
            "way": str(asked.way),
            "who": asked.name,
            "email": asked.email,
            "reference": asked.reference,
            "wished": self.day_of(asked.wished, language),
            "reason": asked.reason,
            "asked": self.words.exact(asked.asked_at, language),
            "outcomes": [self._outcome(each, language) for each in asked.outcomes],
        }

    def contract(self, contract: Contract, language: str) -> dict[str, Any]:
        """One that can be chosen, or was left already."""
        words = self.words
        day = words.day(contract.ends_at, language) if contract.ends_at else ""
        left = contract.ended_at if contract.over else contract.leaving_at
        return {
            "id": contract.id,
            "plan": words.plan(contract.prices, language),
            "paid_until": day,
            "open": contract.open,
            "trial": contract.trial,
            "over": contract.over,
            "leaving": "" if left is None else words.day(left, language),
            "made": words.day(contract.made_at, language),
            # The last day, not the midnight that ends it.
            "withdraw_until": words.day(contract.withdraw_until(self.zone) - 1.0, language),
        }

    def day_of(self, wished: str, language: str) -> str:
        if not wished:
            return ""
        noon = datetime.combine(date.fromisoformat(wished), time(12), self.zone)
        return self.words.day(noon.timestamp(), language)

    def _said(self, asked: Leaving, language: str = "") -> dict[str, Any]:
        told = self.told(asked, language or asked.language)
        return {**told, "kind": told.pop("way")}

    def _outcome(self, outcome: Outcome, language: str) -> dict[str, Any]:
        words, ends_at = self.words, outcome.ends_at
        if outcome.result is Result.TOO_LATE and ends_at is not None:
            ends_at -= 1.0
        return {
            "result": _word(outcome),
            "plan": words.plan(outcome.prices, language),
            "reference": outcome.subscription_id,
            "day": "" if ends_at is None else words.day(ends_at, language),
            "money": " + ".join(words.money(each, language) for each in outcome.refunded),
            "rest": " + ".join(words.money(each, language) for each in outcome.by_hand),
        }


def _word(outcome: Outcome) -> str:
    """What of the money is said: nothing had been paid only where that is so."""
    if outcome.result is not Result.WITHDRAWN:
        return str(outcome.result)
    if outcome.by_hand:
        return "withdrawn-rest" if outcome.refunded else "withdrawn-hand"
    if outcome.refunded:
        return "withdrawn"
    return "withdrawn-before" if outcome.before else "withdrawn-free"


def said_already(asked: Leaving) -> list[str]:
    """Keys of the letters of a subscription's life (``money.life``) that a receipt makes needless."""
    keys = []
    for each in asked.outcomes:
        if each.result in (Result.ENDED, Result.WITHDRAWN):
            keys.append(f"{Told.ENDED}:{each.subscription_id}")
        elif each.result is Result.ENDING and each.ends_at is not None:
            keys.append(f"{Told.ENDING}:{each.subscription_id}:{int(each.ends_at)}")
    return keys
