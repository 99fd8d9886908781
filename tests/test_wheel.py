"""A wheel holds all that the gateway reads: installed by itself, it works in an empty folder."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.bench.processes import free_port
from tests.serving import TEXT, origin, served, serving

ROOT = Path(__file__).parent.parent
SECONDS = 60
POLICY = """version: 1
default: public
include: [static, ghost, wordpress, news]
teaser: { body: [article], root: [article] }
rules:
  - name: the weather
    path: /weather
    access: paid
"""


def run(arguments: list[str], folder: Path) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a wheel of this checkout was unpacked into."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=SECONDS)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture(autouse=True)
def _found_first(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started finds the wheel's code, and not this checkout's."""
    monkeypatch.setenv("PYTHONPATH", str(installed))


def test_it_serves_walls_and_makes_and_migrates_its_store(installed: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-c", "import gateway; print(gateway.__file__)"]
    said = subprocess.run(where, check=True, cwd=tmp_path, capture_output=True, text=True)
    assert Path(said.stdout.strip()).is_relative_to(installed)
    with origin() as at, served(tmp_path, at, policy=POLICY) as one:
        one.until_ready()
        status, page = one.get("/weather")
        assert status == 200
        assert b"lychgate" in page
        assert TEXT not in page
    assert (tmp_path / "lychgate.db").is_file()
    checked = run(["check"], tmp_path)
    assert "no fault. 1 rule of its own and " in checked
    assert " 0 of packs" not in checked
    for file in tmp_path.glob("lychgate.db*"):
        file.unlink()
    assert run(["migrate"], tmp_path) == "The store was migrated.\n"
    assert run(["migrate"], tmp_path) == "The store is current.\n"


def test_it_has_the_whole_demo(tmp_path: Path) -> None:
    port = free_port()
    command = ("-m", "gateway", "demo", "--port", str(port))
    with serving(tmp_path, port, port, command) as one:
        one.until(lambda: one.ops("/")[0] == 200)
        status, front = one.get("/")
        assert (status, b"Membres" in front) == (200, True)
        assert one.get("/-/preview")[0] == 200
        (image, *_) = re.findall(rb'src="(/[^"]+[.]svg)"', front)
        assert one.get(image.decode())[0] == 200
