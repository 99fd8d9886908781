"""Alerts put together from the settings: who is told, in the site's first language."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.alerts import EVERY_SECONDS, Alerts, Webhook
from gateway.jobs.periodic import Job
from gateway.model.alert import Alert, Condition
from gateway.model.letter import Letter
from gateway.page.templates import Templates
from gateway.stores.alerts import Conditions, Tellings
from gateway.stores.engine import Store
from gateway.wiring.pages import templates_of

_PATHS = {
    Condition.FAILED: "/-/finance/journal?state=failed",
    Condition.LATE: "/-/finance/journal?late=600",
    Condition.FORGED: "/-/finance/journal",
    Condition.DRIFT: "/-/finance/work",
    Condition.STOPPED: "/-/finance/work",
    Condition.DISPUTED: "/-/finance/work",
}


def alerts_job(settings: Settings, *, store: Store, clock: Clock) -> Job | None:
    """None where nobody is to be told."""
    webhook = settings.alerts.webhook
    if not settings.alerts.mail and webhook is None:
        return None
    said = _Said(settings, templates_of(settings, beside_others=True))
    alerts = Alerts(
        conditions=Conditions(store, clock),
        tellings=Tellings(store),
        recipients=settings.alerts.mail,
        post=Webhook(url=webhook.get_secret_value()) if webhook is not None else None,
        letter=said.letter,
        text=said.text,
        clock=clock,
    )
    return Job("alerts", EVERY_SECONDS, alerts.look, once_among_nodes=True)


class _Said:
    def __init__(self, settings: Settings, templates: Templates) -> None:
        self._templates = templates
        self._language = settings.site.languages[0]
        self._site = settings.site

    def letter(self, alert: Alert) -> Letter:
        return self._templates.mail(
            "alert",
            self._language,
            kind=str(alert.condition),
            detail=alert.detail,
            path=_PATHS[alert.condition],
        )

    def text(self, alert: Alert) -> str:
        key = f"mail.alert.{alert.condition}"
        subject = self._templates.text(f"{key}.subject", self._language, site=self._site.name)
        told = self._templates.text(f"{key}.text", self._language, detail=alert.detail)
        return f"{subject}\n{told}\n{self._site.url}{_PATHS[alert.condition]}"
