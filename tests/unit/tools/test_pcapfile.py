# SPDX-License-Identifier: MIT
"""Capture files as another reader finds them, whatever happened while they were written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DiskFullError, InputError
from appliance.tools.pcapfile import PcapFile, is_regular, open_output
from tests.pcapfile import parse_pcap

SECOND = 1_000_000
FRAME = bytes(range(60))


def pipe() -> tuple[int, PcapFile]:
    """Return the reading end of a pipe and a capture file at the other."""
    reader, writer = os.pipe()
    return reader, PcapFile(writer, "pipe")


@given(
    st.lists(
        st.tuples(st.integers(0, 2**32 * SECOND - 1), st.binary(max_size=300), st.integers(0, 99))
    ),
    st.booleans(),
)
def test_write_is_read_back_the_same(
    records: list[tuple[int, bytes, int]], flush_each: bool
) -> None:
    reader, writer = os.pipe()
    file = PcapFile(writer, "pipe", flush_each)
    for time_us, frame, more in records:
        file.write(time_us, memoryview(frame), len(frame) + more)
    file.close()
    with open(reader, "rb") as stream:
        content = stream.read()
    assert len(content) == file.size
    assert parse_pcap(content) == (
        1,
        [(time_us, frame, len(frame) + more) for time_us, frame, more in records],
    )


def test_close_without_a_frame_leaves_a_whole_file(tmp_path: Path) -> None:
    open_output(str(tmp_path / "empty.pcap")).close()
    assert parse_pcap((tmp_path / "empty.pcap").read_bytes()) == (1, [])


@pytest.mark.parametrize("link_type", [1, 101, 105, 127])
def test_set_link_type_goes_into_the_header(tmp_path: Path, link_type: int) -> None:
    file = open_output(str(tmp_path / "test.pcap"))
    file.set_link_type(link_type)
    file.write(0, FRAME, 0)
    file.close()
    assert parse_pcap((tmp_path / "test.pcap").read_bytes()) == (link_type, [(0, FRAME, 60)])


def test_write_never_claims_less_than_it_holds(tmp_path: Path) -> None:
    file = open_output(str(tmp_path / "test.pcap"))
    for original_length in (0, 59, 60, 61, 2**40):
        file.write(-1, FRAME, original_length)
    file.close()
    _, records = parse_pcap((tmp_path / "test.pcap").read_bytes())
    assert [original for _, _, original in records] == [60, 60, 60, 61, 2**32 - 1]


@pytest.mark.parametrize("flush_each", [False, True])
def test_write_holds_frames_back_until_flush_unless_told_not_to(
    tmp_path: Path, flush_each: bool
) -> None:
    path = tmp_path / "test.pcap"
    file = open_output(str(path), flush_each)
    file.write(0, FRAME, 60)
    assert bool(path.read_bytes()) is flush_each
    file.flush()
    assert parse_pcap(path.read_bytes()) == (1, [(0, FRAME, 60)])
    file.close()


def test_write_holds_back_a_bounded_amount(tmp_path: Path) -> None:
    path = tmp_path / "test.pcap"
    file = open_output(str(path))
    for _ in range(10_000):
        file.write(0, FRAME, 60)
        assert file.size - path.stat().st_size < 1 << 17
    file.close()


def test_write_goes_on_where_a_slow_pipe_takes_little_at_once() -> None:
    reader, writer = os.pipe()
    file = PcapFile(writer, "pipe")
    received: list[bytes] = []

    def read_slowly() -> None:
        while chunk := os.read(reader, 1000):
            received.append(chunk)

    thread = threading.Thread(target=read_slowly)
    thread.start()
    for number in range(20_000):
        file.write(number, FRAME, 60)
    file.close()
    thread.join()
    os.close(reader)
    _, records = parse_pcap(b"".join(received))
    assert records == [(number, FRAME, 60) for number in range(20_000)]


def test_flush_tells_that_the_reader_has_gone() -> None:
    reader, file = pipe()
    os.close(reader)
    file.write(0, FRAME, 60)
    with pytest.raises(BrokenPipeError):
        file.flush()
    file.close()


def test_pipe_is_told_from_a_file(tmp_path: Path) -> None:
    reader, file = pipe()
    assert file.pipe is not None
    file.close()
    os.close(reader)
    file = open_output(str(tmp_path / "test.pcap"))
    assert file.pipe is None
    file.close()


def test_flush_tells_that_the_disk_is_full() -> None:
    file = open_output("/dev/full")
    file.write(0, FRAME, 60)
    with pytest.raises(DiskFullError, match="/dev/full: No space left"):
        file.flush()
    file.close()


def test_open_output_writes_a_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "test.pcap"
    path.write_bytes(b"x" * 1000)
    open_output(str(path)).close()
    assert parse_pcap(path.read_bytes()) == (1, [])


@pytest.mark.parametrize("name", ["", "missing/test.pcap", "."])
def test_open_output_names_what_cannot_be_written(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"{name}: .*(No such|Is a) "):
        open_output(name)


def test_open_output_refuses_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, side = os.openpty()
    with os.fdopen(side, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        with pytest.raises(InputError, match="terminal"):
            open_output("-")
    os.close(terminal)


def test_open_output_makes_a_non_blocking_stdout_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        file = open_output("-")
        assert os.get_blocking(writer)
        file.close()
    os.close(reader)


def test_is_regular_tells_files_from_devices_and_pipes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "file").touch()
    names = ["file", "new", "fifo", ".", "/dev/null", "-"]
    verdicts = [is_regular(str(tmp_path / name) if name != "-" else name) for name in names]
    assert verdicts == [True, True, False, False, False, False]
