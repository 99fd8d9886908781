"""The pages that Stripe would host: Checkout, the customer portal, an open invoice.

Forms only, no script. A page's URL is its proof: whoever holds it may act. Must not decide what an
action does: ``checkout`` and ``portal_session`` do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.stripe import checkout, portal_session, words
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.agenda import catch_up
from gateway.demo.stripe.cards import MEANS
from gateway.demo.stripe.parameters import Email
from gateway.demo.stripe.paying import Outcome
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.routes import ACTIONS

_FOLDER = Path(__file__).parent / "pages"
FORM_BYTES_MAX = 10_000


class HostedPages:
    """``told`` is awaited before a payer is sent back: the webhook has heard by then, or waited."""

    def __init__(self, account: Account, told: Callable[[], Awaitable[None]]) -> None:
        self._account = account
        self._told = told
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._style = (_FOLDER / "hosted.css").read_text()

    def routes(self) -> list[Route]:
        return [
            Route("/c/pay/{session}", self._checkout, methods=["GET", "POST"]),
            Route("/p/session/{token}", self._portal, methods=["GET", "POST"]),
            Route("/i/{invoice}", self._invoice, methods=["GET", "POST"]),
            Route("/hosted.css", self._css),
        ]

    async def _css(self, request: Request) -> Response:
        del request
        return PlainTextResponse(self._style, media_type="text/css")

    def _page(
        self, name: str, request: Request, locale: str | None, *, status: int = 200, **context: Any
    ) -> Response:
        lang = words.language(locale, request.headers.get("accept-language", ""))
        said = words.WORDS[lang]
        html = self._templates.get_template(name).render(
            lang=lang,
            say=said,
            name=self._account.settings.name,
            money=partial(words.money, lang=lang),
            per=partial(words.per, lang=lang),
            day=partial(words.day, lang=lang),
            means=[
                (number, words.grouped(number), said[key]) for number, key in words.OFFERED_MEANS
            ],
            **context,
        )
        return HTMLResponse(html, status, {"cache-control": "no-store"})

    async def _form(self, request: Request) -> dict[str, str]:
        body = (await request.body())[:FORM_BYTES_MAX].decode(errors="replace")
        return dict(parse_qsl(body, keep_blank_values=True))

    def _ended(self, request: Request, locale: str | None, why: str, status: int) -> Response:
        return self._page("ended.html", request, locale, status=status, why=why)

    async def _checkout(self, request: Request) -> Response:
        catch_up(self._account, ACTIONS)
        form = await self._form(request) if request.method == "POST" else {}
        session = self._account.get("checkout.session", request.path_params["session"])
        if session is None:
            return self._ended(request, None, "not_found", 404)
        if session["status"] == "complete":
            return _back(session)  # whoever clicks twice is sent on like anybody else
        if session["status"] != "open":
            return self._ended(request, session["locale"], session["status"], 200)
        fault = ""
        if "apply" in form:
            good = checkout.use_code(self._account, session, form.get("code", ""))
            fault = "" if good else "code_refused"
        elif form:
            fault = self._pay(session, form)
            await self._told()
            if not fault:
                return _back(session)
        customer = self._account.get("customer", session["customer"]) or {}
        kept = self._account.backstage[session["id"]]
        return self._page(
            "checkout.html",
            request,
            session["locale"],
            session=session,
            items=kept["line_items"],
            trial_days=kept["subscription_data"].get("trial_period_days"),
            email=customer.get("email") or session["customer_email"] or form.get("email", ""),
            fixed_email=bool(customer.get("email") or session["customer_email"]),
            typed=form or {"name": customer.get("name") or ""},
            fault=fault,
            code=checkout.code_of(self._account, session),
            needs_card=checkout.needs_card(self._account, session),
        )

    def _pay(self, session: Thing, form: dict[str, str]) -> str:
        """The key of what went wrong, or ""."""
        number = form.get("card", "").replace(" ", "")
        if checkout.needs_card(self._account, session) and number not in MEANS:
            return "card_refused"
        customer = self._account.get("customer", session["customer"]) or {}
        email = customer.get("email") or session["customer_email"] or form.get("email", "")
        try:
            Email().read(email, "email")
        except Refused:
            return "email_refused"
        outcome = checkout.complete(
            self._account,
            session,
            number=number if checkout.needs_card(self._account, session) else "",
            email=email,
            name=form.get("name", ""),
        )
        if outcome not in (Outcome.DECLINED, Outcome.ASKS):
            return ""
        why = MEANS[number].first
        return why if why in ("insufficient_funds", "expired_card") else "card_declined"

    async def _portal(self, request: Request) -> Response:
        catch_up(self._account, ACTIONS)
        form = await self._form(request) if request.method == "POST" else {}
        session = portal_session.by_token(self._account, request.path_params["token"])
        if session is None:
            return self._ended(request, None, "not_found", 404)
        fault = ""
        if form:
            fault = self._act(session, form)
            await self._told()
            after = (session["flow"] or {}).get("after_completion") or {}
            if not fault and after.get("redirect"):
                return RedirectResponse(after["redirect"]["return_url"], 303)
            if not fault:
                return RedirectResponse(f"{session['url']}?saved=1", 303)
        features = portal_session.features(self._account, session)
        configuration = self._account.named(
            "billing_portal.configuration", session["configuration"]
        )
        return self._page(
            "portal.html",
            request,
            session["locale"],
            session=session,
            subscriptions=portal_session.subscriptions(self._account, session),
            invoices=self._invoices_of(session) if features["invoice_history"]["enabled"] else [],
            prices=[
                self._account.named("price", price_id)
                for price_id in portal_session.offered(configuration)
            ],
            products=self._account.tables.get("product", {}),
            features=features,
            flow=session["flow"] or {"type": ""},
            asked=request.query_params.get("ask", ""),
            saved="saved" in request.query_params,
            fault=fault,
        )

    def _invoices_of(self, session: Thing) -> list[Thing]:
        mine = (each for each in self._account.all("invoice") if each["status"] != "draft")
        return [each for each in mine if each["customer"] == session["customer"]][:12]

    def _act(self, session: Thing, form: dict[str, str]) -> str:
        features = portal_session.features(self._account, session)
        held = portal_session.subscriptions(self._account, session)
        subscription = next((each for each in held if each["id"] == form.get("subscription")), None)
        match form.get("do"):
            case "cancel" if subscription and features["subscription_cancel"]["enabled"]:
                portal_session.cancel(self._account, session, subscription)
            case "keep" if subscription and features["subscription_cancel"]["enabled"]:
                portal_session.keep(self._account, subscription)
            case "plan" if subscription:
                try:
                    portal_session.change_plan(
                        self._account, session, subscription, form.get("price", "")
                    )
                except Refused:
                    return "pay_failed"
            case "card" if features["payment_method_update"]["enabled"]:
                if form.get("card", "") not in MEANS:
                    return "card_refused"
                portal_session.change_card(self._account, session, form["card"])
            case "pay":
                for invoice in portal_session.open_invoices(self._account, session):
                    if invoice["id"] == form.get("invoice") and not portal_session.pay(
                        self._account, invoice
                    ):
                        return "pay_failed"
            case _:
                return "expired"
        return ""

    async def _invoice(self, request: Request) -> Response:
        catch_up(self._account, ACTIONS)
        form = await self._form(request) if request.method == "POST" else {}
        invoice = self._account.get("invoice", request.path_params["invoice"])
        if invoice is None or invoice["status"] == "draft":
            return self._ended(request, None, "not_found", 404)
        fault = ""
        if form and invoice["status"] == "open":
            number = form.get("card", "")
            good = number in MEANS and portal_session.pay(self._account, invoice, number)
            fault = "" if good else "pay_failed"
            await self._told()
        return self._page("invoice.html", request, None, invoice=invoice, fault=fault)


def _back(session: Thing) -> Response:
    """To the site that sold it."""
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return RedirectResponse(url, 303)
