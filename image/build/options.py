# SPDX-License-Identifier: MIT
"""The options that every command which builds an image has."""

from __future__ import annotations

import argparse
from pathlib import Path

from image.build import boards, engines, record
from image.build.archive import Archive
from image.build.context import BuildContext
from image.progress import StageProgress


def parser() -> argparse.ArgumentParser:
    """Return the options, as a parent of a command's own parser."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--board", choices=boards.names(), default="vm")
    options.add_argument("--flavour", help="the board's flavour: whose kernel and firmware it has")
    options.add_argument(
        "--ids", choices=engines.names(), default=engines.DEFAULT, help="the engine (%(default)s)"
    )
    options.add_argument("--mirror", metavar="URL", help="Debian mirror (default: mmdebstrap's)")
    options.add_argument("--ubuntu-mirror", metavar="URL", help="mirror for Snort's packages")
    options.add_argument("--raspberry-mirror", metavar="URL", default=Archive.url)
    options.add_argument(
        "--raspberry-key", metavar="FINGERPRINT", default=Archive.fingerprint,
        help="of who signs that mirror, where it is not Raspberry Pi",
    )  # fmt: skip
    options.add_argument(
        "--locked", type=Path, metavar="FILE", help="refuse packages other than in this record"
    )
    return options


def context_of(arguments: argparse.Namespace, progress: StageProgress) -> BuildContext:
    """Return what the options ask for. Raises InputError."""
    return BuildContext(
        boards.choose(arguments.board, arguments.flavour),
        progress,
        arguments.mirror,
        arguments.ubuntu_mirror,
        engine=engines.choose(arguments.ids),
        archive=Archive(arguments.raspberry_mirror, arguments.raspberry_key.replace(" ", "")),
        lock=record.read(arguments.locked) if arguments.locked else None,
    )
