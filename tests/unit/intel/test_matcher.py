# SPDX-License-Identifier: MIT
"""Frames against lists: what is planted is found, and no other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.intel.allowed import Allowed
from appliance.intel.hit_spool import HitSpool
from appliance.intel.matcher import MOST_HIDDEN, Matcher
from appliance.intel.meetings import Meetings
from tests.frames import ethernet, ipv4, udp
from tests.pcapfile import parse_pcap
from tests.unit.formats.test_dns_message import A, answer, question
from tests.unit.formats.test_tls_hello import HELLO, hello
from tests.unit.intel.sample_lists import NOW, SYN, take, tcp


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def matcher(spool: Path) -> Iterator[Matcher]:
    made = Matcher(Meetings(Allowed(), ()), HitSpool(spool))
    yield made
    made.close()


def messages(spool: Path) -> list[str]:
    (file,) = spool.iterdir()
    return [json.loads(line)["alert"]["signature"] for line in file.read_text().splitlines()]


def asking(name: str) -> bytes:
    return ethernet(ipv4(udp(question(name), 53)))


def test_each_way_is_found(matcher: Matcher, spool: Path, tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n198.51.100.0/28\n192.0.2.2\n")
    matcher.load(tmp_path / "kept")
    for frame in (
        asking("x.bad.example"), asking("good.example"), tcp(HELLO), tcp(flags=SYN),
        ethernet(ipv4(udp(answer("good.example", (A, bytes((198, 51, 100, 3)))), 41234, 53))),
    ):  # fmt: skip
        matcher.frame(memoryview(frame), NOW)
    assert messages(spool) == [
        "Known bad: asked for bad.example (says a.txt)",
        "Known bad: connection to 192.0.2.2 (says a.txt)",
        "Known bad: an answer's address 198.51.100.0/28 (says a.txt)",
    ]
    # The device that asked for the name called it, too: one alert for both.
    assert (matcher.meetings.counts.hits, matcher.meetings.counts.alike) == (4, 1)
    assert matcher.frames == 5


def test_the_name_to_be_tried_is_met_whatever_the_lists_hold(
    matcher: Matcher, spool: Path, tmp_path: Path
) -> None:
    take(tmp_path, a_txt="bad.example\n")
    matcher.load(tmp_path / "kept")
    for name in ("glovebox-alert-test.example", "other.example"):
        matcher.frame(memoryview(asking(name)), NOW)
    (message,) = messages(spool)
    assert message.startswith("Known bad: asked for glovebox-alert-test.example")


def test_lists_are_changed_while_it_runs(matcher: Matcher, spool: Path, tmp_path: Path) -> None:
    take(tmp_path, a_txt="bad.example\n")
    matcher.load(tmp_path / "kept")
    take(tmp_path, a_txt="worse.example\n")
    # What is in force is what was loaded, though the file is another by now.
    matcher.frame(memoryview(asking("bad.example")), NOW)
    matcher.load(tmp_path / "kept")
    matcher.frame(memoryview(asking("bad.example")), NOW + 7200)
    matcher.frame(memoryview(asking("worse.example")), NOW + 7200)
    assert len(messages(spool)) == 2 and "worse.example" in messages(spool)[1]


def test_a_name_with_the_bytes_of_an_address_is_another_entry(
    matcher: Matcher, spool: Path, tmp_path: Path
) -> None:
    take(tmp_path, a_txt="a.bc\n97.46.98.99\n")
    matcher.load(tmp_path / "kept")
    matcher.frame(memoryview(asking("a.bc")), NOW)
    address = bytes((97, 46, 98, 99))
    told = ethernet(ipv4(udp(answer("good.example", (A, address)), 41234, 53)))
    matcher.frame(memoryview(told), NOW)
    first, second = messages(spool)
    assert "97.46.98.99" in second and "97.46.98.99" not in first


def test_what_was_met_lately_has_a_bound(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.intel.matcher.MOST_LATELY", 3)
    take(tmp_path, a_txt="bad.example\n")
    matcher.load(tmp_path / "kept")
    for number in range(8):
        matcher.frame(memoryview(asking(f"x{number}.bad.example")), NOW)
    assert len(matcher._lately) <= 3 and matcher.meetings.counts.hits == 8


def test_servers_that_hide_names_are_told(matcher: Matcher) -> None:
    matcher.frame(memoryview(tcp(hello("dns.google"))), NOW)
    matcher.frame(memoryview(tcp(hello("dns.google"))), NOW)
    assert matcher.hidden == {"192.0.2.1": 2}
    matcher.hidden.update({str(number): 1 for number in range(MOST_HIDDEN)})
    before = len(matcher.hidden)
    matcher._hide("another")
    assert len(matcher.hidden) == before


def test_a_full_spool_is_told(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, a_txt="bad.example\n")
    matcher.load(tmp_path / "kept")
    monkeypatch.setattr("appliance.intel.hit_spool.MOST_BYTES", 0)
    matcher.frame(memoryview(asking("bad.example")), NOW)
    assert (matcher.meetings.counts.alerts, matcher.meetings.counts.held_back) == (0, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_counted(matcher: Matcher, frame: bytes) -> None:
    before = matcher.frames
    matcher.frame(memoryview(frame), NOW)
    assert matcher.frames == before + 1


def test_planted_names_are_found_in_real_traffic(
    matcher: Matcher, spool: Path, tmp_path: Path, shared_data: Path
) -> None:
    """Every other name of a real capture is listed: those are found, and the rest is not."""
    _, packets = parse_pcap((shared_data / "ids/ndpi/netflix.pcap").read_bytes())
    frames = [memoryview(frame) for _, frame, _ in packets]
    seen = {
        each.name.decode()
        for frame in frames
        for each in matcher.decoder.decode(frame, 0)
        if each.name and not each.name.replace(b".", b"").isdigit()
    }
    planted = sorted(seen)[::2]
    take(tmp_path, a_txt="".join(f"0.0.0.0 {name}\n" for name in planted))
    matcher.load(tmp_path / "kept")
    begin = time.perf_counter()
    for number, frame in enumerate(frames):
        matcher.frame(frame, NOW + number * 60)
    print(f"{(time.perf_counter() - begin) / len(frames) * 1e6:.1f} µs a frame")
    found = {message.split()[-3] for message in messages(spool)}
    assert len(planted) > 10 and found == set(planted)
    assert matcher.undecoded == 0
