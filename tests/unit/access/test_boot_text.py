# SPDX-License-Identifier: MIT
"""The fingerprint of the page's certificate on BOOT."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.access import boot_text

PRINT = "AB:CD:EF"


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    folder = tmp_path / "boot"
    folder.mkdir()
    return folder


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "outbox"
    folder.mkdir()
    return folder


def test_text_is_for_any_editor_and_names_the_fingerprint() -> None:
    lines = boot_text.text(PRINT).decode("ascii").split("\r\n")
    assert PRINT in lines
    assert max(map(len, lines)) <= 100


def test_text_is_laid_out_only_where_boot_says_something_else(outbox: Path, boot: Path) -> None:
    waiting, there = outbox / boot_text.NAME, boot / boot_text.NAME
    boot_text.lay_out(PRINT, outbox, boot)
    assert waiting.read_bytes() == boot_text.text(PRINT)
    waiting.replace(there)
    boot_text.lay_out(PRINT, outbox, boot)
    assert not waiting.exists()
    boot_text.lay_out("12:34", outbox, boot)
    assert b"12:34" in waiting.read_bytes()


def test_without_a_certificate_there_is_no_file(outbox: Path, boot: Path) -> None:
    boot_text.lay_out("", outbox, boot)
    assert list(outbox.iterdir()) == []
    (boot / boot_text.NAME).write_bytes(boot_text.text(PRINT))
    boot_text.lay_out("", outbox, boot)
    # An empty one stands for a file to be removed.
    assert (outbox / boot_text.NAME).read_bytes() == b""


def test_where_it_cannot_be_written_the_page_goes_on(
    outbox: Path, boot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (outbox / boot_text.NAME).mkdir()
    boot_text.lay_out(PRINT, outbox, boot)
    assert "glovebox-https.txt cannot be written" in caplog.text
    boot_text.lay_out(PRINT, outbox / "none", boot)
