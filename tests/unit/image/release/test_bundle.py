# SPDX-License-Identifier: MIT
"""Bundles, as RAUC makes and reads them."""

from __future__ import annotations

import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import boards, engines
from image.build.disk import make_root, root_size
from image.build.image import Image
from image.build.tools import Tools
from image.release import bundle
from image.release.keys import UpdateKeys, take_keys
from tests.unit.image.build.roots_made_here import table, write_tar

PACKAGES = {"./boot/vmlinuz-6": "kernel", "./boot/initrd.img-6": "initrd"}


@pytest.fixture
def image(tools: Tools, tmp_path: Path) -> Image:
    """Return an image with a small root, as a build leaves it."""
    packages = write_tar(tmp_path / "packages.tar", PACKAGES)
    system = write_tar(tmp_path / "system.tar", {"./name": os.urandom(64 << 10)})
    make_root(tools, system, tmp_path / "root.ext4", tmp_path / "log")
    behind = b"what is behind the file system" * 1000
    (tmp_path / "disk.img").write_bytes(
        table(1, 2048).ljust(1 << 20, b"\0") + (tmp_path / "root.ext4").read_bytes() + behind
    )
    return Image(
        board=boards.choose("vm"), engine=engines.choose("none"), tools=tools, packages=packages,
        engine_tar=None, system=system, disk=tmp_path / "disk.img", kernel=tmp_path,
        initrd=tmp_path, device_tree=None, command_line="", engine_root=None, lists_lock=tmp_path,
    )  # fmt: skip


@pytest.fixture
def keys(tools: Tools, tmp_path: Path) -> UpdateKeys:
    return take_keys(tools, tmp_path, tmp_path / "log")


@pytest.fixture
def made(image: Image, keys: UpdateKeys, tmp_path: Path) -> Path:
    bundle.make(image, "1.2.3", keys, tmp_path / "one.raucb", tmp_path / "log")
    return tmp_path / "one.raucb"


def info(tools: Tools, file: Path, keyring: Path) -> subprocess.CompletedProcess[str]:
    """Return what RAUC says of a bundle to who trusts the certificates of `keyring`."""
    argv = [*tools.argv("rauc"), "info", "--output-format=shell", f"--keyring={keyring}", str(file)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def unpacked(tools: Tools, file: Path, folder: Path) -> Path:
    argv = [*tools.argv("unsquashfs"), "-q", "-n", "-d", str(folder), str(file)]
    subprocess.run(argv, check=True, capture_output=True)
    return folder


def test_a_bundle_is_accepted_by_whom_its_key_is_known(
    made: Path, tools: Tools, keys: UpdateKeys
) -> None:
    found = info(tools, made, keys.certificate)
    assert found.returncode == 0, found.stderr
    assert "RAUC_MF_COMPATIBLE='glovebox-vm-debian'" in found.stdout
    assert "RAUC_MF_VERSION='1.2.3'" in found.stdout


def test_a_bundle_of_somebody_elses_is_refused(made: Path, tools: Tools, tmp_path: Path) -> None:
    other = take_keys(tools, tmp_path / "other", tmp_path / "log")
    found = info(tools, made, other.certificate)
    assert found.returncode != 0
    assert "signature verification failed" in found.stderr


def test_a_bundle_holds_root_and_what_is_the_systems_own_on_boot(
    made: Path, tools: Tools, keys: UpdateKeys, tmp_path: Path
) -> None:
    folder = unpacked(tools, made, tmp_path / "unpacked")
    assert (folder / bundle.ROOT).read_bytes() == (tmp_path / "root.ext4").read_bytes()
    assert {file.name for file in folder.iterdir()} == {"manifest.raucm", "root.ext4", "boot.tar"}
    with tarfile.open(folder / bundle.BOOT) as tar:
        assert {member.name for member in tar} == {
            "vmlinuz", "initrd.img", "cmdline.txt", "keyring.pem"
        }  # fmt: skip
        keyring = tar.extractfile("keyring.pem")
        assert keyring is not None and keyring.read() == keys.keyring()
    assert b"PRIVATE" not in made.read_bytes()


def test_two_bundles_differ_in_nothing_but_what_is_signed(
    made: Path, image: Image, keys: UpdateKeys, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        bundle.make(image, "1.2.3", keys, tmp_path / "two.raucb", tmp_path / "log")
    finally:
        os.umask(before)
    one, two = made.read_bytes(), (tmp_path / "two.raucb").read_bytes()
    packed = bundle.payload(made)
    assert len(packed) > 10_000
    assert one[: len(packed)] == two[: len(packed)]
    # The rest is the tree of checksums and the signature: small, and never the same twice.
    assert len(one) - len(packed) < len(packed) // 10 + 100_000
    assert one != two


def test_payload_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no squashfs" * 100)
    with pytest.raises(ValueError, match="no bundle"):
        bundle.payload(tmp_path / "file")


def test_take_root_ends_with_the_file_system(image: Image, tmp_path: Path) -> None:
    bundle.take_root(image, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size == root_size(image.system)
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "root.ext4").read_bytes()


def test_every_board_and_flavour_is_another_thing() -> None:
    names = [
        boards.choose(board, flavour).variant
        for board in boards.names() for flavour in boards.flavours(board)
    ]  # fmt: skip
    assert len(set(names)) == len(names) == 3


def test_a_bundle_is_made_anew_in_the_place_of_an_older_one(
    made: Path, image: Image, keys: UpdateKeys, tools: Tools, tmp_path: Path
) -> None:
    bundle.make(replace(image), "1.2.4", keys, made, tmp_path / "log")
    assert "RAUC_MF_VERSION='1.2.4'" in info(tools, made, keys.certificate).stdout
