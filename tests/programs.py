"""Programs of the image's packages, run on this host as they are."""

from __future__ import annotations

import functools
import shutil

from image import boards
from image.build import Build
from image.progress import Progress
from image.tools import Tools
from tests.conftest import missing


@functools.cache
def of_the_device() -> Tools:
    """Return the device's programs (image/programs.txt); made if need be."""
    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the image's root")
    return Build(boards.choose("vm"), Progress()).device_programs()
