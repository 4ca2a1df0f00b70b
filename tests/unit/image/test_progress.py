# SPDX-License-Identifier: MIT
"""Stages as a person sees them."""

from __future__ import annotations

import pytest

from image.progress import StageProgress


def test_stage_is_shown_and_timed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = StageProgress()
    with progress.stage("tools"):
        pass
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("tools …")
    assert "tools: 0.0 s" in second
    assert progress.seconds == {"tools": 0.0}


def test_stage_that_fails_is_timed_and_not_called_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = StageProgress()
    with pytest.raises(ValueError, match="broken"), progress.stage("tools"):
        raise ValueError("broken")
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert "tools" in progress.seconds


def test_kept_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    progress = StageProgress()
    progress.kept("tools")
    assert capsys.readouterr().err == ""
    assert progress.seconds == {"tools": 0.0}
