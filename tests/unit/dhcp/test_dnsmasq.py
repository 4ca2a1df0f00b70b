# SPDX-License-Identifier: MIT
"""dnsmasq's configuration; the real dnsmasq says whether it is one."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.dhcp.dnsmasq import render
from appliance.dhcp.network import served
from appliance.settings.sections.dhcp import DhcpConfig
from tests.conftest import missing

LEASES = Path("/var/lib/glovebox/dhcp/eth0.leases")
FULL = DhcpConfig(
    router="10.77.0.2",
    dns_servers=(ip_address("10.77.0.2"),),
    static=("02:00:00:00:00:AA 10.77.0.3 Tablet", "02:00:00:00:00:bb 10.77.0.9 phone"),
)


def lines(settings: DhcpConfig, interface: str = "eth0") -> list[str]:
    return render(settings, interface, served(settings, interface), LEASES).splitlines()


def test_render_of_the_defaults_sends_no_router() -> None:
    found = lines(DhcpConfig())
    assert "dhcp-option=option:router" in found
    assert "dhcp-option=option:dns-server,10.77.0.1" in found
    assert "dhcp-option=option:ntp-server,10.77.0.1" in found
    assert "dhcp-range=10.77.0.5,10.77.0.254,255.255.255.0,12h" in found
    assert not [line for line in found if line.startswith("server=")]


def test_render_never_claims_to_know_all_clients() -> None:
    """An authoritative server refuses what a client got elsewhere, at home for example."""
    assert not [line for line in lines(FULL) if "authoritative" in line]


def test_render_keeps_our_names_from_devices_whatever_their_domain() -> None:
    text = render(FULL, "eth0", served(FULL, "eth0"), LEASES, "Kiste")
    for name in ("glovebox", "kiste", "localhost", "wpad"):
        assert f"dhcp-name-match=set:reserved,{name}\n" in text
        assert f"dhcp-name-match=set:reserved,{name}.*\n" in text
    assert ",kiste,kiste.lan,kiste.local,10.77.0.1\n" in text


def test_render_gives_a_device_of_our_name_its_address_without_the_name() -> None:
    text = render(FULL, "eth0", served(FULL, "eth0"), LEASES, "TABLET")
    assert "dhcp-host=02:00:00:00:00:aa,10.77.0.3\n" in text
    assert "dhcp-host=02:00:00:00:00:bb,10.77.0.9,phone\n" in text


def test_render_of_what_the_owner_sets() -> None:
    found = lines(FULL)
    assert "dhcp-option=option:router,10.77.0.2" in found
    assert "server=10.77.0.2" in found
    assert "dhcp-host=02:00:00:00:00:aa,10.77.0.3,tablet" in found


@pytest.mark.parametrize("settings", [DhcpConfig(), FULL], ids=["defaults", "full"])
def test_render_is_taken_by_dnsmasq(settings: DhcpConfig, tmp_path: Path) -> None:
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        missing("no dnsmasq")
        return
    file = tmp_path / "dnsmasq.conf"
    file.write_text("\n".join(lines(settings)))
    tried = subprocess.run(
        [program, "--test", f"--conf-file={file}"], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stderr
