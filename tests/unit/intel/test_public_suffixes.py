# SPDX-License-Identifier: MIT
"""Names below which anybody may have one: a list by hand, and Debian's."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.intel import public_suffixes
from appliance.intel.public_suffixes import FILE, PublicSuffixes
from tests.conftest import missing

TEXT = "// remark\ncom\nco.uk\n*.ck\n!www.ck\n公司.cn\n\n"


def test_rules_exceptions_and_wildcards() -> None:
    known = PublicSuffixes(TEXT)
    for name in ("com", "co.uk", "any.ck", "xn--55qx5d.cn"):
        assert name in known
    for name in ("example.com", "www.ck", "a.any.ck", "uk"):
        assert name not in known


def test_debians_list_is_read() -> None:
    if not FILE.exists():
        missing("no publicsuffix")
    known = public_suffixes.load()
    assert "github.io" in known and "co.uk" in known and "xn--55qx5d.cn" in known
    assert "example.github.io" not in known


def test_without_a_list_all_names_pass(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert "github.io" not in public_suffixes.load(tmp_path / "none")
    assert "public suffixes are not known" in caplog.text
