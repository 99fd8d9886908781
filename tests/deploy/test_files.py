"""What the Dockerfile, the compose file and the systemd unit promise, read from the files.

The image itself isn't built here: that needs a Docker engine. What can be looked at without one is.
"""

from __future__ import annotations

import json
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CONFIG = """\
[site]
url = "https://news.example"
origin = "http://127.0.0.1:2368"
name = "Le Courrier"
[policies]
folder = "."
[keys]
cookie = ["0123456789abcdef0123456789abcdef"]
"""


def instructions() -> list[tuple[str, str]]:
    """(instruction, its arguments) of the Dockerfile, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(line.split()[0], " ".join(line.split()[1:])) for line in lines if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    whole = instructions()
    starts = [index for index, (word, _) in enumerate(whole) if word == "FROM"]
    assert len(starts) == 2, "one stage builds, the other runs"
    return whole[starts[-1] :]


def test_the_image_runs_as_nobody_in_particular_from_a_slim_base() -> None:
    stage = last_stage()
    assert stage[0][1].endswith("-slim")
    users = [arguments for word, arguments in stage if word == "USER"]
    assert users == ["10001:10001"]
    assert [word for word, _ in stage].index("USER") < [word for word, _ in stage].index("CMD")


def test_the_image_holds_no_secret_and_no_builder() -> None:
    for word, arguments in instructions():
        assert not (
            word in ("ENV", "ARG") and re.search(r"(?i)secret|password|_key|token", arguments)
        )
    copied = [arguments for word, arguments in last_stage() if word == "COPY"]
    assert copied == ["--from=build /opt/lychgate /opt/lychgate"]


def test_what_the_image_copies_is_what_the_wheel_is_made_of() -> None:
    copied = [arguments.split()[:-1] for word, arguments in instructions() if word == "COPY"]
    sources = {name for names in copied for name in names if not name.startswith(("-", "/"))}
    assert all((ROOT / name).exists() for name in sources)
    assert {"gateway", "policies", "templates", "pyproject.toml", "README.md", "LICENSE"} <= sources


def test_the_image_says_whether_it_is_ready() -> None:
    (check,) = [arguments for word, arguments in last_stage() if word == "HEALTHCHECK"]
    command = json.loads(check[check.index("[") :])
    assert command[0] == "python"
    assert "http://127.0.0.1:9464/ready" in command[-1]
    compile(command[-1], "healthcheck", "exec")


@pytest.fixture
def services() -> dict[str, Any]:
    with (DEPLOY / "compose.yaml").open() as file:
        parsed: dict[str, Any] = YAML(typ="safe").load(file)
    found: dict[str, Any] = parsed["services"]
    named = {volume.split(":")[0] for s in found.values() for volume in s["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(parsed["volumes"])
    assert {n for s in found.values() for n in s["networks"]} == set(parsed["networks"])
    return found


@pytest.mark.parametrize("name", ["gateway", "caddy"])
def test_each_service_is_bound_hand_and_foot(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}


def test_only_caddy_is_reached_from_outside_and_waits_for_the_gateway(
    services: dict[str, Any],
) -> None:
    assert "ports" not in services["gateway"]
    assert services["caddy"]["depends_on"]["gateway"]["condition"] == "service_healthy"
    assert "/ready" in services["gateway"]["healthcheck"]["test"][-1]
    assert services["caddy"]["environment"]["UPSTREAM"] == "gateway:8000"
    files = [volume.split(":")[0] for volume in services["caddy"]["volumes"] if volume[0] == "."]
    assert all((DEPLOY / path).exists() for path in files)


def test_the_settings_that_compose_gives_are_settings(
    services: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "lychgate.toml").write_text(CONFIG)
    environment = services["gateway"]["environment"]
    settings = load_settings(tmp_path / "lychgate.toml", environment)
    assert str(settings.server.bind) == "0.0.0.0:8000"
    assert [str(network) for network in settings.server.trusted_proxies] == ["172.30.8.0/24"]
    assert settings.store.url.get_secret_value() == "sqlite:////var/lib/lychgate/lychgate.db"


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # how configparser is told to keep case
    parser.read(DEPLOY / "systemd" / "lychgate.service")
    return parser


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("KillSignal", "SIGTERM"),
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("MemoryMax", "1536M"),
        ("StateDirectory", "lychgate"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_the_unit_says(key: str, value: str) -> None:
    assert unit()["Service"][key] == value


def test_the_unit_waits_longer_than_the_gateway_takes_to_stop() -> None:
    from gateway.supervisor import KILL_AFTER_SECONDS

    assert float(unit()["Service"]["TimeoutStopSec"].removesuffix("s")) > KILL_AFTER_SECONDS


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """With the program it starts put where one is: that it is installed is the operator's part."""
    analyze = which("systemd-analyze")
    if analyze is None:
        pytest.skip("this machine has no systemd to ask")
    text = (DEPLOY / "systemd" / "lychgate.service").read_text()
    path = tmp_path / "lychgate.service"
    path.write_text(text.replace("/opt/lychgate/bin/lychgate", "/bin/true"))
    done = subprocess.run(
        [analyze, "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "lychgate.service" not in done.stderr
    command = [analyze, "security", "--offline=true", "--threshold=20", str(path)]
    graded = subprocess.run(command, capture_output=True, text=True, check=False)
    assert graded.returncode == 0, graded.stdout.splitlines()[-1]
