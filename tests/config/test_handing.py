"""What the supervisor hands over arrives as it was, secrets too."""

from __future__ import annotations

import io
from pathlib import Path

from gateway.config import load_settings
from gateway.config.handing import packed, take

EVERY_SECTION = """
[site]
url = "https://news.example"
origin = "http://127.0.0.1:2368"
name = "Le Courrier"
[origin.headers]
Cookie = "secret-of-the-origin"
[server]
trusted_proxies = ["10.0.0.0/8"]
[policies]
[keys]
cookie = ["env:LYCHGATE_KEY"]
[[login.provider]]
id = "google"
issuer = "https://accounts.google.com"
client_id = "x"
client_secret = "file:google.secret"
[mail]
url = "smtp://localhost:25"
sender = "Le Courrier <bonjour@news.example>"
[stripe]
secret_key = "sk_test_x"
webhook_secrets = ["whsec_x"]
[[plan]]
id = "supporter"
name = { fr = "Soutien", en = "Supporter" }
tiers = ["supporter"]
prices = ["price_1"]
"""


def test_settings_arrive_as_they_were_whatever_stands_in_the_files_by_then(tmp_path: Path) -> None:
    secret = tmp_path / "google.secret"
    secret.write_text("of-google")
    (tmp_path / "lychgate.toml").write_text(EVERY_SECTION)
    settings = load_settings(tmp_path / "lychgate.toml", {"LYCHGATE_KEY": "k" * 32})
    written = packed(settings)
    assert len(written) < 1 << 15, "it must fit into a pipe that nobody reads yet"
    secret.unlink()
    handed = take(["3", "9", str(tmp_path)], io.BytesIO(written))
    assert handed.settings == settings
    assert handed.settings.keys.cookie[0].get_secret_value() == "k" * 32
    assert (handed.listening_fd, handed.report_fd) == (3, 9)
    assert handed.desk == str(tmp_path / "desk")
