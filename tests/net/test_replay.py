# SPDX-License-Identifier: MIT
"""Captures onto an interface: what a sniffer there sees, and each failing of tcpreplay once."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from appliance.formats.ethernet import as_ethernet
from appliance.formats.tzsp import Encapsulation
from tests.net.namespaces import DEADLINE_S, INTERFACE, Network, Sniffer, wait_until
from tests.net.receiving import GLOVEBOX, assert_conserved
from tests.pcapfile import parse_pcap, pcap

pytestmark = pytest.mark.net

ETHERNET_CAPTURES = [
    "ids/arkime/bigendian.pcap",
    "ids/arkime/pppoe.pcap",
    "ids/arkime/v6-http.pcap",
    "ids/formats/isup.pcap",
    "ids/formats/libtrace__100_packets.pcap",
    "ids/formats/libtrace__100_packetsns.pcap",
    "ids/formats/tcpreplay__test.pcap",
    "ids/maltrail/vlan.pcap",
    "ids/ndpi/netflix.pcap",
    "ids/snort3_demo/codecs__vlan/double_tagging_0x88A8_0x8100.pcap",
]
FRAMES = [bytes([number]) * 60 for number in range(3)]


def start(
    network: Network, *options: str | Path, stdin: int | IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start playing as a process of the sensor."""
    with network.inside(network.sensor):
        return subprocess.Popen(
            [GLOVEBOX, "replay", "-i", INTERFACE, *map(str, options)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr."""
    stdout, stderr = process.communicate(timeout=DEADLINE_S)
    return process.returncode, stdout.decode(), stderr.decode()


def play(network: Network, *options: str | Path) -> tuple[int, dict[str, Any], str]:
    """Play to the end; return exit status, report and stderr."""
    status, stdout, stderr = finish(start(network, "--report=json", *options))
    report: dict[str, Any] = json.loads(stdout)
    assert_conserved(report)
    return status, report, stderr


def frames_of(capture: Path) -> list[bytes]:
    return [frame for _, frame, _ in parse_pcap(capture.read_bytes())[1]]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(*FRAMES))
    return file


@pytest.mark.parametrize("name", ETHERNET_CAPTURES)
def test_play_puts_real_frames_on_the_interface_unchanged_and_in_order(
    network: Network, sniffer: Sniffer, shared_data: Path, name: str
) -> None:
    """tcpreplay told some of Ethernet (DLT 1) being an "unsupported DLT type"."""
    frames = frames_of(shared_data / name)
    status, report, stderr = play(network, "-t", shared_data / name)
    assert sniffer.waiting() == frames
    assert (status, stderr) == (0, "")
    assert report["frames_sent"] == report["datagrams_received"] == len(frames)
    assert report["bytes_sent"] == report["bytes_received"] == sum(map(len, frames))


def test_play_reads_pcapng(network: Network, sniffer: Sniffer, shared_data: Path) -> None:
    formats = shared_data / "ids/formats"
    assert play(network, "-t", formats / "libtrace__100_packets.pcapng")[0] == 0
    assert sniffer.waiting() == frames_of(formats / "libtrace__100_packets.pcap")


def test_play_keeps_the_original_timing_in_order(
    network: Network, sniffer: Sniffer, shared_data: Path
) -> None:
    capture = shared_data / "ids/formats/libtrace__100_packets.pcap"
    status, report, _ = play(network, capture)
    assert status == 0
    assert sniffer.waiting() == frames_of(capture)
    times = [time_us for time_us, _, _ in parse_pcap(capture.read_bytes())[1]]
    assert report["seconds"] * 1_000_000 >= times[-1] - times[0]
    assert 0 <= report["timing_error_us"]["p50"] <= report["timing_error_us"]["max"]


# Exit status, frames on the interface, and those that no interface can carry.
CASES = {
    "f2-wireguard.pcap": (0, 1, {}),
    "f3-late-snaplen.pcapng": (0, 6, {}),
    "f3-two-linktypes.pcapng": (0, 6, {}),
    "f3-two-snaplens.pcapng": (0, 6, {}),
    "f4-far-gap.pcapng": (0, 3, {}),
    "f4-two-packets.pcap": (0, 2, {}),
    "f9-version-1-2.pcapng": (0, 3, {}),
    "f11-ppp-serial.pcap": (0, 1, {}),
    "f11-zero-record.pcap": (1, 2, {"malformed": 1}),
    "p-backwards.pcap": (0, 6, {}),
    "p-future.pcap": (0, 4, {}),
    "p-simple-and-obsolete-blocks.pcapng": (0, 6, {}),
    "p-sll-odd.pcap": (1, 6, {"unsupported_encapsulation": 1}),
    "p-tsresol-2pow-tsoffset.pcapng": (0, 6, {}),
    "p-two-sections.pcapng": (0, 6, {}),
    "p-unknown-interface.pcapng": (2, 1, {}),
    "p-wifi-wds-amsdu-protected.pcap": (1, 1, {"unsupported_encapsulation": 2}),
    "p-zeros-at-the-end.pcap": (1, 3, {"malformed": 256}),
}


@pytest.mark.parametrize("name", CASES)
def test_play_of_odd_captures(
    network: Network, sniffer: Sniffer, shared_cases: Path, name: str
) -> None:
    status, sent, failed = CASES[name]
    file = shared_cases / "capture" / name
    found, report, said = play(network, "--maxsleep=5", file)
    assert (found, report["frames_sent"]) == (status, sent)
    assert len(sniffer.waiting()) == sent
    assert {reason: count for reason, count in report["dropped"].items() if count} == failed
    assert "Traceback" not in said


def test_play_of_a_gap_that_never_ends_is_told_and_everything_sent(
    network: Network, sniffer: Sniffer, shared_cases: Path
) -> None:
    for name, options in (("f4-far-gap.pcapng", ()), ("f4-two-packets.pcap", ("-x", "1e-12"))):
        file = shared_cases / "capture" / name
        status, _, said = play(network, "--duration=60", *options, file)
        assert status == 0
        assert "more than an hour: not waited for" in said
    assert len(sniffer.waiting()) == 5


def test_play_names_the_packet_without_bytes(network: Network, shared_cases: Path) -> None:
    said = play(network, "-t", shared_cases / "capture" / "f11-zero-record.pcap")[2]
    assert "packet 2: no bytes" in said


def test_play_takes_several_files_and_turns(
    network: Network, sniffer: Sniffer, shared_data: Path, capture: Path
) -> None:
    other = shared_data / "ids/formats/isup.pcap"
    assert play(network, "-t", "--loop=2", capture, other)[0] == 0
    assert sniffer.waiting() == 2 * (FRAMES + frames_of(other))


def test_play_prints_the_summary_of_tcpreplay(network: Network, capture: Path) -> None:
    status, stdout, stderr = finish(start(network, "-t", capture))
    lines = stdout.splitlines()
    assert lines[0].startswith("Actual: 3 packets (180 bytes) sent in ")
    assert lines[2:5] == [
        f"Statistics for network device: {INTERFACE}",
        "\tSuccessful packets:        3",
        "\tFailed packets:            0",
    ]
    assert (status, len(lines), stderr) == (0, 8, "")


def test_play_turns_cooked_frames_into_ethernet(
    network: Network, sniffer: Sniffer, shared_data: Path
) -> None:
    capture = shared_data / "ids/formats/tcp-handshake-nano.pcap"
    assert play(network, "-t", capture)[0] == 0
    sent = sniffer.waiting()
    assert [frame[14:] for frame in sent] == [frame[16:] for frame in frames_of(capture)]
    assert {frame[12:14] for frame in sent} == {b"\x08\x00"}


def test_play_counts_radio_frames_that_no_interface_can_carry(
    network: Network, sniffer: Sniffer, shared_data: Path
) -> None:
    capture = shared_data / "ids/formats/libtrace__10_packets_radiotap.pcap"
    expected, outcomes = [], Counter[str]()
    for frame in frames_of(capture):
        try:
            expected.append(bytes(as_ethernet(Encapsulation.RADIOTAP, memoryview(frame))))
        except ValueError as error:
            outcomes[type(error).__name__] += 1
    status, report, stderr = play(network, "-t", capture)
    assert sniffer.waiting() == expected
    assert report["dropped"]["unsupported_encapsulation"] == outcomes["UnsupportedEncapsulation"]
    assert report["dropped"]["malformed"] == outcomes["DecodeError"]
    assert outcomes.total() > 0
    assert (status, stderr.count("\n")) == (1, len(outcomes))


def test_play_refuses_a_link_type_before_it_sends_anything(
    network: Network, sniffer: Sniffer, capture: Path, tmp_path: Path
) -> None:
    usb = tmp_path / "usb.pcap"
    usb.write_bytes(pcap(b"x", link_type=220))
    status, stdout, stderr = finish(start(network, "-t", capture, usb))
    assert (status, stdout) == (2, "")
    assert f"{usb}: link type 220 (USB)" in stderr
    assert sniffer.waiting() == []


def test_frame_above_the_mtu_is_counted_and_told_and_the_others_go(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    """tcpreplay answered "Message too long (errno 90)" and went no further."""
    network.link("set", INTERFACE, "mtu", 1500)
    frames = [bytes(60), bytes(1514), bytes(1515), bytes(9000), bytes(61)]
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(*frames))
    status, stdout, stderr = finish(start(network, "-t", file))
    assert sniffer.waiting() == [bytes(60), bytes(1514), bytes(61)]
    assert "\tSuccessful packets:        3\n\tFailed packets:            2\n" in stdout
    assert stdout.endswith("Failed: 2 oversize\n")
    assert stderr == (
        f"glovebox replay: packet 3 not sent: longer than {INTERFACE} takes (its MTU is 1500)\n"
    )
    assert status == 1


def test_jumbogram_is_counted_as_oversize(network: Network, shared_data: Path) -> None:
    status, report, _ = play(network, "-t", shared_data / "ids/formats/ipv6_jumbogram_1.pcap")
    assert (status, report["dropped"]["oversize"]) == (1, 1)


def test_frames_that_the_snaplen_cut_are_counted_as_truncated(
    network: Network, shared_data: Path
) -> None:
    """tcpreplay's statistics did not show truncation."""
    capture = shared_data / "ids/formats/libtrace__100_packets.pcap"
    cut = sum(length > len(frame) for _, frame, length in parse_pcap(capture.read_bytes())[1])
    assert cut > 50
    status, stdout, _ = finish(start(network, "-t", capture))
    assert f"\tTruncated packets:         {cut}\n" in stdout
    assert status == 0


def test_frame_without_bytes_is_counted(network: Network, shared_data: Path) -> None:
    capture = shared_data / "ids/formats/rx_serviceid_oobr.pcap"
    status, report, _ = play(network, "-t", capture)
    assert (status, report["frames_sent"], report["dropped"]["malformed"]) == (1, 2, 1)


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_stdin_slow_and_non_blocking_is_played_as_it_comes(
    network: Network, sniffer: Sniffer, kind: str, blocking: bool
) -> None:
    """tcpreplay 4.4.0 read nothing from stdin, and gave up where it was non-blocking."""
    if kind == "pipe":
        reading, writing = os.pipe()
    else:
        reading, writing = (end.detach() for end in socket.socketpair())
    os.set_blocking(reading, blocking)
    process = start(network, "--report=json", "-t", "-", stdin=reading)
    os.close(reading)
    content = pcap(*FRAMES)
    os.write(writing, content[:24])
    for number, frame in enumerate(FRAMES):
        os.write(writing, content[24 + number * 76 : 24 + number * 76 + 76])
        assert sniffer.frame() == frame
    os.close(writing)
    status, stdout, stderr = finish(process)
    assert (status, stderr, json.loads(stdout)["frames_sent"]) == (0, "", 3)


def test_stdin_closing_within_a_frame_ends_with_the_whole_frames_sent(
    network: Network, sniffer: Sniffer
) -> None:
    process = start(network, "--report=json", "-t", "-", stdin=subprocess.PIPE)
    stdout, stderr = process.communicate(pcap(*FRAMES)[:-5], timeout=DEADLINE_S)
    assert sniffer.waiting() == FRAMES[:2]
    assert (process.returncode, json.loads(stdout)["frames_sent"]) == (2, 2)
    assert stderr == b"glovebox replay: stdin: cut off after 2 packets\n"


def test_file_cut_off_is_told_and_the_next_is_played(
    network: Network, sniffer: Sniffer, capture: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(pcap(b"\xaa" * 60, b"\xbb" * 60)[:-1])
    status, report, stderr = play(network, "-t", cut, capture)
    assert sniffer.waiting() == [b"\xaa" * 60, *FRAMES]
    assert stderr == f"glovebox replay: {cut}: cut off after 1 packets\n"
    assert (status, report["frames_sent"]) == (2, 4)


def resident_kib(process: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_endless_pipe_of_new_flows_does_not_grow_memory(network: Network, sniffer: Sniffer) -> None:
    """tcpreplay's table of flows grew by one entry for each new one, and was never emptied."""
    # The sniffer would queue them all.
    sniffer.close()
    process = start(network, "-t", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None

    def write_flows(first: int, count: int) -> None:
        assert process.stdin is not None
        for start_number in range(first, first + count, 1000):
            numbers = range(start_number, start_number + 1000)
            frames = [FRAMES[0][:26] + number.to_bytes(4, "big") * 6 for number in numbers]
            process.stdin.write(pcap(*frames)[24:])
        process.stdin.flush()

    process.stdin.write(pcap())
    write_flows(0, 20_000)
    before = resident_kib(process)
    write_flows(20_000, 200_000)
    growth = resident_kib(process) - before
    process.stdin.close()
    process.stdin = None
    status, stdout, _ = finish(process)
    assert "\tSuccessful packets:        220000\n" in stdout
    assert growth < 2048, "the frames alone are 10 MiB"
    assert status == 0


def test_full_queue_is_retried_a_few_times_with_pauses_then_counted(
    network: Network, tmp_path: Path
) -> None:
    """tcpreplay before 4.5.3 asked a full queue without pause or end: 100 % of a CPU."""
    with network.inside(network.sensor):
        subprocess.run(
            [
                "tc",
                "qdisc",
                "add",
                "dev",
                "cable",
                "root",
                "tbf",
                "rate",
                "8kbit",
                "burst",
                "1600",
                "limit",
                "1600",
            ],
            check=True,
        )
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(*[bytes(1500)] * 10))
    cpu_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status, report, stderr = play(network, "-t", "-i", "cable", file)
    cpu_after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lost = report["dropped"]["no_buffer"]
    assert status == 1
    assert lost >= 5
    assert 8 * lost <= report["retried_enobufs"] <= 8 * 10
    assert stderr.endswith("not sent: cable: No buffer space available\n")
    cpu_seconds = (
        cpu_after.ru_utime - cpu_before.ru_utime + cpu_after.ru_stime - (cpu_before.ru_stime)
    )
    assert cpu_seconds < report["seconds"], "of which all but a few milliseconds are pauses"


@pytest.fixture
def endless(network: Network, capture: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = start(network, "--report=json", "--loop=0", "--pps=500", capture)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def test_interface_down_in_the_middle_is_counted_and_the_run_goes_on(
    network: Network, sniffer: Sniffer, endless: subprocess.Popen[bytes]
) -> None:
    assert sniffer.frames(3) == FRAMES
    network.link("set", INTERFACE, "down")
    assert endless.stderr is not None
    assert endless.stderr.readline().endswith(f"{INTERFACE}: Network is down\n".encode())
    network.link("set", INTERFACE, "up")
    with_new_frames = network.sniffer()
    assert len(with_new_frames.frames(5)) == 5
    with_new_frames.close()
    endless.send_signal(signal.SIGINT)
    status, stdout, _ = finish(endless)
    report = json.loads(stdout)
    assert_conserved(report)
    assert report["dropped"]["interface_down"] > 0
    assert status == 130


def test_interface_made_anew_in_the_middle_is_found_again(
    network: Network, sniffer: Sniffer, endless: subprocess.Popen[bytes]
) -> None:
    assert sniffer.frames(3) == FRAMES
    network.link("delete", INTERFACE)
    assert endless.stderr is not None
    assert b"not sent" in endless.stderr.readline()
    network.add_interface()
    with_new_frames = network.sniffer()
    assert len(with_new_frames.frames(5)) == 5
    with_new_frames.close()
    endless.send_signal(signal.SIGTERM)
    status, stdout, _ = finish(endless)
    assert json.loads(stdout)["dropped"]["interface_down"] > 0
    assert status == 130


def sleeps(process: subprocess.Popen[bytes]) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_a_wait_for_a_silent_pipe_with_the_summary(
    network: Network, sniffer: Sniffer, number: signal.Signals
) -> None:
    process = start(network, "-t", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(pcap(*FRAMES))
    process.stdin.flush()
    assert sniffer.frames(3) == FRAMES
    wait_until(lambda: sleeps(process), "waiting for the pipe")
    process.send_signal(number)
    # The pipe stays open: the end must not come from there.
    assert process.wait(timeout=DEADLINE_S) == 130
    status, stdout, stderr = finish(process)
    assert "\tSuccessful packets:        3\n" in stdout
    assert stderr == ""


def test_signal_ends_a_long_gap_with_the_summary(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    file = tmp_path / "hour.pcap"
    file.write_bytes(pcap(*FRAMES[:2], times_us=(0, 3_000_000_000)))
    process = start(network, file)
    assert sniffer.frame() == FRAMES[0]
    process.send_signal(signal.SIGINT)
    status, stdout, stderr = finish(process)
    assert "\tSuccessful packets:        1\n" in stdout
    assert (status, stderr) == (130, "")


def test_maxsleep_shortens_a_long_gap(network: Network, sniffer: Sniffer, tmp_path: Path) -> None:
    file = tmp_path / "hour.pcap"
    file.write_bytes(pcap(*FRAMES[:2], times_us=(0, 3_000_000_000)))
    assert play(network, "--maxsleep=10", file)[0] == 0
    assert sniffer.waiting() == FRAMES[:2]


def test_preload_loops_over_a_pipe(network: Network, sniffer: Sniffer) -> None:
    process = start(network, "-t", "-K", "-l", "2", "-", stdin=subprocess.PIPE)
    stdout, stderr = process.communicate(pcap(*FRAMES), timeout=DEADLINE_S)
    assert (process.returncode, stderr) == (0, b"")
    assert sniffer.waiting() == FRAMES * 2


def test_missing_interface_is_refused(network: Network, capture: Path) -> None:
    status, stdout, stderr = finish(start(network, "-i", "nope0", capture))
    assert (status, stdout) == (3, "")
    assert stderr.startswith("glovebox replay: no interface nope0")


def test_missing_right_is_named(network: Network, capture: Path) -> None:
    with network.inside(network.sensor):
        run = subprocess.run(
            ["setpriv", "--bounding-set=-net_raw", GLOVEBOX, "replay", "-i", INTERFACE, capture],
            capture_output=True,
        )
    assert (run.returncode, run.stdout) == (4, b"")
    assert b"CAP_NET_RAW" in run.stderr
