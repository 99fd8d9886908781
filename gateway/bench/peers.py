"""The servers that publishers run today, each with its own ordinary settings for this job.

nginx as a plain origin, as ``proxy_pass`` and with ``proxy_cache``; Caddy's ``reverse_proxy``;
oauth2-proxy with every path let through. One worker process each, access logs off.
"""

from __future__ import annotations

import contextlib
import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import which

from gateway.bench import prose
from gateway.bench.processes import BenchFailed, Server, free_port, run, running

OAUTH2_PROXY_MODULE = "github.com/oauth2-proxy/oauth2-proxy/v7"
BUILD_SECONDS_MAX = 300.0
PAGE_CACHING = "public, max-age=60"

_NGINX = """\
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log stderr error;
worker_rlimit_nofile 65536;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65;
    keepalive_requests 10000000;
    server_tokens off;
    types {{ text/html html; }}
    default_type text/html;
    charset utf-8;
    gzip_vary on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{http}
}}
"""
# One file a size, under every path that a case asks for. Ready gzip, as a sane site has it.
_ORIGIN = """\
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {folder}/pages;
        {gzip_static}
        gzip_proxied any;
        location = / {{ try_files /small.html =404; }}
        location ~ ^/(?:open|paid|stream|many)/(small|middle|large|big) {{
            add_header Cache-Control "{caching}";
            try_files /$1.html =404;
        }}
    }}
"""
_UPSTREAM = "    upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; }}\n"
_PROXIED = """\
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
{more}
        }}
    }}
"""
# nginx before 1.29.7 opens a connection for each request unless told otherwise.
_KEPT = '            proxy_set_header Connection "";'
_CACHED = f"{_KEPT}\n            proxy_cache pages;\n            proxy_cache_valid 200 60s;"
_CACHE_PATH = (
    "    proxy_cache_path {folder}/cache levels=1:2 keys_zone=pages:16m max_size=256m inactive=10m"
    " use_temp_path=off;\n"
)
_CADDY = """\
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{origin}
}}
"""


def _nginx_program() -> str:
    # Debian keeps servers in sbin, which isn't on everyone's PATH.
    found = which("nginx") or which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise BenchFailed("nginx isn't installed")
    return found


@contextlib.contextmanager
def _nginx(name: str, folder: Path, http: str, port: int) -> Iterator[Server]:
    program = _nginx_program()
    home = folder / name
    home.mkdir(exist_ok=True)
    # As root nginx hands its workers to `nobody`, who can't enter this private folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config = home / "nginx.conf"
    config.write_text(_NGINX.format(folder=home, user=user, http=http))
    command = [program, "-p", str(home), "-c", str(config)]
    with running(name, command, port=port, folder=home, path="/") as server:
        yield server


@contextlib.contextmanager
def origin(folder: Path) -> Iterator[Server]:
    """The publisher's site: static pages, with caching and ready gzip. Raises BenchFailed."""
    pages = folder / "origin" / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    for name, size in {**prose.PAGES_BYTES, "big": prose.BIG_BYTES}.items():
        body = prose.article(size).encode()
        (pages / f"{name}.html").write_bytes(body)
        (pages / f"{name}.html.gz").write_bytes(gzip.compress(body, 6, mtime=0))
    port = free_port()
    ready_gzip = "gzip_static" in _built_with(_nginx_program())
    http = _ORIGIN.format(
        port=port,
        folder=folder / "origin",
        caching=PAGE_CACHING,
        gzip_static="gzip_static on;" if ready_gzip else "gzip on; gzip_comp_level 1;",
    )
    with _nginx("origin", folder, http, port) as server:
        yield server


def _built_with(program: str) -> str:
    # `nginx -V` writes to stderr; a shell-free way to read it is to ask for both.
    return run(["/bin/sh", "-c", 'exec "$0" -V 2>&1', program], timeout_seconds=10)


@contextlib.contextmanager
def proxy_pass(folder: Path, origin_port: int) -> Iterator[Server]:
    """As most sites have it: a connection to the origin for each request."""
    port = free_port()
    http = _PROXIED.format(port=port, upstream=f"127.0.0.1:{origin_port}", more="")
    with _nginx("proxy-pass", folder, http, port) as server:
        yield server


@contextlib.contextmanager
def proxy_pass_kept(folder: Path, origin_port: int) -> Iterator[Server]:
    """With `keepalive` in the upstream: connections to the origin stay open."""
    port = free_port()
    http = _UPSTREAM.format(origin=origin_port)
    http += _PROXIED.format(port=port, upstream="origin", more=_KEPT)
    with _nginx("proxy-pass-kept", folder, http, port) as server:
        yield server


@contextlib.contextmanager
def proxy_cache(folder: Path, origin_port: int) -> Iterator[Server]:
    port = free_port()
    http = _CACHE_PATH.format(folder=folder / "proxy-cache") + _UPSTREAM.format(origin=origin_port)
    http += _PROXIED.format(port=port, upstream="origin", more=_CACHED)
    with _nginx("proxy-cache", folder, http, port) as server:
        yield server


@contextlib.contextmanager
def caddy(folder: Path, origin_port: int) -> Iterator[Server]:
    program = which("caddy")
    if program is None:
        raise BenchFailed("Caddy isn't installed")
    home = folder / "caddy"
    home.mkdir(exist_ok=True)
    port = free_port()
    config = home / "Caddyfile"
    config.write_text(_CADDY.format(port=port, origin=origin_port))
    command = [program, "run", "--config", str(config), "--adapter", "caddyfile"]
    environment = {"HOME": str(home), "GOMAXPROCS": "1"}
    with running("caddy", command, port=port, folder=home, environment=environment) as server:
        yield server


@contextlib.contextmanager
def oauth2_proxy(folder: Path, origin_port: int, *, may_build: bool) -> Iterator[Server]:
    program = _oauth2_proxy_program(may_build=may_build)
    home = folder / "oauth2-proxy"
    home.mkdir(exist_ok=True)
    port = free_port()
    command = [
        program,
        f"--http-address=127.0.0.1:{port}",
        f"--upstream=http://127.0.0.1:{origin_port}",
        "--provider=github",  # asks nothing of the network at start
        "--client-id=bench",
        "--client-secret=bench",
        f"--cookie-secret={'0' * 32}",
        "--cookie-secure=false",
        "--email-domain=*",
        "--skip-auth-route=^/",
        "--request-logging=false",
        "--auth-logging=false",
        "--standard-logging=false",
    ]
    environment = {"HOME": str(home), "GOMAXPROCS": "1"}
    with running(
        "oauth2-proxy", command, port=port, folder=home, environment=environment
    ) as server:
        yield server


def _oauth2_proxy_program(*, may_build: bool) -> str:
    """As installed, or as built once into the user's own cache folder. Raises BenchFailed."""
    built = Path.home() / ".cache" / "lychgate" / "bench" / "oauth2-proxy"
    found = which("oauth2-proxy") or (str(built) if built.is_file() else None)
    if found is not None:
        return found
    go = which("go") or which("go", path="/usr/local/go/bin")
    if go is None:
        raise BenchFailed("neither oauth2-proxy nor Go is installed")
    if not may_build:
        raise BenchFailed("not built yet (a quick run builds nothing)")
    built.parent.mkdir(parents=True, exist_ok=True)
    source = f"{OAUTH2_PROXY_MODULE}@latest"
    install = ["/usr/bin/env", f"GOBIN={built.parent}", go, "install", source]
    try:
        run(install, timeout_seconds=BUILD_SECONDS_MAX, folder=built.parent)
    except BenchFailed as error:
        raise BenchFailed(f"Go couldn't build it: {str(error).removeprefix('env: ')}") from error
    if not built.is_file():
        # Go names a command after its module's last part that isn't a version, but older ones don't.
        (built.parent / "v7").rename(built)
    return str(built)
