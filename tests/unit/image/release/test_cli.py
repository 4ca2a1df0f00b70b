# SPDX-License-Identifier: MIT
"""What is handed out: one folder, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import __version__
from appliance.errors import InputError
from image.build import boards, engines, options, record
from image.build.context import BuildContext
from image.build.image import Image
from image.build.tools import Tools
from image.command import BuildError
from image.release import artefacts, bundle, cli
from image.release.keys import UpdateKeys
from tests.unit.image.build.roots_made_here import context, write_tar

STATUS = "Package: apt\nStatus: install ok installed\nVersion: 1\nArchitecture: arm64\n"
KEYS = UpdateKeys(Path("keys"))
PACKAGES = {
    "./var/lib/dpkg/status": STATUS,
    "./usr/share/glovebox/packages.lock": "apt 1 arm64 00\n",
}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Return an image of a few bytes, as a build leaves it."""
    lock = tmp_path / "tools/usr/share/glovebox/packages.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("xz 5 amd64 11\n")
    (tmp_path / "disk.img").write_bytes(b"disk")
    (tmp_path / "lists.lock").write_text("tor-geoipdb 2 all 22\n")
    packed = write_tar(tmp_path / "system.tar", PACKAGES)
    return Image(
        board=boards.choose("pi", "debian"), engine=engines.choose("none"),
        tools=Tools(tmp_path / "tools"), packages=packed, engine_tar=None, system=packed,
        disk=tmp_path / "disk.img", kernel=tmp_path, initrd=tmp_path, device_tree=tmp_path,
        command_line="", engine_root=None, lists_lock=tmp_path / "lists.lock",
    )  # fmt: skip


@pytest.fixture
def packers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the programs of the tools root."""

    def compress(tools: Tools, disk: Path, target: Path, log: Path) -> None:
        target.write_bytes(b"packed")

    def block_map(tools: Tools, disk: Path, target: Path, log: Path) -> None:
        target.write_text("<bmap/>")

    def make(image: Image, version: str, keys: UpdateKeys, target: Path, log: Path) -> None:
        target.write_text(f"{version} {keys.folder.name}")

    monkeypatch.setattr(bundle, "make", make)
    monkeypatch.setattr(artefacts, "compress", compress)
    monkeypatch.setattr(artefacts, "block_map", block_map)


@pytest.mark.usefixtures("packers")
def test_release_names_everything_after_version_board_and_engine(
    image: Image, tmp_path: Path
) -> None:
    folder = cli.release(context(tmp_path), image, KEYS)
    name = f"glovebox-{__version__}-pi-debian-none"
    suffixes = (
        ".bmap", ".img.xz", ".lock.json", ".raucb", ".rpi-imager-manifest", ".spdx.json"
    )  # fmt: skip
    assert folder == tmp_path / "out" / name
    assert sorted(file.name for file in folder.iterdir()) == [
        "SHA256SUMS", *(name + suffix for suffix in suffixes)
    ]  # fmt: skip
    assert f"  {name}.raucb\n" in (folder / "SHA256SUMS").read_text()
    assert (folder / f"{name}.raucb").read_text() == f"{__version__} keys"
    roots = record.read(folder / f"{name}.lock.json")
    assert {root: each[0].name for root, each in roots.items()} == {
        "tools": "xz", "system": "apt", "lists": "tor-geoipdb"
    }  # fmt: skip


@pytest.mark.usefixtures("packers")
@pytest.mark.parametrize(
    "place", [None, "https://example.org/images", "https://example.org/images/"]
)
def test_imagers_list_names_where_the_image_is(
    place: str | None, image: Image, tmp_path: Path
) -> None:
    folder = cli.release(context(tmp_path), image, KEYS, place=place)
    name = f"{folder.name}.img.xz"
    (entry,) = json.loads((folder / f"{folder.name}.rpi-imager-manifest").read_text())["os_list"]
    here = (folder / name).as_uri()
    assert entry["url"] == (f"https://example.org/images/{name}" if place else here)
    assert "manifest" not in (folder / "SHA256SUMS").read_text()


@pytest.mark.usefixtures("packers")
def test_release_puts_the_new_folder_in_the_place_of_an_older_one(
    image: Image, tmp_path: Path
) -> None:
    folder = cli.release(context(tmp_path), image, KEYS)
    (folder / "left over").touch()
    assert cli.release(context(tmp_path), image, KEYS) == folder
    assert not (folder / "left over").exists()


def test_bill_is_of_what_the_root_holds(image: Image) -> None:
    bill = json.loads(cli.bill("glovebox", image))
    assert [package["name"] for package in bill["packages"]] == ["apt"]


@pytest.mark.parametrize(("error", "status"), [(InputError("bad"), 2), (BuildError("failed"), 1)])
def test_main_ends_with_the_errors_status_and_one_line(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(cli, "build_image", raising(error))
    assert cli.main([]) == status
    assert capsys.readouterr().err == f"build.sh image: {error}\n"


def raising(error: BaseException) -> Callable[[BuildContext], Image]:
    def build_image(context: BuildContext) -> Image:
        raise error

    return build_image


def test_main_interrupted_says_that_stages_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "build_image", raising(KeyboardInterrupt()))
    assert cli.main([]) == 130
    assert "kept" in capsys.readouterr().err


@pytest.mark.usefixtures("packers")
def test_a_card_trusts_the_builders_own_key(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """What is only emulated trusts nobody, and no key is made for it."""
    built: list[bytes] = []

    def build_image(context: BuildContext) -> Image:
        built.append(context.keyring)
        return image

    def take_keys(tools: Tools, build: Path, log: Path) -> UpdateKeys:
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys/update.cert.pem").write_text("certificate")
        return UpdateKeys(tmp_path / "keys")

    monkeypatch.setattr(cli, "build_image", build_image)
    monkeypatch.setattr(cli, "take_keys", take_keys)
    monkeypatch.setattr(cli, "build_tools", lambda context: image.tools)
    monkeypatch.setattr(cli, "fetch_archive_key", lambda context: None)
    monkeypatch.setattr(
        options, "context_of",
        lambda arguments, progress: replace(
            context(tmp_path), board=boards.choose(arguments.board, arguments.flavour)
        ),
    )  # fmt: skip
    assert cli.main([]) == 0
    assert built == [b""] and not (tmp_path / "keys").exists()
    assert cli.main(["--board", "pi", "--flavour", "debian"]) == 0
    assert built == [b"", b"certificate"]
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    assert any(file.suffix == bundle.SUFFIX for file in folder.iterdir())
