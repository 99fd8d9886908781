"""Real shared caches in front of an upstream: nginx ``proxy_cache`` and Varnish, each as it comes
and as publishers bend it ("keep every 200 for a minute unless it says private or no-store").
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gateway.bench.processes import free_port, running
from tests.peers import program

READY = "/robots.txt"
_NGINX = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr error;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=kept:8m max_size=64m use_temp_path=off;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_buffer_size 16k;
            proxy_buffers 8 16k;
            proxy_cache kept;
            {keep}
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""
_VCL = """\
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{upstream}"; }}
{keep}
sub vcl_deliver {{
    if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }} else {{ set resp.http.X-Cache = "MISS"; }}
}}
"""
# Cookies don't keep a request from the cache, and what doesn't say private or no-store is kept: only
# Vary stands between one reader's answer and the next reader.
_VARNISH_KEEPS = """\
sub vcl_recv {
    if (req.method == "GET" || req.method == "HEAD") { return (hash); }
}
sub vcl_backend_response {
    if (beresp.status == 200 && beresp.http.Cache-Control !~ "(?i)private|no-store") {
        unset beresp.http.Set-Cookie;
        set beresp.ttl = 60s;
        return (deliver);
    }
}
"""


@contextmanager
def _nginx(folder: Path, upstream: int, keep: str) -> Iterator[int]:
    port = free_port()
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(
        _NGINX.format(folder=folder, user=user, port=port, upstream=upstream, keep=keep)
    )
    command = [program("nginx"), "-p", str(folder), "-c", str(config)]
    with running("nginx", command, port=port, folder=folder, path=READY, up_at=421):
        yield port


@contextmanager
def _varnish(folder: Path, upstream: int, keep: str) -> Iterator[int]:
    port = free_port()
    config = folder / "default.vcl"
    config.write_text(_VCL.format(upstream=upstream, keep=keep))
    # Its workers run as another user where they can, who has to find the compiled VCL.
    folder.chmod(0o755)
    command = [program("varnishd"), "-F", "-n", str(folder / "work"), "-a", f"127.0.0.1:{port}"]
    command += ["-f", str(config), "-s", "malloc,64m", "-T", "none", "-j", "none"]
    with running("varnish", command, port=port, folder=folder, path=READY, up_at=421):
        yield port


Start = Callable[[Path, int], AbstractContextManager[int]]
OBEDIENT: dict[str, Start] = {
    "nginx": lambda folder, upstream: _nginx(folder, upstream, ""),
    "varnish": lambda folder, upstream: _varnish(folder, upstream, ""),
}
GREEDY: dict[str, Start] = {
    "nginx-keeps-every-200": lambda folder, upstream: _nginx(
        folder, upstream, "proxy_cache_valid 200 60s;"
    ),
    "varnish-keeps-every-200": lambda folder, upstream: _varnish(folder, upstream, _VARNISH_KEEPS),
}
EVERY: dict[str, Start] = {**OBEDIENT, **GREEDY}
