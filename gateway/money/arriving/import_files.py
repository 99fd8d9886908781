"""Members of another system, as its export says them: Ghost, WooCommerce Subscriptions, plain columns. Pure.

Which of them a file is, its header tells. Each row becomes a ``Row``, or a fault with its line; a faulty
row keeps no other from being read. What a row promises beyond an account (a Stripe customer, a tier for
nothing until a moment) is read here, and judged elsewhere.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from gateway.identity.address import address
from gateway.model.fault import Fault, Place
from gateway.model.imported import Gift, Person, Row

PLAIN = ("email", "name", "language", "customer", "tier", "until")
ROWS_MAX = 1_000_000
_CUSTOMER = re.compile(r"cus_[A-Za-z0-9_]{1,200}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# WooCommerce Subscriptions writes what it knows of a way to pay as name:value|name:value.
_WOO_CUSTOMER = re.compile(r"_?stripe_customer_id\s*:\s*([^|\s]*)")
_WOO_ITEM = re.compile(r"(?:^|\|)\s*name\s*:\s*([^|]*)")
_WOO_RUNS = frozenset(("active", "pending-cancel"))

Cells = Mapping[str, str]


class _Faulty(Exception):
    """What is wrong with one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``tiers``: what each name that a file may use opens here, in lower case: tiers, plans, products.
    ``otherwise``: the tiers of whoever was given or sold something that has no name here. ``zone``: in which
    a date ends."""

    tiers: Mapping[str, Sequence[str]]
    otherwise: Sequence[str] = ()
    zone: tzinfo = field(default=UTC)

    def rows(self, text: str, *, path: str) -> tuple[list[Row], list[Fault]]:
        """``text`` is the whole file; ``path`` is how faults call it."""
        table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        rows: list[Row] = []
        faults: list[Fault] = []
        try:
            header = [cell.strip().lower() for cell in next(table, [])]
            read = self._kind(header)
            if read is None:
                told = f"no column `email` beside any of {', '.join(PLAIN[1:])}; nor an export of Ghost"
                return [], [Fault(Place(path, 1, 1), f"{told} or WooCommerce Subscriptions")]
            for line, cells in _lines(table, header):
                try:
                    row = read(line, cells)
                except _Faulty as faulty:
                    faults.append(Fault(Place(path, line, 1), str(faulty)))
                else:
                    rows += [row] if row is not None else []
        except csv.Error as error:
            faults.append(Fault(Place(path, table.line_num, 1), f"no CSV: {error}"))
        return rows, faults

    def _kind(self, header: Sequence[str]) -> Callable[[int, Cells], Row | None] | None:
        names = set(header)
        if {"subscription_status", "next_payment_date"} <= names:
            return self._woocommerce
        if {"email", "complimentary_plan"} <= names or {"email", "stripe_customer_id"} <= names:
            return self._ghost
        return self._plain if "email" in names and names & set(PLAIN[1:]) else None

    def _plain(self, line: int, cells: Cells) -> Row:
        tiers, customer = self._tiers(cells["tier"]), _customer(cells["customer"])
        if cells["until"] and not tiers:
            raise _Faulty("`until` without a tier")
        until = _day(cells["until"], self.zone) if cells["until"] else None
        language = cells["language"].replace("_", "-")
        if language and not _LANGUAGE.fullmatch(language):
            raise _Faulty(f"`{language}` is no language: use fr or en-GB")
        return Row(
            line=line,
            person=_person(cells["email"], cells["name"], language),
            customer=customer,
            gifts=tuple(Gift(each, until) for each in tiers),
            promised=bool(tiers or customer),
        )

    def _ghost(self, line: int, cells: Cells) -> Row | None:
        """Ghost's own paid members have their customer; what they pay for, Stripe says. Who was given a
        plan has nothing but this file."""
        if cells["deleted_at"]:
            return None
        given = cells["complimentary_plan"].lower() == "true"
        named = [name for name in cells["tiers"].split(",") if name.strip()]
        tiers = [each for name in named for each in self._tiers(name)] if given else []
        if given and not tiers:
            tiers = list(self._otherwise("a complimentary plan"))
        customer = _customer(cells["stripe_customer_id"])
        return Row(
            line=line,
            person=_person(cells["email"], cells["name"]),
            customer=customer,
            gifts=tuple(Gift(each, None) for each in dict.fromkeys(tiers)),
            promised=given or bool(customer),
        )

    def _woocommerce(self, line: int, cells: Cells) -> Row:
        """WooCommerce takes the money itself, so what was paid there is open here until the moment it would
        take the next, or the end of what was cancelled."""
        status = cells["subscription_status"].lower().removeprefix("wc-")
        runs = status in _WOO_RUNS
        gifts: tuple[Gift, ...] = ()
        if runs:
            ends = ("end_date", "next_payment_date")
            written = cells[ends[0]] if status == "pending-cancel" else cells[ends[1]]
            until = _woo_moment(written or cells[ends[0]] or cells[ends[1]])
            sold = _WOO_ITEM.findall(cells["order_items"].replace(";", "|"))
            tiers = [each for name in sold for each in self.tiers.get(name.strip().lower(), ())]
            opened = tiers or self._otherwise(f"`{', '.join(sold) or 'a subscription'}`")
            gifts = tuple(Gift(each, until) for each in dict.fromkeys(opened))
        metas = f"{cells['payment_method_post_meta']}|{cells['payment_method_user_meta']}"
        found = _WOO_CUSTOMER.search(metas)
        name = f"{cells['billing_first_name']} {cells['billing_last_name']}"
        return Row(
            line=line,
            person=_person(cells["billing_email"] or cells["customer_email"], name),
            customer=_customer(found[1] if found else cells["stripe_customer_id"]),
            gifts=gifts,
            promised=runs,
        )

    def _tiers(self, name: str) -> Sequence[str]:
        plain = name.strip().lower()
        if plain and plain not in self.tiers:
            raise _Faulty(
                f"no plan or rule names the tier `{name.strip()}`; known: {self._known()}"
            )
        return self.tiers[plain] if plain else ()

    def _otherwise(self, what: str) -> Sequence[str]:
        if not self.otherwise:
            raise _Faulty(f"{what} names no tier that is known here: say which with --tier")
        return self.otherwise

    def _known(self) -> str:
        return ", ".join(sorted(self.tiers)) or "none"


def _delimiter(text: str) -> str:
    """Spreadsheets of half of Europe write a semicolon."""
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _lines(table: Iterator[list[str]], header: Sequence[str]) -> Iterator[tuple[int, Cells]]:
    """Every row with its last line, as it is counted in the file. What a row lacks is empty."""
    names = (*PLAIN, *_FURTHER)
    for number, row in enumerate(table):
        line = getattr(table, "line_num", number + 2)
        if number >= ROWS_MAX:
            raise csv.Error(f"more than {ROWS_MAX} rows")
        if any(cell.strip() for cell in row):
            yield (
                line,
                dict.fromkeys(names, "")
                | {n: c.strip() for n, c in zip(header, row, strict=False)},
            )


_FURTHER = (
    "complimentary_plan stripe_customer_id deleted_at tiers subscription_status next_payment_date "
    "end_date order_items payment_method_post_meta payment_method_user_meta billing_first_name "
    "billing_last_name billing_email customer_email"
).split()


def _person(email: str, name: str, language: str = "") -> Person:
    plain = address(email)
    if not plain:
        raise _Faulty(f"`{email}` is no e-mail address" if email else "no e-mail address")
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return Person(email=plain, name=shown[:200], language=language)


def _customer(written: str) -> str:
    if written and not _CUSTOMER.fullmatch(written):
        raise _Faulty(f"`{written}` is no customer of Stripe's: cus_…")
    return written


def _day(written: str, zone: tzinfo) -> float:
    """A date means its end."""
    try:
        if len(written) == 10:
            day = datetime.fromisoformat(written).date() + timedelta(days=1)
            return datetime.combine(day, time(), zone).timestamp()
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise _Faulty(f"`{written}` is no moment: use 2027-01-31 or 2027-01-31T12:00") from None


def _woo_moment(written: str) -> float | None:
    """In UTC; what has no end is written as nothing, or as 0."""
    if written in ("", "0"):
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        raise _Faulty(f"`{written}` is no moment: 2027-01-31 12:00:00 was expected") from None
