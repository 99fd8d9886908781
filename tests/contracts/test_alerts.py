"""What operators are told by themselves: each condition once, until it is over; on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, insert, update

from gateway.jobs.alerts import TRIES_MAX, Alerts, Watch, Webhook
from gateway.model.alert import Alert, Condition
from gateway.model.letter import Letter
from gateway.model.mark import Why
from gateway.money.refusals import Refusals
from gateway.stores.alerts import FORGED_SECONDS, LATE_SECONDS, Conditions, Tellings
from gateway.stores.journal_schema import work_item
from gateway.stores.mailed import Letters
from gateway.stores.money_schema import ledger_work
from gateway.stores.work_list import WorkList
from gateway.wiring.money import Money
from tests.console.bureau import Bureau, at_the_bureau
from tests.contracts.till import DAY, Till, at_the_till


class Slack:
    """Takes messages, unless it is away."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.away = False

    async def post(self, text: str) -> bool:
        if not self.away:
            self.said.append(text)
        return not self.away


def watched(inside: Till, slack: Slack) -> Alerts:
    return Alerts(
        conditions=Conditions(inside.store, inside.clock),
        tellings=Tellings(inside.store),
        recipients=["ops@news.example", "compta@news.example"],
        post=slack,
        letter=lambda alert: Letter(f"alert {alert.condition}", alert.detail, ""),
        text=lambda alert: f"{alert.condition} {alert.detail}",
        clock=inside.clock,
    )


async def letters(inside: Till) -> list[tuple[str, str]]:
    waiting = Letters(inside.store)
    found = await waiting.claim(now=inside.clock.now())
    for each in found:
        await waiting.sent(each.number)
    return sorted((each.recipient, each.letter.subject) for each in found)


async def _work(inside: Till, number: int, **values: Any) -> None:
    def change(connection: Connection) -> None:
        of_it = update(ledger_work).where(ledger_work.c.number == number)
        connection.execute(of_it.values(**values))

    await inside.store.write(change)


async def _item(inside: Till, why: Why, subject: str, *, progress: str = "open") -> None:
    empty = "customer_id subscription_id payment_id charge_id reader currency detail assignee"
    row: dict[str, Any] = dict.fromkeys(empty.split(), "")
    row |= {"why": str(why), "subject": subject, "progress": progress, "number": 1, "due": 0.0}
    row |= {"opened_at": 0.0, "changed_at": 0.0}
    await inside.store.write(lambda connection: connection.execute(insert(work_item).values(**row)))


def test_each_condition_is_told_once_until_it_is_over(url: str, tmp_path: Path) -> None:
    async def work(inside: Till) -> None:
        slack = Slack()
        alerts = watched(inside, slack)
        await alerts.look()
        assert (slack.said, await letters(inside)) == ([], [])
        await _work(inside, 1, reason=str(Why.FAILED), state="received")
        for _ in range(3):
            await alerts.look()
        assert slack.said == ["events-failed 1"]
        assert await letters(inside) == [
            ("compta@news.example", "alert events-failed"),
            ("ops@news.example", "alert events-failed"),
        ]
        await _work(inside, 1, reason="", state="applied")
        await alerts.look()
        await _work(inside, 1, reason=str(Why.FAILED), state="received")
        await alerts.look()
        assert slack.said == ["events-failed 1", "events-failed 1"]

    at_the_till(url, tmp_path, work)


def test_what_waits_too_long_differs_or_is_disputed(url: str, tmp_path: Path) -> None:
    async def work(inside: Till) -> None:
        slack = Slack()
        alerts = watched(inside, slack)
        await _work(inside, 1, state="received", reason="to-be-fetched")
        await _item(inside, Why.DRIFT, "sub_1")
        for subject in ("pi_1", "pi_2"):
            await _item(inside, Why.DISPUTED, subject)
        await _item(inside, Why.DISPUTED, "pi_3", progress="done")
        await alerts.look()
        assert sorted(slack.said) == ["dispute pi_1", "dispute pi_2", "drift 1"]
        await inside.pass_time(LATE_SECONDS + 1)
        await alerts.look()
        assert [text.split()[0] for text in slack.said[3:]] == ["late"]
        await _item(inside, Why.DISPUTED, "pi_4")
        await alerts.look()
        assert slack.said[4:] == ["dispute pi_4"]

    at_the_till(url, tmp_path, work)


def test_a_reconcile_that_stopped_is_told_until_one_goes_through(url: str, tmp_path: Path) -> None:
    """Nobody looks at a log at three in the night, and each night would stop again."""
    readers = tuple(f"reader{n}" for n in range(12))

    async def work(inside: Till) -> None:
        slack = Slack()
        alerts = watched(inside, slack)
        watch = Watch(conditions=Conditions(inside.store, inside.clock), clock=inside.clock)
        bought = [await inside.buy(each) for each in readers]
        await inside.hear()
        await inside.settled()
        for each in bought[:10]:
            await inside.world.stand_in.hook("cancel", subscription=each.id)
        inside.forget()

        async def night(*, allow_closing: bool = False) -> float:
            await inside.pass_time(DAY)
            await inside.syncing.reconciling.run(allow_closing=allow_closing)
            assert await inside.syncing.reconciling.settle()
            await alerts.look()
            await watch.look()
            return watch.values()["alert_reconcile_stopped"]

        assert await night() == 1.0
        assert await night() == 1.0
        assert slack.said == ["reconcile-stopped 10 / 12"], "once, however many nights it lasts"
        work_list = WorkList(inside.store)
        (item,) = await work_list.items(why=Why.STOPPED)
        assert item.finding.detail == "10 / 12"
        await work_list.note(item.id, done=True, now=inside.clock.now())
        assert await night() == 1.0, "looking at it mends nothing"
        assert len(await work_list.items(why=Why.STOPPED)) == 1
        assert await night(allow_closing=True) == 0.0
        assert await work_list.items(why=Why.STOPPED) == []
        head = await inside.ledger.head()
        assert await night() == 0.0
        assert await inside.ledger.head() == head, "that it went through is said once"

    at_the_till(url, tmp_path, work, readers=readers)


def test_a_webhook_that_came_late_is_told(url: str, tmp_path: Path) -> None:
    async def work(inside: Till) -> None:
        slack = Slack()
        await inside.buy("ana")
        await inside.pass_time(LATE_SECONDS + 60)
        assert await inside.hear() > 0
        await watched(inside, slack).look()
        assert [text.split()[0] for text in slack.said] == ["late"]

    at_the_till(url, tmp_path, work)


def test_a_webhook_away_is_tried_again_and_not_for_ever(url: str, tmp_path: Path) -> None:
    async def work(inside: Till) -> None:
        slack = Slack()
        alerts = watched(inside, slack)
        slack.away = True
        await _item(inside, Why.DRIFT, "sub_1")
        await alerts.look()
        await alerts.look()
        assert len(await letters(inside)) == 2, "mail waits for no webhook, and is sent once"
        slack.away = False
        await alerts.look()
        await alerts.look()
        assert slack.said == ["drift 1"]
        slack.away = True
        await _item(inside, Why.DISPUTED, "pi_1")
        for _ in range(TRIES_MAX + 5):
            await alerts.look()
        told = await Tellings(inside.store).told()
        assert (told["dispute", "pi_1"].posted, told["dispute", "pi_1"].tries) == (False, TRIES_MAX)

    at_the_till(url, tmp_path, work)


def test_forged_webhooks_are_counted_and_a_burst_is_told(url: str, tmp_path: Path) -> None:
    async def work(inside: Bureau) -> None:
        browser = inside.shop.new()
        slack = Slack()
        alerts = watched(inside.till, slack)

        async def forge(times: int) -> None:
            for _ in range(times):
                answer = await browser.post("/-/stripe/webhook", {"id": "evt_1"})
                assert answer.status_code == 400
            rooms: Any = inside.lychgate.rooms
            (money,) = (each for each in rooms.opened if isinstance(each, Money))
            await money._refusals.close()

        await forge(4)
        await alerts.look()
        assert slack.said == []
        await forge(2)
        await alerts.look()
        assert slack.said == ["signatures-refused 6"]
        await inside.till.pass_time(FORGED_SECONDS + 1)
        await alerts.look()
        assert await Tellings(inside.store).told() == {}

    at_the_bureau(url, tmp_path, work)


@pytest.mark.anyio
async def test_a_flood_of_forgeries_is_one_write() -> None:
    written: list[int] = []

    async def add(count: int) -> None:
        written.append(count)

    async def pause(seconds: float) -> None:
        assert seconds > 0

    refusals = Refusals(add, pause=pause)
    for _ in range(1000):
        refusals.one()
    await refusals.close()
    assert sum(written) == 1000
    assert len(written) <= 2


@pytest.mark.anyio
@pytest.mark.parametrize("status", [200, 302, 404, 500])
async def test_the_webhook_is_slack_shaped_and_tells_nobody_its_address(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, headers={"location": "https://evil.example/"})

    hook = Webhook(url="https://hooks.example/T0/secret", transport=httpx2.MockTransport(answer))
    assert await hook.post("un “litige”") == (status == 200)
    (request,) = asked
    assert json.loads(request.content) == {"text": "un “litige”"}
    assert "secret" not in repr(hook)

    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("https://hooks.example/T0/secret")

    gone = Webhook(url="https://hooks.example/T0/secret", transport=httpx2.MockTransport(away))
    assert await gone.post("x") is False
    assert "T0/secret" not in caplog.text


def test_conditions_have_their_words() -> None:
    from tests.page.drawing import TEMPLATES

    for condition in Condition:
        for language in ("fr", "en"):
            alert = Alert(condition, "", "3")
            letter = TEMPLATES.mail(
                "alert", language, kind=str(alert.condition), detail="3", path="/-/finance/work"
            )
            assert letter.subject
            assert "/-/finance/work" in letter.text
