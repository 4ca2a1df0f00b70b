# SPDX-License-Identifier: MIT
"""From words to a build."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build import options
from image.build.context import BuildContext
from image.progress import StageProgress


def built(*words: str) -> BuildContext:
    parser = argparse.ArgumentParser(parents=[options.parser()])
    return options.context_of(parser.parse_args(words), StageProgress())


def test_context_of_nothing_is_the_emulated_board_with_the_usual_engine() -> None:
    found = built()
    assert (found.board.title, found.engine.name) == ("vm", "snort")
    assert (found.mirror, found.ubuntu_mirror, found.lock) == (None, None, None)


def test_context_of_all_words() -> None:
    found = built(
        "--board", "pi", "--flavour", "debian", "--ids", "suricata", "--mirror", "http://d/",
        "--ubuntu-mirror", "http://u/", "--raspberry-mirror", "http://r/",
        "--raspberry-key", "AB CD",
    )  # fmt: skip
    assert (found.board.title, found.engine.name) == ("pi-debian", "suricata")
    assert (found.mirror, found.ubuntu_mirror) == ("http://d/", "http://u/")
    assert (found.archive.url, found.archive.fingerprint) == ("http://r/", "ABCD")


def test_context_of_refuses_a_flavour_that_the_board_lacks() -> None:
    with pytest.raises(InputError, match="no flavour raspios"):
        built("--board", "vm", "--flavour", "raspios")


def test_context_of_refuses_what_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("[]")
    with pytest.raises(InputError, match="not the record"):
        built("--locked", str(tmp_path / "lock"))
