# SPDX-License-Identifier: MIT
"""Real Snort in its own root on a sniffing interface, and the service that stores its alerts."""

from __future__ import annotations

import functools
import os
import random
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.ids import marker, perfmonitor
from appliance.ids.alert import from_json
from appliance.ids.marker import Token
from appliance.ids.unified2 import Event
from appliance.reports.checksums import ChecksumsReport
from tests import frames as handmade
from tests.net import engine as engines
from tests.net.engine import GLOVEBOX, Alerts, Engine, frames, inject, running
from tests.net.namespaces import Network, wait_until
from tests.pcapfile import pcap

pytestmark = [pytest.mark.net, pytest.mark.snort]

# A frame that the last rule of the owner finds tells that all before it have been inspected.
END_SID = 1_001_000
END_RULE = (
    f'alert udp 192.0.2.1 any -> 192.0.2.2 any (msg:"end"; content:"the end"; sid:{END_SID};)\n'
)
SCAN = "ids/maltrail/stealth_scan_xmas.pcap"

Identity = tuple[int, int, str, int | None, str, int | None]


def udp_frame(payload: bytes) -> bytes:
    """Return a frame with a UDP datagram from 192.0.2.1 port 9 to 192.0.2.2 port 9."""
    return handmade.ethernet(handmade.ipv4(handmade.udp(payload, 9, 9)))


END = udp_frame(b"the end")

CAPTURES = (
    pytest.param(SCAN, id="scan"),
    pytest.param("ids/ndpi/synscan.pcap", id="portscan"),
    pytest.param("ids/ndpi/WebattackSQLinj.pcap", id="web-attack"),
    pytest.param("ids/zeek/smb__smb2_100_small_files.pcap", id="smb-long-frames"),
    pytest.param(
        "ids/suricata-verify/filestore-filecontainer-smb/filecontainer-smb.pcap", id="smb-vlan"
    ),
    pytest.param("ids/suricata-verify/detect-vlan-id/input.pcap", id="vlan-icmp"),
    pytest.param("ids/arkime/v6-http.pcap", id="ipv6"),
    pytest.param("ids/suricata-verify/ftp__ftp-bounce/test.pcap", id="preprocessor"),
    pytest.param("ids/zeek/ipv4__fragmented-1.pcap", id="fragments"),
    pytest.param("ids/ndpi/teams.pcap", id="ordinary"),
)


@pytest.fixture
def engine(network: Network, engine_root: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return Snort, configured, not started, in a sensor's namespace."""
    made = Engine(engine_root, tmp_path / "run", network)
    # Many captures show frames before their senders' network cards had completed them.
    made.measured = ChecksumsReport(ignored=True)
    made.configure(owner_rules=END_RULE)
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def alerts(engine: Engine, tmp_path: Path) -> Iterator[Alerts]:
    """Return the alert service, not started, on the spool of `engine`."""
    (tmp_path / "database").mkdir()
    made = Alerts(engine, tmp_path / "database/alerts.db")
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def scan(shared_data: Path) -> list[bytes]:
    """Return 21 frames, 20 of which raise an alert each."""
    return frames(shared_data / SCAN)


def identity(event: Event) -> Identity:
    return (event.gid, event.sid, event.source, event.source_port,
            event.destination, event.destination_port)  # fmt: skip


def without_ports(event: Event) -> tuple[int, int, str, str]:
    return event.gid, event.sid, event.source, event.destination


def stored_identity(alert: Mapping[str, Any]) -> Identity:
    return (alert["gid"], alert["sid"], alert["source"], alert["source_port"],
            alert["destination"], alert["destination_port"])  # fmt: skip


def in_order(events: list[Event]) -> list[tuple[Any, ...]]:
    """Return what must be in the database once these events are stored."""
    return [(event.time_us, event.rev, event.priority, *identity(event)) for event in events]


def stored_in_order(alerts: Alerts) -> list[tuple[Any, ...]]:
    return [
        (from_json(alert).time_us, alert["rev"], alert["priority"], *stored_identity(alert))
        for alert in alerts.stored()
    ]


def assert_all_stored(alerts: Alerts, events: list[Event], others: int = 0) -> None:
    """Hold that each event is there once, as a row or counted with one, and so many others."""
    rows = Counter(stored_in_order(alerts))
    assert (rows - Counter(in_order(events))).total() == others, "rows of no event, or doubled"
    assert sum(1 + from_json(alert).alike for alert in alerts.stored()) == len(events) + others


def wait_for_end(alerts: Alerts) -> None:
    """Wait until the last frame's alert is stored."""
    wait_until(
        lambda: alerts.count() and alerts.stored()[-1]["sid"] == END_SID, "the end is stored"
    )


def wait_for_more(alerts: Alerts, flood: threading.Thread) -> None:
    """Wait until the service stores something, or nothing more comes."""
    before = alerts.count()
    wait_until(lambda: alerts.count() > before or not flood.is_alive(), "more alerts")


@pytest.mark.parametrize("capture", CAPTURES)
def test_alerts_stored_live_equal_those_of_the_file(
    capture: str, network: Network, engine: Engine, alerts: Alerts, shared_data: Path
) -> None:
    expected = Counter(map(identity, engine.read_file(shared_data / capture)))
    with running(alerts), running(engine):
        inject(network, [*frames(shared_data / capture), END])
        wait_for_end(alerts)
    stored = Counter(map(stored_identity, alerts.stored()))
    assert [key for key in stored if key[1] == END_SID] == [
        (1, END_SID, "192.0.2.1", 9, "192.0.2.2", 9)
    ]
    assert expected
    assert stored - Counter({(1, END_SID, "192.0.2.1", 9, "192.0.2.2", 9): 1}) == expected


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_small_board_raises_the_same_alerts(
    capture: str, engine: Engine, shared_data: Path
) -> None:
    """With 512 MB rules for any port stand apart, in less memory.

    Of a flood another connection may be the one that is named: the rule counts up to a thousand.
    """
    small = engine.read_file(shared_data / capture, 0, "-S", "ANY_RULES=split-any-any")
    usual = engine.read_file(shared_data / capture, 1)
    assert small
    assert Counter(map(without_ports, small)) == Counter(map(without_ports, usual))


@pytest.mark.parametrize(
    "capture", ["ids/ndpi/http_ipv6.pcap", "ids/maltrail/vlan.pcap", "ids/maltrail/clean_tcp.pcap"]
)
def test_harmless_captures_raise_no_alert(
    capture: str, network: Network, engine: Engine, alerts: Alerts, shared_data: Path
) -> None:
    assert engine.read_file(shared_data / capture) == []
    with running(alerts), running(engine):
        inject(network, [*frames(shared_data / capture), END])
        wait_for_end(alerts)
    assert alerts.count() == 1


def test_frames_of_any_length_are_inspected_whole(
    network: Network, engine: Engine, alerts: Alerts
) -> None:
    lengths = (18, 1400, 1600, 9000, 20_000, 60_000)
    with running(engine), running(alerts):
        inject(network, [udp_frame(b"x" * length + b"the end") for length in lengths])
        alerts.wait_for(len(lengths))
    assert alerts.count() == len(lengths)


def test_single_alerts_are_stored_as_they_come(
    network: Network, engine: Engine, alerts: Alerts
) -> None:
    with running(engine), running(alerts):
        for count in (1, 2, 3):
            inject(network, [END])
            alerts.wait_for(count)
        assert alerts.count() == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_no_alert_is_lost_or_doubled_when_the_service_is_killed(
    seed: int, network: Network, engine: Engine, alerts: Alerts, scan: list[bytes], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    with running(engine):
        kept = tmp_path / "kept"
        os.link(engine.files()[-1], kept)
        flood = threading.Thread(target=inject, args=(network, [*scan * 1000, END]))
        flood.start()
        kills = 0
        while flood.is_alive() or kills < 5:
            alerts.start()
            wait_for_more(alerts, flood)
            flood.join(chance.uniform(0, 0.4))
            alerts.stop(signal.SIGKILL)
            kills += 1
        flood.join()
        with running(alerts):
            wait_for_end(alerts)
    events = engines.events([kept])
    assert len(events) == 20_001
    assert_all_stored(alerts, events)


def test_no_alert_is_lost_when_snort_is_killed(
    network: Network, engine: Engine, alerts: Alerts, scan: list[bytes], tmp_path: Path
) -> None:
    kept = []
    with running(alerts):
        for run in range(3):
            engine.start()
            kept.append(tmp_path / f"kept-{run}")
            os.link(engine.files()[-1], kept[-1])
            flood = threading.Thread(target=inject, args=(network, scan * 100))
            flood.start()
            wait_for_more(alerts, flood)
            engine.stop(signal.SIGKILL)
            flood.join()
        with running(engine):
            inject(network, [END])
            wait_for_end(alerts)
            wait_until(lambda: len(engine.files()) == 1, "finished files are deleted")
    events = engines.events(kept)
    assert len({event.time_us for event in events}) > 3
    assert_all_stored(alerts, events, others=1)


def test_a_start_never_touches_the_file_of_another(
    network: Network, engine: Engine, scan: list[bytes]
) -> None:
    contents = {}
    for _ in range(3):
        engine.start()
        inject(network, scan)
        newest = engine.files()[-1]
        wait_until(functools.partial(_has, newest, 20), "alerts of this run")
        engine.stop(signal.SIGKILL)
        contents[newest] = newest.read_bytes()
    runs = [int(file.name.split(".")[2]) for file in engine.files()]
    assert len(contents) == 3
    assert runs == sorted(set(runs))
    assert {file: file.read_bytes() for file in engine.files()} == contents


def _has(file: Path, count: int) -> bool:
    return len(engines.events([file])) == count


def test_alerts_wait_in_the_spool_while_the_disk_is_full(
    network: Network, engine: Engine, alerts: Alerts, scan: list[bytes]
) -> None:
    disk = alerts.database.parent
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=112k", "tmpfs", disk], check=True)
    try:
        with running(engine):
            kept = disk.parent / "kept"
            os.link(engine.files()[-1], kept)
            with running(alerts):
                inject(network, [*scan * 500, END])
                wait_until(lambda: "no space" in str(alerts.report().get("error")), "it is full")
                wait_until(lambda: alerts.report()["spool_lag_bytes"] > 100_000, "a lag")
                subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
                wait_for_end(alerts)
                wait_until(lambda: alerts.report()["error"] is None, "the trouble is over")
        assert_all_stored(alerts, engines.events([kept]))
        # Once by each who writes: the alerts, and the rows of alike ones where their time comes.
        full = re.findall("^.*no space.*$", alerts.stderr, re.MULTILINE)
        assert full and len(full) == len(set(full))
        assert len(re.findall("stored again", alerts.stderr)) == 1
    finally:
        subprocess.run(["umount", disk], check=True)


def test_messages_and_classifications_are_those_that_snort_prints(
    network: Network, engine: Engine, alerts: Alerts, shared_data: Path
) -> None:
    captures = [
        "ids/maltrail/stealth_scan_xmas.pcap",
        "ids/ndpi/netflix.pcap",
        "ids/ndpi/synscan.pcap",
        "ids/suricata-verify/alert-testmyids/input.pcap",
        "ids/suricata-verify/ftp__ftp-bounce/test.pcap",
        "ids/snort3_demo/inspectors__dns/dns-udp.pcap",
        "ids/snort3_demo/ips_options__pcre/http.pcap",
    ]
    printed = set()
    for capture in captures:
        printed |= set(engine.print_file(shared_data / capture))
    with running(alerts), running(engine):
        for capture in captures:
            inject(network, frames(shared_data / capture))
    stored = {
        (
            f"{alert['gid']}:{alert['sid']}:{alert['rev']}",
            *(alert["message"], alert["classification"], str(alert["priority"])),
        )
        for alert in alerts.stored()
    }
    assert len({key for key, *_ in printed}) > 8
    assert stored == printed


def test_spool_files_are_read_as_snorts_own_tool_reads_them(
    engine: Engine, shared_data: Path
) -> None:
    for run, capture in enumerate([SCAN, "ids/arkime/v6-http.pcap", "ids/ndpi/synscan.pcap"], 1):
        events, printed = engine.spew_file(shared_data / capture, run)
        assert events
        assert [
            (event.time_us, event.gid, event.sid, event.rev, event.classification_id,
             event.priority, event.source, event.destination, event.protocol)
            for event in events
        ] == printed  # fmt: skip


REFUSED = 'alert tcp any any -> any any (msg:"x"; pcre:"/(/"; sid:1001001;)\n'


def test_a_rule_that_snort_refuses_costs_itself(
    network: Network, engine: Engine, alerts: Alerts, scan: list[bytes]
) -> None:
    log = engine.configure(owner_rules=REFUSED + END_RULE + "suppress gen_id 1, sig_id 1228\n")
    assert "test.rules:1: pcre compile" in log
    with running(alerts), running(engine):
        inject(network, [*scan, END])
        alerts.wait_for(1)
    assert [alert["sid"] for alert in alerts.stored()] == [END_SID]


def test_snort_that_could_not_be_asked_starts_without_what_it_refuses(
    network: Network, engine: Engine, alerts: Alerts, scan: list[bytes]
) -> None:
    engine.configure(owner_rules=END_RULE)
    with (engine.directory / "rules/owner.rules").open("a") as file:
        file.write(REFUSED)
    start = engine.directory / "start"
    start.write_text(start.read_text().replace("tried=yes", "tried=no"))
    with running(alerts), running(engine):
        inject(network, [*scan, END])
        alerts.wait_for(20)
    assert {alert["sid"] for alert in alerts.stored()} == {1228}
    assert "Snort refuses the rules of the owner" in engine.stderr
    assert "owner.rules(3)" in engine.stderr


@pytest.mark.parametrize("track", ["by_src", "by_dst", "by_either"])
def test_a_machine_is_silenced_for_all_rules(engine: Engine, shared_data: Path, track: str) -> None:
    source, target = (
        {getattr(event, end) for event in engine.read_file(shared_data / SCAN)}
        for end in ("source", "destination")
    )
    limit = "event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60\n"
    for machine in source | target:
        lines = f"suppress gen_id 1, sig_id 0, track {track}, ip {machine}\n"
        engine.configure(owner_rules=END_RULE + lines + limit)
        silent = machine in {"by_src": source, "by_dst": target}.get(track, source | target)
        assert len(engine.read_file(shared_data / SCAN)) == (0 if silent else 1)


def test_bytes_of_a_rule_match_as_they_are(engine: Engine, tmp_path: Path) -> None:
    capture = tmp_path / "captures/one.pcap"
    capture.parent.mkdir()
    capture.write_bytes(pcap(udp_frame(b"T\xfcr")))
    rule = b'alert udp any any -> any any (msg:"K\xfcche"; content:"|54|\\\n|FC|r"; sid:1001007;)\n'
    engine.configure(owner_rules=os.fsdecode(rule))
    assert [event.sid for event in engine.read_file(capture)] == [1001007]


def test_limits_for_all_rules_leave_the_self_test_alone(engine: Engine, tmp_path: Path) -> None:
    capture = tmp_path / "captures/markers.pcap"
    capture.parent.mkdir()
    secret = (engine.directory / marker.SECRET_FILE.name).read_text()
    capture.write_bytes(pcap(*(marker.frame(secret, Token(n, n)) for n in range(1, 6))))
    for gid in (0, 1):
        engine.configure(
            owner_rules=f"event_filter gen_id {gid}, sig_id 0, type limit, track by_src, count 1,"
            " seconds 60\nsuppress gen_id 1, sig_id 0\nsuppress gen_id 1, sig_id 1000001\n"
        )
        assert len([e for e in engine.read_file(capture) if marker.is_marker(e)]) == 5


def test_home_networks_decide_which_rules_apply(
    network: Network, engine: Engine, shared_data: Path
) -> None:
    capture = shared_data / SCAN
    engine.configure(home_networks=["198.51.100.0/24", "2001:db8::/32"])
    inside = engine.read_file(capture)
    engine.configure(home_networks=["10.0.0.0/8"])
    assert len(inside) == 20
    assert engine.read_file(capture) == []


def test_wait_listening_gives_up_with_one_line(network: Network) -> None:
    done = subprocess.run(
        ["ip", "netns", "exec", network.sensor, GLOVEBOX,
         "ids-config", "--wait-listening", "--user", str(engines.UID), "--seconds", "0.2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "nobody" in done.stderr


def test_statistics_count_the_frames(network: Network, engine: Engine, scan: list[bytes]) -> None:
    with running(engine):
        inject(network, scan * 10)
        # Snort writes them when a frame comes five seconds after the line before.
        file = engine.spool / "statistics.csv"
        sent = len(scan) * 10

        def offered() -> int:
            nonlocal sent
            inject(network, [END])
            sent += 1
            found = perfmonitor.parse(file.read_text(), "afpacket")
            return found.offered if found else 0

        wait_until(lambda: offered() >= len(scan) * 10, "statistics")
    found = perfmonitor.parse(file.read_text(), "afpacket")
    assert found and found.lost == 0 and found.offered <= sent


def test_statistics_count_on_where_a_file_is_full(network: Network, engine: Engine) -> None:
    """A new file is no new start: what was counted before it must not be counted again."""
    small = engine.directory / "snort.conf"
    text = small.read_text()
    small.write_text(
        re.sub(r"time 2 (.*) max_file_size \d+", r"time 1 \1 max_file_size 4096", text)
    )
    assert small.read_text() != text
    file, counted = engine.spool / "statistics.csv", []

    def is_followed() -> bool:
        """Tell whether figures of a second file have been read."""
        inject(network, [END])
        try:
            text = file.read_text()
            counted.append(perfmonitor.parse(text))
        except (FileNotFoundError, ValueError):
            return False
        return "Perfmon rotate" in text and counted[-1] is not None

    with running(engine):
        wait_until(is_followed, "the second file")
    offered = [each.offered for each in counted if each]
    assert offered == sorted(offered)
