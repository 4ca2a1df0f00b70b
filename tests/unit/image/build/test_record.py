# SPDX-License-Identifier: MIT
"""The record of a build, and another build that holds to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build.record import Package, drift, hold, parse, read, render
from image.command import BuildError

LIBC = Package("libc6", "2.41-12", "arm64", "ab" * 32)
BASH = Package("bash", "5.2.37-2", "arm64", "cd" * 32)


def test_render_and_read_are_each_other_undone(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(render({"board": "pi"}, {"system": [LIBC, BASH]}))
    assert read(file) == {"system": [BASH, LIBC]}


def test_render_is_the_same_for_the_same_packages() -> None:
    assert render({}, {"a": [LIBC, BASH]}) == render({}, {"a": [BASH, LIBC]})


def test_hold_accepts_the_same_packages() -> None:
    hold({"system": [LIBC, BASH]}, {"system": [BASH, LIBC]})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([replace(LIBC, version="2.41-13"), BASH], "2.41-12 in the lock, 2.41-13 now"),
        ([replace(LIBC, sha256="00" * 32), BASH], "2.41-12 with another content now"),
        ([BASH], "2.41-12 in the lock, not there now"),
        ([LIBC, BASH, replace(BASH, name="zsh")], "zsh arm64: not there in the lock"),
    ],
)
def test_hold_names_what_differs(now: list[Package], words: str) -> None:
    with pytest.raises(BuildError, match=words):
        hold({"system": [LIBC, BASH]}, {"system": now})


def test_hold_counts_what_it_does_not_name() -> None:
    many = [replace(LIBC, name=f"lib{n}") for n in range(30)]
    with pytest.raises(BuildError, match="and 10 more"):
        hold({"system": many}, {"system": []})


def test_drift_looks_at_every_root() -> None:
    assert list(drift({"engine": [BASH]}, {"tools": [BASH]})) == [
        "engine: bash arm64: 5.2.37-2 in the lock, not there now",
        "tools: bash arm64: not there in the lock, 5.2.37-2 now",
    ]


def test_parse_reads_what_the_hook_writes() -> None:
    assert parse("libc6 2.41-12 arm64 " + "ab" * 32 + "\n") == [LIBC]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"roots": {"a": [{"name": 1}]}}', "\0"])
def test_read_of_another_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(InputError, match="not the record"):
        read(tmp_path / "x")
    with pytest.raises(InputError):
        read(tmp_path / "missing")


def test_record_is_json_that_a_person_can_read() -> None:
    assert json.loads(render({"board": "pi"}, {"a": [LIBC]}))["roots"]["a"][0]["name"] == "libc6"
