# SPDX-License-Identifier: MIT
"""The command on captures: what it writes, what it says, how it ends."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import DiskFullError, InputError
from appliance.formats import tzsp
from appliance.tools import decap
from tests import frames
from tests.conftest import missing
from tests.net.namespaces import wait_until
from tests.pcapfile import parse_pcap, pcap

GLOVEBOX = str(Path(sys.executable).with_name("glovebox"))
FRAME = frames.ethernet(frames.ipv4(frames.udp(b"content", 53)))


def stream(*payloads: bytes) -> bytes:
    """Return a capture of datagrams from a router."""
    return pcap(*(frames.ethernet(frames.ipv4(frames.udp(payload))) for payload in payloads))


def run(*words: str | Path, content: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command as its own process."""
    return subprocess.run(
        [GLOVEBOX, "decap", *map(str, words)], input=content, capture_output=True, check=False
    )


def report(output: bytes) -> dict[str, Any]:
    """Return the counters, checked to leave no datagram out."""
    counts: dict[str, Any] = json.loads(output)
    assert counts["datagrams_received"] == (
        counts["frames_sent"] + counts["keepalives"] + sum(counts["dropped"].values())
    )
    return counts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"), [("testmyids_in_tzsp.pcap", 1), ("wlan80211_arp_in_tzsp.pcap", 105)]
)
def test_main_writes_the_frames_of_shared_streams(
    shared_data: Path, tmp_path: Path, name: str, number: int
) -> None:
    source = shared_data / "tzsp" / "derived" / name
    target = tmp_path / "frames.pcap"
    result = run(source, "-w", target, "--report", "json")
    assert (result.returncode, result.stderr) == (0, b"")
    expected = json.loads(Path(f"{source}.expected.json").read_text())
    link_type, records = parse_pcap(target.read_bytes())
    assert link_type == number
    assert [hashlib.sha256(frame).hexdigest() for _, frame, _ in records] == [
        detail["sha256"] for detail in expected["frames_detail"]
    ]
    times = [time_us for time_us, _, _ in parse_pcap(source.read_bytes())[1]]
    assert [time_us for time_us, _, _ in records] == times
    counts = report(result.stdout)
    assert (counts["frames_sent"], counts["link_type"]) == (expected["frames"], number)


def test_main_counts_keepalives_without_a_word(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "tzsp" / "derived" / "scapy_uts_basic.pcap"
    result = run(source, "-w", tmp_path / "frames.pcap", "--report=json")
    counts = report(result.stdout)
    assert (counts["frames_sent"], counts["keepalives"], result.stderr) == (4, 1, b"")


def test_main_reads_stdin_and_writes_stdout(tmp_path: Path) -> None:
    result = run("-", "--report=json", content=stream(tzsp.encode(FRAME), b"\x01"))
    assert result.returncode == 0
    assert parse_pcap(result.stdout) == (1, [(0, FRAME, len(FRAME))])
    assert report(result.stderr)["dropped"]["malformed"] == 1


def test_main_says_in_one_line_what_became_of_the_datagrams() -> None:
    result = run("-", content=stream(tzsp.encode(FRAME), b"\x01", b"\x01\x04\x00\x00"))
    assert result.stderr.decode() == (
        "glovebox decap: 3 datagrams: 1 frames written, 1 without a frame,"
        " 1 dropped (1 malformed)\n"
    )


def test_main_writes_a_file_that_tcpdump_reads(tmp_path: Path) -> None:
    if not shutil.which("tcpdump"):
        missing("no tcpdump")
    result = run("-", content=stream(*[tzsp.encode(FRAME)] * 3))
    output = subprocess.run(
        ["tcpdump", "-nr", "-"], input=result.stdout, capture_output=True, check=True
    )
    assert output.stdout.count(b"192.0.2.1.41234 > 192.0.2.2.53") == 3


def test_main_keeps_lengths_that_sender_and_capture_cut(tmp_path: Path) -> None:
    tagged = b"\x01\x00\x00\x01\x29\x02\x05\xea\x01" + FRAME
    content = pcap(
        *(frames.ethernet(frames.ipv4(frames.udp(d))) for d in (tagged, tzsp.encode(bytes(1000)))),
        snaplen=200,
    )
    _, records = parse_pcap(run("-", content=content).stdout)
    assert [(len(frame), original) for _, frame, original in records] == [
        (len(FRAME), 1514),
        (200 - 42 - 5, 1000),
    ]


def test_main_listens_to_the_routers_named_only() -> None:
    content = pcap(
        *(
            frames.ethernet(
                frames.ipv4(frames.udp(tzsp.encode(FRAME)), source=bytes((192, 0, 2, n)))
            )
            for n in (1, 7, 8)
        )
    )
    result = run("-", "--routers=192.0.2.1,192.0.2.7", "--report=json", content=content)
    assert report(result.stderr)["dropped"]["unlisted_source"] == 1
    assert len(parse_pcap(result.stdout)[1]) == 2


@pytest.mark.slow
def test_main_finds_tzsp_on_other_ports() -> None:
    content = pcap(frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(FRAME), 5555))))
    assert parse_pcap(run("-", "--port=5555", content=content).stdout)[1] == [
        (0, FRAME, len(FRAME))
    ]
    assert parse_pcap(run("-", content=content).stdout)[1] == []


def test_main_rotates_by_size_and_runs_the_command(tmp_path: Path) -> None:
    size = 24 + 2 * (16 + len(FRAME))
    result = run(
        "-", "-w", tmp_path / "c.pcap", "-C", str(size), "-z", "gzip -n",
        content=stream(*[tzsp.encode(FRAME)] * 5),
    )  # fmt: skip
    assert result.returncode == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["c.pcap.1.gz", "c.pcap.2.gz", "c.pcap.gz"]
    whole = subprocess.run(
        ["gzip", "-dc", tmp_path / "c.pcap.2.gz"], capture_output=True, check=True
    )
    assert parse_pcap(whole.stdout) == (1, [(4, FRAME, len(FRAME))])


def test_main_rotates_by_the_times_of_a_capture(tmp_path: Path) -> None:
    datagram = frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(FRAME))))
    content = pcap(*[datagram] * 4, times_us=(0, 9_999_999, 10_000_000, 35_000_000))
    run("-", "-w", tmp_path / "%s.pcap", "-G", "10", content=content)
    assert {path.name: len(parse_pcap(path.read_bytes())[1]) for path in tmp_path.iterdir()} == {
        "0.pcap": 2,
        "10.pcap": 1,
        "35.pcap": 1,
    }


def test_main_keeps_what_is_whole_of_a_cut_off_capture(tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    result = run("-", "-w", target, content=stream(*[tzsp.encode(FRAME)] * 3)[:-1])
    assert result.returncode == InputError.exit_status
    assert b"stdin: cut off after 2 packets" in result.stderr
    assert len(parse_pcap(target.read_bytes())[1]) == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["x.pcap", "--listen=1"], "exclude each other"),
        (["--port=1"], "--port is for FILE"),
        (["-G=1", "-C=1", "-w=f"], "not allowed with"),
        (["-C", "100"], "-w - is none"),
        (["-G", "1", "-w", "/dev/null"], "-w /dev/null is none"),
        (["-z", "gzip", "-w", "f"], "give -G or -C too"),
        (["-C", "9", "-w", "f", "-z", "no-such-command -x"], "no command 'no-such-command'"),
        (["-C", "9", "-w", "f", "-z", ""], "no command ''"),
        (["-C", "9", "-w", "f", "-z", "'"], "-z"),
        (["-G", "9", "-w", "missing/%H"], "no folder missing"),
        (["-G", "0", "-w", "f"], "expected whole seconds, 1 or more"),
        (["--listen", "x"], "'x' is no IP address"),
        (["--routers", "x"], "does not appear to be an IPv4 or IPv6 address"),
        (["--receive-buffer", "x"], "expected a size"),
        (["--report", "xml"], "invalid choice"),
    ],
)
def test_main_refuses_bad_usage_with_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        decap.main(words)
    assert end.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("glovebox decap: error: ") and complaint in last


def test_main_writes_nothing_over_what_it_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stream.pcap"
    path.write_bytes(stream(tzsp.encode(FRAME)))
    (tmp_path / "link.pcap").symlink_to(path)
    with pytest.raises(SystemExit):
        decap.main([str(path), "-w", str(tmp_path / "link.pcap")])
    assert path.read_bytes() == stream(tzsp.encode(FRAME))


def test_main_opens_no_output_for_an_input_that_is_no_good(tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    target.write_bytes(b"precious")
    with pytest.raises(InputError, match="No such file"):
        decap.main([str(tmp_path / "missing.pcap"), "-w", str(target)])
    assert target.read_bytes() == b"precious"


def test_main_tells_that_the_disk_is_full(tmp_path: Path) -> None:
    result = run("-", "-w", "/dev/full", content=stream(tzsp.encode(FRAME)))
    assert result.returncode == DiskFullError.exit_status
    assert b"/dev/full: No space left on device" in result.stderr
    assert b"Traceback" not in result.stderr


def test_main_ends_quietly_where_nobody_reads(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        process = subprocess.run(
            [GLOVEBOX, "decap", "-"],
            input=stream(tzsp.encode(FRAME)),
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.slow
def test_main_hands_on_a_slow_pipe_at_once_and_ends_by_a_signal(tmp_path: Path) -> None:
    content = stream(tzsp.encode(FRAME))
    with subprocess.Popen(
        [GLOVEBOX, "decap", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(content)
        received = process.stdout.read(24 + 16 + len(FRAME))
        waits_in = Path(f"/proc/{process.pid}/wchan")
        wait_until(lambda: "poll" in waits_in.read_text(), "it waits for more")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert parse_pcap(received) == (1, [(0, FRAME, len(FRAME))])


@pytest.mark.snort
def test_main_feeds_snort(shared_data: Path, engine_root: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        missing("chroot needs root")
    rule = 'alert tcp any any -> any any (content:"uid=0|28|root|29|"; sid:2100498; rev:7;)'
    folder = engine_root / "tmp" / f"decap-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "snort.conf").write_text(rule + "\n")
        source = shared_data / "tzsp" / "derived" / "testmyids_in_tzsp.pcap"
        result = subprocess.run(
            ["chroot", engine_root, "snort", "-r", "-", "-q", "-k", "none", "-A", "console",
             "-c", f"/tmp/{folder.name}/snort.conf", "-l", f"/tmp/{folder.name}"],
            input=run(source).stdout, capture_output=True, check=True,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder)
    (alert,) = result.stdout.decode().splitlines()
    assert "[1:2100498:7]" in alert and "82.165.177.154:80 -> 10.16.1.11:54186" in alert


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "frames_written", "told"),
    [
        ("f1-id-comes-again.pcap", 9, {"reassembly_failures": 1}),
        ("f2-wireguard-in-tzsp.pcap", 1, {}),
        ("f8-echo-in-fragments.pcap", 0, {"feedback": 2}),
        ("f6-before-the-power-cut.pcap", 5, {}),
    ],
)
def test_main_gives_the_right_answer_to_the_shared_cases(
    shared_cases: Path, tmp_path: Path, name: str, frames_written: int, told: dict[str, int]
) -> None:
    target = tmp_path / "frames.pcap"
    ended = run(shared_cases / "capture" / name, "-w", target, "--report", "json")
    counts = report(ended.stdout)
    told_counts = {**counts["dropped"], "reassembly_failures": counts["reassembly_failures"]}
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert {reason: count for reason, count in told_counts.items() if count} == told
    assert counts["frames_sent"] == len(parse_pcap(target.read_bytes())[1]) == frames_written


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f11-outer-vxlan.pcap", "f11-outer-mpls.pcap"])
def test_main_says_that_a_capture_has_no_stream(
    shared_cases: Path, tmp_path: Path, name: str
) -> None:
    ended = run(shared_cases / "capture" / name, "-w", tmp_path / "frames.pcap")
    assert ended.returncode == 2
    assert ended.stderr.decode().endswith(f"{name}: no UDP to port 37008 found\n")


@pytest.mark.slow
@pytest.mark.parametrize("command", [[], ["-z", "gzip"]], ids=["plain", "gzip"])
def test_main_writes_over_no_file_of_an_earlier_run(
    shared_cases: Path, tmp_path: Path, command: list[str]
) -> None:
    for name in ("f6-before-the-power-cut", "f6-after-the-power-cut", "f6-after-the-second"):
        file = shared_cases / "capture" / f"{name}.pcap"
        ended = run(file, "-w", tmp_path / "%Y%m%d-%H.pcap", "-G", "3600", *command)
        assert ended.returncode == 0
    contents = [
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for file in tmp_path.iterdir()
    ]
    assert sorted(len(parse_pcap(content)[1]) for content in contents) == [1, 3, 5]


def test_main_tells_wrong_checksums(tmp_path: Path) -> None:
    wrong = frames.udp(tzsp.encode(FRAME))
    wrong = wrong[:6] + b"\1\1" + wrong[8:]
    content = pcap(
        frames.ethernet(frames.ipv4(wrong)),
        frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(FRAME)))),
    )
    ended = run("-", "-w", tmp_path / "frames.pcap", content=content)
    assert ended.returncode == 0
    assert b"1 frames written" in ended.stderr
    assert b"lost before: 1 with a wrong UDP checksum" in ended.stderr


def test_main_tells_lengths_that_are_not_there(tmp_path: Path) -> None:
    wrong = frames.udp(tzsp.encode(FRAME))
    wrong = wrong[:4] + b"\xff\xff" + wrong[6:]
    content = pcap(frames.ethernet(frames.ipv4(wrong)))
    ended = run("-", "-w", tmp_path / "frames.pcap", content=content)
    assert ended.returncode == 0
    assert b"lost before: 1 with a wrong UDP length" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("closed", "words", "expected"),
    [
        ("<&-", "-w frames.pcap -", "stdin: is closed"),
        (">&-", "stream.pcap", "stdout is closed: pipe it into a reader, or name a file with -w"),
    ],
)
def test_main_says_that_a_standard_stream_is_closed(
    tmp_path: Path, closed: str, words: str, expected: str
) -> None:
    (tmp_path / "stream.pcap").write_bytes(stream(tzsp.encode(FRAME)))
    ended = subprocess.run(
        ["sh", "-c", f'"$0" decap {words} {closed}', GLOVEBOX],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (2, f"glovebox decap: {expected}\n")


def test_main_keeps_what_it_says_out_of_the_capture_where_stderr_is_closed(tmp_path: Path) -> None:
    (tmp_path / "stream.pcap").write_bytes(stream(tzsp.encode(FRAME)))
    ended = subprocess.run(
        ["sh", "-c", '"$0" decap stream.pcap 2>&-', GLOVEBOX],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert [frame for _, frame, _ in parse_pcap(ended.stdout)[1]] == [FRAME]


def test_main_tells_who_of_its_own_has_a_port_already() -> None:
    ended = run("--listen", "127.0.0.1:37999", "--listen", "37999", "-w", "/dev/null")
    assert ended.returncode == 2
    assert b"UDP port 37999 is taken by UDP 127.0.0.1:37999 of the same command" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-G", "soon"), "'soon': expected whole seconds, 1 or more"),
        (("-G", "0"), "'0': expected whole seconds, 1 or more"),
        (("-G", "9", "-z", "gzip '"), "No closing quotation"),
    ],
)
def test_main_says_what_an_option_expects(words: tuple[str, ...], expected: str) -> None:
    ended = run("-w", "frames.pcap", *words)
    assert ended.returncode == 2
    assert expected in ended.stderr.decode()
    assert "_" not in ended.stderr.decode().splitlines()[-1], "no name of a function of ours"
