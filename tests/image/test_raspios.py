# SPDX-License-Identifier: MIT
"""The raspios flavour against a stand-in archive: key, sources, pins, kernel, BOOT."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build import boot_partition, owner_file, record
from image.build.archive import Archive
from image.build.boards import Board, choose
from image.build.context import PROJECT, BuildContext
from image.build.image import build_image
from image.build.packages_root import build_packages_root, fetch_archive_key
from image.build.roots import package_list
from image.build.tools_root import build_tools
from image.progress import StageProgress
from tests.image import standin

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]


class KernelAndFirmware(Board):
    """The flavour without what it shares with the other one, which is built elsewhere."""

    @property
    def packages(self) -> tuple[str, ...]:
        own = package_list(self.folder / self.flavour / "packages.txt")
        return ("initramfs-tools", "udev", "zstd", *own)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    top, fingerprint = standin.make(tmp_path_factory.mktemp("standin"))
    with standin.served(top) as url:
        yield Archive(url, fingerprint)


@pytest.fixture(scope="module")
def root(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the root's packages; the tools are those of the other builds."""
    folder = tmp_path_factory.mktemp("build")
    tools = build_tools(BuildContext(choose("vm"), StageProgress()))
    board = KernelAndFirmware("pi", "raspios")
    context = BuildContext(board, StageProgress(), folder=folder, archive=archive)
    (folder / "cache").mkdir()
    return build_packages_root(context, tools, fetch_archive_key(context))


def test_packages_come_from_the_flavours_own_archive(root: Path) -> None:
    found = {package.name: package.version for package in record.of_root(root)}
    for name in ("linux-image-rpi-v8", "raspi-firmware", "firmware-brcm80211", "python3-lgpio"):
        assert found[name].endswith(standin.SUFFIX), name
    assert not found["systemd" if "systemd" in found else "udev"].endswith(standin.SUFFIX)


def test_boot_has_what_starts_a_pi(root: Path, tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    owner_file.write(boot, PROJECT)
    boot_partition.write(boot, root, choose("pi", "raspios"))
    assert (boot / "a/vmlinuz").stat().st_size > 10 << 20
    assert (boot / "a/initrd.img").stat().st_size > 1 << 20
    assert (boot / "start4cd.elf").exists()
    assert "upstream_kernel" not in (boot / "flavour.txt").read_text()


def test_nothing_of_the_stand_in_is_left_in_the_root(root: Path) -> None:
    with tarfile.open(root) as tar:
        names = set(tar.getnames())
    assert "./etc/apt/sources.list.d/raspberrypi.sources" not in names
    assert "./etc/apt/preferences.d/raspberrypi" not in names


def test_a_key_with_another_fingerprint_ends_the_build_at_once(
    archive: Archive, tmp_path: Path
) -> None:
    wrong = Archive(archive.url, Archive.fingerprint)
    context = BuildContext(choose("pi", "raspios"), StageProgress(), folder=tmp_path, archive=wrong)
    with pytest.raises(InputError, match="the archive's key is"):
        build_image(context)
    assert list((tmp_path / "cache").iterdir()) == []
