# SPDX-License-Identifier: MIT
"""The image as built, booted once for all tests that look at it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build import boards
from image.build.context import BUILD, BuildContext
from image.build.image import Image, build_image
from image.demo import TZSP_PORT, page_of, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.page_client import PageClient
from image.progress import StageProgress
from tests.net.kit import Segment


@pytest.fixture(scope="session")
def image() -> Image:
    """Build what is missing of the `vm` board."""
    return build_image(BuildContext(boards.choose("vm"), StageProgress()))


@pytest.fixture(scope="session")
def guest(image: Image) -> Iterator[Guest]:
    """Boot it; Snort listens when a test gets it."""
    with Guest(image, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        wait_ready(guest)
        yield guest


@pytest.fixture
def page(guest: Guest) -> PageClient:
    """Return the device's page as the host reaches it."""
    return page_of(guest)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SSH key of the owner's; the public one has the suffix .pub."""
    file = tmp_path_factory.mktemp("key") / "id"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "owner@pc", "-f", str(file)]
    subprocess.run(argv, check=True)
    return file


@pytest.fixture
def car() -> Iterator[Segment]:
    """Return a car: an access point that gives no addresses and nothing else, which is a switch."""
    made = Segment()
    yield made
    made.close()
