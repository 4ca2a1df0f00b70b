# SPDX-License-Identifier: MIT
"""`glovebox replay`: capture files onto an interface, at their own speed or another, as tcpreplay.

Without files it receives a stream, as `glovebox receiver` does: its old name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from appliance import service
from appliance.receiver import service as receiver
from appliance.reports.outcomes import REASONS, Tally
from appliance.reports.receiver import ReceiverReport
from appliance.settings import config
from appliance.tools.options import add_play_arguments, run
from appliance.tools.outlet import Outlet
from appliance.tools.player import Notices
from appliance.tools.playlist import source
from appliance.tools.summary import Played, summary

DESCRIPTION = """\
Put the frames of capture files on an interface. Without files: receive a router's TZSP stream, as
`glovebox receiver` does."""
EPILOG = """\
exit status: 0 all frames sent; 1 some frames not sent; 2 bad usage, or a file that is no capture or
is cut off (what is whole is sent); 3 no such interface; 4 a capability is missing (CAP_NET_RAW);
130 stopped by SIGINT, SIGTERM or SIGHUP. The summary is printed in any case."""
_RECEIVING = ("listen", "routers", "receive_buffer")
_EITHER_WAY = ("interface", "files", "report", "verbose", "quiet")


def main(argv: Sequence[str]) -> int:
    """Play files, or receive; `--help` tells the exit statuses."""
    parser = _parser()
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    arguments = parser.parse_args(argv)
    _check(parser, arguments)
    if not arguments.files:
        return service.run(ReceiverReport.NAME, _parser(), argv, receiver.receive)
    arguments.interface = arguments.interface or config.load()[0].capture.interface
    return play(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox replay", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    receiver.add_common_arguments(parser)
    add_play_arguments(parser)
    receiver.add_arguments(parser)
    parser.add_argument("files", nargs="*", metavar="FILE", help="captures to play; - is stdin")
    return parser


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    given = {
        name
        for name, default in vars(parser.parse_args([])).items()
        if getattr(arguments, name) != default
    }
    if arguments.files and given.intersection(_RECEIVING):
        parser.error("receiving and playing files exclude each other")
    if not arguments.files and (misplaced := given.difference(_RECEIVING, _EITHER_WAY)):
        parser.error(f"{', '.join(sorted(misplaced))}: for files only; `-` is standard input")


def play(arguments: argparse.Namespace) -> int:
    """Play `arguments.files` onto `arguments.interface`; return the exit status.

    Prints tcpreplay's summary, or with `arguments.report` == "json" the counters, however the run
    ends. Raises InputError, InterfaceError, PrivilegeError.
    """
    notices = Notices("replay")
    with closing(Outlet(arguments.interface, notices.once)) as interface:

        def describe(played: Played) -> str:
            if arguments.report == "json":
                return json.dumps(counters(played))
            return summary(played, f"network device: {arguments.interface}")

        sources = [source(name) for name in arguments.files]
        return run(arguments, sources, interface, notices.once, describe)


def counters(played: Played) -> dict[str, Any]:
    """Return the counts under the names of the receiving side, a record for a datagram."""
    outcomes = [played.sent, 0, *(played.failed[reason] for reason in REASONS)]
    tally = Tally(outcomes, played.read_bytes, played.sent_bytes)
    none = {"socket_overflow": 0, "reassembly_failures": 0}
    return tally.as_json() | none | played.run_as_json()
