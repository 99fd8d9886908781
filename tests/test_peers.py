"""A peer that is missing fails a test, and is left out only where the caller asked for that."""

from __future__ import annotations

import pytest

from tests.peers import left_out, program


def test_a_missing_program_is_a_failure_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PEERS", raising=False)
    with pytest.raises(pytest.fail.Exception, match=r"no-such-server isn't installed; .*peers\.sh"):
        program("no-such-server")


def test_who_asks_for_none_is_told_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERS", "none")
    with pytest.raises(pytest.skip.Exception) as skipped:
        program("sh")
    assert left_out(f"Skipped: {skipped.value.msg}") == "sh"
    assert left_out("Skipped: this machine has no systemd to ask") == ""
