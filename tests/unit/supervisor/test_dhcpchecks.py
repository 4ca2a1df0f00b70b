# SPDX-License-Identifier: MIT
"""What is said of the ports on which addresses are given out."""

from __future__ import annotations

from dataclasses import replace

from appliance.reports.dhcp import PortReport, Tenant
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.supervisor import dhcpchecks
from appliance.supervisor.history import History
from appliance.supervisor.observations import Observations
from tests.unit.supervisor.looks import WELL

SERVES = PortReport(
    interface="eth0", updated=1.0, serving=True, answers=True, reason="free",
    words="no other DHCP server answers there", address="10.77.0.1/24", most=2, devices=(),
)  # fmt: skip
DEVICE = Tenant("10.77.0.9", "02:00:00:00:00:09", "tablet", 0.0)


def looked(*ports: PortReport, seconds: float = 0.0) -> Observations:
    return replace(WELL, boottime=WELL.boottime + seconds, dhcp=ports)


def since(before: PortReport, now: PortReport) -> History:
    """Return a history in which one report came 40 seconds before the other."""
    found = History.begin(looked(before))
    for second in range(2, 40, 2):
        found = found.add(looked(replace(before, updated=second), seconds=second))
    return found.add(looked(now, seconds=40.0))


def test_dhcp_of_a_machine_without_ports() -> None:
    assert dhcpchecks.dhcp(History.begin(looked())) is None


def test_dhcp_counts_the_devices() -> None:
    result = dhcpchecks.dhcp(History.begin(looked(replace(SERVES, devices=(DEVICE,)))))
    assert result is not None
    assert (result.level, result.state) == (Level.OK, None)
    assert "one device" in result.words


def test_dhcp_names_another_server_and_tells_the_leds() -> None:
    words = "the DHCP server 192.168.88.1 (02:00:00:00:00:01) answers there"
    silent = replace(SERVES, serving=False, answers=False, reason="foreign", words=words)
    result = dhcpchecks.dhcp(History.begin(looked(SERVES, silent)))
    assert result is not None
    assert (result.level, result.state) == (Level.WARN, State.OTHER_DHCP)
    assert "192.168.88.1" in result.words


def test_dhcp_at_home_is_in_order() -> None:
    home = replace(SERVES, serving=False, reason="address", words="it has the address 192.168.88.7")
    result = dhcpchecks.dhcp(History.begin(looked(home)))
    assert result is not None
    assert result.level is Level.OK


def test_dhcp_warns_when_every_address_is_given_out() -> None:
    result = dhcpchecks.dhcp(History.begin(looked(replace(SERVES, devices=(DEVICE, DEVICE)))))
    assert result is not None
    assert result.level is Level.WARN


def test_dhcp_fails_for_settings_that_cannot_be_served() -> None:
    wrong = replace(SERVES, serving=False, reason="problem", words="dnsmasq does not take them")
    result = dhcpchecks.dhcp(History.begin(looked(wrong)))
    assert result is not None
    assert result.level is Level.FAIL


def test_dhcp_fails_when_dnsmasq_does_not_come_up() -> None:
    deaf = replace(SERVES, answers=False)
    now = dhcpchecks.dhcp(History.begin(looked(deaf)))
    later = dhcpchecks.dhcp(since(deaf, replace(deaf, updated=41.0)))
    assert now is not None
    assert later is not None
    assert (now.level, later.level) == (Level.OK, Level.FAIL)


def test_dhcp_fails_when_the_guard_says_nothing_new() -> None:
    stale = since(SERVES, SERVES)
    result = dhcpchecks.dhcp(stale.add(replace(stale.now, boottime=stale.now.boottime + 12.0)))
    assert result is not None
    assert result.level is Level.FAIL
    assert "report" in result.words
