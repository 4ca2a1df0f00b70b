# SPDX-License-Identifier: MIT
"""A bundle: a whole system, signed, for cards that renew themselves (RAUC, format `verity`).

It holds the file system of ROOT and what the system has of its own on BOOT. RAUC 1.13 draws a salt
and signs, so two bundles of one image differ in the signature and in the tree of checksums; the
squashfs before them is the same bit by bit.
"""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from image.build import boot_partition, overlay
from image.build.boards import Board
from image.build.disk import root_size
from image.build.image import Image
from image.build.partition_table import partitions
from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools
from image.command import run
from image.release.keys import UpdateKeys

SUFFIX = ".raucb"
# RAUC takes no folders: what belongs on BOOT is in a tar.
MANIFEST, ROOT, BOOT = "manifest.raucm", "root.ext4", "boot.tar"
# Behind BOOT (image/boards/*/genimage.cfg).
ROOT_PLACE = 1
# Measured on the root of the `vm` board: an eighth smaller than zstd at 15, in three times its
# time.
COMPRESSION = "-comp xz -b 1M"
# squashfs: `bytes_used` in its superblock, little-endian.
SQUASHFS_MAGIC = b"hsqs"
BYTES_USED = struct.Struct("<Q")
BYTES_USED_AT = 40


def manifest(board: Board, version: str) -> str:
    """Return RAUC's manifest of a bundle."""
    return (
        f"[update]\ncompatible=glovebox-{board.variant}\nversion={version}\n\n"
        f"[bundle]\nformat=verity\n\n[image.rootfs]\nfilename={ROOT}\n"
    )


def make(
    image: Image,
    version: str,
    keys: UpdateKeys,
    target: Path,
    log: Path,
    compression: str = COMPRESSION,
) -> None:
    """Write the bundle of an image to `target`, signed. Raises what run raises, InputError.

    `compression` is mksquashfs' words for it.
    """
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bundle-") as name:
        content = Path(name) / "content"
        content.mkdir()
        (content / MANIFEST).write_text(manifest(image.board, version))
        take_root(image, content / ROOT)
        boot = Path(name) / "boot"
        boot_partition.write_system(boot, image.packages, image.board, keys.keyring())
        overlay.write(content / BOOT, [(boot, "")], int(SOURCE_DATE_EPOCH))
        _settle(content)
        _pack(image.tools, content, keys, target, log, compression)


def take_root(image: Image, target: Path) -> None:
    """Copy ROOT out of an image's disk, as long as its file system is."""
    start = partitions(image.disk)[ROOT_PLACE][1].start
    words = [
        "dd", f"if={image.disk}", f"of={target}", "bs=1M", "conv=sparse", "status=none",
        "iflag=skip_bytes,count_bytes", f"skip={start}", f"count={root_size(image.system)}",
    ]  # fmt: skip
    subprocess.run(words, check=True)
    os.truncate(target, root_size(image.system))


def _settle(content: Path) -> None:
    """Give everything the time and modes that every build gives it."""
    for path in (content, *content.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (int(SOURCE_DATE_EPOCH),) * 2)


def _pack(
    tools: Tools, content: Path, keys: UpdateKeys, target: Path, log: Path, compression: str
) -> None:
    environment: Mapping[str, str] = {
        **tools.environment, "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, "TMPDIR": str(content.parent),
    }  # fmt: skip
    run(
        [
            *tools.argv("rauc"), "bundle", f"--cert={keys.certificate}", f"--key={keys.key}",
            f"--signing-keyring={keys.certificate}", f"--mksquashfs-args={compression}",
            content, target,
        ],
        log,
        environment,
    )  # fmt: skip


def payload(bundle: Path) -> range:
    """Return where a bundle's squashfs is in it. Raises ValueError for another file."""
    with bundle.open("rb") as stream:
        head = stream.read(96)
    if not head.startswith(SQUASHFS_MAGIC) or len(head) < 96:
        raise ValueError(f"{bundle} is no bundle")
    return range(int(BYTES_USED.unpack_from(head, BYTES_USED_AT)[0]))
