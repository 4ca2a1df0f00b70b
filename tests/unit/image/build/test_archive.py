# SPDX-License-Identifier: MIT
"""The key of an archive: the right one, in a copy that apt takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import InputError, NetworkError
from image.build import boards
from image.build.archive import (
    Archive,
    check,
    fingerprints,
    hold,
    newest_digest,
    only,
    write_sources,
)

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


def make(home: Path) -> tuple[bytes, str]:
    """Make a key with the real gpg; return it and its fingerprint."""
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    return make(tmp_path_factory.mktemp("gpg"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    return make(tmp_path_factory.mktemp("gpg"))


def test_check_takes_the_key_that_is_meant(made: tuple[bytes, str]) -> None:
    check(*made)


def test_only_takes_the_key_that_is_meant_out_of_a_file_of_several(
    made: tuple[bytes, str], foreign: tuple[bytes, str]
) -> None:
    """apt would trust each key in the file."""
    for keys in (made[0] + foreign[0], foreign[0] + made[0], made[0]):
        taken = only(keys, made[1])
        check(taken, made[1])
    with pytest.raises(InputError, match=foreign[1]):
        check(made[0] + foreign[0], made[1])


def test_only_refuses_a_file_without_the_key(foreign: tuple[bytes, str]) -> None:
    with pytest.raises(InputError, match=f"{foreign[1]}, not {Archive.fingerprint}"):
        only(foreign[0], Archive.fingerprint)
    with pytest.raises(InputError, match="none at all"):
        only(b"<html>not found</html>", Archive.fingerprint)


def test_hold_refuses_a_kept_key_that_was_changed(
    made: tuple[bytes, str], foreign: tuple[bytes, str], tmp_path: Path
) -> None:
    kept = tmp_path / "archive-key.asc"
    kept.write_bytes(only(made[0], made[1]))
    hold(kept, made[1])
    for changed in (kept.read_bytes() + foreign[0], foreign[0], b""):
        kept.write_bytes(changed)
        with pytest.raises(InputError, match="was changed"):
            hold(kept, made[1])


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
