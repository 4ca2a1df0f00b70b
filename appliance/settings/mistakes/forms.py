# SPDX-License-Identifier: MIT
"""How settings are written, for owners who wrote another word or form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# A whole line for each key that people write otherwise. Each is valid by itself; a test holds it.
FORMS: Mapping[str, Mapping[str, str]] = {
    "system": {"hostname": 'hostname = "kit"', "timezone": 'timezone = "Europe/Berlin"'},
    "wired": {
        "addresses": 'addresses = ["192.168.88.5/24"]',
        "gateways": 'gateways = ["192.168.88.1"], beside addresses',
        "dns": 'dns = ["192.168.88.1"], beside addresses',
    },
    "wifi": {"networks": 'networks = [{ ssid = "Home", password = "its password" }]'},
    "ssh": {"keys": 'keys = ["ssh-ed25519 AAAA… name"]; SSH is on where there is a key'},
    "capture": {"routers": 'routers = ["192.168.88.1"]', "ports": "ports = [37008]"},
    "ids": {"home_networks": 'home_networks = ["192.168.88.0/24"]'},
    "web": {"password": 'password = "at least 8 characters"; there is no user name'},
    "leds": {"night_hours": 'night_hours = ["22:00", "07:00"]', "pins": "pins = [17]"},
    "dhcp": {
        "profile": 'profile = "home", and no addresses are given',
        "address": 'address = "10.77.0.1/24"; those after it are given out',
        "router": 'router = "10.77.0.2"',
        "dns_servers": 'dns_servers = ["10.77.0.2"]',
        "lease_hours": "lease_hours = 12",
        "static": 'static = ["02:00:00:00:00:01 10.77.0.2 tablet"]',
    },
    "media": {"kinds": 'kinds = ["video", "audio"]'},
    "access_point": {"passphrase": 'passphrase = "8 to 63 characters"'},
    "router": {
        "routers": 'routers = [{ name = "home", address = "192.168.88.1" }]; no password'
        " of yours is needed"
    },  # fmt: skip
    "block": {"safe": 'safe = ["81.2.69.142/32"]', "mode": 'mode = "on"'},
    "logs": {"sources": 'sources = ["192.168.88.1"]', "words": 'words = ["BLOCK"]'},
    "flows": {"exporters": 'exporters = ["192.168.88.1"]'},
    "notify": {
        "channels": 'channels = [{ name = "phone", way = "ntfy", to = "https://ntfy.sh/…" }]',
        "quiet_hours": 'quiet_hours = "22:00-07:00"',
    },
    "forward": {
        "targets": 'targets = [{ name = "rsyslog", way = "syslog", to = "tcp://192.168.88.9:514" }]'
    },
    "intel": {"sources": 'sources = ["spamhaus-drop"]'},
    "rules": {"sources": 'sources = ["et-open"]'},
}
# What people call a key in other places, as netplan, wpa_supplicant, hostapd and dnsmasq.
_CALLED = {
    "system": {"hostname": "name host host_name computer_name", "timezone": "time_zone tz zone"},
    "wired": {
        "addresses": "ip address ip_address ipaddr ipv4 static static_ip netmask mask subnet"
        " prefix prefixlen",
        "gateways": "gateway gateway4 gateway6 router routers default_gateway gw via",
        "dns": "nameserver nameservers dns_servers dns_server domain_name_servers",
    },
    "wifi": {
        "networks": "network ssid name password pass passwd passphrase psk wpa_psk key"
        " wpa_passphrase passwort hidden access_points"
    },  # fmt: skip
    "ssh": {"keys": "key public_key pubkey authorized_keys enabled enable on password user port"},
    "capture": {"routers": "router source sources sender address ip allow", "ports": "port"},
    "ids": {"home_networks": "home_net home_network networks homenet"},
    "web": {"password": "user username login name admin passwd pass passwort pin"},
    "leds": {"night_hours": "night hours quiet_hours", "pins": "pin gpio"},
    "dhcp": {
        "profile": "enabled enable on off mode server",
        "address": "range network subnet ip pool start end",
        "router": "gateway gw",
        "dns_servers": "dns nameserver nameservers",
        "lease_hours": "lease lease_time hours",
        "static": "leases hosts host reservations reserved fixed",
    },
    "access_point": {"passphrase": "password psk key pass wpa_passphrase"},
    "router": {"routers": "name address ip host user username password login"},
    "block": {"mode": "enabled enable on", "safe": "allow whitelist allowlist exclude"},
    "logs": {"sources": "source router routers address"},
    "flows": {"exporters": "exporter source sources router routers"},
    "notify": {"channels": "channel email mail to telegram ntfy webhook url token"},
    "forward": {"targets": "target syslog server host to url"},
    "intel": {"sources": "lists list feeds feed url urls"},
    "rules": {"sources": "source url urls sets lists feeds"},
}
# Sections that have one key which most owners want.
_OF_ONE = frozenset({"wifi", "ssh", "router", "notify", "forward", "rules", "intel"})
# What people call a section.
_SECTIONS = {
    "wifi": "wi-fi wlan wireless wlan0 networks",
    "wired": "network lan ethernet eth eth0 ip cable net",
    "web": "page http password user website admin login",
    "media": "films film movies dlna minidlna video",
    "system": "time host hostname general clock device",
    "ids": "snort suricata engine",
    "access_point": "ap hotspot accesspoint hostapd",
    "capture": "tzsp sniffer receiver",
    "ssh": "sftp keys",
    "notify": "mail email e-mail telegram ntfy messages notifications",
    "leds": "led lights",
    "dhcp": "dnsmasq addresses",
    "router": "routers mikrotik",
    "flows": "netflow ipfix",
    "logs": "syslog log",
}
_KEY = re.compile(
    r"([\w-]+)(?:(?:: \S{1,41})?: no such key"
    r"| = .{0,70}: expected (?:a list|a table|a text in quotes|a whole number)\b)"
)


def instead(section: str, objection: str) -> str:
    """Return what to write in the place of what `objection` is about; empty where that is clear.

    `objection` is that of a section (`appliance.settings.tables.section`): nothing of it is in
    the answer.
    """
    found = _KEY.match(objection)
    forms = FORMS.get(section, {})
    key = found[1].lower().replace("-", "_") if found else ""
    key = key if key in forms else _known(_CALLED.get(section, {}), key)
    if not key and found and section in _OF_ONE:
        key = next(iter(forms))
    return f"; write {forms[key]}" if key else ""


def section_meant(name: str) -> str:
    """Return the name of the section for what an owner may have meant; empty where none is."""
    return _known(_SECTIONS, name.lower())


def _known(names: Mapping[str, str], word: str) -> str:
    return next((name for name, words in names.items() if word and word in words.split()), "")
