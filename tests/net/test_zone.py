# SPDX-License-Identifier: MIT
"""The zone of the lists, handed on by the real Knot DNS to a real BIND and a real Unbound."""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.intel.list_outputs import ZONE
from appliance.reports.intel import ZoneReport
from appliance.settings.sections.intel import IntelConfig
from appliance.zone import service, signing_key
from appliance.zone.knot_conf import KEY_NAME, PORT
from tests.conftest import missing
from tests.net.namespaces import (
    DEADLINE_S,
    ROUTER_ADDRESS,
    ROUTER_ADDRESS6,
    SENSOR_ADDRESS,
    SENSOR_ADDRESS6,
    Network,
    wait_until,
)
from tests.net.secondaries import BIND, UNBOUND, bind, unbound
from tests.unit.intel.sample_lists import take

pytestmark = [pytest.mark.net, pytest.mark.slow]
# In the middle of a list, so that a change is no longer than it is.
LISTED = [f"h{number}.bad.example" for number in range(1000)]
# What would be another record, another file, another zone, or none.
HOSTILE = (
    "x.example CNAME fine.example.",
    "$INCLUDE /etc/passwd",
    "$ORIGIN fine.example.",
    "@ NS evil.",
    "evil.example;x",
    'a"b.example',
    "a\\000b.example",
    "*.fine.example",
    "..fine.example",
    "a." * 130 + "example",
    "l" * 64 + ".example",
    f"{'m' * 60}." * 4 + "example",
    "rpz.glovebox",
    "x.rpz-ip",
    "32.1.2.0.192.rpz-ip",
    "x.rpz-nsdname",
    "fine.example.\t300 IN A",
    "bücher.example",
    "xn--bcher-kva.example",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/33",
    "::ffff:1.2.3.4",
    "4.3.2.1.in-addr.arpa",
    "(",
    ")",
    "\u202eexample.com",
    "a\0.example",
)
SETTINGS = IntelConfig(secondaries=(ip_address(BIND),), unsigned_secondaries=(ip_address(UNBOUND),))


@dataclass
class Primary:
    """The zone's writer, and the real server beside it, as its unit starts it."""

    network: Network
    place: Path
    settings: IntelConfig = SETTINGS
    most: int = 1_000_000
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def write(self, names: Sequence[str]) -> ZoneReport:
        """Bring a list into force, and the zone to it."""
        take(self.place, a_txt="\n".join(names))
        runtime, folder = self.place / "run", self.place / "zone"
        for each in (runtime, folder):
            each.mkdir(exist_ok=True)
        report = service.write(self.settings, folder, self.place / "kept", runtime, self.most)
        conf = runtime / service.CONF
        # What it does is told to the test.
        conf.write_text(conf.read_text().replace("any: notice", "any: info"))
        assert service.reload(runtime) == ""
        return report

    def start(self) -> None:
        with self.network.inside(self.network.sensor), self.log.open("ab") as output:
            argv = ["knotd", "--config", str(self.place / "run" / service.CONF)]
            self._process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
        wait_until(lambda: (self.place / "run" / service.CONTROL).exists(), "knotd starts")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(DEADLINE_S) == 0
            self._process = None

    @property
    def log(self) -> Path:
        return self.place / "knot.log"

    def told(self, *words: str) -> int:
        """Return how many lines of its log hold all words."""
        return sum(
            all(word in line for word in words) for line in self.log.read_text().splitlines()
        )

    def transfer(self, source: str, key: str, server: str = SENSOR_ADDRESS) -> str:
        """Return what dig(1) gets of the zone, from an address, with a key or without."""
        place = ["ip", "-n", self.network.router, "address", "replace"]
        if ":" not in source:
            subprocess.run([*place, f"{source}/24", "dev", "cable"], check=True)
        argv = ["dig", f"@{server}", "-p", str(PORT), "-b", source, "+tries=1", ZONE, "AXFR"]
        with self.network.inside(self.network.router):
            found = subprocess.run(
                [*argv, *(["-y", key] if key else [])], capture_output=True, text=True, check=False
            )
        return found.stdout + found.stderr

    def secret(self) -> str:
        return signing_key.read(self.place / "zone")


@pytest.fixture
def primary(network: Network, tmp_path: Path) -> Iterator[Primary]:
    for program in ("knotd", "knotc", "named", "unbound", "dig"):
        if shutil.which(program) is None:
            missing(f"no {program}")
    made = Primary(network, tmp_path)
    yield made
    made.stop()


def test_bind_and_unbound_take_it_and_changes_come_by_themselves(
    primary: Primary, tmp_path: Path
) -> None:
    first = primary.write(LISTED)
    primary.start()
    with (
        bind(primary.network, tmp_path / "bind", primary.secret()) as signing,
        unbound(primary.network, tmp_path / "unbound") as unsigned,
    ):
        for each in (signing, unsigned):
            wait_until(lambda each=each: each.refuses("www.h7.bad.example"), "the whole zone")  # type: ignore[misc]
            assert not each.refuses("h7.good.example") and not each.refuses("new.bad.example")
        assert primary.told("AXFR, outgoing", BIND, "finished")
        assert primary.told("AXFR, outgoing", UNBOUND, "finished")
        second = primary.write([*LISTED[1:], "new.bad.example"])
        assert second.serial > first.serial
        for each in (signing, unsigned):
            wait_until(lambda each=each: each.refuses("x.new.bad.example"), "the change")  # type: ignore[misc]
            assert each.refuses("h7.bad.example") and not each.refuses("h0.bad.example")
        assert primary.told("IXFR, outgoing", BIND, "finished")
        assert primary.told("IXFR, outgoing", UNBOUND, "finished")


def test_who_is_not_named_and_who_has_another_key_gets_nothing(
    primary: Primary, tmp_path: Path
) -> None:
    primary.write(LISTED)
    primary.start()
    other = base64.b64encode(b"x" * 32).decode()
    for source, key, said in (
        (BIND, f"hmac-sha256:{KEY_NAME}:{other}", "BADSIG"),
        (BIND, f"hmac-sha256:another:{primary.secret()}", "BADKEY"),
        (BIND, "", "Transfer failed"),
        ("192.0.2.12", f"hmac-sha256:{KEY_NAME}:{primary.secret()}", "Transfer failed"),
    ):
        told = primary.transfer(source, key)
        assert said in told and "CNAME" not in told, told
    good = f"hmac-sha256:{KEY_NAME}:{primary.secret()}"
    assert "*.h7.bad.example.rpz.glovebox." in primary.transfer(BIND, good)
    assert "Transfer failed" in primary.transfer(ROUTER_ADDRESS, good)  # It signs none.
    assert "*.h7.bad.example.rpz.glovebox." in primary.transfer(UNBOUND, "")


def test_a_server_that_was_off_and_a_clock_that_went_back(
    primary: Primary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = primary.write(LISTED)
    primary.start()
    with bind(primary.network, tmp_path / "bind", primary.secret()) as signing:
        wait_until(lambda: signing.refuses("h7.bad.example"), "the whole zone")
        primary.stop()
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: 1000.0)
            second = primary.write([*LISTED[1:], "new.bad.example"])
        assert second.serial == first.serial + 1
        primary.start()
        wait_until(lambda: signing.refuses("new.bad.example"), "what changed meanwhile")
        assert not signing.refuses("h0.bad.example")
    # Unchanged lists make no new version, and a new BIND takes what it had of this one.
    assert primary.write([*LISTED[1:], "new.bad.example"]).serial == second.serial
    with bind(primary.network, tmp_path / "bind", primary.secret()) as signing:
        wait_until(lambda: signing.refuses("new.bad.example"), "its file")


def test_hostile_entries_break_nothing(primary: Primary, tmp_path: Path) -> None:
    primary.write(LISTED)
    primary.start()
    with bind(primary.network, tmp_path / "bind", primary.secret()) as signing:
        wait_until(lambda: signing.refuses("h7.bad.example"), "the whole zone")
        primary.write([*LISTED, *HOSTILE, "last.bad.example"])
        wait_until(lambda: signing.refuses("last.bad.example"), "the change")
        assert signing.refuses("h7.bad.example") and signing.refuses("xn--bcher-kva.example")
        assert not signing.refuses("www.fine.example")
    assert primary.told("error") == primary.told("error", "'notify'")


def test_a_zone_without_room_leaves_the_one_of_before(
    primary: Primary,
) -> None:
    first = primary.write(LISTED)
    primary.start()
    primary.most = 2 * len(LISTED) + 10
    second = primary.write([*LISTED, *(f"x.{name}" for name in LISTED[:100])])
    assert second.serial == first.serial and "no room" in second.trouble
    good = f"hmac-sha256:{KEY_NAME}:{primary.secret()}"
    assert "*.h7.bad.example.rpz.glovebox." in primary.transfer(BIND, good)


def test_by_ipv6(primary: Primary) -> None:
    primary.settings = IntelConfig(secondaries=(ip_address(ROUTER_ADDRESS6),))
    primary.write(LISTED)
    primary.start()
    good = f"hmac-sha256:{KEY_NAME}:{primary.secret()}"
    told = primary.transfer(ROUTER_ADDRESS6, good, SENSOR_ADDRESS6)
    assert "*.h7.bad.example.rpz.glovebox." in told
