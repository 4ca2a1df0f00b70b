# SPDX-License-Identifier: MIT
"""The root of the board's Debian packages: packed for the image, unpacked for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from image.build import archive, emulation, overlay
from image.build.boards import IMAGE
from image.build.cache import Input, discard
from image.build.context import BuildContext
from image.build.debian import SUITE, debian_keyring
from image.build.roots import NO_BYTE_CODE, SOURCE_DATE_EPOCH, Root
from image.build.tools import Tools
from image.build.tools_root import build_tools
from image.build.unpack import unpack_programs

# What packages look at while they are set up, on every board.
EARLY = IMAGE / "early"
# Of xterm.js the page has the script and its style; addons and source maps are ten times that.
XTERM_ALONE = tuple(
    f"--dpkgopt=path-exclude=/usr/share/javascript/xterm/{each}" for each in ("*.map", "addons/*")
)


def fetch_archive_key(context: BuildContext) -> Path | None:
    """Fetch the key of the flavour's own archive, once; None where it has none.

    One that was right is used again, also where the archive cannot be reached. Raises InputError
    where it is not the same any more.
    """
    if not context.board.sources.is_dir():
        return None
    inputs = [context.archive.url, context.archive.fingerprint]
    key = context.cache.stage(
        "archive-key", ".asc", inputs, lambda target: archive.fetch(context.archive, target)
    )
    archive.hold(key, context.archive.fingerprint)
    return key


def build_packages_root(context: BuildContext, tools: Tools, key: Path | None) -> Path:
    """Make the tar of the board's packages, its initrd among them."""
    board = context.board
    root = Root(
        SUITE, board.packages, board.components, mirror=context.mirror,
        keyring=debian_keyring(), architecture=board.architecture,
        options=NO_BYTE_CODE + XTERM_ALONE,
    )  # fmt: skip
    inputs: list[Input] = [*root.inputs, EARLY, board.early]
    if key:
        inputs += [key.name, board.sources]
    return context.cache.stage(
        f"packages-{board.title}", ".tar", inputs,
        lambda target: _make(context, tools, key, root, target),
    )  # fmt: skip


def _make(context: BuildContext, tools: Tools, key: Path | None, root: Root, target: Path) -> None:
    board, early = context.board, target.with_suffix(".early")
    overlay.write(early, [(EARLY, ""), (board.early, "")], int(SOURCE_DATE_EPOCH))
    hook = f"--essential-hook=tar-in {early} /"
    log = context.log(f"emulation-{board.architecture}")
    try:
        emulation.ensure(board.architecture, tools, log)
        with archive.hooks(board, context.archive, key) as own:
            made = replace(root, hooks=(hook, *own))
            made.make(target, context.log(f"packages-{board.title}"))
    finally:
        discard(early)


def build_device_programs(context: BuildContext) -> Tools:
    """Make what is missing of the board's packages and return them unpacked, for tests."""
    packages = build_packages_root(context, build_tools(context), fetch_archive_key(context))
    programs = IMAGE / "programs.txt"
    inputs: list[Input] = [packages.name, programs, IMAGE / "build" / "tools.py"]
    folder = context.cache.stage(
        "packages-root", "", inputs,
        lambda target: unpack_programs(packages, programs, target, context.log("packages-unpack")),
    )  # fmt: skip
    return Tools(folder)
