"""A login storm: logins at a steady rate on two workers, and what an article waits meanwhile.

    lychgate bench --storm

The provider is a small one of this file's own, in the process that logs in; whoever reads articles
is a process beside it (``reading``), so that neither waits for the other. What is told: how many
logins ended with a session, and the article's p50 and p99 before and during.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import multiprocessing
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.bench import peers
from gateway.bench.processes import Server, as_another_machine, free_port
from gateway.bench.reading import Article, read
from gateway.bench.served import FIRST_PAGE, KEY, site
from gateway.clock import SystemClock

_CONFIG = """\
[site]
url = "http://127.0.0.1:{port}"
origin = "http://127.0.0.1:{origin}"
name = "Storm"
[server]
bind = "127.0.0.1:{port}"
workers = 2
[ops]
bind = "127.0.0.1:{ops}"
access_log = false
[limits]
login_per_five_minutes = 0
[policies]
folder = "policies"
[store]
url = "{store}"
[keys]
cookie = ["{key}"]
[[login.provider]]
id = "storm"
issuer = "http://127.0.0.1:{provider}"
client_id = "bench"
client_secret = "only-for-a-bench-on-loopback"
"""


@dataclass(frozen=True, slots=True)
class Storm:
    article: Article
    asked: int
    entered: int
    seconds: float
    login_p99: float


def run(
    *,
    rate: int = 50,
    seconds: float = 60.0,
    store: str = "",
    told: Callable[[str], None] = print,
) -> Storm:
    """``store`` is a URL; empty is a SQLite file of the run's own. Raises BenchFailed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lychgate-storm-")))
        origin = stack.enter_context(peers.origin(folder))
        port, provider = free_port(), free_port()
        stack.enter_context(_gateway(folder, origin.port, port, provider, store))
        beside = stack.enter_context(peers.proxy_cache(folder, origin.port))
        ports = (port, beside.port)
        apart = multiprocessing.get_context("spawn").Pool(2)
        stack.callback(apart.terminate)
        told("an article, nobody logging in")
        before = apart.apply(read, (ports, min(seconds, 20.0)))
        told(f"{rate} logins a second for {seconds:g} s")
        reading = apart.apply_async(read, (ports, seconds))
        storming = apart.apply_async(_storm, (port, provider, rate, seconds))
        asked, entered, took = storming.get(timeout=seconds + 60)
        during = reading.get(timeout=seconds + 30)
        told("the article again, nobody logging in")
        after = apart.apply(read, (ports, min(seconds, 20.0)))
    login_p99 = statistics.quantiles(took, n=100)[98] if len(took) > 100 else max(took, default=0.0)
    article = Article.of(idle=(before, after), during=during)
    return Storm(article, asked, entered, seconds, login_p99)


def _gateway(
    folder: Path, origin: int, port: int, provider: int, store: str
) -> AbstractContextManager[Server]:
    config = _CONFIG.format(
        port=port,
        origin=origin,
        ops=free_port(),
        store=store or f"sqlite:///{folder}/storm.db",
        key=KEY,
        provider=provider,
    )
    return site(folder, "storm", config, port=port, path=FIRST_PAGE)


def _storm(port: int, provider: int, rate: int, seconds: float) -> tuple[int, int, list[float]]:
    # The provider and its readers' browsers.
    return as_another_machine(_logins(port, provider, rate, seconds))


async def _logins(
    port: int, provider_port: int, rate: int, seconds: float
) -> tuple[int, int, list[float]]:
    provider = _Provider(f"http://127.0.0.1:{provider_port}")
    listening = await asyncio.start_server(provider.serve, "127.0.0.1", provider_port)
    took: list[float] = []
    entered: list[bool] = []

    async def one(number: int) -> None:
        began = time.monotonic()
        entered.append(await _log_in(port, provider, f"reader-{number}"))
        took.append(time.monotonic() - began)

    began, tasks = time.monotonic(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    listening.close()
    return len(tasks), sum(entered), took


async def _log_in(port: int, provider: _Provider, subject: str) -> bool:
    """As a browser: to the start, then, as the provider would send it back, to the callback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        started = await _get(reader, writer, port, "/-/login/storm?return_to=/open/small", "")
        if "location" not in started:
            return False
        asked = {k: v[0] for k, v in parse_qs(urlsplit(started["location"]).query).items()}
        told = {"code": provider.code(asked, subject), "state": asked["state"]}
        cookie = started["set-cookie"].partition(";")[0]
        path = f"/-/login/storm/callback?{urlencode(told)}"
        ended = await _get(reader, writer, port, path, cookie)
        return ended.get("location") == "/open/small"
    finally:
        writer.close()


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, path: str, cookie: str
) -> dict[str, str]:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    found: dict[str, str] = {}
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        found.setdefault(name.lower(), value)
    await reader.readexactly(int(found.get("content-length", "0")))
    return found


@dataclass(slots=True)
class _Provider:
    """As little of OpenID Connect as a correct login needs."""

    issuer: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def code(self, asked: dict[str, str], subject: str) -> str:
        made = secrets.token_urlsafe(12)
        self.codes[made] = (subject, asked["nonce"], asked["code_challenge"])
        return made

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = head.lower().partition("content-length: ")[2].split("\r\n")[0] or "0"
                body = await reader.readexactly(int(length))
                answer = json.dumps(self._answer(head.split(" ", 2)[1], body.decode())).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
                writer.write(b"content-length: %d\r\n\r\n%s" % (len(answer), answer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    def _answer(self, path: str, body: str) -> dict[str, Any]:
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        if path != "/token":
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            ends = ("/authorize", "/token", "/jwks")
            places = {name: self.issuer + end for name, end in zip(names, ends, strict=True)}
            algorithms = {"id_token_signing_alg_values_supported": ["ES256"]}
            return {"issuer": self.issuer, **places, **algorithms}
        form = {name: values[0] for name, values in parse_qs(body).items()}
        subject, nonce, challenge = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        now = int(SystemClock().now())
        claims = {
            "iss": self.issuer,
            "aud": "bench",
            "sub": subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": f"{subject}@readers.example",
            "email_verified": True,
        }
        token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": token}
