"""The nginx and Caddy files of deploy/ as running servers: names, ports and certificates replaced."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.bench.processes import free_port, running
from tests.deploy.certificates import self_signed
from tests.peers import program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SITE = "localhost"


def trusting() -> ssl.SSLContext:
    """The certificate is made for this very run; what is tested lies behind TLS."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.check_hostname = False
    trusted.verify_mode = ssl.CERT_NONE
    trusted.set_alpn_protocols(["http/1.1"])
    return trusted


@contextmanager
def nginx(folder: Path, *, upstream: int, port: int) -> Iterator[None]:
    plain = free_port()
    text = (DEPLOY / "nginx" / "lychgate.conf").read_text()
    certificate, key = _certificate(folder)
    for old, new in (
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("/etc/ssl/news.example.pem", str(certificate)),
        ("/etc/ssl/news.example.key", str(key)),
        ("server_name news.example", f"server_name {SITE} 127.0.0.1"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "lychgate.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in NGINX_PATHS)
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; error_log stderr warn; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; {paths} include {folder}/lychgate.conf; }}\n"
    )
    command = [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    # Plain HTTP answers with a redirect to https, which tells that it is up.
    with running("nginx", command, port=plain, folder=folder, up_at=308):
        yield


NGINX_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def caddy(folder: Path, *, upstream: int, port: int) -> Iterator[None]:
    plain = free_port()
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    # Ports of this run, and a certificate of Caddy's own making instead of a public one.
    text = text.replace("admin {", f"http_port {plain}\n\tskip_install_trust\n\tadmin {{", 1)
    text = text.replace("{$SITE:news.example} {", "{$SITE:news.example} {\n\ttls internal", 1)
    config = folder / "Caddyfile"
    config.write_text(text)
    environment = {
        "HOME": str(folder),
        "SITE": f"https://{SITE}:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "ADMIN": "off",
    }
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]
    with running("caddy", command, port=plain, folder=folder, environment=environment, up_at=308):
        _await_tls(port)
        yield


def _await_tls(port: int) -> None:
    """Caddy makes its certificate behind the first answer on the plain port."""
    deadline = time.monotonic() + 20
    while True:
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        try:
            trusting().wrap_socket(raw, server_hostname=SITE).close()
        except ssl.SSLError:
            raw.close()
            assert time.monotonic() < deadline, "Caddy has no certificate yet"
            time.sleep(0.05)
        else:
            return


FRONTS = {"nginx": nginx, "caddy": caddy}


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself."""
    certificate, key = self_signed(SITE)
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate)
    paths[1].write_bytes(key)
    return paths
