"""The demo's Stripe as a process of its own, for a gateway that is served beside it.

    python -m tests.browser.stand_in PORT GATEWAY_URL KEY WEBHOOK_SECRET

It sells what the demo sells, and says "listening" once it does. Its clock is the machine's own, as
that of the gateway; moving it a little is what a net does that takes its time.
"""

from __future__ import annotations

import asyncio
import sys

import uvicorn
import uvloop

from gateway.cli.demo_money import DemoMoney
from gateway.cli.playing import listener
from gateway.demo.stripe.clock import MovableClock


async def serve(port: int, gateway_url: str, key: str, secret: str) -> None:
    money = DemoMoney(
        url=f"http://127.0.0.1:{port}",
        gateway_url=gateway_url,
        key=key,
        secret=secret,
        clock=MovableClock(),
    )
    await money.open()
    config = uvicorn.Config(money.stand_in, log_level="warning", date_header=False)
    taken = listener(port)
    print("listening", flush=True)
    await uvicorn.Server(config).serve(sockets=[taken])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), *sys.argv[2:5]))
