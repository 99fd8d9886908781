"""Every fault of a config file is told at once, in one line, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.config import load_settings
from gateway.errors import Faults

KEY = "k" * 32
SOUND = """\
[site]
url = "https://news.example"
origin = "http://127.0.0.1:2368"
name = "Le Courrier"
[policies]
[keys]
cookie = ["env:LYCHGATE_KEY"]
"""
SECRET = "hunter2hunter2hunter2"


def faults(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The faults of one text as printed, without the folder."""
    file = folder / "lychgate.toml"
    file.write_text(text)
    environ = {"LYCHGATE_KEY": KEY, **(environ or {})}
    with pytest.raises(Faults) as raised:
        load_settings(file, environ)
    return str(raised.value).replace(f"{folder}/", "").splitlines()


APPLE = """[[login.provider]]
id = "apple"
issuer = "https://appleid.apple.com"
client_id = "c"
team_id = "t"
key_id = "k"
"""
LAST = 7  # the last line of SOUND; what a case adds begins on the next
CASES: list[tuple[str, str]] = [
    # Unknown keys and sections, with what was meant.
    ("[server]\nworkrs = 2", "9:1: unknown key `server.workrs`; did you mean `workers`?"),
    ("[sever]\nworkers = 2", "8:1: unknown key `sever`; did you mean `server`?"),
    ("[zzz]", "8:1: unknown key `zzz`"),
    ("[site.legal]\n'te rms' = '/x'", "9:1: unknown key `site.legal.te rms`; did you mean `terms`?"),
    ("[[plan]]\n[[login.provider]]\nid='a'\nissuer='https://a'\nclient_id='c'\nclient_secret='s'\ncolour='x'",
     "14:1: unknown key `login.provider[0].colour`"),
    # Types.
    ('[server]\nworkers = "2"', "9:11: `server.workers`: a whole number is needed"),
    ("[server]\nworkers = true", "9:11: `server.workers`: a whole number is needed"),
    ("[server]\nworkers = 0", "9:11: `server.workers`: 1 or more is needed"),
    ("[server]\nworkers = 2.5", "9:11: `server.workers`: a whole number is needed"),
    ("[server]\nexplain_header = 'yes'", "9:18: `server.explain_header`: true or false is needed"),
    ("[server]\nbind = 8000",
     "9:8: `server.bind`: an address and a port are needed, as 127.0.0.1:8000 or [::1]:8000"),
    ("[server]\nbind = 'all:8000'",
     "9:8: `server.bind`: an address and a port are needed, as 127.0.0.1:8000 or [::1]:8000"),
    ("[server]\nbind = '127.0.0.1:80000'", "9:8: `server.bind`: a port is 65535 at most"),
    ("[server]\ntrusted_proxies = '10.0.0.0/8'", "9:19: `server.trusted_proxies`: a list is needed"),
    ("server = 3", "7:31: not TOML"),
    ("[cdn]\nbypasses_our_cookie = 1", "9:23: `cdn.bypasses_our_cookie`: true or false is needed"),
    ("[limits]\nmail_per_hour = -1", "9:17: `limits.mail_per_hour`: 0 or more is needed"),
    # Places within lists and tables.
    ('[server]\ntrusted_proxies = [\n  "10.0.0.0/8", # ours\n  "10.0.0.1/8",\n]',
     "11:3: `server.trusted_proxies[1]`: a network is needed, as 10.0.0.0/8 or 127.0.0.1/32"),
    ('[origin]\nheaders = { "X A" = "v" }', "9:13: `origin.headers.X A`: `X A` is no header name"),
    ('[origin]\nheaders = { Host = "v" }',
     "9:13: `origin.headers.Host`: `Host` is the gateway's own to send"),
    ('[origin]\nheaders.Cookie = "a\\nb"',
     "9:18: `origin.headers.Cookie`: a header's value is printable ASCII on one line"),
    # Durations and counts.
    ("[origin]\nread_timeout_seconds = 0",
     "9:24: `origin.read_timeout_seconds`: more than 0 is needed"),
    ("[origin]\nread_timeout_seconds = '15s'",
     "9:24: `origin.read_timeout_seconds`: a number is needed"),
    ("[origin]\nconnect_timeout_seconds = 86400",
     "9:27: `origin.connect_timeout_seconds`: 3600 or less is needed"),
    # Closed sets of words.
    ('[stripe]\nsecret_key = "sk"\nwebhook_secrets = ["w"]\nunpaid = "maybe"',
     "11:10: `stripe.unpaid`: one of `none`, `access` is needed"),
    # Secrets.
    ('[mail]\nurl = "env:NOWHERE"\nsender = "a@b.example"',
     "9:7: `mail.url`: the environment has no NOWHERE, or it is empty"),
    ('[mail]\nurl = "file:nowhere"\nsender = "a@b.example"',
     "9:7: `mail.url`: the file of this secret can't be read: No such file or directory"),
    ('[mail]\nurl = "http://mail"\nsender = "a@b.example"',
     "9:7: `mail.url`: a URL is needed that starts with smtp or smtps:"),
    ('[mail]\nurl = "smtp://localhost"\nsender = "nobody"',
     "10:10: `mail.sender`: a sender is needed, as Le Courrier <bonjour@news.example>"),
    ('[mail]\nurl = "smtp://user:pw@"\nsender = "a@b.example"',
     "9:7: `mail.url`: a mail server is needed, as smtp://user:password@mail.example:587"),
    ('[templates]\nfolder = "nowhere"', "9:10: no such folder"),
    ('[ops]\nbind = "127.0.0.1:8000"',
     "9:8: the public listener has this address already: `server.bind`"),
    ('[store]\nurl = "mysql://x"',
     "9:7: `store.url`: a URL is needed that starts with sqlite or postgresql:"),
    ('[bus]\nurl = "amqp://x"',
     "9:7: `bus.url`: a URL is needed that starts with valkey or valkeys or redis or rediss:"),
    # Login and the console.
    ("[[login.provider]]\nid='a'\nissuer='http://idp.example'\nclient_id='c'\nclient_secret='s'",
     "10:8: `login.provider[0].issuer`: plain http is accepted on loopback only; use https://"),
    ("[[login.provider]]\nid='a'\nissuer='https://a'\nclient_id='c'",
     "8:1: `client_secret` is needed, or `team_id`, `key_id` and `private_key` (Apple)"),
    ("[[login.provider]]\nid='mail'\nissuer='https://a'\nclient_id='c'\nclient_secret='s'",
     "9:4: `mail` is the mailed link's own"),
    (f"{APPLE}private_key='no key'",
     "14:13: `login.provider[0].private_key`: a private key in PEM, without a password, is needed (.p8)"),
    ("[console]\nproviders = ['gogle']", "9:14: no login provider `gogle`"),
    ("[console]\nfinance = ['someone']",
     "9:12: `console.finance[0]`: an e-mail address or `group:NAME` is needed"),
    ("[console]\nadmins = ['ops@news.example']",
     "9:10: they count on sessions from `console.providers`: name one"),
    ("[newsroom]\nreaders = ['group:redaction']",
     "9:11: they count on sessions from `console.providers`: name one"),
    ("[[plan]]\nid='a'\nname={fr='A'}\ntiers=['t']\nprices=['p1']\noffered=['p2']",
     "13:10: an offered price stands in `prices` too"),
    ("[[plan]]\nid='a'\nname={fr='A'}\ntiers=['t']", "8:1: `plan[0].prices` is required"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "told"), CASES)
def test_one_fault_is_told_with_its_place(added: str, told: str, tmp_path: Path) -> None:
    text = SOUND + added
    if told.endswith("not TOML"):
        text, told = (
            SOUND.rstrip("\n") + " x",
            "7:31: not TOML: expected newline or end of document after a statement",
        )
    found = faults(tmp_path, text)
    assert f"lychgate.toml:{told}" in found
    if "[[plan]]\n[[" not in added:
        assert len(found) == 1, found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('url = "http://news.example"',
         "2:7: `site.url`: plain http is accepted on loopback only; use https://"),
        ('url = "https://news.example/blog"',
         "2:7: `site.url`: a URL without a path: scheme, host and port alone"),
        ('url = "https://news.example/?"', "2:7: `site.url`: a URL without query or fragment"),
        ('url = "https://a:b@news.example"', "2:7: `site.url`: a URL without credentials"),
        ('url = "https://news example"',
         "2:7: `site.url`: a URL is ASCII, without spaces (an international host as xn--…)"),
        ('url = "https://né.example"',
         "2:7: `site.url`: a URL is ASCII, without spaces (an international host as xn--…)"),
        ('url = "ftp://news.example"',
         "2:7: `site.url`: a URL starts with https:// or http:// and names a host"),
        ('url = "https://news.example:port"', "2:7: `site.url`: not a URL"),
        ('url = ""',
         "2:7: `site.url`: a URL is ASCII, without spaces (an international host as xn--…)"),
        ("# url", "1:1: `site.url` is required"),
    ],
)  # fmt: skip
def test_the_sites_own_address(line: str, told: str, tmp_path: Path) -> None:
    text = SOUND.replace('url = "https://news.example"', line)
    assert faults(tmp_path, text) == [f"lychgate.toml:{told}"]


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('languages = ["english language"]',
         "5:14: `site.languages[0]`: a language tag is needed, as fr or en-GB (BCP 47)"),
        ("languages = []", "5:13: `site.languages`: at least one is needed"),
        ('timezone = "Mars/Base"',
         "5:12: `site.timezone`: no such time zone; use a name such as Europe/Paris"),
        ('timezone = "../../etc/passwd"',
         "5:12: `site.timezone`: no such time zone; use a name such as Europe/Paris"),
        ('aliases = ["https://x"]',
         "5:12: `site.aliases[0]`: a host name is needed, without scheme or path"),
        ('shell = "about"', "5:9: `site.shell`: a path on the site is needed, as /about"),
        ('legal.terms = "//evil.example"',
         "5:15: `site.legal.terms`: a path such as /terms, an https:// URL or mailto:ADDRESS"
         " is needed"),
    ],
)  # fmt: skip
def test_keys_of_the_site(added: str, told: str, tmp_path: Path) -> None:
    text = SOUND.replace("[policies]", f"{added}\n[policies]")
    assert faults(tmp_path, text) == [f"lychgate.toml:{told}"]


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = '[site]\nurl = "x"\nnmae = "y"\n[server]\nworkers = -1\n[policies]\nmode = "on"\n'
    assert faults(tmp_path, text, {"LYCHGATE_SERVER__BIND": "nowhere"}) == [
        "lychgate.toml:1:1: `site.name` is required",
        "lychgate.toml:1:1: `site.origin` is required",
        "lychgate.toml:1:1: the section [keys] is required",
        "lychgate.toml:2:7: `site.url`: a URL starts with https:// or http:// and names a host",
        "lychgate.toml:3:1: unknown key `site.nmae`; did you mean `name`?",
        "lychgate.toml:5:11: `server.workers`: 1 or more is needed",
        "lychgate.toml:7:8: `policies.mode`: one of `enforce`, `report` is needed",
        "LYCHGATE_SERVER__BIND:0:0: `server.bind`: an address and a port are needed,"
        " as 127.0.0.1:8000 or [::1]:8000",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[site", "1:6: not TOML: expected ']' at the end of a table declaration"),
        ('[site]\nurl = "', "2:8: not TOML: unterminated string"),
        ("[site]\n[site]", "2:6: not TOML: cannot declare ('site',) twice"),
    ],
)
def test_a_text_that_is_no_toml(text: str, told: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text) == [f"lychgate.toml:{told}"]


def test_files_that_cant_be_read(tmp_path: Path) -> None:
    with pytest.raises(Faults, match=r"no such file or directory"):
        load_settings(tmp_path / "absent.toml", {})
    file = tmp_path / "latin.toml"
    file.write_bytes(b'[site]\nname = "\xe9"')
    with pytest.raises(Faults, match=r"latin.toml:1:1: not UTF-8"):
        load_settings(file, {})
    file.write_bytes(b"#" * (2 << 20))
    with pytest.raises(Faults, match="larger than 1 MB"):
        load_settings(file, {})


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace("env:LYCHGATE_KEY", "short-secret"),
        SOUND + f'[store]\nurl = "{SECRET}"',
        SOUND + f'[origin]\nheaders = {{ Cookie = "{SECRET}\\n" }}',
        SOUND + f'[origin]\nheaders = "{SECRET}"',
        SOUND + f'[stripe]\nsecret_key = "ok"\nwebhook_secrets = "{SECRET}"',
        SOUND + f'[mail]\nurl = "http://u:{SECRET}@mail"\nsender = "a@b.example"',
        SOUND + f'[site.secret]\nkey = "{SECRET}"',
        SOUND + f'{APPLE}private_key = "{SECRET}"',
    ],
)
def test_a_fault_never_shows_a_secret(text: str, tmp_path: Path) -> None:
    told = "\n".join(faults(tmp_path, text))
    assert SECRET not in told
    assert "short-secret" not in told


@pytest.mark.parametrize(
    ("curve", "password", "told"),
    [
        (ec.SECP384R1(), b"", "an elliptic curve key on P-256 is needed, for ES256"),
        (None, b"", "an elliptic curve key on P-256 is needed, for ES256"),
        (ec.SECP256R1(), b"x", "a private key in PEM, without a password, is needed (.p8)"),
    ],
)
def test_a_key_that_cant_sign_is_a_fault(
    curve: ec.EllipticCurve | None, password: bytes, told: str, tmp_path: Path
) -> None:
    key = ec.generate_private_key(curve) if curve else ed25519.Ed25519PrivateKey.generate()
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    (tmp_path / "key.p8").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    text = f'{SOUND}{APPLE}private_key = "file:key.p8"'
    (said,) = faults(tmp_path, text)
    assert said.endswith(f"`login.provider[0].private_key`: {told}")
