"""What was typed into a form for leaving, as the request that it is. Waits for nothing; ids are chance."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

from gateway.identity.accounts import Account
from gateway.model.leaving import LINK_HOURS, Leaving, State, Way
from gateway.money.leaving.contracts import Contract
from gateway.rooms.asking import Ask

NAME_MAX, REFERENCE_MAX, REASON_MAX = 120, 100, 500


def of_account(ask: Ask, way: Way, account: Account, contract: Contract, wished: str) -> Leaving:
    """Two tabs of one reader ask for one thing. What was taken back may be asked for again: then the
    ledger knows something newer of it."""
    again = f":{contract.seen}" if way is Way.CANCEL else ""
    return Leaving(
        id=_new_id(),
        once=f"{way}:{contract.id}{again}",
        way=way,
        state=State.ACCEPTED,
        reader_id=account.id,
        email=account.email if account.email_verified else "",
        name=account.name,
        reference=contract.id,
        wished=wished if way is Way.CANCEL else "",
        reason=plain(ask.written("reason"), REASON_MAX),
        language=ask.language,
        subscriptions=(contract.id,),
        asked_at=ask.now,
        accepted_at=ask.now,
    )


def of_anybody(ask: Ask, way: Way, *, once: str, email: str, wished: str) -> Leaving:
    """It waits for its link to be followed."""
    return Leaving(
        id=_new_id(),
        once=once,
        way=way,
        state=State.ASKED,
        email=email,
        name=plain(ask.written("name"), NAME_MAX),
        reference=plain(ask.written("reference"), REFERENCE_MAX),
        wished=wished if way is Way.CANCEL else "",
        reason=plain(ask.written("reason"), REASON_MAX),
        language=ask.language,
        asked_at=ask.now,
        until=ask.now + LINK_HOURS * 3600.0,
    )


def typed(ask: Ask) -> dict[str, str]:
    """What a form brought, for the same form to be filled with."""
    return {
        "who": ask.written("name")[:NAME_MAX],
        "email": ask.written("email")[:320],
        "chosen": ask.written("subscription"),
        "reference": ask.written("reference")[:REFERENCE_MAX],
        "wished": ask.written("wished")[:10],
        "reason": ask.written("reason")[:REASON_MAX],
    }


def fields_of(asked: Leaving) -> dict[str, Any]:
    """As ``typed``, of a request whose form was sent earlier (WCAG 2.2, 3.3.7)."""
    return {
        "who": asked.name,
        "email": asked.email,
        "reference": asked.reference,
        "wished": asked.wished,
        "reason": asked.reason,
    }


def url_of(way: Way) -> str:
    return f"/-/{way}"


def once_of(token: str) -> str:
    """Of a long random text: nothing needs to be added to it."""
    return "mail:" + sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def plain(written: str, characters_max: int) -> str:
    """On one line, without what can't be seen."""
    shown = "".join(each if each.isprintable() else " " for each in written)
    return " ".join(shown.split())[:characters_max]


def _new_id() -> str:
    return secrets.token_hex(8)
