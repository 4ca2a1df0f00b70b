# SPDX-License-Identifier: MIT
"""`glovebox block ADDRESS --for 1h`: ask for a block."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from appliance.blocking import wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import InputError
from appliance.settings.sections.block import LONGEST_S, SHORTEST_S, seconds


def main(argv: Sequence[str]) -> int:
    """Ask for a block; `--help` tells the exit statuses. Raises InputError, GloveboxError."""
    arguments = _parser().parse_args(argv)
    length = seconds(arguments.length)
    if not SHORTEST_S <= length <= LONGEST_S:
        raise InputError(f"--for {arguments.length}: like 30m, 1h or 7d, from 1m to 30d")
    wish = Wish(WishKind.BLOCK, wishes.named(arguments.address), float(length))
    wishes.ask(wish, arguments.requests)
    print(wishes.ASKED)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox block", description="Block an address on the routers.",
        epilog="exit status: 0 asked; 1 nobody takes it; 2 bad usage.",
    )  # fmt: skip
    parser.add_argument("address", help="an address; of IPv6 its /64 is blocked")
    parser.add_argument("--for", dest="length", default="1h", help="like 30m, 1h, 7d (%(default)s)")
    parser.add_argument("--requests", type=Path, default=wishes.FOLDER, help="(%(default)s)")
    return parser
