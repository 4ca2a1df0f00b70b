# SPDX-License-Identifier: MIT
"""Images that are signed by the real minisign, and what happens to them on the way."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.command import BuildError
from image.release import artefacts, signature
from image.release.signature import SIGNATURE, SUMS, check, parse
from tests.conftest import missing

Key = Callable[[str], tuple[Path, Path]]


@pytest.fixture
def key(tmp_path: Path) -> Key:
    """Return what makes a key without a password: its secret and its public file."""
    if not shutil.which("minisign"):
        missing("no minisign")

    def make(name: str) -> tuple[Path, Path]:
        secret, public = tmp_path / f"{name}.key", tmp_path / f"{name}.pub"
        argv = ["minisign", "-G", "-W", "-s", str(secret), "-p", str(public)]
        subprocess.run(argv, check=True, capture_output=True)
        return secret, public

    return make


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return an image with its map and sums, as they are handed out."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "box.img.xz").write_bytes(b"image")
    (folder / "box.bmap").write_bytes(b"map")
    (folder / SUMS).write_text(artefacts.checksums(folder))
    return folder / "box.img.xz"


def test_a_signed_image_is_known_by_its_makers_key(image: Path, key: Key) -> None:
    secret, public = key("maker")
    signature.sign(image.parent, secret, "Glovebox")
    assert check(image, public)


def test_a_foreign_key_is_refused(image: Path, key: Key) -> None:
    signature.sign(image.parent, key("stranger")[0], "Glovebox")
    with pytest.raises(InputError, match="not signed with"):
        check(image, key("maker")[1])


@pytest.mark.parametrize("name", ["box.img.xz", "box.bmap"])
def test_what_was_changed_after_it_was_signed_is_refused(name: str, image: Path, key: Key) -> None:
    secret, public = key("maker")
    signature.sign(image.parent, secret, "Glovebox")
    (image.parent / name).write_bytes(b"other")
    with pytest.raises(InputError, match=f"{name} is not what"):
        check(image, public)


def test_sums_that_were_changed_after_they_were_signed_are_refused(image: Path, key: Key) -> None:
    secret, public = key("maker")
    signature.sign(image.parent, secret, "Glovebox")
    image.write_bytes(b"other")
    (image.parent / SIGNATURE).rename(image.parent.parent / SIGNATURE)
    (image.parent / SUMS).unlink()
    (image.parent / SUMS).write_text(artefacts.checksums(image.parent))
    (image.parent.parent / SIGNATURE).rename(image.parent / SIGNATURE)
    with pytest.raises(InputError, match="not signed with"):
        check(image, public)


def test_a_signature_that_nobody_can_check_is_no_reason_to_go_on(image: Path) -> None:
    (image.parent / SIGNATURE).write_text("anything")
    with pytest.raises(InputError, match="--key"):
        check(image, None)


def test_an_image_without_a_signature_is_refused_where_one_is_wanted(
    image: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is not signed"):
        check(image, tmp_path / "maker.pub")
    (image.parent / SIGNATURE).write_text("anything")
    with pytest.raises(InputError, match=r"maker\.pub is missing"):
        check(image, tmp_path / "maker.pub")


def test_an_image_without_a_signature_is_compared_with_its_sums(image: Path) -> None:
    assert not check(image, None)
    image.write_bytes(b"cut off")
    with pytest.raises(InputError, match="is not what"):
        check(image, None)


def test_an_image_alone_is_taken_as_it_is(image: Path) -> None:
    (image.parent / SUMS).unlink()
    assert not check(image, None)


@pytest.mark.parametrize(
    "content", [b"\n", b"abc  name", b"0" * 64 + b" name", (b"0" * 64 + b"  a\n") * 2, b"\xff" * 99]
)
def test_parse_refuses_what_is_no_list_of_sums(content: bytes) -> None:
    with pytest.raises(InputError):
        parse(content)


def test_sign_tells_what_minisign_says(image: Path, tmp_path: Path, key: Key) -> None:
    key("maker")
    with pytest.raises(BuildError, match="minisign"):
        signature.sign(image.parent, tmp_path / "missing.key", "Glovebox")
