# SPDX-License-Identifier: MIT
"""The builder's key for updates: made once, closed, and never made anew beside half of one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build.tools import Tools
from image.release import keys
from image.release.keys import UpdateKeys, take_keys


@pytest.fixture
def made(tools: Tools, tmp_path: Path) -> UpdateKeys:
    return take_keys(tools, tmp_path, tmp_path / "log")


def test_keys_are_made_once_and_closed(made: UpdateKeys, tools: Tools, tmp_path: Path) -> None:
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert made.key.stat().st_mode & 0o777 == 0o600
    before = made.key.read_bytes()
    assert take_keys(tools, tmp_path, tmp_path / "log").key.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "partial" in file.name] == []


def test_the_certificate_is_for_signatures_and_for_years(made: UpdateKeys, tools: Tools) -> None:
    argv = [*tools.argv("openssl"), "x509", "-in", str(made.certificate), "-noout", "-text"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert "Digital Signature" in text and "prime256v1" in text and "Glovebox updates" in text
    for days, valid in ((keys.DAYS - 1, True), (keys.DAYS + 1, False)):
        argv[-1:] = ["-checkend", str(days * 86400)]
        assert (subprocess.run(argv, capture_output=True, check=False).returncode == 0) is valid
        argv[-2:] = ["-text"]


def test_the_keyring_holds_certificates_and_no_key(made: UpdateKeys) -> None:
    (made.folder / "before.cert.pem").write_bytes(b"the old one\n")
    keyring = made.keyring()
    assert keyring == b"the old one\n" + made.certificate.read_bytes()
    assert b"PRIVATE" not in keyring


@pytest.mark.parametrize("lacking", [keys.KEY, keys.CERTIFICATE])
def test_half_of_it_is_told_and_not_made_good(
    made: UpdateKeys, tools: Tools, tmp_path: Path, lacking: str
) -> None:
    (made.folder / lacking).unlink()
    with pytest.raises(InputError, match=f"{lacking} is missing"):
        take_keys(tools, tmp_path, tmp_path / "log")


@pytest.mark.parametrize("name", ["", keys.KEY])
def test_a_key_that_others_may_read_is_refused(
    made: UpdateKeys, tools: Tools, tmp_path: Path, name: str
) -> None:
    (made.folder / name).chmod(0o750)
    with pytest.raises(InputError, match="open to others"):
        take_keys(tools, tmp_path, tmp_path / "log")
