# SPDX-License-Identifier: MIT
"""`glovebox decap`: TZSP to pcap, on stdout or in files."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from appliance.formats import tzsp
from appliance.service import Stop
from appliance.tools.frames import Decapsulator
from appliance.tools.pcapfile import STDOUT, CaptureWriter, is_regular, open_output
from appliance.tools.rotation import PostRotate, RotatingFiles
from appliance.tools.streams import Listening, Reading
from appliance.udp.sockets import Endpoint, parse_addresses, parse_endpoint, parse_size
from appliance.udp.sources import key_of

RECEIVE_BUFFER = 64 << 20
EXIT_INTERRUPTED = 130

_LOSSES = {
    "socket_overflow": "to a full receive buffer",
    "reassembly_failures": "for lack of fragments",
    "checksum_errors": "with a wrong UDP checksum",
    "length_errors": "with a wrong UDP length",
}

DESCRIPTION = """\
Receive TZSP by UDP, or find it in FILE, a capture of the stream, and write the frames that it
carries as pcap: a router's stream for any program that reads captures."""

EPILOG = """\
examples:
  glovebox decap | tcpdump -nr -                      watch the stream
  glovebox decap | snort -r - -A console              inspect it
  glovebox decap -w %Y%m%d-%H.pcap -G 3600 -z gzip    a compressed file for each hour
  glovebox decap stream.pcap -w frames.pcap           out of a capture of the stream

The link type is that of the first frame. Frames of another kind are converted where it is
Ethernet; elsewhere they are left out and counted.

exit status: 0 done, also by a signal where it listens; 2 bad usage, or FILE is no capture, is cut
off (what is whole is written) or holds no UDP to the port; 4 a right is missing; 5 the port is in
use; 7 disk full; 130 a signal before the end of FILE; 141 nobody reads the output any more.
SIGINT, SIGTERM and SIGHUP complete the last file; a second one ends at once."""


def main(argv: Sequence[str]) -> int:
    """Write the frames of TZSP datagrams as pcap until stopped, or until FILE ends; see EPILOG."""
    arguments = _parse(argv)
    stop = _ForcibleStop()
    with closing(_open_intake(arguments, stop)) as intake:
        output = _open_output(arguments)
        sources = [key_of(address) for address in arguments.routers]
        decapsulator = Decapsulator(output, intake.ports, intake.own, sources, _say)
        stop.install()
        if not arguments.file:
            _say(f"listening on {', '.join(map(str, _endpoints(arguments)))}")
        reader_left = False
        try:
            with closing(output):
                intake.run(decapsulator, stop, output.pipe)
        except BrokenPipeError:
            reader_left = True
            raise
        finally:
            counts = decapsulator.tally.as_json() | intake.losses()
            _report(counts | {"link_type": decapsulator.link_type}, arguments, reader_left)
    return EXIT_INTERRUPTED if stop and arguments.file else 0


def _open_intake(arguments: argparse.Namespace, stop: Stop) -> Listening | Reading:
    if arguments.file:
        return Reading(arguments.file, arguments.port or [tzsp.PORT], stop)
    listening = Listening(_endpoints(arguments), arguments.receive_buffer)
    if listening.buffer < arguments.receive_buffer:
        _say(
            f"a receive buffer of {listening.buffer} bytes, not {arguments.receive_buffer}:"
            " give CAP_NET_ADMIN or raise net.core.rmem_max"
        )
    return listening


def _endpoints(arguments: argparse.Namespace) -> list[Endpoint]:
    return arguments.listen or [Endpoint(None, tzsp.PORT)]


def _open_output(arguments: argparse.Namespace) -> CaptureWriter:
    # Whoever pipes a capture in wants to see what it gives at once.
    flush = arguments.flush or bool(arguments.file) and not is_regular(arguments.file)
    if arguments.seconds or arguments.size:
        command = PostRotate(arguments.command) if arguments.command else None
        return RotatingFiles(arguments.write, arguments.seconds, arguments.size, flush, command)
    return open_output(arguments.write, flush)


class _ForcibleStop(Stop):
    """A stop whose second signal ends the process, even where it waits for a slow reader."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def install(self) -> _ForcibleStop:
        for number in self._SIGNALS:
            # Under nohup(1) the end of a terminal is not to end us.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._first)
        return self

    def _first(self, number: int, frame: FrameType | None) -> None:
        self.set()
        for other in self._SIGNALS:
            signal.signal(other, signal.SIG_DFL)


def _report(counts: dict[str, Any], arguments: argparse.Namespace, reader_left: bool) -> None:
    """Print the counts; where the reader has left only if they were asked for."""
    if arguments.report == "json":
        if stream := sys.stderr if arguments.write == STDOUT else sys.stdout:
            print(json.dumps(counts), file=stream)
    elif not reader_left:
        _say(_summary(counts))


def _summary(counts: dict[str, Any]) -> str:
    dropped = {reason: count for reason, count in counts["dropped"].items() if count}
    drops = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
    lines = [
        f"{counts['datagrams_received']} datagrams: {counts['frames_sent']} frames written,"
        f" {counts['keepalives']} without a frame,"
        f" {sum(dropped.values())} dropped" + (f" ({drops})" if drops else "")
    ]
    losses = {name: count for name in _LOSSES if (count := counts[name])}
    if losses:
        told = (f"{count} {_LOSSES[name]}" for name, count in losses.items())
        lines.append(f"lost before: {', '.join(told)}")
    return "; ".join(lines)


def _say(text: str) -> None:
    # Without stderr print() would take stdout, and that may be the capture.
    if sys.stderr is not None:
        print(f"glovebox decap: {text}", file=sys.stderr)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.file and arguments.listen:
        parser.error("FILE and --listen exclude each other")
    if arguments.port and not arguments.file:
        parser.error("--port is for FILE; --listen names the ports to receive on")
    if _same_file(arguments.file, arguments.write):
        parser.error(f"{arguments.write} would be written over while it is read")
    rotates = arguments.seconds or arguments.size
    if rotates and not is_regular(arguments.write):
        parser.error(f"-G and -C write regular files only: -w {arguments.write} is none")
    if rotates and not (folder := Path(arguments.write).parent).is_dir() and "%" not in str(folder):
        parser.error(f"-w {arguments.write}: no folder {folder}")
    if arguments.command is not None:
        _check_command(parser, arguments.command, rotates)
    return arguments


def _check_command(parser: argparse.ArgumentParser, words: Sequence[str], rotates: bool) -> None:
    if not rotates:
        parser.error("-z runs after a rotation: give -G or -C too")
    if not words or shutil.which(words[0]) is None:
        parser.error(f"-z: no command {shlex.join(words[:1])!r}")


def _same_file(first: str | None, second: str) -> bool:
    try:
        return first is not None and os.path.samefile(first, second)
    except OSError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox decap",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a capture; - is stdin")
    parser.add_argument(
        "--report", choices=("text", "json"), default="text",
        help="counters at the end, as text on stderr, or as JSON on stdout (with -w - on stderr)",
    )  # fmt: skip
    parser.add_argument(
        "--routers", type=parse_addresses, default=[], metavar="ADDR,…",
        help="who may send (default: everybody)",
    )  # fmt: skip
    parser.add_argument(
        "--port", action="append", type=_port, metavar="N",
        help=f"UDP port of TZSP in FILE; may be repeated (default: {tzsp.PORT})",
    )  # fmt: skip
    _add_receiving(parser.add_argument_group("receiving"))
    _add_output(parser.add_argument_group("output"))
    return parser


def _add_receiving(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-p", "--listen", action="append", type=parse_endpoint, metavar="[ADDR:]PORT",
        help=f"IPv4 and IPv6; may be repeated (default: {tzsp.PORT})",
    )  # fmt: skip
    group.add_argument(
        "--receive-buffer", type=parse_size, default=RECEIVE_BUFFER, metavar="BYTES",
        help=f"of each socket; K and M are understood (default: {RECEIVE_BUFFER >> 20}M)",
    )  # fmt: skip


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-w", "-o", "--write", default=STDOUT, metavar="FILE", help="where to (default: -, stdout)"
    )
    rotation = group.add_mutually_exclusive_group()
    rotation.add_argument(
        "-G", dest="seconds", type=_positive, metavar="SECONDS",
        help="a new file when one is so old; strftime(3) makes the names",
    )  # fmt: skip
    rotation.add_argument(
        "-C", dest="size", type=parse_size, metavar="BYTES",
        help="a new file before one gets larger: FILE, FILE.1, FILE.2...",
    )  # fmt: skip
    group.add_argument(
        "-z", dest="command", type=_command, metavar="COMMAND",
        help="run COMMAND NAME for each whole file of -G or -C, at nice 19, without a shell",
    )  # fmt: skip
    group.add_argument(
        "-U", "-f", "--flush", action="store_true", help="hold no frame back, not even under load"
    )


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected whole seconds, 1 or more")
    return int(text)


def _command(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _port(text: str) -> int:
    return parse_endpoint(text).port
