"""Reloading: the last good policy stays, and the fault is told."""

from __future__ import annotations

import threading
from pathlib import Path

import anyio
import pytest

from gateway.errors import Faults
from gateway.model.fault import Fault
from gateway.model.opening import Opening
from gateway.policy.compile import Policy
from gateway.policy.reload import PolicyHolder

GOOD = "version: 1\ndefault: public\n"


def test_a_faulty_policy_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("version: 1\n")
    with pytest.raises(Faults):
        PolicyHolder(tmp_path)


def test_a_faulty_reload_keeps_the_last_good_policy(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def hear(policy: Policy, faults: tuple[Fault, ...]) -> None:
        told.append((policy.version, len(faults)))

    (tmp_path / "p.yaml").write_text(GOOD)
    holder = PolicyHolder(tmp_path, told=hear)
    good = holder.current
    holder.open_stories([Opening("/a", 4e9, "x")])
    opened = holder.current
    assert opened.version != good.version
    (tmp_path / "p.yaml").write_text("version: 1\ndefault: nothing\n")
    assert not holder.reload()
    assert holder.current is opened
    assert holder.faults[0].place.line == 2
    (tmp_path / "p.yaml").write_text("version: 1\ndefault: paid\n")
    assert holder.reload()
    assert not holder.faults
    assert holder.current.openings == opened.openings
    assert [faults for _, faults in told] == [1, 0]


async def _until_changed(holder: PolicyHolder, before: str) -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(holder.watch)
            while holder.current.version == before:
                await anyio.sleep(0.05)
            group.cancel_scope.cancel()


@pytest.mark.anyio
async def test_a_change_of_a_file_is_seen_also_from_before_the_watch(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(GOOD)
    holder = PolicyHolder(tmp_path)
    before = holder.current.version
    (tmp_path / "p.yaml").write_text("version: 1\ndefault: paid\n")
    await _until_changed(holder, before)


@pytest.mark.anyio
async def test_a_folder_in_the_place_of_another_is_seen(tmp_path: Path) -> None:
    """As a volume is updated: the name is a link, and leads elsewhere all at once."""
    for name, default in (("old", "public"), ("new", "paid")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.yaml").write_text(f"version: 1\ndefault: {default}\n")
    folder = tmp_path / "policies"
    folder.symlink_to("old")
    holder = PolicyHolder(folder)
    before = holder.current.version
    (tmp_path / "link").symlink_to("new")
    (tmp_path / "link").replace(folder)
    await _until_changed(holder, before)


@pytest.mark.anyio
async def test_a_folder_that_is_away_for_a_while_ends_no_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.policy.reload.LOOK_SECONDS", 0.01)
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "p.yaml").write_text(GOOD)
    holder = PolicyHolder(folder)
    before = holder.current.version
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(holder.watch)
            folder.rename(tmp_path / "away")
            while not holder.faults:
                await anyio.sleep(0.02)
            assert holder.current.version == before
            (tmp_path / "away").rename(folder)
            while holder.faults:
                await anyio.sleep(0.02)
            group.cancel_scope.cancel()


class _Held(PolicyHolder):
    """Each reading of the files is told of, and goes on once it may."""

    def __init__(self, folder: Path) -> None:
        self.may = threading.Event()
        self.may.set()
        self.under_way, self.began, self.ended = 0, 0, 0
        super().__init__(folder)

    def _loaded(self) -> Policy:
        self.under_way += 1
        self.began += 1
        try:
            assert self.under_way == 1, "one at a time"
            assert self.may.wait(10)
            return super()._loaded()
        finally:
            self.under_way -= 1
            self.ended += 1


@pytest.mark.anyio
async def test_who_asks_is_answered_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though no file looks changed; and what is opened by hand meanwhile stays open."""
    monkeypatch.setattr("gateway.policy.reload.LOOK_SECONDS", 3600)
    (tmp_path / "p.yaml").write_text(GOOD)
    holder = _Held(tmp_path)
    holder.may.clear()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(holder.watch)
            holder.ask()
            while holder.began < 2:
                await anyio.sleep(0.01)
            opening = Opening("/a", 4e9, "x")
            holder.open_stories([opening])
            holder.draw_walls_anew("other")
            before = holder.current
            holder.ask()  # what is read by now may be older than what is asked for
            holder.may.set()
            while holder.ended < 3 or holder.current is before:
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    assert holder.current.openings == (opening,)
    assert holder.current.walls == "other"


@pytest.mark.anyio
async def test_who_asks_of_faulty_files_keeps_the_last_good_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.policy.reload.LOOK_SECONDS", 3600)
    (tmp_path / "p.yaml").write_text(GOOD)
    holder = PolicyHolder(tmp_path)
    good = holder.current
    (tmp_path / "p.yaml").write_text("version: 1\ndefault: nothing\n")
    holder.ask()  # before anybody watches
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(holder.watch)
            while not holder.faults:
                await anyio.sleep(0.01)
            assert holder.current is good
            (tmp_path / "p.yaml").write_text("version: 1\ndefault: paid\n")
            holder.ask()
            while holder.faults:
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    assert holder.current.version != good.version


def test_who_starts_on_a_faulty_policy_goes_on_with_what_the_others_left(tmp_path: Path) -> None:
    folder, kept = tmp_path / "policies", tmp_path / "kept"
    folder.mkdir()
    (folder / "p.yaml").write_text("version: 1\ndefault: paid\ninclude: [static]\n")
    first = PolicyHolder(folder, kept=kept)
    (folder / "p.yaml").write_text("version: 1\ndefault: public\nrulez: []\n")
    told: list[int] = []
    second = PolicyHolder(folder, kept=kept, told=lambda _, faults: told.append(len(faults)))
    assert second.current.version == first.current.version
    assert told == [len(second.faults)] == [1]
    (folder / "p.yaml").write_text(GOOD)
    assert second.reload()
    (folder / "p.yaml").unlink()
    third = PolicyHolder(folder, kept=kept)
    assert third.current.version == second.current.version, "the last good one, not the first"
    kept.unlink()
    with pytest.raises(Faults, match="no policy"):
        PolicyHolder(folder, kept=kept)


def test_a_policy_that_cant_be_left_for_others_is_judged_by(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(GOOD)
    assert not PolicyHolder(tmp_path, kept=tmp_path / "nowhere" / "kept").faults
