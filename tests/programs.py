# SPDX-License-Identifier: MIT
"""Programs of the image's packages, run on this host as they are."""

from __future__ import annotations

import functools
import shutil

from image.build import boards
from image.build.context import BuildContext
from image.build.packages_root import build_device_programs
from image.build.tools import Tools
from image.progress import StageProgress
from tests.conftest import missing


@functools.cache
def of_the_device() -> Tools:
    """Return the device's programs (image/programs.txt); made if need be."""
    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the image's root")
    return build_device_programs(BuildContext(boards.choose("vm"), StageProgress()))
