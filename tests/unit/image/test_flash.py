# SPDX-License-Identifier: MIT
"""Writing a card: what is refused, and a whole turn on a loop device."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.host import disksignature
from image.build.disk import make_fat
from image.build.tools import Tools
from image.command import BuildError
from image.flash import (
    BlockDevice,
    BlockMap,
    check,
    find,
    main,
    map_of,
    newest,
    parse_devices,
    parse_map,
    verify,
)
from image.release.artefacts import block_map, compress

CARD = BlockDevice("/dev/sdx", "Card Reader", 32 << 30, "disk", True, ())
LISTING = {
    "blockdevices": [
        {"path": "/dev/sda", "model": "SSD 870 ", "size": 500107862016, "rm": False,
         "hotplug": False, "type": "disk", "tran": "sata", "mountpoints": [None],
         "children": [{"path": "/dev/sda1", "mountpoints": ["/"], "children": []}]},
        {"path": "/dev/mmcblk0", "model": None, "size": 31914983424, "rm": False,
         "hotplug": False, "type": "disk", "tran": "mmc", "mountpoints": [None],
         "children": [{"path": "/dev/mmcblk0p1", "mountpoints": ["/media/me/BOOT"]}]},
    ]
}  # fmt: skip
BLOCK_MAP = """\
<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> 10000 </ImageSize>
    <BlockSize> 4096 </BlockSize>
    <BlockMap>
        <Range chksum="{first}"> 0 </Range>
        <Range chksum="{last}"> 2 </Range>
    </BlockMap>
</bmap>
"""


def test_parse_devices_finds_model_size_and_mounts() -> None:
    disk, card = parse_devices(json.dumps(LISTING))
    assert disk.is_system and not disk.removable and disk.model == "SSD 870"
    assert card.removable and not card.is_system
    assert card.describe() == "/dev/mmcblk0: disk, 31.9 GB, mounted: /media/me/BOOT"


def test_check_lets_a_card_through() -> None:
    check(CARD, 1 << 30, force=False)


@pytest.mark.parametrize(
    ("device", "force", "words"),
    [
        (replace(CARD, mounts=("/",)), True, "runs from"),
        (replace(CARD, removable=False), False, "--force"),
        (replace(CARD, kind="part"), True, "not a whole disk"),
        (replace(CARD, size=1 << 20), True, "too small"),
    ],
)
def test_check_refuses(device: BlockDevice, force: bool, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check(device, 1 << 30, force)


def test_check_takes_a_fixed_disk_where_it_is_forced() -> None:
    check(replace(CARD, removable=False), 1 << 30, force=True)


def test_find_of_what_is_no_disk(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no disk"):
        find(tmp_path / "missing")


def map_text(content: bytes) -> str:
    sums = [hashlib.sha256(content[at : at + 4096]).hexdigest() for at in (0, 8192)]
    return BLOCK_MAP.format(first=sums[0], last=sums[1])


def test_parse_map_gives_bytes_and_ends_with_the_image() -> None:
    content = bytes(range(250)) * 40
    parsed = parse_map(map_text(content))
    assert parsed.size == 10000
    assert [(start, length) for start, length, _ in parsed.ranges] == [(0, 4096), (8192, 1808)]


@pytest.mark.parametrize("text", ["", "<bmap/>", "no XML", "<bmap><BlockSize>x</BlockSize></bmap>"])
def test_parse_map_of_something_else(text: str) -> None:
    with pytest.raises(InputError, match="not a block map"):
        parse_map(text)


def test_verify_finds_one_wrong_bit(tmp_path: Path) -> None:
    content = bytearray(bytes(range(250)) * 40)
    parsed, card = parse_map(map_text(bytes(content))), tmp_path / "card"
    card.write_bytes(content)
    verify(card, parsed)
    content[5000] ^= 1
    card.write_bytes(content)
    verify(card, parsed)
    content[9000] ^= 1
    card.write_bytes(content)
    with pytest.raises(BuildError, match="at 8192"):
        verify(card, parsed)


def test_verify_of_a_card_that_ends_early(tmp_path: Path) -> None:
    (tmp_path / "card").write_bytes(b"")
    with pytest.raises(BuildError, match="ends early"):
        verify(tmp_path / "card", BlockMap(4096, ((0, 4096, ""),)))


def test_map_of_an_image_alone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="belong together"):
        map_of(tmp_path / "glovebox.img.xz")


def test_newest_without_an_image(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="build.sh image --board pi"):
        newest(tmp_path)


def test_main_says_in_one_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "card"), "--image", str(tmp_path / "x.img.xz")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


BOOT_AT = 4 << 20


@pytest.fixture
def image(tools: Tools, tmp_path: Path) -> Path:
    """Make a small image as a build does: a table, a FAT partition, compressed, with its map."""
    (tmp_path / "boot/a").mkdir(parents=True)
    (tmp_path / "boot/glovebox.toml").write_text("# the template")
    (tmp_path / "boot/a/cmdline.txt").write_text("root=PARTUUID=61f0b0e5-02 ro quiet\n")
    make_fat(
        tools, tmp_path / "boot", "BOOT", "01234567", 40 << 20, tmp_path / "fat", tmp_path / "log"
    )
    disk = tmp_path / "card.img"
    with disk.open("wb") as stream:
        stream.truncate(48 << 20)
    entry = f"start={BOOT_AT // 512}, size={(40 << 20) // 512}, type=c"
    table = f"label: dos\nlabel-id: 0x{disksignature.SHARED}\n{entry}\n"
    subprocess.run(["sfdisk", "-q", disk], input=table, text=True, check=True)
    subprocess.run(
        ["dd", f"if={tmp_path / 'fat'}", f"of={disk}", "bs=1M", "seek=4", "conv=notrunc,sparse",
         "status=none"],
        check=True,
    )  # fmt: skip
    block_map(tools, disk, tmp_path / "card.bmap", tmp_path / "log")
    packed = tmp_path / "packed"
    packed.mkdir()
    compress(tools, disk, packed / "card.img.xz", tmp_path / "log")
    (packed / "card.bmap").write_bytes((tmp_path / "card.bmap").read_bytes())
    return packed / "card.img.xz"


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """Give a loop device in the place of a card."""
    (tmp_path / "loop").write_bytes(b"\xff" * (64 << 20))
    command = ["losetup", "--find", "--show", str(tmp_path / "loop")]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    yield Path(made.stdout.strip())
    subprocess.run(["losetup", "--detach", made.stdout.strip()], check=True)


def test_main_writes_compares_and_puts_settings(
    tools: Tools, image: Path, card: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "glovebox.toml"
    settings.write_text('[web]\ntitle = "Attic"\n')
    words = [str(card), "--image", str(image), "--settings", str(settings), "--yes"]
    assert main(words) == 2
    assert main([*words, "--force"]) == 0
    shown = subprocess.run(
        [*tools.argv("mcopy"), "-i", f"{card}@@{BOOT_AT}", "::glovebox.toml", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == settings.read_text()
    command_line = subprocess.run(
        [*tools.argv("mcopy"), "-i", f"{card}@@{BOOT_AT}", "::a/cmdline.txt", "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    with card.open("rb") as stream:
        own = disksignature.read(stream)
    assert own != disksignature.SHARED
    assert command_line == f"root=PARTUUID={own}-02 ro quiet\n"


def test_main_refuses_settings_that_the_sensor_would_refuse(
    image: Path, card: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "glovebox.toml"
    settings.write_text("[web]\ntitel = 1\n")
    words = [str(card), "--image", str(image), "--settings", str(settings), "--yes", "--force"]
    assert main(words) == 78
    assert (tmp_path / "loop").read_bytes()[:4] == b"\xff" * 4
