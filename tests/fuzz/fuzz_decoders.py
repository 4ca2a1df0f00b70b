# SPDX-License-Identifier: MIT
"""Fuzz the decoders of the packet path, guided by coverage: a command, not a part of `pytest`.

    python tests/fuzz/fuzz_decoders.py --seconds 600 --corpus build/fuzz ../shared/data

Needs atheris (`pip install atheris`). An input that breaks a promise is written to the corpus
folder as crash-…, and given as the only argument it is tried again. Exit status 0 means no
finding, 2 that something is missing, anything else a finding.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

PORTS = frozenset({37008})
LONGEST_SEED = 2000
FRAMES_AT_ONCE = 8


class _Everybody:
    """Addresses that are all ours: no frame is left out for its destination."""

    def __contains__(self, key: object) -> bool:
        return True


class Promises:
    """What the decoders promise for any bytes; instrumented while they are imported."""

    def __init__(self) -> None:
        names = ("tzsp", "ethernet", "feedback", "datagrams", "pcap")
        self.tzsp, self.ethernet, self.feedback, self.datagrams, self.pcap = (
            importlib.import_module(f"appliance.formats.{name}") for name in names
        )
        self.sentences = importlib.import_module("appliance.formats.sentences")
        self.error = importlib.import_module("appliance.errors").DecodeError

    def check(self, content: bytes) -> None:
        """Try one input in every place where bytes of strangers arrive."""
        self.check_datagram(content)
        for encapsulation in self.tzsp.Encapsulation:
            self.check_conversion(encapsulation, memoryview(content))
        self.check_frames(content)
        self.check_sentences(content)

    def check_datagram(self, content: bytes) -> None:
        """A datagram decodes to a view of its end; what encode() wraps comes out the same."""
        try:
            packet = self.tzsp.decode(memoryview(content))
        except self.error:
            pass
        else:
            assert content.endswith(packet.payload)
            assert packet.payload or not packet.carries_frame
            self.check_conversion(packet.encapsulation, packet.payload)
        if content:
            assert self.tzsp.decode(memoryview(self.tzsp.encode(content))).payload == content

    def check_conversion(self, encapsulation: int, payload: memoryview) -> None:
        """A conversion adds at most an Ethernet header; the result is feedback or not."""
        try:
            frame = memoryview(self.ethernet.as_ethernet(encapsulation, payload))
        except self.error:
            return
        assert 14 <= len(frame) <= len(payload) + 14
        echoes = self.feedback.EchoFilter(PORTS, _Everybody())
        assert echoes.is_echo(frame, bytes(16), 0.0) in (True, False)

    def check_frames(self, content: bytes) -> None:
        """Captured frames, each behind its length, give datagrams that are not longer than all."""
        finder = self.datagrams.Datagrams(PORTS)
        for number, frame in enumerate(_split(content)):
            datagram = finder.take(self.pcap.Record(number * 700_000, frame, len(frame)))
            assert datagram is None or len(datagram.payload) <= len(content)
            assert datagram is None or datagram.missing >= 0
        finder.finish()
        assert finder.reassembly_failures <= FRAMES_AT_ONCE

    def check_sentences(self, content: bytes) -> None:
        """A router's answers are sentences or one error, and encode to what they came from."""
        splitter, size = self.sentences.Splitter(), 0
        try:
            for words in splitter.feed(content):
                size += len(self.sentences.encode(words))
                self.sentences.reply(words)
        except self.error:
            pass
        assert size <= len(content)


def _split(content: bytes) -> Iterator[bytes]:
    for _ in range(FRAMES_AT_ONCE):
        if not content:
            return
        yield content[1 : 1 + content[0]]
        content = content[1 + content[0] :]


def _write_seeds(corpus: Path, sources: Sequence[Path]) -> None:
    """Fill the corpus with frames, datagrams and UDP contents of real captures."""
    open_capture = importlib.import_module("appliance.tools.captures").open_capture
    captures = [file for source in sources for file in sorted(source.rglob("*.pcap"))]
    for number, capture in enumerate(captures):
        frames = [record.frame[:LONGEST_SEED] for record in islice(open_capture(capture), 5)]
        datagrams = [b"\x01\x00\x00\x01\x01" + frame for frame in frames]
        split = b"".join(bytes((len(frame[:255]),)) + frame[:255] for frame in frames)
        for index, seed in enumerate([*frames, *datagrams, *(f[42:] for f in frames), split]):
            (corpus / f"seed-{number}-{index}").write_bytes(seed)


def main(argv: Sequence[str]) -> int:
    """Run the fuzzer over a corpus folder, or try one file again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600, help="how long (default 600)")
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"), help="build/fuzz")
    parser.add_argument("sources", nargs="*", type=Path, help="captures' folders, or one crash-…")
    arguments = parser.parse_args(argv)
    if importlib.util.find_spec("atheris") is None:
        print("fuzz_decoders: atheris is missing: pip install atheris", file=sys.stderr)
        return 2
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["appliance"]):
        promises = Promises()
    if len(arguments.sources) == 1 and arguments.sources[0].is_file():
        promises.check(arguments.sources[0].read_bytes())
        return 0
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    _write_seeds(arguments.corpus, arguments.sources)
    options = [f"-max_total_time={arguments.seconds}", f"-artifact_prefix={arguments.corpus}/"]
    options += ["-max_len=4096", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(arguments.corpus)], promises.check)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
