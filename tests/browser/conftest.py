"""A real browser before a real server: nothing here is skipped when something is missing."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from gateway.demo.site import app_factory
from tests.peers import program

_HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium, node and npm's packages")


@pytest.fixture(scope="session")
def newspaper() -> Iterator[str]:
    """The demo's origin on a free loopback port; its URL, without a slash at its end."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(app_factory(url=url), log_level="warning", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One a module, no longer: playwright keeps an event loop running in this very thread, where
    the asynchronous tests of other rooms would find it.
    """
    path = program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def packages() -> Path:
    """npm's packages, at the versions that the lock file names."""
    folder = _HERE / "node_modules"
    if not all((folder / name).exists() for name in ("axe-core", "oidc-provider")):
        command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=_HERE, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture(scope="session")
def axe(packages: Path) -> str:
    """The source of axe-core."""
    return (packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
