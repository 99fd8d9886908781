"""The publisher's side of the stand-in as one page: who subscribes, and buttons for what happens.

Each button is a hook of ``hooks`` with fixed wishes, so the page can do nothing that a test can't.
For whoever tries the demo; in English alone, as tools here are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.stripe import words
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.delivery import Delivery
from gateway.demo.stripe.refused import Refused

ATTEMPTS_SHOWN = 40
# A button's name → the hook and what it wishes; the form adds the object that it stands beside.
BUTTONS: Mapping[str, tuple[str, Thing]] = {
    "hour": ("advance", {"seconds": 3600}),
    "day": ("advance", {"days": 1}),
    "month": ("advance", {"days": 31}),
    "refund": ("refund", {}),
    "refund-part": ("refund", {"amount": 100}),
    "dispute": ("dispute", {}),
    "won": ("dispute/close", {"won": True}),
    "lost": ("dispute/close", {"won": False}),
    "warn": ("warn", {}),
    "card-fails": ("card", {"number": "4000000000000341"}),
    "card-works": ("card", {"number": "4242424242424242"}),
    "retry": ("retry", {}),
    "cancel-later": ("cancel", {"at_period_end": True}),
    "cancel-now": ("cancel", {}),
    "hold": ("delivery", {"held": True}),
    "backwards": ("delivery", {"held": False, "order": "reversed"}),
    "twice": ("delivery", {"held": False, "copies": 2}),
    "plain": ("delivery", {"held": False, "copies": 1, "order": "made"}),
}
Run = Callable[..., Awaitable[Thing]]


class Dashboard:
    def __init__(self, account: Account, delivery: Delivery, run: Run) -> None:
        self._account = account
        self._delivery = delivery
        self._run = run
        self._template = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        ).get_template("dashboard.html")

    def routes(self) -> list[Route]:
        return [Route("/dashboard", self._page, methods=["GET", "POST"])]

    async def _page(self, request: Request) -> Response:
        fault = ""
        if request.method == "POST":
            # The page's own forms alone: another site's would name itself here.
            if request.headers.get("origin", self._account.url) != self._account.url:
                return HTMLResponse("foreign", 403)
            form = dict(parse_qsl((await request.body())[:2000].decode(errors="replace")))
            hook, wish = BUTTONS.get(form.pop("do", ""), ("", {}))
            about = {key: form[key] for key in ("subscription", "dispute") if key in form}
            if hook:
                try:
                    await self._run(hook, **wish, **about)
                    return RedirectResponse("/dashboard", 303)
                except Refused as refused:
                    fault = str(refused)
        return HTMLResponse(self._draw(fault), 200, {"cache-control": "no-store"})

    def _draw(self, fault: str) -> str:
        account = self._account
        return self._template.render(
            name=account.settings.name,
            now=account.now(),
            fault=fault,
            subscriptions=[self._row(each) for each in account.all("subscription")[:100]],
            disputes=account.all("dispute")[:20],
            attempts=list(reversed(self._delivery.attempts[-ATTEMPTS_SHOWN:])),
            waiting=len(self._delivery.waiting),
            behaviour=self._delivery.behaviour,
            day=lambda moment: words.day(moment, "en"),
            money=lambda amount, currency: words.money(amount, currency, "en"),
        )

    def _row(self, subscription: Thing) -> dict[str, Any]:
        customer = self._account.get("customer", subscription["customer"]) or {}
        item = subscription["items"]["data"][0]
        return {
            "id": subscription["id"],
            "email": customer.get("email") or subscription["customer"],
            "status": subscription["status"],
            "price": words.per(item["price"], "en"),
            "until": words.day(item["current_period_end"], "en"),
            "cancel_at": subscription["cancel_at"],
            "ended": subscription["status"] in ("canceled", "incomplete_expired"),
        }
