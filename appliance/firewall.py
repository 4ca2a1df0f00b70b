# SPDX-License-Identifier: MIT
"""`glovebox firewall`: who may reach what on this machine, as rules for nftables (nft(8))."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Address, ip_network
from operator import attrgetter

from appliance import areas, service
from appliance.area import OpenPort
from appliance.dhcp import network
from appliance.errors import GloveboxError
from appliance.films import minidlna
from appliance.service import Running
from appliance.settings import config
from appliance.settings.config import Config
from appliance.settings.sections.fit import Address
from appliance.settings.sections.router import RouterEntry

# Ports of a Raspberry Pi, and of USB adapters on it; each may serve a network of its own.
SERVED_PORTS = ("eth0", "eth1", "eth2", "eth3")
DNS, NTP, LOGS, ZONES, FLOW_PORTS = 53, 123, 514, 8053, "2055, 4739"
# Each device asks for an address a few times when it comes, and every few hours later; a hundred
# may come at once.
DHCP = "udp sport 68 udp dport 67"
DHCP_OF_ONE = "update @asking { ether saddr limit rate over 6/minute burst 20 packets } drop"
# To ask who gives addresses costs the card nothing; the request that follows writes to it, and so
# does that of who has an address already. Each kind has a share of its own, so a flood of one
# leaves the others theirs. What is asked stands first (option 53, RFC 2132) with every client that
# is known; where it does not, the share is the smaller one.
DHCP_SHARES = (
    ("@th,1984,24 0x350101", "20/second burst 200"),
    ("ip saddr 0.0.0.0", "12/minute burst 100"),
    ("ip saddr != 0.0.0.0", "12/minute burst 100"),
)
_FILMS_NEW = f"ct state new tcp dport {minidlna.PORT}"
FILM_LIMITS = (
    f"{_FILMS_NEW} add @film_hosts {{ ip saddr ct count over {minidlna.MOST_BY_HOST} }} drop",
    f'iifname != "lo" {_FILMS_NEW} ct count over {minidlna.MOST_IN_ALL} drop',
)
# The numbers of users in every image (systemd/sysusers.d/glovebox.conf).
DNSMASQ, FILMS, BLOCKING, FLOWS, CONSOLE, ZONE = 604, 607, 609, 610, 612, 627
# MAC-Telnet's client takes answers on a port that it chooses among these (mactelnet.c).
MAC_TELNET, MAC_TELNET_ANSWERS = 20561, "1024-2047"
# Whom these two may reach: devices of a private network, and those that have no address yet.
NEIGHBOURS_4 = (
    "0.0.0.0", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/4", "255.255.255.255",
)  # fmt: skip
NEIGHBOURS_6 = ("::1", "fc00::/7", "fe80::/10", "ff00::/8")
FAMILIES = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}
MOST_SOURCES = 4096
# Routes are looked up with this mark without the default ones (systemd/network/10-tzsp0.network),
# so only who is on one of our links is found: that is how public addresses at home are known.
MARK = "0x676c"

# The stream comes first: it is most of the traffic. It is not tracked, which would cost as much
# again; the kernel puts fragments together before.
_RULES = """\
add table inet glovebox
delete table inet glovebox
table inet glovebox {{
{fragments}	chain untracked {{
		type filter hook prerouting priority raw; policy accept;
		udp dport {{ {tzsp} }} notrack
	}}
	chain input {{
		type filter hook input priority filter; policy drop;
{stream}
		udp dport {{ {tzsp} }} drop
{films}
		iifname "lo" accept
{asking}		ct state established,related accept
		ct state invalid drop
		ip protocol icmp icmp type {{ echo-request, destination-unreachable, time-exceeded, parameter-problem }} limit rate 50/second accept
		icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, mld-listener-query, echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem }} accept
		udp sport 67 udp dport 68 accept
		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
		ip protocol igmp accept
		{mac_strangers}
		udp sport {mac} udp dport {answers} accept
		{strangers}
{limits}
{flows}		tcp dport {{ {tcp} }} accept
		udp dport {{ {udp} }} accept
{logs}{served}
	}}
	set film_hosts {{ type ipv4_addr; size 4096; flags dynamic; }}
	set asking {{ type ether_addr; size 4096; flags dynamic,timeout; timeout 5m; }}
{sets}
	chain outsiders {{
		iifname "lo" return
		ip saddr {{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 }} return
		ip6 saddr {{ fc00::/7, fe80::/10 }} return
		meta mark set {mark} fib saddr . mark oif exists meta mark set 0 return
		counter drop
	}}
	chain forward {{
		type filter hook forward priority filter; policy drop;
	}}
	chain output {{
		type filter hook output priority filter; policy accept;
{reached}
	}}
}}
"""  # noqa: E501

# Lone fragments wait in memory for the rest of their datagram: whoever sends many leaves no room
# for those of the router. This chain comes before the kernel puts them together, and costs whole
# packets one comparison. Without a list of routers anybody may be one: no fragment is refused.
_FRAGMENTS = """\
	set strangers {{
		type ipv4_addr; size 1024; flags dynamic; timeout 10s;
	}}
	set strangers6 {{
		type ipv6_addr; size 1024; flags dynamic; timeout 10s;
	}}
	chain whole {{
		type filter hook prerouting priority -450; policy accept;
		ip frag-off & 0x3fff != 0 goto fragments
		exthdr frag exists goto fragments
	}}
	chain fragments {{
		iifname "lo" accept
{routers}
		update @strangers {{ ip saddr limit rate over {each}/second burst {each} packets }} drop
		update @strangers6 {{ ip6 saddr limit rate over {each}/second burst {each} packets }} drop
		limit rate over {all}/second burst {all} packets drop
	}}
"""
FRAGMENTS_OF_ONE, FRAGMENTS_OF_ALL = 100, 1000

DESCRIPTION = """\
Print the rules for the settings in force; with --load, load them into the kernel instead:
all or none, in place of the previous ones."""
EPILOG = """\
Exit status: 0 done; 1 nft does not take the rules, and those of the default settings hold in their
place; 2 bad usage."""


def render(settings: Config) -> str:
    """Return the whole rule set; nothing in it comes from outside but typed settings."""
    tzsp = ", ".join(map(str, sorted(set(settings.capture.ports))))
    return _RULES.format(
        tzsp=tzsp,
        fragments=_fragments(settings),
        films="\n".join(f"\t\t{rule}" for rule in FILM_LIMITS),
        reached="\n".join(f"\t\t{rule}" for rule in _reached(settings)),
        stream="\n".join(f"\t\t{rule}" for rule in _stream(settings, tzsp)),
        tcp=_opened(settings, "tcp"), udp=_opened(settings, "udp"),
        strangers=_strangers(settings, f"th dport {{ {_opened(settings, 'tcp', 'udp')} }}"),
        mac=MAC_TELNET, answers=MAC_TELNET_ANSWERS,
        mac_strangers=_strangers(settings, f"udp sport {MAC_TELNET}"),
        limits="\n".join(f"\t\t{rule}" for rule in _limits()),
        sets="\n".join(f"\t{line}" for line in _sets()), mark=MARK,
        logs="".join(f"\t\t{rule}\n" for rule in (*_logs(settings), *_zones(settings))),
        flows="".join(f"\t\t{rule}\n" for rule in _flows(settings)),
        asking="".join(f"\t\t{rule}\n" for rule in _asking(settings)),
        served="\n".join(f"\t\t{rule}" for rule in _served(settings)),
    )  # fmt: skip


def _strangers(settings: Config, what: str) -> str:
    """Return the rule that looks at the sources of `what`; empty where everybody may."""
    return "" if settings.system.open_to == "everyone" else f"{what} jump outsiders"


def _limits() -> Iterator[str]:
    """Yield the rules for what one source may do at a port; IPv4 and IPv6 each have their sets."""
    for port in _limited():
        new = f"tcp dport {port.number} ct state new"
        for family in FAMILIES:
            name = f"{family}_{port.number}"
            yield f"{new} add @many_{name} {{ {family} saddr ct count over {port.at_once} }} drop"
            rate = f"limit rate over {port.a_second}/second burst {port.a_second * 3} packets"
            yield f"{new} update @often_{name} {{ {family} saddr {rate} }} drop"


def _sets() -> Iterator[str]:
    for port in _limited():
        for family, kind in FAMILIES.items():
            name, head = f"{family}_{port.number}", f"type {kind}; size {MOST_SOURCES};"
            yield f"set many_{name} {{ {head} flags dynamic; }}"
            yield f"set often_{name} {{ {head} flags dynamic,timeout; timeout 1m; }}"


def _limited() -> Iterator[OpenPort]:
    return (port for port in areas.ports() if port.at_once)


def _opened(settings: Config, *protocols: str) -> str:
    """Return the ports that are open to all neighbours, as the table of areas has them."""
    wanted = (
        port
        for port in areas.ports()
        # What needs a setting answers nobody without it, as SFTP without a key.
        if port.protocol in protocols and (not port.needs or attrgetter(port.needs)(settings))
    )
    return ", ".join(str(port.number) for port in wanted)


def _fragments(settings: Config) -> str:
    routers = _routers(settings)
    if not routers:
        return ""
    accepted = "\n".join(f"\t\t{each} accept" for each in routers)
    return _FRAGMENTS.format(routers=accepted, each=FRAGMENTS_OF_ONE, all=FRAGMENTS_OF_ALL)


def _stream(settings: Config, tzsp: str) -> list[str]:
    ports = f"udp dport {{ {tzsp} }}"
    routers = _routers(settings)
    if not routers:
        return [rule for rule in (_strangers(settings, ports), f"{ports} accept") if rule]
    # The self-test's datagram comes from this machine.
    return [
        f'iifname "lo" {ports} accept',
        *(f"{each} {ports} accept" for each in routers),
        # So many come through to the receiver, which drops them and can say who they are of.
        f"{ports} limit rate 1/second burst 1 packets accept",
    ]


def _routers(settings: Config) -> list[str]:
    """Return what packets of the listed routers match, by version of IP; [] where none is."""
    return _from(settings.capture.routers)


def _from(addresses: Iterable[Address]) -> list[str]:
    """Return what packets from some addresses match, by version of IP."""
    matches, each = [], list(addresses)
    for version, family in ((4, "ip"), (6, "ip6")):
        listed = ", ".join(str(one) for one in each if one.version == version)
        if listed:
            matches.append(f"{family} saddr {{ {listed} }}")
    return matches


def _flows(settings: Config) -> Iterator[str]:
    """Yield the rules by which strangers fill no queue of those whose flows are taken."""
    senders, ports = _from(settings.flow_senders), f"udp dport {{ {FLOW_PORTS} }}"
    if senders:
        yield from (f"{each} {ports} accept" for each in senders)
        # So many come through to be counted, and named on the page.
        yield f"{ports} limit rate 1/second burst 1 packets accept"
        yield f"{ports} drop"


def _logs(settings: Config) -> Iterator[str]:
    """Yield the rules for the port of logs, which is open to those alone whose logs are taken."""
    for each in _from(settings.log_senders):
        yield f"{each} meta l4proto {{ tcp, udp }} th dport {LOGS} accept"


def _zones(settings: Config) -> Iterator[str]:
    """Yield the rules for the port of the zone, which is open to its secondaries alone."""
    for each in _from(settings.intel.all_secondaries):
        yield f"{each} meta l4proto {{ tcp, udp }} th dport {ZONES} accept"


def _asking(settings: Config) -> Iterator[str]:
    """Yield the rules for requests for addresses, which stand before those for connections.

    Who has an address asks the server alone; its answer would make a connection of it.
    """
    for port, _ in _ports_served(settings):
        here = f'iifname "{port}" {DHCP}'
        yield f"{here} {DHCP_OF_ONE}"
        for kind, share in DHCP_SHARES:
            yield f"{here} {kind} limit rate {share} packets accept"
            yield f"{here} {kind} drop"


def _served(settings: Config) -> Iterator[str]:
    for port, own in _ports_served(settings):
        here = f'iifname "{port}" ip daddr {own}'
        yield f"{here} meta l4proto {{ tcp, udp }} th dport {DNS} accept"
        yield f"{here} udp dport {NTP} accept"


def _ports_served(settings: Config) -> Iterator[tuple[str, IPv4Address]]:
    """Yield the ports that may serve a network of their own, with our address there."""
    if settings.dhcp.profile == "home":
        return
    for port in SERVED_PORTS:
        own = _own(settings, port)
        if own is not None:
            yield port, own


def _reached(settings: Config) -> list[str]:
    """Return what holds dnsmasq to its own network and the name servers that it is to ask.

    The film server answers whoever was let in, and begins nothing outside; blocking reaches the
    routers' APIs and nothing else, and a console their SSH and MAC-Telnet's port. The collector of
    flows sends to those alone to whom it is to send them on, and the server of the zone tells its
    secondaries of a new one.
    """
    rules = [
        *_routers_ports(settings, BLOCKING, attrgetter("port")),
        f"meta skuid {BLOCKING} drop",
        *_routers_ports(settings, CONSOLE, attrgetter("ssh_port")),
        f"meta skuid {CONSOLE} udp dport {MAC_TELNET} accept",
        f"meta skuid {CONSOLE} drop",
        *_collectors(settings),
        f"meta skuid {FLOWS} drop",
        *_told_of_zones(settings),
        f"meta skuid {ZONE} ct state new drop",
        f"meta skuid {FILMS} ct state new ip daddr != {{ {', '.join(NEIGHBOURS_4)} }} drop",
        f"meta skuid {FILMS} ct state new ip6 daddr != {{ {', '.join(NEIGHBOURS_6)} }} drop",
    ]
    for family, version, near in (("ip", 4, NEIGHBOURS_4), ("ip6", 6, NEIGHBOURS_6)):
        # nft takes no address beside a network that holds it.
        far = (
            str(each)
            for each in settings.dhcp.dns_servers
            if each.version == version and not any(each in ip_network(place) for place in near)
        )
        places = ", ".join((*near, *dict.fromkeys(far)))
        rules.append(f"meta skuid {DNSMASQ} {family} daddr != {{ {places} }} drop")
    return rules


def _routers_ports(settings: Config, user: int, port: Callable[[RouterEntry], int]) -> list[str]:
    rules = []
    for version, family in ((4, "ip"), (6, "ip6")):
        # Without a zone (%eth0), which is no part of an address to nft.
        places = [
            f"{str(each.address).partition('%')[0]} . {port(each)}"
            for each in settings.router.routers
            if each.address.version == version
        ]
        if places:
            wanted = ", ".join(dict.fromkeys(places))
            rules.append(f"meta skuid {user} {family} daddr . tcp dport {{ {wanted} }} accept")
    return rules


def _collectors(settings: Config) -> Iterator[str]:
    for version, family in ((4, "ip"), (6, "ip6")):
        places = ", ".join(
            f"{each.address} . {each.port}"
            for each in settings.flows.repeat_targets
            if each.address.version == version
        )
        if places:
            yield f"meta skuid {FLOWS} {family} daddr . udp dport {{ {places} }} accept"


def _told_of_zones(settings: Config) -> Iterator[str]:
    for version, family in ((4, "ip"), (6, "ip6")):
        all_of_them = settings.intel.all_secondaries
        places = ", ".join(str(each) for each in all_of_them if each.version == version)
        if places:
            told = f"{family} daddr {{ {places} }} meta l4proto {{ tcp, udp }} th dport {DNS}"
            yield f"meta skuid {ZONE} {told} accept"


def _own(settings: Config, port: str) -> IPv4Address | None:
    try:
        return network.served(settings.dhcp, port).own.ip
    except GloveboxError:  # No room for the network of that port.
        return None


def load(rules: str) -> None:
    """Have nft(8) check the rules, then take them. Raises GloveboxError."""
    for option in (["--check"], []):
        argv = ["nft", *option, "--file", "-"]
        done = subprocess.run(argv, input=rules, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise GloveboxError(f"nft does not take the rules: {done.stderr.strip()[:500]}")


def main(argv: Sequence[str]) -> int:
    """Print or load the rules; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox firewall", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("--load", action="store_true", help="load them into the kernel")
    return service.run("firewall", parser, argv, _loaded, once=True, instead=_printed)


def _printed(arguments: argparse.Namespace) -> int | None:
    if arguments.load:
        return None
    print(render(config.load()[0]), end="")
    return 0


def _loaded(running: Running) -> int:
    try:
        load(render(running.settings))
    except GloveboxError:
        # Else nothing would be let in, and nobody could read on the page what is wrong.
        load(render(Config()))
        raise
    return 0
