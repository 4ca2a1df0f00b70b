# SPDX-License-Identifier: MIT
"""The two systems of a card: which one config.txt names, which one runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.host import systems
from appliance.host.systems import A, B
from image.build import boards
from tests.conftest import PROJECT

CONFIGS = sorted((PROJECT / "image/boards").glob("*/boot/config.txt"))


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.parent.parent.name)
def test_a_new_card_starts_the_first(file: Path) -> None:
    assert len(CONFIGS) == len(boards.names())
    config = file.read_bytes()
    assert systems.named(config) == A
    other = systems.naming(config, B)
    assert systems.named(other) == B
    assert len([1 for old, new in zip(config, other, strict=True) if old != new]) == 1
    assert systems.naming(other, A) == config


@pytest.mark.parametrize(
    ("config", "system"),
    [
        (b"os_prefix=a/\n", A),
        (b"kernel=vmlinuz\r\nos_prefix=b/\r\n", B),
        (b"os_prefix=b/", B),
        (b"", None),
        (b"#os_prefix=a/\n", None),
        (b"os_prefix=c/\n", None),
        (b"os_prefix=a\n", None),
        (b"os_prefix=a/\nos_prefix=b/\n", None),
    ],
)
def test_named(config: bytes, system: systems.System | None) -> None:
    assert systems.named(config) == system


@pytest.mark.parametrize("config", [b"", b"os_prefix=a/\nos_prefix=b/\n"])
def test_naming_changes_no_config_that_it_does_not_understand(config: bytes) -> None:
    with pytest.raises(ValueError, match="names no system"):
        systems.naming(config, B)


@pytest.mark.parametrize(
    ("line", "system"),
    [
        ("root=PARTUUID=61f0b0e5-02 ro", A),
        ("quiet root=PARTUUID=0badcafe-06", B),
        ("root=PARTUUID=0badcafe-05", None),
        ("xroot=PARTUUID=0badcafe-06", None),
        ("root=/dev/vda2", None),
    ],
)
def test_running(line: str, system: systems.System | None) -> None:
    assert systems.running(line) == system


@pytest.mark.parametrize("board", boards.names())
def test_every_boards_command_line_has_one_for_each_system(board: str) -> None:
    line = boards.choose(board).command_line
    assert systems.running(line) == A
    made = systems.command_line_of(B, line, "0badcafe")
    assert systems.running(made) == B
    assert made == line.replace("61f0b0e5-02", "0badcafe-06")
    assert systems.command_line_of(A, made, "61f0b0e5") == line


def test_command_line_of_a_line_without_a_root() -> None:
    with pytest.raises(ValueError, match="names no root"):
        systems.command_line_of(B, "quiet", "0badcafe")


def test_the_other_one() -> None:
    assert [each.other for each in systems.BOTH] == [B, A]
    assert {each.command_line for each in systems.BOTH} < set(systems.COMMAND_LINES)
