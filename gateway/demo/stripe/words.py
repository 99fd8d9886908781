"""What the hosted pages say, in French and English, and how they write money and days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency

from gateway.demo.stripe.account import Thing

# Of the currencies sold in here; in the API Stripe writes ISK and UGX with two decimals all the same.
_WITHOUT_DECIMALS = {"jpy", "xaf", "xof", "xpf"}
_EVERY = {
    "fr": {"day": "par jour", "week": "par semaine", "month": "par mois", "year": "par an"},
    "en": {"day": "per day", "week": "per week", "month": "per month", "year": "per year"},
}
_FRENCH: Mapping[str, str] = {
    "notice": "Démonstration\u00a0: aucune carte n’est débitée, rien ne sort de cette machine.",
    "back": "Retour",
    "subscribe_to": "S’abonner à",
    "trial_first": "{days} jours gratuits, puis {price}",
    "due_today": "Total dû aujourd’hui",
    "subtotal": "Sous-total",
    "discount": "Remise",
    "code": "Code promotionnel",
    "apply": "Appliquer",
    "code_taken": "Le code {code} est appliqué.",
    "code_refused": "Ce code n’est pas valable.",
    "contact": "Coordonnées",
    "email": "Adresse e-mail",
    "name": "Nom du titulaire",
    "means": "Moyen de paiement",
    "email_refused": "Cette adresse e-mail est incomplète.",
    "card_refused": "Choisissez un moyen de paiement.",
    "card_declined": "Votre carte a été refusée.",
    "insufficient_funds": "Les fonds de votre carte sont insuffisants. Essayez-en une autre.",
    "expired_card": "Votre carte a expiré.",
    "submit_pay": "Payer et s’abonner",
    "submit_trial": "Commencer l’essai",
    "expired": "Cette page n’est plus valable.",
    "expired_why": "Elle a expiré ou a été fermée. Retournez sur le site pour recommencer.",
    "not_found": "Cette page n’existe pas.",
    "portal": "Votre abonnement",
    "current": "Abonnement en cours",
    "none": "Aucun abonnement en cours.",
    "renews": "Renouvellement le {day}",
    "ends": "Se termine le {day}",
    "trial_until": "Essai jusqu’au {day}",
    "cancel": "Annuler l’abonnement",
    "cancel_confirm": "Confirmer l’annulation",
    "keep": "Ne pas annuler",
    "change_plan": "Changer d’offre",
    "change_to": "Passer à {price}",
    "change_card": "Changer de moyen de paiement",
    "save": "Enregistrer",
    "invoices": "Factures",
    "pay": "Payer",
    "invoice": "Facture",
    "amount_due": "Montant dû",
    "saved": "C’est enregistré.",
    "pay_failed": "Le paiement a été refusé.",
    "paid": "Payée",
    "open": "À payer",
    "draft": "Brouillon",
    "void": "Annulée",
    "uncollectible": "Irrécouvrable",
    "active": "Actif",
    "trialing": "Essai",
    "past_due": "En retard de paiement",
    "unpaid": "Impayé",
    "paused": "En pause",
    "incomplete": "Incomplet",
    "means_pays": "paie",
    "means_later": "accepté, puis refusé au renouvellement",
    "means_funds": "refusé\u00a0: fonds insuffisants",
    "means_declined": "refusé",
    "means_asks": "demande une authentification au renouvellement",
    "means_disputed": "paie, puis contesté",
    "means_debit": "prélèvement SEPA\u00a0: en attente, puis payé",
    "means_bad_debit": "prélèvement SEPA\u00a0: en attente, puis rejeté",
}
_ENGLISH: Mapping[str, str] = {
    "notice": "Demonstration: no card is charged, nothing leaves this machine.",
    "back": "Back",
    "subscribe_to": "Subscribe to",
    "trial_first": "{days} days free, then {price}",
    "due_today": "Total due today",
    "subtotal": "Subtotal",
    "discount": "Discount",
    "code": "Promotion code",
    "apply": "Apply",
    "code_taken": "Code {code} is applied.",
    "code_refused": "This code isn’t valid.",
    "contact": "Contact information",
    "email": "Email",
    "name": "Cardholder name",
    "means": "Payment method",
    "email_refused": "Your email is incomplete.",
    "card_refused": "Choose a payment method.",
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds. Try a different card.",
    "expired_card": "Your card has expired.",
    "submit_pay": "Pay and subscribe",
    "submit_trial": "Start trial",
    "expired": "This page is no longer valid.",
    "expired_why": "It has expired or was closed. Go back to the site to start again.",
    "not_found": "There is no such page.",
    "portal": "Your subscription",
    "current": "Current subscription",
    "none": "No current subscription.",
    "renews": "Renews on {day}",
    "ends": "Ends on {day}",
    "trial_until": "Trial until {day}",
    "cancel": "Cancel subscription",
    "cancel_confirm": "Confirm cancellation",
    "keep": "Don’t cancel subscription",
    "change_plan": "Change plan",
    "change_to": "Switch to {price}",
    "change_card": "Change payment method",
    "save": "Save",
    "invoices": "Invoices",
    "pay": "Pay",
    "invoice": "Invoice",
    "amount_due": "Amount due",
    "saved": "Saved.",
    "pay_failed": "The payment was declined.",
    "paid": "Paid",
    "open": "Open",
    "draft": "Draft",
    "void": "Void",
    "uncollectible": "Uncollectible",
    "active": "Active",
    "trialing": "Trial",
    "past_due": "Past due",
    "unpaid": "Unpaid",
    "paused": "Paused",
    "incomplete": "Incomplete",
    "means_pays": "pays",
    "means_later": "accepted, then declined at renewal",
    "means_funds": "declined: insufficient funds",
    "means_declined": "declined",
    "means_asks": "asks for authentication at renewal",
    "means_disputed": "pays, then disputed",
    "means_debit": "SEPA debit: pending, then paid",
    "means_bad_debit": "SEPA debit: pending, then failed",
}
WORDS = {"fr": _FRENCH, "en": _ENGLISH}
# The test numbers that the pages offer, with the words for what each does.
OFFERED_MEANS = (
    ("4242424242424242", "means_pays"),
    ("4000000000000341", "means_later"),
    ("4000000000009995", "means_funds"),
    ("4000000000000002", "means_declined"),
    ("4000002760003184", "means_asks"),
    ("4000000000000259", "means_disputed"),
    ("FR1420041010050500013M02606", "means_debit"),
    ("FR8420041010050500013M02607", "means_bad_debit"),
)


def language(locale: str | None, accepted: str) -> str:
    """``auto`` or none: the browser's first language, English when it is neither of ours."""
    wanted = accepted if locale in (None, "auto") else locale
    return "fr" if (wanted or "").strip().lower().startswith("fr") else "en"


def money(amount: int, currency: str, lang: str) -> str:
    whole = Decimal(amount) if currency in _WITHOUT_DECIMALS else Decimal(amount) / 100
    return str(format_currency(whole, currency.upper(), locale=lang))


def per(price: Thing, lang: str) -> str:
    """``9,90 € par mois``."""
    every = _EVERY[lang][price["recurring"]["interval"]]
    return f"{money(price['unit_amount'], price['currency'], lang)} {every}"


def day(moment: int, lang: str) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    said = str(format_date(at, "long", locale="en_GB" if lang == "en" else lang))
    return said.replace("1 ", "1er ", 1) if lang == "fr" and at.day == 1 else said


def grouped(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
