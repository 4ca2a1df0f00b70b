# SPDX-License-Identifier: MIT
"""The rules; what they do is in tests/net/test_firewall.py."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from appliance import firewall
from appliance.errors import ConfigError, GloveboxError
from appliance.films import minidlna
from appliance.firewall import main, render
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.dhcp import DhcpConfig
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.intel import IntelConfig
from appliance.settings.sections.logs import LogsConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from appliance.settings.sections.ssh import SshConfig
from appliance.settings.sections.system import SystemConfig
from appliance.settings.sections.web import WebConfig
from appliance.zone.knot_conf import PORT
from tests.conftest import PROJECT


def test_render_drops_what_is_not_named_and_forwards_nothing() -> None:
    rules = render(Config())
    assert rules.count("policy drop;") == 2
    assert "udp dport { 37008 } accept" in rules


def test_render_drops_what_belongs_to_no_connection_before_any_port_is_open() -> None:
    rules = [line.strip() for line in render(Config()).splitlines()]
    dropped = rules.index("ct state invalid drop")
    opened = [number for number, rule in enumerate(rules) if rule.startswith("tcp dport")]
    assert rules.index("ct state established,related accept") < dropped < min(opened)


def test_render_lets_only_listed_routers_stream() -> None:
    routers = (ip_address("192.168.88.1"), ip_address("2001:db8::1"))
    rules = render(Config(capture=CaptureConfig(ports=(37008, 9), routers=routers)))
    assert "ip saddr { 192.168.88.1 } udp dport { 9, 37008 } accept" in rules
    assert "ip6 saddr { 2001:db8::1 } udp dport { 9, 37008 } accept" in rules
    assert "\t\tudp dport { 9, 37008 } accept" not in rules


def test_render_limits_the_fragments_of_strangers_where_routers_are_listed() -> None:
    assert "fragments" not in render(Config())
    routers = (ip_address("192.168.88.1"), ip_address("2001:db8::1"))
    rules = [
        line.strip() for line in render(Config(capture=CaptureConfig(routers=routers))).splitlines()
    ]
    begin, end = rules.index("chain fragments {"), rules.index("chain untracked {")
    chain = rules[begin:end]
    assert "ip saddr { 192.168.88.1 } accept" in chain
    assert "ip6 saddr { 2001:db8::1 } accept" in chain
    assert sum("limit rate over" in rule and rule.endswith("drop") for rule in chain) == 3


@pytest.mark.parametrize("text", ["fe80::1%eth0", "fe80::1%2", "::ffff:192.0.2.1", "192.0.2.1"])
def test_render_names_a_router_by_its_address_alone(text: str) -> None:
    (router,) = CaptureConfig(routers=(ip_address(text),)).routers
    rules = render(Config(capture=CaptureConfig(routers=(ip_address(text),))))
    assert "%" not in rules and "ffff" not in rules.lower() and f"{{ {router} }} udp dport" in rules


def test_render_opens_the_port_of_logs_to_those_alone_whose_logs_are_taken() -> None:
    port = "meta l4proto { tcp, udp } th dport 514"
    assert "514" not in render(Config())
    sources = (ip_address("192.168.88.1"), ip_address("2001:db8::1"))
    rules = [line.strip() for line in render(Config(logs=LogsConfig(sources))).splitlines()]
    assert [rule for rule in rules if "514" in rule] == [
        f"ip saddr {{ 192.168.88.1 }} {port} accept",
        f"ip6 saddr {{ 2001:db8::1 }} {port} accept",
    ]


def test_render_opens_the_port_of_the_zone_to_its_secondaries_alone() -> None:
    assert "8053" not in render(Config())
    taking = IntelConfig(
        secondaries=(ip_address("192.168.88.2"),), unsigned_secondaries=(ip_address("fd00::2"),)
    )
    rules = [line.strip() for line in render(Config(intel=taking)).splitlines()]
    port = f"meta l4proto {{ tcp, udp }} th dport {PORT} accept"
    assert [rule for rule in rules if "8053" in rule] == [
        f"ip saddr {{ 192.168.88.2 }} {port}", f"ip6 saddr {{ fd00::2 }} {port}",
    ]  # fmt: skip
    # Its server tells them of a new zone, answers, and begins nothing else.
    told = "meta l4proto { tcp, udp } th dport 53 accept"
    begin = rules.index(f"meta skuid 627 ip daddr {{ 192.168.88.2 }} {told}")
    assert rules[begin + 1 : begin + 3] == [
        f"meta skuid 627 ip6 daddr {{ fd00::2 }} {told}", "meta skuid 627 ct state new drop",
    ]  # fmt: skip


def test_render_leaves_strangers_no_room_where_it_is_known_who_sends_flows() -> None:
    ports = "udp dport { 2055, 4739 }"
    assert ports not in render(Config())
    exporters = (ip_address("192.168.88.1"), ip_address("2001:db8::1"))
    rules = [line.strip() for line in render(Config(flows=FlowsConfig(exporters))).splitlines()]
    begin = rules.index(f"ip saddr {{ 192.168.88.1 }} {ports} accept")
    assert rules[begin + 1 : begin + 4] == [
        f"ip6 saddr {{ 2001:db8::1 }} {ports} accept",
        f"{ports} limit rate 1/second burst 1 packets accept",
        f"{ports} drop",
    ]
    opened = next(place for place, rule in enumerate(rules) if rule.startswith("udp dport { 5353"))
    assert begin + 3 < opened


def test_load_falls_back_to_the_default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Config(capture=CaptureConfig(ports=(9,)))
    monkeypatch.setattr("appliance.settings.config.load", lambda: (odd, []))
    loaded: list[str] = []

    def load(rules: str) -> None:
        loaded.append(rules)
        if "dport { 9 }" in rules:
            raise GloveboxError("nft does not take the rules: …")

    monkeypatch.setattr(firewall, "load", load)
    with pytest.raises(GloveboxError):
        firewall.main(["--load"])
    assert loaded == [render(odd), render(Config())]


def test_render_opens_dns_and_time_only_at_the_address_that_we_serve_at() -> None:
    rules = render(Config())
    assert 'iifname "eth1" ip daddr 10.77.1.1 udp dport 123 accept' in rules
    home = replace(Config(), dhcp=DhcpConfig(profile="home"))
    assert "10.77" not in render(home)
    assert "dport 67 accept" not in render(home)


def test_render_leaves_ports_out_that_have_no_network() -> None:
    last = replace(Config(), dhcp=DhcpConfig(address="192.168.255.1/24"))
    assert '"eth0"' in render(last)
    assert '"eth1"' not in render(last)


def test_the_film_server_is_never_asked_for_more_than_it_bears() -> None:
    of_one, of_all = minidlna.MOST_BY_HOST, minidlna.MOST_IN_ALL
    assert 0 < 3 * of_one < of_all < minidlna.MOST_CONNECTIONS


def test_render_holds_dnsmasq_to_private_networks_and_its_servers() -> None:
    users = (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()
    assert f"\nu glovebox-dnsmasq {firewall.DNSMASQ} " in users
    assert f"\nu glovebox-films {firewall.FILMS} " in users
    assert "9.9.9.9" not in render(Config())
    servers = (ip_address("9.9.9.9"), ip_address("2620:fe::fe"))
    rules = render(Config(dhcp=DhcpConfig(dns_servers=servers))).splitlines()
    held = [rule for rule in rules if f"skuid {firewall.DNSMASQ}" in rule]
    assert len(held) == 2
    assert "9.9.9.9 }" in held[0] and "2620:fe::fe }" in held[1]


def test_a_console_reaches_ssh_of_the_routers_and_mac_telnet_alone() -> None:
    users = (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()
    assert f"\nu glovebox-console {firewall.CONSOLE} " in users
    router = RouterEntry("home", ip_address("192.168.88.1"), ssh_port=2222)
    rules = [each.strip() for each in render(Config(router=RouterConfig((router,)))).splitlines()]
    own = f"meta skuid {firewall.CONSOLE}"
    assert [rule for rule in rules if rule.startswith(own)] == [
        f"{own} ip daddr . tcp dport {{ 192.168.88.1 . 2222 }} accept",
        f"{own} udp dport 20561 accept",
        f"{own} drop",
    ]
    # Answers come by MAC-Telnet's port, and from neighbours alone.
    answers = rules.index("udp sport 20561 udp dport 1024-2047 accept")
    assert rules[answers - 1] == "udp sport 20561 jump outsiders"


def test_flows_are_sent_to_the_collectors_of_the_settings_alone() -> None:
    users = (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()
    assert f"\nu glovebox-flows {firewall.FLOWS} " in users
    own = f"meta skuid {firewall.FLOWS}"

    def rules(*targets: str) -> list[str]:
        lines = render(Config(flows=FlowsConfig(repeat_to=targets))).splitlines()
        return [line.strip() for line in lines if line.strip().startswith(own)]

    assert rules() == [f"{own} drop"]
    assert rules("192.0.2.9:2055", "[2001:db8::9]:4739", "192.0.2.8:9995") == [
        f"{own} ip daddr . udp dport {{ 192.0.2.9 . 2055, 192.0.2.8 . 9995 }} accept",
        f"{own} ip6 daddr . udp dport {{ 2001:db8::9 . 4739 }} accept",
        f"{own} drop",
    ]


def test_blocking_reaches_the_routers_and_nobody_else() -> None:
    users = (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()
    assert f"\nu glovebox-blocking {firewall.BLOCKING} " in users
    own = f"skuid {firewall.BLOCKING}"
    assert [rule.strip() for rule in render(Config()).splitlines() if own in rule] == [
        f"meta {own} drop"
    ]
    routers = (
        RouterEntry("home", ip_address("192.168.88.1")),
        RouterEntry("far", ip_address("fe80::1%eth0"), port=1234),
    )
    four, six, rest = (
        rule.strip()
        for rule in render(Config(router=RouterConfig(routers))).splitlines()
        if own in rule
    )
    assert four == f"meta {own} ip daddr . tcp dport {{ 192.168.88.1 . 8729 }} accept"
    assert six == f"meta {own} ip6 daddr . tcp dport {{ fe80::1 . 1234 }} accept"
    assert rest == f"meta {own} drop"


def test_render_with_a_private_server_names_it_once_too() -> None:
    """A range and an address within it are an error to nft, unless sets merge them."""
    servers = (ip_address("192.168.88.1"),)
    (held, _) = [
        rule
        for rule in render(Config(dhcp=DhcpConfig(dns_servers=servers))).splitlines()
        if f"skuid {firewall.DNSMASQ}" in rule
    ]
    assert "192.168.88.1" not in held


def test_render_opens_ssh_only_where_a_key_is_given() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw a"
    assert "tcp dport { 80, 443, 8200 } accept" in render(Config())
    assert "tcp dport { 80, 443, 8200, 22 } accept" in render(Config(ssh=SshConfig((key,))))


def test_render_closes_443_without_https() -> None:
    assert "tcp dport { 80, 8200 } accept" in render(Config(web=WebConfig(https="off")))


def test_render_looks_at_who_asks_unless_everyone_may() -> None:
    assert "udp dport { 37008 } jump outsiders" in render(Config())
    assert "jump outsiders" not in render(Config(system=SystemConfig(open_to="everyone")))
    listed = Config(capture=CaptureConfig(routers=(ip_address("203.0.113.1"),)))
    assert "udp dport { 37008 } jump outsiders" not in render(listed)


def test_render_marks_as_the_network_s_rules_expect() -> None:
    network = (PROJECT / "systemd" / "network" / "10-tzsp0.network").read_text()
    assert network.count(f"FirewallMark={firewall.MARK}") == 2


def test_main_prints_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("add table inet glovebox\n")


def test_every_open_port_is_in_the_documents() -> None:
    document = (PROJECT / "docs" / "owner" / "firewall.md").read_text()
    for port in (37008, 80, 443, 8200, 22, 5353, 1900, 67, 68, 53, 123, 546, 8053):
        assert f"| {port} |" in document


def test_load_tells_what_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = ConfigError("glovebox.toml: Permission denied")
    monkeypatch.setattr("appliance.settings.config.load", lambda: (Config(), [wrong]))
    loaded: list[str] = []
    monkeypatch.setattr(firewall, "load", loaded.append)
    assert firewall.main(["--load"]) == 0
    assert loaded == [firewall.render(Config())]
    assert "glovebox.toml: Permission denied" in caplog.text
