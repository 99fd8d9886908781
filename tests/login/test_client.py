"""What a provider's server says to one reader's login never travels in another's."""

from __future__ import annotations

import asyncio

from gateway.login.client import Client, in_time
from gateway.login.token_client import Registration, token_client
from tests.ways.house import Page, TableOrigin

SAID = Page(
    b'{"access_token": "a", "token_type": "Bearer"}',
    "application/json",
    headers=(("set-cookie", "session=ana; Path=/"), ("set-cookie", "more=1")),
)


def test_a_providers_cookies_are_neither_kept_nor_sent() -> None:
    async def main() -> None:
        idp = TableOrigin({"/token": SAID, "/me": SAID})
        listening = await asyncio.start_server(idp.serve, "127.0.0.1", 0)
        at = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        told = Registration(
            id="idp", name="", issuer=at, client_id="x", secret=lambda: "y", scopes=()
        )
        client, tokens = Client(), token_client(told, method="client_secret_post")
        async with in_time():
            for _ in range(2):
                assert isinstance(await client.json(f"{at}/me"), dict)
                await tokens.fetch_token(f"{at}/token", code="c", grant_type="authorization_code")
        await client.close()
        await tokens.aclose()
        listening.close()
        await idp.close()
        assert len(idp.seen) == 4
        assert [asked.header(b"cookie") for asked in idp.seen] == [None] * 4

    asyncio.run(main())
