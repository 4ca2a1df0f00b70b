# SPDX-License-Identifier: MIT
"""Templates on DATA: soon, seldom, and never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.flows.keeping import LATER_S, SOON_S, TemplateFile
from appliance.flows.templates import MOST_BYTES, StreamKey, Templates
from appliance.formats.netflow import FlowField, Template
from tests.unit.flows.exporting import ROUTER

STREAM = StreamKey(ROUTER, 5000, 0, 9)


def learn(known: Templates, number: int) -> None:
    known.learn(STREAM, Template(number, (FlowField(1, 8),)))


def test_the_first_change_is_kept_soon_and_others_seldom(tmp_path: Path) -> None:
    known, file = Templates(), tmp_path / "templates.json"
    kept = TemplateFile(known, file)
    kept.tick(0.0)
    learn(known, 256)
    kept.tick(100.0)
    assert not file.exists()
    kept.tick(100.0 + SOON_S)
    first = file.read_text()
    learn(known, 257)
    for second in range(int(LATER_S)):
        kept.tick(106.0 + second * 0.99)
        assert file.read_text() == first
    kept.tick(106.0 + LATER_S)
    assert file.read_text() != first


def test_they_are_known_after_a_restart(tmp_path: Path) -> None:
    known, again, file = Templates(), Templates(), tmp_path / "templates.json"
    learn(known, 256)
    TemplateFile(known, file).keep()
    assert not file.exists()  # Nothing changed since it began.
    kept = TemplateFile(Templates(), file)
    kept = TemplateFile(known, file)
    learn(known, 257)
    kept.keep()
    TemplateFile(again, file).restore()
    assert again.find(STREAM, 256) and again.find(STREAM, 257)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b"x" * (MOST_BYTES + 1)])
def test_a_damaged_file_is_left_out(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file, known = tmp_path / "templates.json", Templates()
    file.write_bytes(content)
    TemplateFile(known, file).restore()
    assert len(known) == 0 and "cannot be read" in caplog.text
    TemplateFile(known, tmp_path / "none.json").restore()


def test_what_cannot_be_kept_is_told_and_tried_again(tmp_path: Path) -> None:
    known, folder = Templates(), tmp_path / "flows"
    kept = TemplateFile(known, folder / "templates.json")
    learn(known, 256)
    kept.keep(0.0)
    assert "cannot be kept" in kept.error
    folder.mkdir()
    kept.tick(1.0)
    kept.tick(LATER_S + 1)
    assert kept.error == "" and (folder / "templates.json").exists()
