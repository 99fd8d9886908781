"""The API as a client meets it: keys, versions, idempotency, pages, expansion, and its refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
import stripe

from tests.demo.stripe.oracle import object_faults, thing_faults
from tests.demo.stripe.world import KEY, START, World

pytestmark = pytest.mark.anyio


async def asked(world: World, method: str, path: str, **more: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {KEY}"} | more.pop("headers", {})
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.request(method, world.url + path, headers=headers, **more)


async def test_the_key_must_be_ours(stripe_world: World) -> None:
    none = await asked(stripe_world, "GET", "/v1/customers", headers={"authorization": ""})
    wrong = await asked(
        stripe_world, "GET", "/v1/customers", headers={"authorization": "Bearer sk_test_x"}
    )
    assert (none.status_code, wrong.status_code) == (401, 401)
    assert "sk_test_x" not in wrong.text
    async with httpx2.AsyncClient(trust_env=False, auth=(KEY, "")) as client:
        assert (await client.get(f"{stripe_world.url}/v1/customers")).status_code == 200


async def test_versions_accounts_and_paths(stripe_world: World) -> None:
    old = await asked(
        stripe_world, "GET", "/v1/customers", headers={"stripe-version": "2024-06-20"}
    )
    assert old.status_code == 400
    other = await asked(stripe_world, "GET", "/v1/customers", headers={"stripe-account": "acct_1"})
    assert other.status_code == 403
    nowhere = await asked(stripe_world, "GET", "/v1/nothing")
    assert nowhere.status_code == 404
    assert "Unrecognized request URL" in nowhere.json()["error"]["message"]
    right = await asked(stripe_world, "GET", "/v1/account")
    assert right.headers["stripe-version"] == "2026-10-28.endive"
    assert right.headers["request-id"].startswith("req_")
    assert not thing_faults(right.json())


async def test_answers_bear_the_clocks_date(stripe_world: World) -> None:
    answer = await asked(stripe_world, "GET", "/v1/customers")
    assert answer.headers.get_list("date") == ["Mon, 21 Sep 2026 14:13:20 GMT"]
    assert stripe_world.clock.now() == START


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"colour": "red"}, "colour", "parameter_unknown"),
        (
            {"subscription_data": {"colour": "red"}},
            "subscription_data[colour]",
            "parameter_unknown",
        ),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"success_url": "/done"}, "success_url", "url_invalid"),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"customer_email": "a@b.example"}, "customer", None),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None),
        ({"mode": "payment"}, "mode", None),
        ({"mode": "rent"}, "mode", None),
        ({"locale": "eo"}, "locale", None),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        (
            {"subscription_data": {"trial_period_days": 0}},
            "subscription_data[trial_period_days]",
            "parameter_invalid_integer",
        ),
        (
            {"subscription_data": {"trial_period_days": 7, "trial_end": 1_800_000_000}},
            "subscription_data[trial_end]",
            None,
        ),
        (
            {"subscription_data": {"trial_end": int(START) + 3600}},
            "subscription_data[trial_end]",
            None,
        ),
        ({"expires_at": int(START) + 60}, "expires_at", None),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]", "resource_missing"),
        (
            {"allow_promotion_codes": True, "discounts": [{"coupon": "none"}]},
            "allow_promotion_codes",
            None,
        ),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price]", "parameter_missing"),
        (
            {"line_items": [{"price": "price_none", "quantity": 1}]},
            "line_items[0][price]",
            "resource_missing",
        ),
        ({"automatic_tax": {"enabled": True}}, None, "customer_tax_location_invalid"),
    ],
)
async def test_a_session_that_stripe_would_refuse(
    stripe_world: World, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    price = await stripe_world.shop()
    customer = await stripe_world.v1.customers.create_async({})
    wanted: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": "https://news.example/done",
    } | changes
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await stripe_world.v1.checkout.sessions.create_async(
            {key: value for key, value in wanted.items() if value is not None}
        )
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.http_status == 400
    assert (await stripe_world.v1.checkout.sessions.list_async()).data == []


async def test_prices_that_cant_be_subscribed_to(stripe_world: World) -> None:
    create = stripe_world.v1.prices.create_async
    product = await stripe_world.v1.products.create_async({"name": "A"})
    once = await create({"product": product.id, "currency": "eur", "unit_amount": 100})
    retired = await stripe_world.shop()
    await stripe_world.v1.prices.update_async(retired.id, {"active": False})
    for price in (once, retired):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            await stripe_world.session(price)
        assert caught.value.param == "line_items[0][price]"
    for wrong in (
        {"currency": "eur", "unit_amount": 100},
        {"product": product.id, "currency": "EUR", "unit_amount": 100},
        {"product": product.id, "currency": "eur", "unit_amount": -1},
        {"product": product.id, "currency": "eur"},
        {"product": product.id, "unit_amount": 1},
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 1,
            "recurring": {"interval": "month", "interval_count": 37},
        },
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await create(wrong)


async def test_a_key_answers_once(stripe_world: World) -> None:
    create = stripe_world.v1.customers.create_async
    first = await create({"name": "A"}, {"idempotency_key": "k1"})
    again = await create({"name": "A"}, {"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert stripe_world.receiver.kinds().count("customer.created") <= 1
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        await create({"name": "B"}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        await stripe_world.v1.products.create_async({"name": "A"}, {"idempotency_key": "k1"})
    await stripe_world.stand_in.hook("advance", days=1)
    assert (await create({"name": "B"}, {"idempotency_key": "k1"})).id != first.id


async def test_a_refused_parameter_leaves_its_key_free(stripe_world: World) -> None:
    create = stripe_world.v1.customers.create_async
    with pytest.raises(stripe.InvalidRequestError):
        await create({"colour": "red"}, {"idempotency_key": "k"})
    assert (await create({"name": "A"}, {"idempotency_key": "k"})).name == "A"


async def test_a_key_in_use_is_409(stripe_world: World) -> None:
    stripe_world.stand_in.gate.clear()
    form = {"headers": {"idempotency-key": "k"}, "data": {"name": "A"}}
    first = asyncio.create_task(asked(stripe_world, "POST", "/v1/customers", **form))
    while not stripe_world.stand_in.api.keys.in_use("k"):
        await asyncio.sleep(0)
    second = await asked(stripe_world, "POST", "/v1/customers", **form)
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "idempotency_key_in_use"
    stripe_world.stand_in.gate.set()
    assert (await first).status_code == 200


async def test_an_answer_lost_on_its_way_is_found_by_its_key(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("trouble", status=500, after=True)
    create = stripe_world.v1.customers.create_async
    with pytest.raises(stripe.APIError):
        await create({"name": "A"}, {"idempotency_key": "k"})
    found = await create({"name": "A"}, {"idempotency_key": "k"})
    listed = await stripe_world.v1.customers.list_async()
    assert [each.id for each in listed.data] == [found.id]


async def test_a_fault_of_its_own_is_kept_under_the_key_for_a_day(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("trouble", status=500)
    create = stripe_world.v1.customers.create_async
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            await create({"name": "A"}, {"idempotency_key": "k"})
    assert (failed.value.headers or {})["idempotent-replayed"] == "true"
    assert (await create({"name": "A"}, {"idempotency_key": "l"})).id
    await stripe_world.stand_in.advance(24 * 3600)
    assert (await create({"name": "A"}, {"idempotency_key": "k"})).id


async def test_trouble_before_anything_was_done(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("trouble", status=429, times=2, method="GET")
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            await stripe_world.v1.customers.list_async()
    assert (await stripe_world.v1.customers.list_async()).data == []


async def test_lists_come_in_pages(stripe_world: World) -> None:
    made = [(await stripe_world.v1.customers.create_async({"name": str(n)})).id for n in range(7)]
    listed = stripe_world.v1.customers.list_async
    newest = made[::-1]
    first = await listed({"limit": 3})
    assert [each.id for each in first.data] == newest[:3]
    assert first.has_more
    second = await listed({"limit": 3, "starting_after": newest[2]})
    assert [each.id for each in second.data] == newest[3:6]
    back = await listed({"limit": 2, "ending_before": newest[3]})
    assert [each.id for each in back.data] == newest[1:3]
    assert back.has_more
    every = [each.id async for each in (await listed({"limit": 2})).auto_paging_iter()]
    assert every == newest
    for wrong in (
        {"limit": 0},
        {"limit": 101},
        {"starting_after": "cus_none"},
        {"starting_after": newest[0], "ending_before": newest[1]},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await listed(wrong)


async def test_lists_are_filtered(stripe_world: World) -> None:
    await stripe_world.v1.customers.create_async({"email": "a@example.com"})
    await stripe_world.stand_in.hook("advance", seconds=10)
    late = await stripe_world.v1.customers.create_async({"email": "b@example.com"})
    listed = stripe_world.v1.customers.list_async
    assert [each.id for each in (await listed({"email": "b@example.com"})).data] == [late.id]
    assert (await listed({"email": "B@example.com"})).data == []
    assert [each.id for each in (await listed({"created": {"gte": late.created}})).data] == [
        late.id
    ]
    assert len((await listed({"created": {"lt": late.created}})).data) == 1


async def test_expansion(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    answer = await asked(
        stripe_world,
        "GET",
        "/v1/subscriptions?expand[]=data.latest_invoice.payments.data.payment.payment_intent"
        "&expand[]=data.customer&expand[]=data.items.data.price.product",
    )
    assert answer.status_code == 400  # That is deeper than four levels.
    answer = await asked(
        stripe_world,
        "GET",
        f"/v1/invoices/{subscription.latest_invoice}"
        "?expand[]=payments.data.payment.payment_intent"
        "&expand[]=customer&expand[]=parent.subscription_details.subscription",
    )
    said = answer.json()
    assert said["payments"]["data"][0]["payment"]["payment_intent"]["status"] == "succeeded"
    assert said["customer"]["object"] == "customer"
    assert said["parent"]["subscription_details"]["subscription"]["id"] == subscription.id
    assert not thing_faults(said)
    # What was expanded in one answer isn't in the next.
    plain = (await asked(stripe_world, "GET", f"/v1/invoices/{subscription.latest_invoice}")).json()
    assert isinstance(plain["customer"], str)
    assert "payments" not in plain
    for wrong in ("colour", "status", "customer.colour", "data.customer"):
        path = f"/v1/invoices/{subscription.latest_invoice}?expand[]={wrong}"
        assert (await asked(stripe_world, "GET", path)).status_code == 400


async def test_a_body_must_be_a_form(stripe_world: World) -> None:
    json = await asked(stripe_world, "POST", "/v1/customers", json={"name": "A"})
    query = await asked(stripe_world, "POST", "/v1/customers?name=A")
    odd = await asked(
        stripe_world,
        "POST",
        "/v1/customers",
        content="name=%ff",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert (json.status_code, query.status_code, odd.status_code) == (400, 400, 400)
    assert (await stripe_world.v1.customers.list_async()).data == []


async def test_what_was_sent_is_kept_for_those_who_check_a_client(stripe_world: World) -> None:
    await stripe_world.v1.customers.create_async({"name": "A", "metadata": {"reader": "7"}})
    sent = ("POST", "/v1/customers", {"name": "A", "metadata": {"reader": "7"}})
    assert stripe_world.stand_in.api.seen == [sent]


async def test_the_judge_sees_each_way_of_being_wrong(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    kept = stripe_world.stand_in.account.named("subscription", subscription.id)
    item = kept["items"]["data"][0]

    def judged(**changes: Any) -> str:
        return " ".join(thing_faults(kept | changes))

    assert judged() == ""
    assert "no such field" in judged(current_period_end=1)
    assert "none of" in judged(status="lapsed")
    assert "is null" in judged(created=None)
    assert "isn't <class 'int'>" in judged(created="now")
    assert "isn't <class 'int'>" in judged(created=True)
    assert "isn't a list" in judged(billing_schedules={})
    assert "no such field" in judged(items=kept["items"] | {"data": [item | {"colour": 1}]})
    assert "is missing" in " ".join(
        thing_faults({key: value for key, value in kept.items() if key != "status"})
    )
    assert "decimal" in " ".join(thing_faults(item["price"] | {"unit_amount_decimal": 990}))
    assert object_faults(stripe.Customer, "cus_1") == ["Customer: 'cus_1' isn't an object"]


async def test_what_the_reference_says_of_single_parameters(stripe_world: World) -> None:
    """Limits that stand in the words of ``stripe.params`` and in none of its types."""
    v1 = stripe_world.v1
    price, now = await stripe_world.shop(), int(START)
    year = 365 * 86_400
    customer = await v1.customers.create_async({})
    coupon = await v1.coupons.create_async(
        {"percent_off": 10, "duration": "once", "max_redemptions": 2, "redeem_by": now + 100}
    )
    promotion = {"promotion": {"type": "coupon", "coupon": coupon.id}}
    subscribe = {"customer": customer.id, "items": [{"price": price.id}]}
    small = await stripe_world.shop(amount=49)
    for create, wrong in (
        (v1.coupons, {"percent_off": 10, "amount_off": 10, "currency": "eur"}),
        (v1.coupons, {"percent_off": 10, "redeem_by": now + 6 * year}),
        (v1.coupons, {"amount_off": 10}),
        (v1.coupons, {"percent_off": 10, "duration": "repeating"}),
        (v1.promotion_codes, {**promotion, "expires_at": now + 101}),
        (v1.promotion_codes, {**promotion, "max_redemptions": 3}),
        (v1.promotion_codes, {**promotion, "code": "a b"}),
        (v1.subscriptions, {**subscribe, "trial_end": now + 3 * year}),
        (v1.subscriptions, {**subscribe, "trial_end": now - 1}),
        (v1.subscriptions, {**subscribe, "trial_period_days": 731}),
        (v1.subscriptions, {**subscribe, "days_until_due": 3}),
        (v1.subscriptions, {**subscribe, "trial_period_days": 3, "cancel_at": now - 1}),
        (v1.products, {"name": "A", "images": ["https://a.example/1"] * 9}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await create.create_async(wrong)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await stripe_world.session(small)
    assert caught.value.code == "amount_too_small"
    with pytest.raises(stripe.InvalidRequestError, match="Tax ID"):
        await stripe_world.session(price, tax_id_collection={"enabled": True})


async def test_a_customer_pays_in_one_currency(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    dollars = await stripe_world.v1.prices.create_async(
        {
            "product": subscription["items"].data[0].price.product,
            "currency": "usd",
            "unit_amount": 990,
            "recurring": {"interval": "month"},
        }
    )
    with pytest.raises(stripe.InvalidRequestError, match="combine currencies"):
        await stripe_world.session(dollars, customer=subscription.customer)


async def test_checkout_writes_what_it_may_on_the_customer(stripe_world: World) -> None:
    customer = await stripe_world.v1.customers.create_async({})
    session = await stripe_world.session(
        await stripe_world.shop(),
        customer=customer.id,
        customer_update={"address": "auto"},
        automatic_tax={"enabled": True},
    )
    await stripe_world.stand_in.hook("pay", session=session.id, email="w@b.example", name="C")
    paid = await stripe_world.v1.customers.retrieve_async(customer.id)
    assert (paid.email, paid.name, paid.address.country) == ("w@b.example", None, "FR")


async def test_a_price_under_an_id_of_ones_choice(stripe_world: World) -> None:
    made = await stripe_world.stand_in.hook(
        "offer", id="price_supporter_monthly", name="Soutien", unit_amount=990
    )
    price = await stripe_world.v1.prices.retrieve_async(made["id"], {"expand": ["product"]})
    assert (price.id, price.product.name) == ("price_supporter_monthly", "Soutien")


async def test_the_blocking_client_is_served_alike(stripe_world: World) -> None:
    """With the address of the API alone changed."""

    def spoken() -> tuple[str, int]:
        client = stripe.StripeClient(KEY, base_addresses={"api": stripe_world.url})
        made: Any = client.v1.customers.create({"name": "A"})
        return made.id, len(client.v1.customers.list().data)

    made, count = await asyncio.to_thread(spoken)
    assert made.startswith("cus_")
    assert count == 1
    account: Any = await stripe_world.v1.accounts.retrieve_current_async()
    assert account.id == stripe_world.stand_in.account.id


async def test_what_belongs_to_another_customer(stripe_world: World) -> None:
    v1 = stripe_world.v1
    one, other = [(await v1.customers.create_async({})).id for _ in range(2)]
    method = await v1.payment_methods.attach_async("pm_card_visa", {"customer": one})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        await v1.payment_methods.attach_async(method.id, {"customer": other})
    coupon = await v1.coupons.create_async({"percent_off": 10, "duration": "once"})
    code = await v1.promotion_codes.create_async(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "customer": one}
    )
    price, discounts = await stripe_world.shop(), [{"promotion_code": code.id}]
    with pytest.raises(stripe.InvalidRequestError, match="can't be used"):
        await stripe_world.session(price, customer=other, discounts=discounts)
    session = await stripe_world.session(price, customer=one, discounts=discounts)
    assert session.amount_total == 891
