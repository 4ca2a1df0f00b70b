# SPDX-License-Identifier: MIT
"""Capture files and pipes against a second, independent reader and against damage."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import InputError
from appliance.formats.pcap import Record
from appliance.service import Stop
from appliance.tools.captures import open_capture
from tests.pcapfile import MAGICS, parse_pcap, pcap
from tests.pcapng import interface, packet, section

PCAPNG = section() + interface(1) + interface(113) + packet(b"abc") + packet(b"de", 1, 7)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "test.pcap"


def read(path: Path) -> list[Record]:
    with open_capture(path) as capture:
        return list(capture)


def test_open_capture_agrees_with_an_independent_reader_on_all_shared_files(
    shared_data: Path,
) -> None:
    files = [f for f in sorted(shared_data.rglob("*.pcap")) if f.read_bytes()[:4] in MAGICS]
    assert len(files) > 50
    for file in files:
        link_type, records = parse_pcap(file.read_bytes())
        with open_capture(file) as capture:
            assert list(capture.link_types()) == [link_type]
            assert list(capture) == [(*each, link_type) for each in records], file


@pytest.mark.parametrize(
    ("name", "order", "fraction"),
    [
        ("ids/arkime/bigendian.pcap", ">", 1),
        ("ids/formats/tcpreplay__test.pcap", "<", 1),
        ("ids/formats/tcp-handshake-nano.pcap", "<", 1000),
    ],
)
def test_open_capture_reads_every_variant_of_the_format(
    shared_data: Path, name: str, order: str, fraction: int
) -> None:
    content = (shared_data / name).read_bytes()
    assert MAGICS[content[:4]] == (order, fraction)
    assert [each[:3] for each in read(shared_data / name)] == parse_pcap(content)[1]


def test_open_capture_reads_big_endian_nanoseconds(written: Path) -> None:
    header = struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    written.write_bytes(header + struct.pack(">IIII", 5, 123_456_789, 3, 3) + b"abc")
    assert read(written) == [Record(5_123_456, b"abc", 3)]


def test_open_capture_reads_the_same_from_pcapng_as_from_pcap(shared_data: Path) -> None:
    formats = shared_data / "ids/formats"
    expected = parse_pcap((formats / "libtrace__100_packets.pcap").read_bytes())[1]
    found = read(formats / "libtrace__100_packets.pcapng")
    assert [each[:3] for each in found] == expected


def test_open_capture_agrees_with_tcpdump_on_times_and_lengths(shared_data: Path) -> None:
    file = shared_data / "ids/ndpi/alexa-app.pcapng"
    listing = subprocess.run(
        ["tcpdump", "-n", "-e", "-tt", "-r", file], capture_output=True, text=True, check=True
    ).stdout
    printed = re.findall(r"^\d+\.\d{6} .*", listing, re.MULTILINE)
    records = read(file)
    assert len(printed) == len(records) > 100
    for line, record in zip(printed, records, strict=True):
        seconds, microseconds = line.split()[0].split(".")
        assert int(seconds) * 1_000_000 + int(microseconds) == record.time_us
        if "ethertype" in line:
            assert f"length {record.original_length}:" in line


def test_open_capture_shows_what_the_snaplen_cut(written: Path) -> None:
    written.write_bytes(pcap(bytes(200), snaplen=64))
    (record,) = read(written)
    assert (len(record.frame), record.original_length) == (64, 200)


def test_open_capture_yields_a_record_without_bytes(shared_data: Path) -> None:
    lengths = [
        len(record.frame) for record in read(shared_data / "ids/formats/rx_serviceid_oobr.pcap")
    ]
    assert lengths == [71, 0, 71]


def test_open_capture_yields_a_jumbogram_whole(shared_data: Path) -> None:
    (record,) = read(shared_data / "ids/formats/ipv6_jumbogram_1.pcap")
    assert len(record.frame) == record.original_length == 65590


def test_open_capture_takes_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.pcap"))
    file.write_bytes(pcap(b"abc"))
    assert len(read(file)) == 1


def test_open_capture_takes_a_file_named_like_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(pcap(b"abc"))
    assert len(read(Path("-"))) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty, not a capture file"),
        (b"\xd4\xc3", "cut off in the file header, or not a capture file"),
        (pcap()[:20], "cut off in the file header, or not a capture file"),
        (b"root:x:0:0:root:/root:/bin/bash\n", "not a capture file (pcap or pcapng)"),
        (gzip.compress(b"text"), "not a capture file (pcap or pcapng)"),
        (gzip.compress(b""), "empty, not a capture file"),
        (
            gzip.compress(gzip.compress(pcap())),
            "compressed with gzip, not a capture file: decompress it with `gzip -d` first",
        ),
        (
            b"\x28\xb5\x2f\xfd" + bytes(20),
            "compressed with zstd, not a capture file: decompress it with `zstd -d` first",
        ),
        (section(version=(1, 7)), "pcapng version 1.7, not 1.0 or 1.2"),
    ],
    ids=[
        "empty",
        "two bytes",
        "half a header",
        "text",
        "text in gzip",
        "nothing in gzip",
        "twice in gzip",
        "zstd",
        "pcapng of the future",
    ],  # fmt: skip
)
def test_open_capture_refuses_what_is_no_capture(
    written: Path, content: bytes, expected: str
) -> None:
    written.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_capture(written)
    assert str(caught.value) == f"{written}: {expected}"


def test_open_capture_refuses_a_missing_file(written: Path) -> None:
    with pytest.raises(InputError, match=r"test\.pcap: No such file or directory$"):
        open_capture(written)


def test_open_capture_refuses_a_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory, not a capture file$"):
        open_capture(tmp_path)


def test_open_capture_refuses_an_unreadable_file(written: Path) -> None:
    written.write_bytes(pcap(b"abc"))
    written.chmod(0)
    written.parent.chmod(0o755)
    code = """
import os, sys
from pathlib import Path
from appliance.tools.captures import open_capture
from appliance.errors import InputError
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    open_capture(Path("test.pcap"))
except InputError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=written.parent, capture_output=True, text=True
    )
    assert run.stdout == "test.pcap: Permission denied\n", run.stderr


def test_open_capture_leaves_no_descriptor_open(written: Path, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    written.write_bytes(pcap(b"abc"))
    read(written)
    for bad in (tmp_path, tmp_path / "missing", Path("/dev/null")):
        with pytest.raises(InputError):
            open_capture(bad)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("missing", range(1, 16 + 60))
def test_capture_yields_the_whole_records_of_a_file_cut_off(written: Path, missing: int) -> None:
    frames = [bytes([number]) * 60 for number in range(3)]
    written.write_bytes(pcap(*frames)[:-missing])
    whole: list[bytes] = []
    with open_capture(written) as capture, pytest.raises(InputError) as caught:
        whole.extend(record.frame for record in capture)
    assert whole == frames[:2]
    assert str(caught.value) == f"{written}: cut off after 2 packets"


def test_capture_ends_with_an_error_at_an_impossible_length(written: Path) -> None:
    written.write_bytes(pcap(b"abc") + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF))
    with open_capture(written) as capture, pytest.raises(InputError, match="after 1 packets: "):
        list(capture)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_open_capture_reads_compressed_captures(
    written: Path, compress: Callable[[bytes], bytes]
) -> None:
    for content in (pcap(*[bytes([number]) * 60 for number in range(3)]), PCAPNG):
        written.write_bytes(content)
        plain = read(written)
        written.write_bytes(compress(content))
        assert read(written) == plain != []
        whole: list[Record] = []
        written.write_bytes(compress(content)[:-1])
        with open_capture(written) as capture, pytest.raises(InputError, match="cut off after"):
            whole.extend(capture)


@pytest.mark.slow
def test_open_capture_waits_for_a_named_pipe_until_the_stop(tmp_path: Path) -> None:
    pipe, stop = tmp_path / "pipe", Stop()
    os.mkfifo(pipe)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(InputError, match="pipe: stopped"):
        open_capture(pipe, stop)


CASES = {
    "f3-late-snaplen.pcapng": [1] * 6,
    "f3-two-linktypes.pcapng": [1, 1, 1, 113, 113, 113],
    "f3-two-snaplens.pcapng": [1] * 6,
    "f4-far-gap.pcapng": [1] * 3,
    "f9-version-1-2.pcapng": [1] * 3,
    "p-simple-and-obsolete-blocks.pcapng": [1] * 6,
    "p-tsresol-2pow-tsoffset.pcapng": [1] * 6,
    "p-two-sections.pcapng": [1] * 6,
}


@pytest.mark.parametrize(("name", "link_types"), CASES.items(), ids=CASES)
def test_open_capture_reads_every_frame_by_its_own_interface(
    shared_cases: Path, name: str, link_types: list[int]
) -> None:
    records = read(shared_cases / "capture" / name)
    assert sorted(record.link_type for record in records) == link_types
    assert all(record.frame.endswith(b" frame 0") for record in records)


# As tshark reads them: times that go back or lie ahead, odd headers, zeros where a disk was full.
ODD = {
    "f4-two-packets.pcap": 2,
    "f11-ppp-serial.pcap": 1,
    "f11-zero-record.pcap": 3,
    "p-backwards.pcap": 6,
    "p-future.pcap": 4,
    "p-sll-odd.pcap": 7,
    "p-wifi-wds-amsdu-protected.pcap": 3,
    "p-zeros-at-the-end.pcap": 259,
}


@pytest.mark.parametrize(("name", "count"), ODD.items(), ids=ODD)
def test_open_capture_reads_every_record_of_odd_files(
    shared_cases: Path, name: str, count: int
) -> None:
    assert len(read(shared_cases / "capture" / name)) == count


@pytest.mark.parametrize("name", ["f4-two-packets", "p-backwards", "p-future"])
def test_open_capture_tells_times_as_they_are_written(shared_cases: Path, name: str) -> None:
    file = shared_cases / "capture" / f"{name}.pcap"
    written = [time_us for time_us, _, _ in parse_pcap(file.read_bytes())[1]]
    assert [record.time_us for record in read(file)] == written


def test_a_packet_of_an_interface_that_nobody_named_is_told(shared_cases: Path) -> None:
    with pytest.raises(InputError, match="after 1 packets: a packet of interface 82"):
        read(shared_cases / "capture" / "p-unknown-interface.pcapng")


COUNT = """
import sys
from appliance.tools.captures import open_capture
from appliance.errors import InputError
try:
    with open_capture("-") as capture:
        for number, record in enumerate(capture, 1):
            print(number, len(record.frame), flush=True)
    print("end")
except InputError as error:
    print(error)
"""


def start_reader(stdin: int | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COUNT], stdin=stdin, stdout=subprocess.PIPE, text=True
    )


def feed(descriptor: int, content: bytes, reader: subprocess.Popen[str]) -> Iterator[str]:
    """Write the records one by one, each after the reader has told of the one before."""
    assert reader.stdout is not None
    os.write(descriptor, content[:24])
    for at in range(24, len(content), 16 + 60):
        # In two pieces: a record may arrive in parts.
        os.write(descriptor, content[at : at + 20])
        os.write(descriptor, content[at + 20 : at + 76])
        yield reader.stdout.readline()
    os.close(descriptor)


THREE = pcap(*[bytes([number]) * 60 for number in range(3)])
LINES = ["1 60\n", "2 60\n", "3 60\n"]


@pytest.mark.slow
@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_stdin_slow_is_read_record_by_record(kind: str, blocking: bool) -> None:
    """tcpreplay gave up where stdin was non-blocking."""
    if kind == "pipe":
        reading, writing = os.pipe()
    else:
        reading, writing = (end.detach() for end in socket.socketpair())
    os.set_blocking(reading, blocking)
    with start_reader(reading) as reader:
        assert list(feed(writing, THREE, reader)) == LINES
        assert reader.stdout is not None and reader.stdout.read() == "end\n"
    os.close(reading)


@pytest.mark.slow
def test_stdin_made_non_blocking_by_its_other_owner_in_the_middle_is_read_on() -> None:
    reading, writing = os.pipe()
    with start_reader(reading) as reader:
        lines = []
        for line in feed(writing, THREE, reader):
            lines.append(line)
            os.set_blocking(reading, False)
        assert lines == LINES
        assert reader.stdout is not None and reader.stdout.read() == "end\n"
    os.close(reading)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "stdin: empty, not a capture file\n"),
        (THREE[:10], "stdin: cut off in the file header, or not a capture file\n"),
        (THREE[:24], "end\n"),
        (THREE[:-5], "1 60\n2 60\nstdin: cut off after 2 packets\n"),
        (THREE, "1 60\n2 60\n3 60\nend\n"),
    ],
    ids=["at once", "in the header", "after the header", "in a record", "after all"],
)
def test_stdin_closing_ends_cleanly(content: bytes, expected: str) -> None:
    run = subprocess.run([sys.executable, "-c", COUNT], input=content, capture_output=True)
    assert run.stdout.decode() == expected
    assert run.stderr == b""


def test_stdin_that_is_not_open_is_refused() -> None:
    run = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, COUNT], capture_output=True, text=True
    )
    assert run.stdout == "stdin: is closed\n", run.stderr


def test_stdin_redirected_from_a_file_is_read(written: Path) -> None:
    written.write_bytes(THREE)
    with written.open("rb") as stream:
        run = subprocess.run([sys.executable, "-c", COUNT], stdin=stream, capture_output=True)
    assert run.stdout.decode() == "".join(LINES) + "end\n"


def test_named_pipe_is_read_whoever_comes_first(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(THREE,))
    writer.start()
    code = COUNT.replace('"-"', f"Path({str(pipe)!r})")
    run = subprocess.run(
        [sys.executable, "-c", "from pathlib import Path" + code], capture_output=True
    )
    writer.join()
    assert run.stdout.decode() == "".join(LINES) + "end\n"


@pytest.mark.slow
def test_endless_pipe_does_not_grow_memory() -> None:
    """tcpreplay's table of flows grew for ever; here every packet is a flow of its own."""
    code = """
import resource, sys
from appliance.tools.captures import open_capture
with open_capture("-") as capture:
    for number, record in enumerate(capture):
        if number == 10_000:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(number + 1, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    count, batch = 300_000, 1000
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write(pcap())
        for first in range(0, count, batch):
            frames = [number.to_bytes(4, "big") * 15 for number in range(first, first + batch)]
            reader.stdin.write(pcap(*frames)[24:])
        reader.stdin.close()
        read_count, growth_kib = map(int, reader.stdout.read().split())
    assert read_count == count
    assert growth_kib < 1024, "the frames alone are 17 MiB"


@given(
    st.lists(
        st.tuples(st.integers(0, 999), st.integers(0, 255)), min_size=1, max_size=8, unique=True
    )
)
@settings(
    max_examples=2 * settings().max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_capture_with_any_bytes_changed_is_read_or_refused(
    written: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(pcap(*[bytes(60)] * 12))
    for position, value in changes:
        content[position % len(content)] = value
    written.write_bytes(content)
    try:
        records = read(written)
    except InputError as error:
        assert str(error).startswith(f"{written}: ")
    else:
        assert sum(16 + len(record.frame) for record in records) <= len(content)
