"""Coupons, the codes that stand for them, and what they take off an amount."""

from __future__ import annotations

from gateway.demo.stripe.account import Account, Thing, absorb
from gateway.demo.stripe.catalogue import CURRENCIES
from gateway.demo.stripe.customers import living
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    RANGE,
    Flag,
    Group,
    Many,
    Metadata,
    Number,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.periods import months_later
from gateway.demo.stripe.refused import Refused

YEAR = 365 * 86_400
COUPON_CREATE = Group(
    {
        "amount_off": Whole(least=1),
        "currency": One(CURRENCIES),
        "duration": One(("forever", "once", "repeating")),
        "duration_in_months": Whole(least=1),
        "id": Text(100),
        "max_redemptions": Whole(least=1),
        "metadata": Metadata(),
        "name": Text(40),
        "percent_off": Number(100),
        "redeem_by": Whole(least=0),
        **EXPAND,
    }
)
COUPON_LIST = Group({**PAGE, "created": RANGE})
CODE_CREATE = Group(
    {
        "active": Flag(),
        "code": Text(500),
        "customer": Text(),
        "expires_at": Whole(least=0),
        "max_redemptions": Whole(least=1),
        "metadata": Metadata(clears=False),
        "promotion": Group({"coupon": Text(), "type": One(("coupon",))}, needs=("type", "coupon")),
        "restrictions": Group({"first_time_transaction": Flag()}),
        **EXPAND,
    },
    needs=("promotion",),
)
CODE_LIST = Group(
    {
        **PAGE,
        "active": Flag(),
        "code": Text(),
        "coupon": Text(),
        "created": RANGE,
        "customer": Text(),
    }
)
# What a request to apply a discount may name, wherever one is taken.
APPLIED = Many(Group({"coupon": Text(), "promotion_code": Text()}), most=1)


def create_coupon(account: Account, params: Thing) -> Thing:
    if ("amount_off" in params) == ("percent_off" in params):
        raise Refused("You must pass either percent_off or amount_off.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise Refused("You must pass currency with amount_off.", param="currency")
    if not account.now() < params.get("redeem_by", account.now() + 1) <= account.now() + 5 * YEAR:
        raise Refused("redeem_by must lie within the next five years.", param="redeem_by")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise Refused("`duration_in_months` goes with `repeating` alone.", param="duration")
    coupon_id = params.get("id")
    if coupon_id and account.get("coupon", coupon_id):
        raise Refused("Coupon already exists.", param="id", code="resource_already_exists")
    coupon: Thing = {
        "id": coupon_id or account.new_id("c", 8)[2:],
        "object": "coupon",
        "amount_off": None,
        "created": account.now(),
        "currency": params.get("currency"),
        "duration": duration,
        "duration_in_months": None,
        "livemode": account.livemode,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    plain = ("amount_off", "duration_in_months", "max_redemptions", "name", "percent_off")
    absorb(coupon, params, (*plain, "redeem_by"))
    account.add(coupon)
    account.tell("coupon.created", coupon)
    return coupon


def retrieve_coupon(account: Account, params: Thing, coupon_id: str) -> Thing:
    del params
    return account.find("coupon", coupon_id)


def create_code(account: Account, params: Thing) -> Thing:
    coupon = account.find("coupon", params["promotion"]["coupon"], param="promotion[coupon]")
    if "customer" in params:
        living(account, params["customer"], param="customer")
    _within_coupon(account, coupon, params)
    written = params.get("code") or account.new_id("x", 8)[2:].upper()
    if not all(each.isascii() and (each.isalnum() or each == "-") for each in written):
        raise Refused("Codes may hold letters, digits and hyphens.", param="code")
    for other in account.all("promotion_code"):
        if other["active"] and other["code"].lower() == written.lower():
            raise Refused("An active promotion code with this code exists.", param="code")
    code: Thing = {
        "id": account.new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": written,
        "created": account.now(),
        "customer": None,
        "customer_account": None,
        "expires_at": None,
        "livemode": account.livemode,
        "max_redemptions": None,
        "metadata": {},
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }
    absorb(code, params, ("customer", "expires_at", "max_redemptions"))
    code["restrictions"] |= params.get("restrictions") or {}
    account.add(code)
    account.tell("promotion_code.created", code)
    return code


def _within_coupon(account: Account, coupon: Thing, params: Thing) -> None:
    """A code ends no later than its coupon and is redeemed no more often."""
    expires, by = params.get("expires_at"), coupon["redeem_by"]
    if expires is not None and not account.now() < expires <= (by or expires):
        raise Refused("expires_at must lie ahead, and not after redeem_by.", param="expires_at")
    most = params.get("max_redemptions")
    if most is not None and most > (coupon["max_redemptions"] or most):
        raise Refused("The coupon can't be redeemed that often.", param="max_redemptions")


def retrieve_code(account: Account, params: Thing, code_id: str) -> Thing:
    del params
    return account.find("promotion_code", code_id)


def code_matches(code: Thing, params: Thing) -> bool:
    return (
        params.get("active") in (None, code["active"])
        and (params.get("code") or code["code"]).lower() == code["code"].lower()
        and params.get("coupon") in (None, code["promotion"]["coupon"])
        and params.get("customer") in (None, code["customer"])
    )


def chosen(account: Account, named: Thing, customer_id: str | None) -> Thing:
    """What ``discounts[0]`` names: its coupon and its code, both still good for this customer."""
    if ("coupon" in named) == ("promotion_code" in named):
        raise Refused("Name either a coupon or a promotion code.", param="discounts")
    code: Thing | None = None
    if "promotion_code" in named:
        param = "discounts[0][promotion_code]"
        code = account.find("promotion_code", named["promotion_code"], param=param)
        if not usable(account, code, customer_id):
            raise Refused("This promotion code can't be used.", param=param, code="coupon_expired")
    coupon_id = code["promotion"]["coupon"] if code else named["coupon"]
    coupon = account.find("coupon", coupon_id, param="discounts[0][coupon]")
    if not _good(account, coupon):
        raise Refused("This coupon has expired.", param="discounts", code="coupon_expired")
    return {"coupon": coupon["id"], "promotion_code": code["id"] if code else None}


def by_code(account: Account, written: str, customer_id: str | None) -> Thing | None:
    """What a payer typed on the Checkout page, if it is good."""
    for code in account.all("promotion_code"):
        if code["code"].lower() == written.strip().lower() and usable(account, code, customer_id):
            return {"coupon": code["promotion"]["coupon"], "promotion_code": code["id"]}
    return None


def usable(account: Account, code: Thing, customer_id: str | None) -> bool:
    if not code["active"] or not _good(
        account, account.named("coupon", code["promotion"]["coupon"])
    ):
        return False
    if code["expires_at"] is not None and code["expires_at"] <= account.now():
        return False
    if code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]:
        return False
    if code["restrictions"]["first_time_transaction"] and any(
        invoice["customer"] == customer_id and invoice["status"] == "paid"
        for invoice in account.all("invoice")
    ):
        return False
    return code["customer"] in (None, customer_id)


def _good(account: Account, coupon: Thing) -> bool:
    most, by = coupon["max_redemptions"], coupon["redeem_by"]
    spent = most is not None and coupon["times_redeemed"] >= most
    return not spent and (by is None or by > account.now())


def redeem(account: Account, named: Thing, subscription: Thing, session_id: str | None) -> Thing:
    """The discount that a subscription carries from now on."""
    coupon = account.named("coupon", named["coupon"])
    now = account.now()
    months = {"once": 0, "repeating": coupon["duration_in_months"] or 0}.get(coupon["duration"])
    discount: Thing = {
        "id": account.new_id("di"),
        "object": "discount",
        "checkout_session": session_id,
        "customer": subscription["customer"],
        "customer_account": None,
        "end": None if not months else months_later(now, months),
        "invoice": None,
        "invoice_item": None,
        "promotion_code": named["promotion_code"],
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        "subscription": subscription["id"],
        "subscription_item": None,
    }
    account.add(discount)
    for used in (coupon, account.get("promotion_code", named["promotion_code"])):
        if used is not None:
            used["times_redeemed"] += 1
            coupon["valid"] = _good(account, coupon)
    subscription["discounts"] = [discount["id"]]
    account.tell("customer.discount.created", discount)
    return discount


def taken_off(coupon: Thing, amount: int) -> int:
    """What the coupon takes off ``amount``, in minor units; halves are rounded up."""
    if coupon["percent_off"] is None:
        return int(min(coupon["amount_off"], amount))
    hundredths = round(coupon["percent_off"] * 100)
    return int((amount * hundredths + 5_000) // 10_000)
