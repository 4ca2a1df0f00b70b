# SPDX-License-Identifier: MIT
"""The engine's own root: packed for the image, unpacked for the tests."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.errors import InputError
from image.build import emulation
from image.build.context import BuildContext
from image.build.debian import debian_keyring
from image.build.roots import Root
from image.build.tools import Tools
from image.build.tools_root import build_tools
from image.build.unpack import unpack


def build_engine_root(context: BuildContext, tools: Tools) -> Path | None:
    """Make the tar of the engine's own root; None for a sensor without one."""
    if not context.engine.has_root:
        return None
    architecture = context.board.architecture
    root, name = _root(context, tools), f"engine-{context.engine.name}-{architecture}"

    def make(tar: Path) -> None:
        emulation.ensure(architecture, tools, context.log(f"emulation-{architecture}"))
        root.make(tar, context.log(name))

    return context.cache.stage(name, ".tar", root.inputs, make)


def _root(context: BuildContext, tools: Tools) -> Root:
    engine = context.engine
    ubuntu_keyring = tools.root / "usr/share/keyrings/ubuntu-archive-keyring.gpg"
    return Root(
        suite=engine.suite,
        packages=engine.packages,
        components=engine.components,
        mirror=context.mirror if engine.is_debian else context.ubuntu_mirror,
        keyring=debian_keyring() if engine.is_debian else ubuntu_keyring,
        architecture=context.board.architecture,
    )


def unpack_engine_root(context: BuildContext, packed: Path) -> Path:
    """Unpack the engine's root and return its folder, which `build/engine-NAME` leads to."""
    name = context.engine.name
    folder = context.cache.stage(
        f"engine-root-{name}-{context.board.architecture}", "", [packed.name],
        lambda target: unpack(packed, target, context.log("engine-unpack")),
    )  # fmt: skip
    # Whole at every moment: another build may come to the same point.
    link = context.folder / f"engine-{name}"
    made = link.with_name(f".{link.name}.{os.getpid()}")
    made.symlink_to(folder)
    os.replace(made, link)
    return folder


def build_engine_alone(context: BuildContext) -> Path:
    """Make what is missing of the engine's root and return it unpacked. Raises InputError."""
    packed = build_engine_root(context, build_tools(context))
    if packed is None:
        raise InputError(f"{context.engine.name} has no root")
    return unpack_engine_root(context, packed)
