# SPDX-License-Identifier: MIT
"""The key of an archive: the right one, in a copy that apt takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import InputError, NetworkError
from image.build import boards
from image.build.archive import Archive, check, fingerprints, newest_digest, write_sources

OLD = """\
:public key packet:
\tversion 4, algo 1, created 1339955405, expires 0
:signature packet: algo 1, keyid 82B129927FA3303E
\tversion 4, created 1339955405, md5len 0, sigclass 0x13
\tdigest algo 2, begin of digest 8a 0e
"""
NEW = (
    OLD
    + """\
:signature packet: algo 1, keyid 82B129927FA3303E
\tversion 4, created 1749081600, md5len 0, sigclass 0x13
\tdigest algo 10, begin of digest 5b 11
"""
)
STRANGER = (
    NEW
    + """\
:signature packet: algo 1, keyid 0123456789ABCDEF
\tversion 4, created 1949081600, md5len 0, sigclass 0x13
\tdigest algo 2, begin of digest 5b 11
"""
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """Make a key with the real gpg; return it and its fingerprint."""
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--passphrase", ""]
    make = [*gpg, "--quick-gen-key", "Test archive", "rsa2048", "sign", "never"]
    subprocess.run(make, check=True, capture_output=True)
    key = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
    listing = subprocess.run(
        [*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True
    ).stdout
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    return key, fingerprints(listing)[0]


def test_check_takes_the_key_that_is_meant(made: tuple[bytes, str]) -> None:
    check(*made)


def test_check_refuses_another_key(made: tuple[bytes, str]) -> None:
    with pytest.raises(
        InputError, match=f"{made[1]}, not CF8A1AF502A2AA2D763BAE7E82B129927FA3303E"
    ):
        check(made[0], Archive.fingerprint)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x99\x01"])
def test_check_refuses_what_is_no_key(content: bytes) -> None:
    with pytest.raises(InputError, match="none at all"):
        check(content, Archive.fingerprint)


def test_newest_digest_tells_an_old_copy_from_a_new_one() -> None:
    assert newest_digest(OLD, Archive.fingerprint) == 2
    assert newest_digest(NEW, Archive.fingerprint) == 10


def test_newest_digest_passes_over_what_others_signed() -> None:
    assert newest_digest(STRANGER, Archive.fingerprint) == 10
    assert newest_digest("", Archive.fingerprint) is None


def test_key_of_an_archive_that_cannot_be_reached() -> None:
    with pytest.raises(NetworkError, match="--flavour debian"):
        Archive(url="http://127.0.0.1:9/debian/").key()


def test_write_sources_fills_in_archive_and_key(tmp_path: Path) -> None:
    board = boards.choose("pi", "raspios")
    write_sources(board, Archive(url="http://stand.in/"), Path("/keys/key.gpg"), tmp_path)
    text = (tmp_path / "etc/apt/sources.list.d/raspberrypi.sources").read_text()
    assert "URIs: http://stand.in/\n" in text
    assert "Signed-By: /keys/key.gpg\n" in text
    assert "Suites: trixie\n" in text
