# SPDX-License-Identifier: MIT
"""`glovebox card-signature`: give the card the signature that its command line names.

All images have the same one. `glovebox settings` chooses another, and has it written to the command
line on BOOT; then this brings it into the partition table, in one sector. A power cut between the
two costs a few seconds at the next start (image/early/), and this is done then.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.host import disksignature, systems
from appliance.host.mounts import disk_of
from appliance.service import Running

LARGEST = 4096
NAMED = re.compile(rb"(?<!\S)root=PARTUUID=([0-9a-f]{8})-[0-9a-f]{2}(?!\S)")

log = logging.getLogger(__name__)


def wanted(command_line: bytes) -> str | None:
    """Return the signature that a command line names; None for that of the image, or for none."""
    found = NAMED.search(command_line)
    signature = found[1].decode() if found else disksignature.SHARED
    return None if signature in (disksignature.SHARED, "00000000") else signature


def change(disk: Path, signature: str) -> bool:
    """Give a disk the signature; tell whether it had another. Raises InputError, OSError."""
    with disk.open("r+b", buffering=0) as stream:
        try:
            if disksignature.read(stream) == signature:
                return False
            disksignature.write(stream, signature)
        except ValueError as error:
            raise InputError(f"{disk}: {error}") from error
        os.fsync(stream.fileno())
    return True


def main(argv: Sequence[str]) -> int:
    """Change the signature where it has to be; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox card-signature",
        description="Give the card the signature that the command line on BOOT names.",
        epilog="Exit status: 0 done, or nothing to do; 2 no such disk; 1 it cannot be written.",
    )
    parser.add_argument("--boot", type=Path, default=Path("/boot/firmware"), help="(%(default)s)")
    parser.add_argument("--disk", type=Path, help="the card (default: the one that BOOT is on)")
    return service.run("card-signature", parser, argv, _act, settings=False, once=True)


def _act(running: Running) -> int:
    boot, disk = running.arguments.boot, running.arguments.disk
    try:
        signature = wanted(_command_line(boot))
        if signature and change(disk or disk_of(boot), signature):
            log.info("the card has a signature of its own now")
    except OSError as error:
        raise GloveboxError(f"the card keeps its signature: {error.strerror}") from error
    return 0


def _command_line(boot: Path) -> bytes:
    """Return the first command line that BOOT has, empty where it has none: all name one card."""
    for place in systems.COMMAND_LINES:
        with contextlib.suppress(FileNotFoundError), (boot / place).open("rb") as stream:
            return stream.read(LARGEST)
    return b""
