"""Sound settings: defaults, secrets, the environment over the file, and the list of keys."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config import Bind, Settings, keys, load_settings
from gateway.config.places import locate
from gateway.errors import Faults

KEY = "k" * 32
SOUND = """\
[site]
url = "https://News.example:443/"
origin = "http://127.0.0.1:2368"
name = "Le Courrier"
aliases = ["www.News.example", "localhost:8000"]
[policies]
[keys]
cookie = ["env:LYCHGATE_KEY", "file:old.key"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lychgate.toml"
    path.write_text(SOUND)
    (tmp_path / "old.key").write_text("o" * 20 + "\n")
    return path


def read(file: Path, **environ: str) -> Settings:
    return load_settings(file, {"LYCHGATE_KEY": KEY, **environ})


def test_only_three_sections_are_needed(file: Path) -> None:
    settings = read(file)
    assert settings.site.url == "https://news.example"
    assert settings.server.bind == Bind("127.0.0.1", 8000)
    assert settings.ops.access_log
    assert settings.stripe is None
    assert settings.mail is None
    assert settings.policies.folder == file.parent / "policies"
    assert settings.store.url.get_secret_value() == f"sqlite:///{file.parent}/lychgate.db"
    assert [key.get_secret_value() for key in settings.keys.cookie] == [KEY, "o" * 20]
    assert settings.site.aliases == ("www.news.example", "localhost:8000")


def test_settings_are_frozen(file: Path) -> None:
    with pytest.raises(ValidationError):
        read(file).site.name = "other"


def test_a_secret_shows_nowhere(file: Path) -> None:
    settings = read(
        file, LYCHGATE_ORIGIN__HEADERS='{"Cookie": "s3cr3t"}', LYCHGATE_STORE__URL="sqlite:s3cr3t"
    )
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "s3cr3t" not in shown
        assert KEY not in shown
    assert settings.origin.headers["Cookie"].get_secret_value() == "s3cr3t"


def test_the_environment_goes_over_the_file(file: Path) -> None:
    settings = read(
        file,
        LYCHGATE_SITE__NAME="[brackets are a text]",
        LYCHGATE_SITE__LEGAL__TERMS="/cgv",
        LYCHGATE_SITE__LANGUAGES='["fr", "en"]',
        LYCHGATE_SERVER__WORKERS="4",
        LYCHGATE_SERVER__BIND="[::1]:9000",
        LYCHGATE_SERVER__TRUSTED_PROXIES='["10.0.0.0/8"]',
        LYCHGATE_KEYS__PURGE="env:OTHER",
        LYCHGATE_POLICIES__MODE="report",
        LYCHGATE_OPS__ACCESS_LOG="false",
        LYCHGATE_LOGIN__PROVIDER='[{"id": "a", "issuer": "https://a.example", "client_id": "c", "client_secret": "s"}]',
        LYCHGATE_LOGIN__PROVIDER__0__CLIENT_SECRET="env:OTHER",
        LYCHGATE_ORIGIN__HEADERS__COOKIE="a=b",
        OTHER="p" * 16,
        LYCHGATE_OTHER="not a setting: no two underscores",
    )
    assert settings.site.name == "[brackets are a text]"
    assert settings.site.legal.terms == "/cgv"
    assert settings.site.languages == ("fr", "en")
    assert settings.server.workers == 4
    assert str(settings.server.bind) == "[::1]:9000"
    assert settings.server.trusted_proxies == (ip_network("10.0.0.0/8"),)
    assert settings.keys.purge is not None
    assert settings.policies.mode == "report"
    assert not settings.ops.access_log
    secret = settings.login.provider[0].client_secret
    assert secret is not None
    assert secret.get_secret_value() == "p" * 16
    assert settings.origin.headers["cookie"].get_secret_value() == "a=b"


@pytest.mark.parametrize("written", ["fr,en", " fr , en ", '["fr", "en"]'])
def test_a_list_of_texts_is_written_as_people_do(written: str, file: Path) -> None:
    assert read(file, LYCHGATE_SITE__LANGUAGES=written).site.languages == ("fr", "en")


def test_one_text_is_a_list_of_one(file: Path) -> None:
    (key,) = read(file, LYCHGATE_KEYS__COOKIE="env:LYCHGATE_KEY").keys.cookie
    assert key.get_secret_value() == KEY
    several = read(file, LYCHGATE_SERVER__TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1/32")
    assert several.server.trusted_proxies[0] == ip_network("10.0.0.0/8")


def test_a_file_that_begins_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_text("\ufeff" + SOUND)
    assert read(file).site.name == "Le Courrier"


def test_the_environment_alone_is_enough() -> None:
    settings = load_settings(
        None,
        {
            "LYCHGATE_SITE__URL": "http://localhost:8000",
            "LYCHGATE_SITE__ORIGIN": "http://origin.internal:80",
            "LYCHGATE_SITE__NAME": "x",
            "LYCHGATE_POLICIES__FOLDER": "/etc/lychgate/policies",
            "LYCHGATE_KEYS__COOKIE": f'["{KEY}"]',
        },
    )
    assert settings.site.origin == "http://origin.internal"
    assert settings.site.url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LYCHGATE_SERVER__WORKERS", "two", "a number is needed"),
        ("LYCHGATE_OPS__ACCESS_LOG", "yes", "true or false is needed"),
        ("LYCHGATE_ORIGIN__HEADERS", "a=b", 'a table in JSON, as {"name": "value"}, is needed'),
        ("LYCHGATE_SITE__LANGUAGES", "[fr,en]", 'a list, as fr,en or ["fr", "en"], is needed'),
        ("LYCHGATE_LOGIN__PROVIDER", "google", "JSON is needed"),
        ("LYCHGATE_NOPE__X", "1", "unknown key `nope`"),
        ("LYCHGATE_SITE__URL__X", "1", "there is no table of that name to set a key in"),
        ("LYCHGATE_SITE__NMAE", "1", "unknown key `site.nmae`; did you mean `name`?"),
        ("LYCHGATE_LOGIN__PROVIDER__3__ID", "x", "there is no table of that name to set a key in"),
        ("LYCHGATE_KEYS__COOKIE", "x", "`keys.cookie[0]`: a key has 16 characters or more"),
        ("LYCHGATE_KEYS__COOKIE", "env:NO", "`keys.cookie[0]`: the environment has no NO, or it is empty"),
    ],
)  # fmt: skip
def test_a_faulty_variable_is_named(name: str, value: str, told: str, file: Path) -> None:
    with pytest.raises(Faults) as raised:
        read(file, **{name: value})
    assert str(raised.value) == f"{name}:0:0: {told}"


def test_every_key_is_listed_once() -> None:
    listed = keys()
    assert len(set(listed)) == len(listed)
    assert {"site.url", "site.legal.terms", "login.provider.client_secret", "plan.offered"} <= set(
        listed
    )


TOML_WORDS = st.sampled_from(
    "[ ] [[ ]] { } = . , # \" ' \"\"\" ''' \\ \n a b-c 1 true 'x=y' \"[k]\" 1979-05-27".split(" ")
)


@given(st.lists(TOML_WORDS, max_size=30).map("".join))
def test_whatever_toml_accepts_the_walk_survives(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    places = locate(text)
    for key in data:
        assert (key,) in places.keys or any(path[0] == key for path in places.keys)


def test_places_of_all_kinds_of_keys() -> None:
    text = '''\
a."b.c" = 1  # [no header]
multi = """
x = 1
\\""""
[t.u]
list = [ [1, 2], { k = "]" } ]
[[rows]]
id = 1
[[rows]]
sub.id = 2
[rows.inner]
"q" = ''
'''
    places = locate(text)
    assert places.of_key(("a", "b.c")) == (1, 1)
    assert places.of_value(("a", "b.c")) == (1, 11)
    assert places.of_value(("t", "u", "list", 0, 1)) == (6, 14)
    assert places.of_key(("t", "u", "list", 1, "k")) == (6, 20)
    assert places.of_value(("rows", 0, "id")) == (8, 6)
    assert places.of_value(("rows", 1, "sub", "id")) == (10, 10)
    assert places.of_key(("rows", 1, "inner", "q")) == (12, 1)
    assert places.of_key(("rows", 1, "missing")) == (9, 1)


@pytest.mark.parametrize("written", ['folder = "rules"', ""])
def test_a_config_below_the_working_folder_is_followed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "lychgate.toml").write_text(
        '[site]\nurl = "http://localhost"\norigin = "http://127.0.0.1:1"\nname = "x"\n'
        f'[policies]\n{written}\n[keys]\ncookie = ["0123456789abcdef0123456789abcdef"]\n'
    )
    monkeypatch.chdir(tmp_path)
    folder = load_settings(Path("site/lychgate.toml"), {}).policies.folder
    assert folder.resolve() == tmp_path / "site" / ("rules" if written else "policies")
