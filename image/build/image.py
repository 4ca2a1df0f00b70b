# SPDX-License-Identifier: MIT
"""A board's image: made of its roots and our files, each stage only if needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from image.build import record
from image.build.boards import Board
from image.build.boot_files import take_boot_files
from image.build.card import build_card
from image.build.context import BuildContext
from image.build.engine_root import build_engine_root, unpack_engine_root
from image.build.engines import EngineChoice
from image.build.packages_root import build_packages_root, fetch_archive_key
from image.build.system_root import build_system_root
from image.build.tools import Tools
from image.build.tools_root import build_tools
from image.world.countries import LISTS_LOCK, build_countries


@dataclass(frozen=True)
class Image:
    """A finished build: the disk and what starts it in an emulated machine."""

    board: Board
    engine: EngineChoice
    tools: Tools
    packages: Path
    engine_tar: Path | None
    system: Path
    disk: Path
    kernel: Path
    initrd: Path
    device_tree: Path | None
    command_line: str
    engine_root: Path | None
    lists_lock: Path

    @property
    def title(self) -> str:
        """Return what is in the names of its files, like `pi-debian-suricata`."""
        return f"{self.board.title}{self.engine.suffix}"


def build_image(context: BuildContext) -> Image:
    """Make what is missing and return the whole. Raises GloveboxError."""
    # First of all: where the archive cannot be reached, nothing else is worth its minutes.
    key = fetch_archive_key(context)
    tools = build_tools(context)
    packages = build_packages_root(context, tools, key)
    engine = build_engine_root(context, tools)
    countries = build_countries(context)
    lists_lock = countries / LISTS_LOCK
    if context.lock:
        record.hold(context.lock, record.of_roots(tools.root, packages, engine, lists_lock))
    system = build_system_root(context, tools, packages, engine, countries)
    card = build_card(context, tools, packages, system)
    boot = take_boot_files(context, tools, card)
    device_tree, command_line = boot / "device-tree", boot / "cmdline"
    return Image(
        board=context.board,
        engine=context.engine,
        tools=tools,
        packages=packages,
        engine_tar=engine,
        system=system,
        disk=card,
        kernel=boot / "vmlinuz",
        initrd=boot / "initrd.img",
        device_tree=device_tree if device_tree.exists() else None,
        command_line=command_line.read_text().strip(),
        engine_root=unpack_engine_root(context, engine) if engine and context.is_native else None,
        lists_lock=lists_lock,
    )
