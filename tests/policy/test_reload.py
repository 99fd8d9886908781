"""Reloading: the last good policy stays, and the fault is told."""

from __future__ import annotations

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


@pytest.mark.anyio
async def test_a_change_of_a_file_is_seen(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(GOOD)
    holder = PolicyHolder(tmp_path)
    before = holder.current.version
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(holder.watch)
            while holder.current.version == before:
                (tmp_path / "p.yaml").write_text("version: 1\ndefault: paid\n")
                await anyio.sleep(0.3)
            group.cancel_scope.cancel()
