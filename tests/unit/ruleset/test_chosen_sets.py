# SPDX-License-Identifier: MIT
"""What was chosen on the page and in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ruleset import chosen_sets
from appliance.settings import config


def test_a_choice_is_kept_and_undone(tmp_path: Path) -> None:
    assert not chosen_sets.is_decided(tmp_path)
    chosen_sets.choose(tmp_path, "et-open", True)
    chosen_sets.choose(tmp_path, "sslbl", True)
    assert chosen_sets.read(tmp_path) == ("et-open", "sslbl")
    chosen_sets.choose(tmp_path, "et-open", False)
    assert chosen_sets.read(tmp_path) == ("sslbl",)
    assert chosen_sets.is_decided(tmp_path)


def test_to_decline_all_is_a_decision(tmp_path: Path) -> None:
    chosen_sets.choose(tmp_path, "", False)
    assert chosen_sets.read(tmp_path) == () and chosen_sets.is_decided(tmp_path)


def test_what_is_unknown_is_not_chosen(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        chosen_sets.choose(tmp_path, "https://evil.example/", True)


@pytest.mark.parametrize("content", ["", "{}", "[1, null]", "[" * 5000, '["../x"]', "\xff"])
def test_a_damaged_file_is_no_choice(tmp_path: Path, content: str) -> None:
    (tmp_path / chosen_sets.CHOSEN).write_text(content, encoding="latin-1")
    assert chosen_sets.read(tmp_path) == ()


def test_settings_and_page_are_taken_together(tmp_path: Path) -> None:
    chosen_sets.choose(tmp_path, "et-open", True)
    chosen_sets.choose(tmp_path, "sslbl", True)
    sources = ["et-open", "https://example.org/my.rules"]
    settings = config.build({"ids": {"engine": "snort"}, "rules": {"sources": sources}})
    found = chosen_sets.chosen(settings, tmp_path)
    assert [(each.text, each.page) for each in found] == [
        ("et-open", False), ("https://example.org/my.rules", False), ("sslbl", True)
    ]  # fmt: skip
    # There is none of it for Snort.
    assert found[2].source is None and found[0].source
