# SPDX-License-Identifier: MIT
"""libpcap and our own reader say the same of a classic capture file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream
from appliance.formats.pcap import PcapReader, Record
from appliance.tools.libpcap import LibpcapReader
from tests.conftest import PROJECT
from tests.pcapfile import pcap

DEMO = PROJECT / "tests" / "captures" / "demo.pcap"


def records(reader: PcapReader | LibpcapReader) -> tuple[list[Record], str]:
    """Return the records, and the kind of error at the end."""
    found: list[Record] = []
    try:
        found.extend(reader)
    except DecodeError as error:
        return found, type(error).__name__
    return found, ""


def ours(content: bytes) -> PcapReader:
    pieces: Iterator[bytes] = iter((content,))
    return PcapReader(ByteStream(lambda: next(pieces, b"")))


@pytest.mark.parametrize("cut", [0, 1, 7, 15, 16, 17, 100, 1000])
def test_both_readers_say_the_same(cut: int, tmp_path: Path) -> None:
    content = DEMO.read_bytes()[: -cut or None]
    file = tmp_path / "test.pcap"
    file.write_bytes(content)
    descriptor = os.open(file, os.O_RDONLY)
    reader = ours(content)
    found = records(LibpcapReader(descriptor, reader.link_type))
    os.close(descriptor)
    assert found == records(reader)
    assert found[0]


@pytest.mark.parametrize("seconds", [0, 2**31 - 1, 2**31, 2**32 - 1])
def test_both_readers_tell_the_same_time(seconds: int, tmp_path: Path) -> None:
    content = pcap(b"x" * 60, times_us=(seconds * 1_000_000 + 5,))
    file = tmp_path / "test.pcap"
    file.write_bytes(content)
    descriptor = os.open(file, os.O_RDONLY)
    (found,), _ = records(LibpcapReader(descriptor, 1))
    os.close(descriptor)
    assert found.time_us == seconds * 1_000_000 + 5
    assert records(ours(content))[0] == [found]


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "test.pcap"
    file.write_bytes(b"no capture at all, but long enough for a header")
    descriptor = os.open(file, os.O_RDONLY)
    with pytest.raises(DecodeError):
        LibpcapReader(descriptor, 1)
    os.close(descriptor)
