# SPDX-License-Identifier: MIT
"""What was decided of downloads is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.renewal.set_verdicts import FILE, SetVerdict, SetVerdictKind, SetVerdicts

HELD = SetVerdict("a" * 64, SetVerdictKind.HELD, "it lost half")


def test_the_last_verdict_of_a_set_counts(tmp_path: Path) -> None:
    verdicts = SetVerdicts(tmp_path)
    assert verdicts.of("x", HELD.digest) is None
    verdicts.note("x", HELD)
    verdicts.note("y", HELD)
    assert verdicts.of("x", HELD.digest) == HELD and verdicts.of("x", "b" * 64) is None
    agreed = SetVerdict(HELD.digest, SetVerdictKind.AGREED)
    verdicts.note("x", agreed)
    assert verdicts.of("x", HELD.digest) == agreed and verdicts.of("y", HELD.digest) == HELD


@pytest.mark.parametrize("content", ["", "[]", '{"verdicts": 1}', "[" * 9000])
def test_a_damaged_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert SetVerdicts(tmp_path).read() == {}
