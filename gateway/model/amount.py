"""An amount of money as Stripe writes it: a whole number of a currency's minor unit.

The exponents are our own copy of Stripe's table, never the locale data: for ISK and UGX the two
differ by a factor of a hundred. This file knows no locale and formats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# https://docs.stripe.com/currencies: "Zero-decimal currencies". UGX stands in that list too, but
# under "Special cases" its amounts are "represented as a two-decimal value", as those of ISK are.
_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
# The same page: "Three-decimal currencies".
_THREE = "bhd jod kwd omr tnd"
# The same page: "Supported presentment currencies", those that aren't named above.
_TWO = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad "
    "cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl "
    "hrk htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt "
    "mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub "
    "sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs "
    "wst xcd xcg yer zar zmw"
)
EXPONENTS = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}


def currencies(exponent: int) -> list[str]:
    """Those with so many digits behind the point."""
    return sorted(each for each, digits in EXPONENTS.items() if digits == exponent)


class CannotCompute(ArithmeticError):
    """A currency that Stripe's table doesn't list: its major unit isn't known."""


class CurrenciesDiffer(ArithmeticError):
    """Euros and yen make no sum."""


@dataclass(frozen=True, slots=True)
class Amount:
    """``minor`` may be negative (a credit). ``currency`` is a lower-case ISO 4217 code, listed or not."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.minor) is int, "amounts are whole numbers of the minor unit"

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Amount:
        return Amount(-self.minor, self.currency)

    def _same(self, other: Amount) -> int:
        if self.currency != other.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency}")
        return other.minor

    @property
    def exponent(self) -> int:
        """How many digits stand behind the point. Raises CannotCompute."""
        try:
            return EXPONENTS[self.currency]
        except KeyError:
            raise CannotCompute(self.currency) from None

    @property
    def major(self) -> Decimal:
        """As people write it, every minor digit kept. Raises CannotCompute."""
        return Decimal(self.minor).scaleb(-self.exponent)
