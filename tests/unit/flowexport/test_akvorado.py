# SPDX-License-Identifier: MIT
"""The view with Akvorado's names, over flows that are kept here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.questions.kept import keep, unhurried


@pytest.mark.slow
def test_classes_of_addresses_are_no_countries(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        codes = engine.ask('SELECT DISTINCT "SrcCountry" FROM akvorado ORDER BY 1').rows
        answer = engine.ask('SELECT "SrcAddr", "EType", "TCPFlags", "SrcPort" FROM akvorado')
    assert all(code == code.upper() and code != "HM" for (code,) in codes)
    assert answer.columns == ("SrcAddr", "EType", "TCPFlags", "SrcPort")
    assert len(answer.rows) == 300
