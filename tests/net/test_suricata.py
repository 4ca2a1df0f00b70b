# SPDX-License-Identifier: MIT
"""Real Suricata in its own root on a sniffing interface, and the service that stores its alerts."""

from __future__ import annotations

import functools
import os
import random
import re
import signal
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from appliance.alerts.folding import MOST_OF_RULE
from appliance.alerts.store import AlertReader
from appliance.host import holes
from appliance.ids import eve_statistics, marker
from appliance.ids.alert import Alert, from_json
from appliance.ids.engine import EngineCount
from appliance.ids.marker import Token
from appliance.reports.checksums import ChecksumsReport
from image.demo import SHIPPED
from tests import frames as handmade
from tests.net.engine import PACE, Alerts, frames, inject, running
from tests.net.namespaces import Network, wait_until
from tests.net.suricata import Suricata, alerts
from tests.pcapfile import pcap

pytestmark = [pytest.mark.net, pytest.mark.suricata]

# A frame that this rule finds tells that all before it have been inspected.
END_SID, NUMBERED_SID = 1_001_000, 1_001_001
END_RULE = (
    f'alert udp 192.0.2.1 any -> 192.0.2.2 any (msg:"end"; content:"the end"; sid:{END_SID};)\n'
)
NUMBERED_RULE = (
    'alert udp 192.0.2.0/24 any -> 192.0.2.2 any (msg:"numbered"; content:"numbered";'
    f" sid:{NUMBERED_SID}; rev:3;)\n"
)
# What makes captures speak in which our own rules find nothing: each exercises another part.
TALKATIVE_RULES = (
    'alert http any any -> any any (msg:"request"; http.method; content:"GET"; sid:1001010;)\n'
    'alert http any any -> any any (msg:"answer"; http.stat_code; content:"200"; sid:1001011;)\n'
    'alert smb any any -> any any (msg:"share"; smb.share; content:"|5c|"; sid:1001012;)\n'
    'alert dns any any -> any any (msg:"query"; dns.query; content:"."; sid:1001013;)\n'
    'alert ip any any -> any any (msg:"echo"; itype:8; sid:1001014;)\n'
    'alert tls any any -> any any (msg:"hello"; tls.sni; content:"."; sid:1001015;)\n'
    'alert tcp any any -> any any (msg:"whole"; flow:established; content:"the"; sid:1001016;)\n'
    'alert ip any any -> any any (msg:"fragment"; fragbits:M; sid:1001017;)\n'
    'alert ip any any -> any any (msg:"long"; dsize:>1480; sid:1001018;)\n'
)
LIMIT_FOR_ALL = "event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60\n"
SCAN = "ids/maltrail/stealth_scan_xmas.pcap"

Identity = tuple[int, int, int, str, str | None, int, str, str, int | None, str, int | None]


def udp_frame(payload: bytes, source_port: int = 9, last: int = 1) -> bytes:
    """Return a frame with a UDP datagram from 192.0.2.`last` to 192.0.2.2 port 9."""
    return handmade.ethernet(
        handmade.ipv4(handmade.udp(payload, 9, source_port), source=bytes((192, 0, 2, last)))
    )


END = udp_frame(b"the end")


def numbered(count: int) -> list[bytes]:
    """Return frames that raise an alert each, told apart by their source port, from 10 on.

    They come from ten addresses, so that as many alerts as may be of one rule get rows.
    """
    return [udp_frame(b"numbered", 10 + number, 10 + number % 10) for number in range(count)]


@pytest.fixture
def engine(network: Network, suricata_root: Path, tmp_path: Path) -> Iterator[Suricata]:
    """Return Suricata, configured, not started, in a sensor's namespace."""
    made = Suricata(suricata_root, tmp_path / "run", network)
    # Many captures show frames before their senders' network cards had completed them.
    made.measured = ChecksumsReport(ignored=True)
    made.configure(owner_rules=END_RULE + NUMBERED_RULE)
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def store(engine: Suricata, tmp_path: Path) -> Iterator[Alerts]:
    """Return the alert service, not started, on the spool of `engine`."""
    (tmp_path / "database").mkdir()
    made = Alerts(engine, tmp_path / "database/alerts.db")
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def scan(shared_data: Path) -> list[bytes]:
    """Return 21 frames, 20 of which raise an alert each."""
    return frames(shared_data / SCAN)


def identity(alert: Alert) -> Identity:
    """Return all that does not tell when it was."""
    return (
        *(alert.gid, alert.sid, alert.rev, alert.message, alert.classification, alert.priority),
        *(alert.protocol, alert.source, alert.source_port),
        *(alert.destination, alert.destination_port),
    )


def stored(store: Alerts) -> list[Alert]:
    return [from_json(each) for each in store.stored()]


def stored_ports(store: Alerts) -> list[int | None]:
    """Return the numbers of the stored alerts, in order, of a run that ended with END."""
    *found, end = stored(store)
    assert end.sid == END_SID
    assert {alert.sid for alert in found} == {NUMBERED_SID}
    return [alert.source_port for alert in found]


def assert_all_stored(store: Alerts, count: int) -> None:
    """Hold that each of so many numbered alerts is there once: as a row, or counted with one."""
    ports = [port or 0 for port in stored_ports(store)]
    own = min(count, MOST_OF_RULE)
    assert ports[:own] == [10 + number for number in range(own)]
    assert ports == sorted(set(ports))
    assert sum(1 + alert.alike for alert in stored(store)) == count + 1


def wait_for_more(store: Alerts, flood: threading.Thread) -> None:
    """Wait until the service stores something, or nothing more comes."""
    before = store.count()
    wait_until(lambda: store.count() > before or not flood.is_alive(), "more alerts")


def has_alerts(file: Path) -> bool:
    return file.read_bytes().count(b"\n") > 50


def wait_for_end(store: Alerts) -> None:
    """Wait until the last frame's alert is stored."""
    wait_until(lambda: store.count() and store.stored()[-1]["sid"] == END_SID, "the end is stored")


@pytest.mark.parametrize(
    "capture",
    [
        pytest.param(SCAN, id="scan"),
        pytest.param("ids/ndpi/synscan.pcap", id="portscan"),
        pytest.param("ids/ndpi/WebattackSQLinj.pcap", id="web-attack"),
        pytest.param("ids/zeek/smb__smb2_100_small_files.pcap", id="smb-long-frames"),
        pytest.param(
            "ids/suricata-verify/filestore-filecontainer-smb/filecontainer-smb.pcap", id="smb-vlan"
        ),
        pytest.param("ids/suricata-verify/detect-vlan-id/input.pcap", id="vlan-icmp"),
        pytest.param("ids/arkime/v6-http.pcap", id="ipv6"),
        pytest.param("ids/suricata-verify/alert-testmyids/input.pcap", id="answer"),
        pytest.param("ids/zeek/ipv4__fragmented-1.pcap", id="fragments"),
        pytest.param("ids/ndpi/malformed_dns.pcap", id="protocol-event"),
        pytest.param("ids/suricata-verify/tls__tls-certs-alert/input.pcap", id="tls"),
        pytest.param("ids/ndpi/teams.pcap", id="ordinary"),
    ],
)
def test_alerts_stored_live_equal_those_of_the_file(
    capture: str, network: Network, engine: Suricata, store: Alerts, shared_data: Path
) -> None:
    engine.configure(owner_rules=END_RULE + TALKATIVE_RULES)
    expected = Counter(map(identity, engine.alerts_of(shared_data / capture)))
    with running(store), running(engine):
        inject(network, [*frames(shared_data / capture), END])
        wait_for_end(store)
    found = Counter(map(identity, stored(store)))
    (end,) = (key for key in found if key[1] == END_SID)
    assert expected
    assert found - Counter([end]) == expected


@pytest.mark.parametrize(
    "capture",
    [
        "ids/ndpi/http_ipv6.pcap",
        "ids/maltrail/vlan.pcap",
        "ids/maltrail/clean_tcp.pcap",
        "ids/ndpi/netflix.pcap",
        "ids/ndpi/teams.pcap",
    ],
)
def test_harmless_captures_raise_no_alert(
    capture: str, engine: Suricata, shared_data: Path
) -> None:
    assert engine.alerts_of(shared_data / capture) == []


def test_attacks_of_the_shipped_capture_are_named(engine: Suricata) -> None:
    found = Counter(alert.sid for alert in engine.alerts_of(SHIPPED))
    assert found == {
        1000110: 1, 1000112: 1, 1000114: 3, 1000115: 2, 1000116: 2, 1000117: 2, 1000118: 1,
        1000119: 1, 1000121: 1, 1000122: 1, 1000123: 1,
        1000150: 10, 1000153: 1, 1000155: 1,
    }  # fmt: skip


@pytest.mark.parametrize("limits", ["", LIMIT_FOR_ALL], ids=["ours", "one for all"])
def test_rules_that_count_say_nothing_of_the_first(
    limits: str, engine: Suricata, tmp_path: Path
) -> None:
    """Eight logins in a minute are nobody's business; of more there is one alert."""
    engine.configure(owner_rules=limits)
    for tries, wanted in ((8, Counter[int]()), (40, Counter({1_000_140: 1}))):
        syns = [opening(22, 2000 + number) for number in range(tries)]
        capture = tmp_path / "captures/tries.pcap"
        capture.parent.mkdir(exist_ok=True)
        capture.write_bytes(pcap(*syns, times_us=tuple(range(0, tries * 1000, 1000))))
        assert Counter(alert.sid for alert in engine.alerts_of(capture)) == wanted


def opening(port: int, source_port: int) -> bytes:
    """Return the frame that opens a connection from 192.0.2.1 to 192.0.2.2."""
    segment = struct.pack("!HHIIBBHHH", source_port, port, 1000, 0, 5 << 4, 2, 64000, 0, 0)
    return handmade.tcp_frame(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)), segment)


def test_frames_of_any_length_are_inspected_whole(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    lengths = (18, 1400, 1600, 9000, 20_000, 60_000)
    with running(engine), running(store):
        inject(network, [udp_frame(b"x" * length + b"the end") for length in lengths])
        store.wait_for(len(lengths))
    assert store.count() == len(lengths)


def test_what_comes_as_soon_as_it_is_ready_is_inspected(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    """Suricata throws away what came while it started, and says when that is over."""
    flood = threading.Thread(target=inject, args=(network, numbered(3000), 1000))
    flood.start()
    with running(engine), running(store):
        assert flood.is_alive(), "it took too long to start"
        inject(network, [END])
        flood.join()
        wait_until(lambda: store.report().get("spool_lag_bytes") == 0, "all is stored")
    assert [alert.sid for alert in stored(store)].count(END_SID) == 1


def test_a_frame_has_the_time_of_its_arrival(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    with running(engine), running(store):
        before = time.time_ns() // 1000
        inject(network, [END])
        wait_for_end(store)
        after = time.time_ns() // 1000
    (alert,) = stored(store)
    assert before <= alert.time_us <= after


@pytest.mark.parametrize("seed", [1, 2])
def test_no_alert_is_lost_or_doubled_when_the_service_is_killed(
    seed: int, network: Network, engine: Suricata, store: Alerts
) -> None:
    chance = random.Random(seed)
    count = 20_000
    with running(engine):
        flood = threading.Thread(target=inject, args=(network, [*numbered(count), END]))
        flood.start()
        kills = 0
        while flood.is_alive() or kills < 5:
            store.start()
            wait_for_more(store, flood)
            flood.join(chance.uniform(0, 0.4))
            store.stop(signal.SIGKILL)
            kills += 1
        flood.join()
        with running(store):
            wait_for_end(store)
    assert_all_stored(store, count)


def test_no_alert_is_lost_when_suricata_is_killed(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    written: list[int | None] = []
    with running(store):
        for _ in range(3):
            engine.start()
            newest = engine.files()[-1]
            inject(network, numbered(200))
            wait_until(functools.partial(has_alerts, newest), "alerts of this run")
            engine.stop(signal.SIGKILL)
            written += [alert.source_port for alert in alerts([newest])]
        engine.start()
        inject(network, [END])
        wait_for_end(store)
        wait_until(lambda: len(engine.files()) == 1, "the files of earlier runs are gone")
        engine.stop()
    assert stored_ports(store) == written


def test_files_are_named_by_rising_runs(network: Network, engine: Suricata) -> None:
    for _ in range(2):
        with running(engine):
            pass
    runs = [int(file.name.split(".")[1]) for file in engine.files()]
    assert len(runs) == 2
    assert runs == sorted(set(runs))


def test_a_flood_takes_no_more_memory_than_what_waits(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    with running(engine), running(store):
        inject(network, [*numbered(10_000), END])
        wait_for_end(store)
        (file,) = engine.files()
        wait_until(lambda: holes.allocated(file) < 1 << 19, "its memory is given back")
        assert file.stat().st_size > 3 << 20
    assert_all_stored(store, 10_000)


def test_alerts_wait_in_the_spool_while_the_disk_is_full(
    network: Network, engine: Suricata, store: Alerts
) -> None:
    disk = store.database.parent
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    try:
        with running(engine), running(store):
            inject(network, [*numbered(10_000), END])
            wait_until(lambda: "no space" in str(store.report().get("error")), "it is full")
            wait_until(lambda: store.report()["spool_lag_bytes"] > 100_000, "a lag")
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            wait_for_end(store)
            wait_until(lambda: store.report()["error"] is None, "the trouble is over")
        assert_all_stored(store, 10_000)
        assert len(re.findall("no space", store.stderr)) == 1
        assert len(re.findall("stored again", store.stderr)) == 1
    finally:
        subprocess.run(["umount", disk], check=True)


def test_the_self_tests_marker_is_known(network: Network, engine: Suricata, store: Alerts) -> None:
    secret = (engine.directory / marker.SECRET_FILE.name).read_text()
    token, other = marker.new_token(), Token(1, 2)
    with running(engine), running(store):
        inject(network, [marker.frame("00" * marker.SECRET_BYTES, other)])
        inject(network, [marker.frame(secret, token), END])
        wait_for_end(store)
    reader = AlertReader(store.database)
    assert reader.has_marker(token)
    assert not reader.has_marker(other)
    assert [alert.sid for alert in stored(store)] == [END_SID]


def test_suricata_goes_on_without_rules_of_the_owner_that_it_refuses(
    network: Network, engine: Suricata, store: Alerts, scan: Sequence[bytes]
) -> None:
    refused = 'alert tcp any any -> any any (msg:"x"; pcre:"/(/"; sid:1001005;)\n'
    log = engine.configure(owner_rules=refused + END_RULE)
    assert "test.rules:1: pcre2 compile" in log
    with running(store), running(engine):
        inject(network, [*scan, END])
        wait_for_end(store)
    assert Counter(alert.sid for alert in stored(store)) == {1000150: 20, END_SID: 1}
    assert "owner.rules at line" not in engine.stderr


def test_filters_of_the_owner_are_heeded(
    engine: Suricata, shared_data: Path, scan: Sequence[bytes]
) -> None:
    engine.configure(owner_rules="suppress gen_id 1, sig_id 1000150\n")
    assert engine.alerts_of(shared_data / SCAN) == []


@pytest.mark.parametrize("line", [
    "suppress gen_id 1, sig_id 0, track by_either, ip {}",
    "threshold gen_id 1, sig_id 1000150, track by_src, type limit, seconds 600, count 1",
    "event_filter gen_id 1, sig_id 1000150, type limit, track by_src, count 1, seconds 600",
])  # fmt: skip
def test_filters_in_every_form_are_heeded(engine: Suricata, shared_data: Path, line: str) -> None:
    [source] = {alert.source for alert in engine.alerts_of(shared_data / SCAN)}
    engine.configure(owner_rules=line.format(source))
    assert len(engine.alerts_of(shared_data / SCAN)) == (0 if "suppress" in line else 1)


def test_limits_for_all_rules_leave_the_self_test_alone(engine: Suricata, tmp_path: Path) -> None:
    capture = tmp_path / "captures/markers.pcap"
    capture.parent.mkdir()
    secret = (engine.directory / marker.SECRET_FILE.name).read_text()
    capture.write_bytes(pcap(*(marker.frame(secret, Token(n, n)) for n in range(1, 6))))
    engine.configure(
        owner_rules="event_filter gen_id 0, sig_id 0, type limit, track by_src, count 1,"
        " seconds 60\nsuppress gen_id 1, sig_id 0\nsuppress gen_id 1, sig_id 1000001\n"
    )
    assert len([each for each in engine.alerts_of(capture) if marker.is_marker(each)]) == 5


def test_home_networks_decide_which_rules_apply(engine: Suricata, tmp_path: Path) -> None:
    telnet, looking = 1000131, bytes((172, 16, 0, 8))
    syn = struct.pack("!HHIIBBHHH", 40000, 23, 1, 0, 5 << 4, 0x02, 64000, 0, 0)
    # The engine reads it as a user of its own.
    tmp_path.chmod(0o755)
    capture = tmp_path / "telnet.pcap"
    seen = [handmade.tcp_frame(looking, bytes((198, 51, 100, end)), syn) for end in range(25)]
    capture.write_bytes(pcap(*seen))

    def found(*home_networks: str) -> set[int]:
        engine.configure(home_networks=home_networks)
        return {alert.sid for alert in engine.alerts_of(capture)}

    assert telnet in found()
    assert telnet in found("172.16.0.0/12", "2001:db8::/32")
    assert telnet not in found("10.0.0.0/8")


def test_every_rule_can_be_read(engine: Suricata, shared_data: Path) -> None:
    assert engine.complaints_of(shared_data / SCAN) == ""


def count_of(engine: Suricata) -> EngineCount:
    return eve_statistics.newest(engine.spool / "statistics.json")


def test_statistics_count_the_frames(network: Network, engine: Suricata) -> None:
    with running(engine):
        inject(network, numbered(2000))
        wait_until(lambda: count_of(engine).offered >= 2000, "statistics")
        assert count_of(engine) == EngineCount(offered=2000, lost=0)


def test_frames_that_a_stopped_suricata_missed_are_counted(
    network: Network, engine: Suricata
) -> None:
    """kernel_packets includes the drops, so that the share lost is drops / packets."""
    total = 30_000
    start = engine.directory / "start"
    start.write_text(start.read_text().replace("ring_mb * frames_per_mb", "8 * 512"))
    with running(engine):
        assert engine.process is not None
        os.kill(engine.process.pid, signal.SIGSTOP)
        inject(network, [udp_frame(b"x" * 1000)] * total, pace=10 * PACE)
        os.kill(engine.process.pid, signal.SIGCONT)
        inject(network, [END])
        wait_until(lambda: count_of(engine).offered > total, "statistics")
        count, decoded = count_of(engine), engine.statistics()["decoder"]["pkts"]
    assert count.offered == total + 1
    assert count.lost > total // 2
    assert count.seen == decoded
