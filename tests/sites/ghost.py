"""Ghost 5 and 6 without Ghost's own installer: from npm, on SQLite, filled through its Admin API.

Installed once into the user's cache folder (minutes); each run has a site of its own. A member who
pays is made without mail: the Admin API gives out a sign-in link.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.bench.processes import free_port, run, running
from tests.peers import program
from tests.sites.behind import paragraphs

VERSIONS = {"5": "5.130.6", "6": "6.65.0"}
VISIBILITIES = ("public", "members", "paid")
POSTS = 12
PARAGRAPHS = 8
OWNER = {"name": "Owner", "email": "owner@example.test", "password": "correct horse battery 9"}
INSTALL_SECONDS_MAX = 1500.0
START_SECONDS_MAX = 120.0
_CACHE = Path.home() / ".cache" / "lychgate" / "sites"
_ADMIN = "/ghost/api/admin"
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Post:
    name: str
    path: str
    uuid: str
    visibility: str


@dataclass(frozen=True)
class Ghost:
    """``paid_cookie`` is the Cookie header of a member who may read everything."""

    url: str
    posts: tuple[Post, ...]
    paid_cookie: str


@contextmanager
def ghost(major: str, folder: Path, *, reader_url: str) -> Iterator[Ghost]:
    """A filled site, for the address that readers type. Raises BenchFailed with the last words of
    whatever couldn't be installed."""
    app, node = _installed(major)
    port = free_port()
    shutil.copytree(app / "content", folder / "content")
    (folder / "content" / "data").mkdir(exist_ok=True)
    (folder / "current").symlink_to(app)
    (folder / "config.production.json").write_text(json.dumps(_config(folder, port, reader_url)))
    environment = {**os.environ, "NODE_ENV": "production"}
    with running(
        f"ghost-{major}",
        [str(node), "current/index.js"],
        port=port,
        folder=folder,
        environment=environment,
        start_seconds=START_SECONDS_MAX,
    ):
        yield _filled(port, reader_url)


def _config(folder: Path, port: int, reader_url: str) -> dict[str, Any]:
    return {
        "url": reader_url,
        "server": {"host": "127.0.0.1", "port": port},
        "database": {
            "client": "sqlite3",
            "connection": {"filename": str(folder / "content" / "data" / "ghost.db")},
            "useNullAsDefault": True,
        },
        # Nobody is written to: port 9 takes no mail.
        "mail": {"transport": "SMTP", "options": {"host": "127.0.0.1", "port": 9}},
        "logging": {"path": str(folder), "level": "error", "transports": ["file"]},
        "security": {"staffDeviceVerification": False},
        "privacy": {"useUpdateCheck": False, "useGravatar": False, "useRpcPing": False},
        "paths": {"contentPath": f"{folder}/content/"},
        "process": "local",
    }


def _installed(major: str) -> tuple[Path, Path]:
    """(Ghost's folder, the node that runs it)."""
    version = VERSIONS[major]
    app, tools = _CACHE / f"ghost-{version}", _CACHE / f"tools-{major}"
    node = Path(program("node")) if major == "5" else _own_node(tools)
    done = app / ".installed"
    if not done.exists():
        shutil.rmtree(app, ignore_errors=True)
        app.mkdir(parents=True)
        _unpack(version, app)
        (_install_5 if major == "5" else _install_6)(app, tools, node)
        done.touch()
    return app, node


def _npm(folder: Path, *words: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return run([program("npm"), *words], timeout_seconds=INSTALL_SECONDS_MAX, folder=folder)


def _tool(tools: Path, *packages: str) -> Path:
    """The folder of commands that packages of npm bring."""
    tools.mkdir(parents=True, exist_ok=True)
    (tools / "package.json").write_text('{"name":"tools","private":true,"version":"1.0.0"}')
    _npm(tools, "install", "--no-audit", "--no-fund", "--silent", *packages)
    return tools / "node_modules" / ".bin"


def _own_node(tools: Path) -> Path:
    """Ghost 6 wants Node 22; npm has it as a package."""
    package = f"node-linux-{_MACHINES[platform.machine()]}"
    node = tools / "node_modules" / package / "bin" / "node"
    if not node.exists():
        _tool(tools, f"{package}@22")
    return node


def _unpack(version: str, app: Path) -> None:
    # Ghost depends on archives within its own archive, so it has to be the root itself.
    name = _npm(app, "pack", "--silent", f"ghost@{version}").strip().splitlines()[-1]
    with tarfile.open(app / name) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name:
                archive.extract(member, app, filter="data")
    (app / name).unlink()


def _install_5(app: Path, tools: Path, node: Path) -> None:
    yarn = _tool(tools, "yarn@1.22.22") / "yarn"
    # Its development tools are fetched from elsewhere, and a site needs none of them.
    package = json.loads((app / "package.json").read_text())
    package.pop("devDependencies", None)
    (app / "package.json").write_text(json.dumps(package, indent=2))
    registry = _npm(app, "config", "get", "registry").strip().splitlines()[-1]
    lock = (app / "yarn.lock").read_text()
    (app / "yarn.lock").write_text(
        re.sub(r"https://registry\.(?:yarnpkg|npmjs)\.\w+/", registry, lock)
    )
    words = [
        "install",
        "--production",
        "--non-interactive",
        "--no-progress",
        "--registry",
        registry,
    ]
    _build([str(yarn), *words], app, node)


def _install_6(app: Path, tools: Path, node: Path) -> None:
    # The very pnpm that Ghost names: any other tries to fetch that one by itself.
    named = json.loads((app / "package.json").read_text())["packageManager"].partition("+")[0]
    pnpm = _tool(tools / "pnpm", named) / "pnpm"
    _build([str(pnpm), "install", "--prod", "--frozen-lockfile"], app, node)


def _build(command: list[str], app: Path, node: Path) -> None:
    """With the headers that came with node: its modules are compiled without another download."""
    home = node.resolve().parent.parent
    environment = {
        **os.environ,
        "PATH": f"{node.parent}:{Path(command[0]).parent}:{os.environ.get('PATH', '')}",
        "npm_config_nodedir": str(home),
        "CI": "1",
    }
    done = subprocess.run(
        command,
        cwd=app,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS_MAX,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


@dataclass
class _Admin:
    """The Admin API as the owner. Cookies are kept as a browser would, and ``origin`` is what it
    would say of the page that it asks from: Ghost 6 takes none but its own."""

    port: int
    origin: str
    jar: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None) -> Any:
        status, text = self.raw(method, path, body)
        assert status < 300, f"{method} {path}: {status} {text[:400]}"
        return json.loads(text) if text[:1] in ("{", "[") else text

    def raw(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        headers = {"Origin": self.origin, "Accept": "application/json"}
        if self.jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.jar[key] = rest.split(";")[0]
            return response.status, response.read().decode()
        finally:
            connection.close()


def _filled(port: int, reader_url: str) -> Ghost:
    admin = _Admin(port, reader_url)
    setup = {"setup": [{**OWNER, "blogTitle": "The Courier"}]}
    admin.call("POST", f"{_ADMIN}/authentication/setup/", setup)
    login = {"username": OWNER["email"], "password": OWNER["password"]}
    admin.call("POST", f"{_ADMIN}/session/", login)
    for post in admin.call("GET", f"{_ADMIN}/posts/?limit=100&fields=id")["posts"]:
        admin.call("DELETE", f"{_ADMIN}/posts/{post['id']}/")
    posts = tuple(_post(admin, number) for number in range(POSTS))
    return Ghost(f"http://127.0.0.1:{port}", posts, _paying_member(admin))


def _post(admin: _Admin, number: int) -> Post:
    visibility = VISIBILITIES[number % len(VISIBILITIES)]
    name = f"{visibility}-{number:02}"
    body = [f"<p>{text}</p>" for text in paragraphs(name, PARAGRAPHS)]
    if number % 2:
        # Ghost's own divider between what all may read and the rest.
        body.insert(2, "<!--members-only-->")
    written = {
        "title": f"The {name} affair",
        "slug": name,
        "html": "\n".join(body),
        "status": "published",
        "visibility": visibility,
        "tags": [{"name": "enquiries"}],
    }
    made = admin.call("POST", f"{_ADMIN}/posts/?source=html", {"posts": [written]})["posts"][0]
    return Post(name, f"/{made['slug']}/", made["uuid"], visibility)


def _paying_member(admin: _Admin) -> str:
    tiers = admin.call("GET", f"{_ADMIN}/tiers/?limit=50")["tiers"]
    paid = next(tier for tier in tiers if tier["type"] == "paid")
    wanted = {"email": "gateway@example.test", "name": "Gateway", "tiers": [{"id": paid["id"]}]}
    member = admin.call("POST", f"{_ADMIN}/members/", {"members": [wanted]})["members"][0]
    links = admin.call("GET", f"{_ADMIN}/members/{member['id']}/signin_urls/")
    link = links["member_signin_urls"][0]["url"]
    visitor = _Admin(admin.port, admin.origin)
    visitor.raw("GET", re.sub(r"^https?://[^/]+", "", link))
    assert visitor.jar, "Ghost gave no member's cookie"
    return "; ".join(f"{name}={value}" for name, value in visitor.jar.items())
