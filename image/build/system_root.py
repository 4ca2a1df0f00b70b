# SPDX-License-Identifier: MIT
"""The whole root of an image: packages, engine, and our own files."""

from __future__ import annotations

from pathlib import Path

from image.build import overlay
from image.build.boards import IMAGE
from image.build.cache import Input, discard
from image.build.context import PROJECT, BuildContext
from image.build.roots import SOURCE_DATE_EPOCH, change
from image.build.tools import Tools
from image.build.wheels import build_wheels
from image.world.countries import PLACE

HOOK = IMAGE / "hooks" / "finish-root"
ENGINE_PLACE = "/usr/lib/glovebox/engine"


def build_system_root(
    context: BuildContext, tools: Tools, packages: Path, engine: Path | None, countries: Path
) -> Path:
    """Make the tar of the whole root out of the tars of its parts."""
    places = own_files(context, build_wheels(context), countries)
    engines = [(engine, ENGINE_PLACE)] if engine else []
    inputs: list[Input] = [
        packages.name, context.board.variant, *(tar.name for tar, _ in engines), HOOK,
        IMAGE / "build" / "overlay.py", *(part for pair in places for part in pair),
    ]  # fmt: skip

    def make(target: Path) -> None:
        own = target.with_suffix(".own")
        overlay.write(own, places, int(SOURCE_DATE_EPOCH))
        try:
            tars = [(packages, "/"), *engines, (own, "/")]
            log = context.log(context.named("system"))
            words = {"TOOLS": str(tools.root), "VARIANT": context.board.variant}
            change(tars, HOOK, words, target, log)
        finally:
            discard(own)

    return context.cache.stage(context.named("system"), ".tar", inputs, make)


def own_files(context: BuildContext, wheels: Path, countries: Path) -> list[tuple[Path, str]]:
    """Return the folders of our own files and where each belongs in the root, in order."""
    return [
        *overlay.sources(PROJECT, context.board.name),
        (context.engine.overlay, ""),
        (countries, PLACE),
        (wheels, overlay.PACKAGES),
    ]
