# SPDX-License-Identifier: MIT
"""`glovebox unblock ADDRESS|all`: ask for a block to be lifted."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from appliance.blocking import wishes
from appliance.blocking.wishes import EVERYBODY, Wish, WishKind
from appliance.errors import InputError


def main(argv: Sequence[str]) -> int:
    """Ask for a block to be lifted; `--help` tells more. Raises InputError, GloveboxError."""
    arguments = _parser().parse_args(argv)
    all_of_them = arguments.address == EVERYBODY
    if arguments.never and all_of_them:
        raise InputError('"all" cannot be spared for good: set mode = "off" under [block]')
    what = EVERYBODY if all_of_them else wishes.named(arguments.address)
    wish = Wish(WishKind.NEVER if arguments.never else WishKind.LIFT, what)
    wishes.ask(wish, arguments.requests)
    print(wishes.ASKED)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox unblock", description="Lift a block.",
        epilog="exit status: 0 asked; 1 nobody takes it; 2 bad usage.",
    )  # fmt: skip
    parser.add_argument("address", help='an address, or "all"')
    parser.add_argument("--never", action="store_true", help="and never block it again")
    parser.add_argument("--requests", type=Path, default=wishes.FOLDER, help="(%(default)s)")
    return parser
