"""One question to the whole gateway, byte for byte, and the article that most of them are about."""

from __future__ import annotations

import asyncio

from tests.ways.house import House

WITHHELD = b"mot-secret"


def article(label: str = "") -> bytes:
    meta = f'<meta name="tier" content="{label}">' if label else ""
    return (
        f"<!doctype html><html><head><title>t</title>{meta}</head><body><article><h1>Titre</h1>"
        '<div class="body"><p>Le premier alinéa se lit.</p><p>Le deuxième dit le mot-secret.</p>'
        "<p>Le troisième aussi, le mot-secret.</p></div></article></body></html>"
    ).encode()


async def ask(
    at: House, path: str, *headers: bytes, method: bytes = b"GET", body: bytes = b""
) -> tuple[bytes, bytes]:
    """Head, in lower case, and body, on a connection of its own."""
    reader, writer = await asyncio.open_connection(*at.address)
    lines = [b"%b %b HTTP/1.1" % (method, path.encode()), b"Host: localhost", b"Connection: close"]
    lines += [*headers, *([b"Content-Length: %d" % len(body)] if body else [])]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    head, _, answered = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head.lower(), answered
