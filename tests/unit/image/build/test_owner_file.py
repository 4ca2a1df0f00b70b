# SPDX-License-Identifier: MIT
"""The owner's file on BOOT is made of the shipped settings and cannot drift from them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from image.build import owner_file
from image.build.context import PROJECT

SHIPPED = (PROJECT / "config" / "glovebox.toml").read_text(encoding="utf-8")


def parsed(text: str) -> dict[str, object]:
    return tomllib.loads(text.replace("\r\n", "\n"))


def test_template_sets_nothing() -> None:
    tables = parsed(owner_file.template(SHIPPED))
    assert tables == {name: {} for name in tomllib.loads(SHIPPED)}


def test_template_without_its_signs_is_what_is_shipped() -> None:
    bare = re.sub(r"(?m)^#(?! |\r?$)", "", owner_file.template(SHIPPED))
    assert parsed(bare) == tomllib.loads(SHIPPED)


def test_template_suits_windows() -> None:
    text = owner_file.template("# x\n\n[a]\n# Why.\nb = 1\n")
    assert text.endswith("\r\n\r\n[a]\r\n# Why.\r\n#b = 1\r\n")


def test_template_of_a_setting_over_several_lines() -> None:
    text = owner_file.template("# x\n\n[a]\nb = [\n  1,\n]\n")
    assert parsed(text) == {"a": {}}


def test_write_makes_the_folder(tmp_path: Path) -> None:
    owner_file.write(tmp_path / "boot", PROJECT)
    assert [file.name for file in (tmp_path / "boot").iterdir()] == ["glovebox.toml"]
