# SPDX-License-Identifier: MIT
"""What the tests of the build share."""

from __future__ import annotations

import shutil

import pytest

from image.build import boards
from image.build.context import BuildContext
from image.build.tools import Tools
from image.build.tools_root import build_tools
from image.progress import StageProgress
from tests.conftest import missing


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Return the tools root, with the programs of the build itself; made if need be."""
    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the tools root")
    return build_tools(BuildContext(boards.choose("vm"), StageProgress()))
