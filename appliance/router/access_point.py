# SPDX-License-Identifier: MIT
"""`glovebox access-point`: the RouterOS script that makes a mAP the kit's access point."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from appliance.errors import ConfigError
from appliance.router.routeros import quote
from appliance.settings import config
from appliance.settings.sections.access_point import AccessPointConfig

BACKUP = "before-glovebox"
TZSP_PORT = 37008

# On every RouterOS 7: one bridge, no DHCP server of its own, address and time from the kit.
NETWORK = """\
# The way back, made once: run this script as often as you like.
:if ([:len [/file find name="{backup}.backup"]] = 0) do={{
    /system backup save name={backup} dont-encrypt=yes
    :delay 2s
}}

# All ports and the radio are one network. Multicast, by which players find films, passes unsnooped.
/interface bridge
:if ([:len [find name=bridge]] = 0) do={{ add name=bridge }}
set [find name=bridge] igmp-snooping=no
:foreach port in=[/interface find where type=ether or type=wlan or type=wifi] do={{
    :local name [/interface get $port name]
    :if ([:len [/interface bridge port find interface=$name]] = 0) do={{
        /interface bridge port add bridge=bridge interface=$name
    }}
}}

# The kit gives the addresses; a second server would break that.
/ip dhcp-server disable [find]
/ip dhcp-client remove [find]
/ip dhcp-client add interface=bridge add-default-route=no use-peer-dns=no disabled=no
/system ntp client set enabled=yes servers={kit}
"""
# Wi-Fi 4 and 5 devices such as the mAP. This driver knows no WPA3.
WIRELESS = """\
/interface wireless security-profiles
:if ([:len [find name=glovebox]] = 0) do={{ add name=glovebox }}
set [find name=glovebox] mode=dynamic-keys authentication-types=wpa2-psk unicast-ciphers=aes-ccm \\
    group-ciphers=aes-ccm management-protection=allowed wpa2-pre-shared-key={passphrase}
/interface wireless
set [find default-name~"^wlan"] mode=ap-bridge ssid={ssid} country={country} \\
    security-profile=glovebox wps-mode=disabled multicast-helper=full disabled=no
"""
# Newer ones, whose driver is the package wifi-qcom or wifi-qcom-ac.
WIFI = """\
/interface wifi
set [find default-name~"^wifi"] configuration.mode=ap configuration.ssid={ssid} \\
    configuration.country={country} configuration.multicast-enhance=enabled \\
    security.authentication-types=wpa2-psk,wpa3-psk security.passphrase={passphrase} \\
    security.wps=disable disabled=no
"""
STREAM = """\
/tool sniffer
set streaming-enabled=yes streaming-server={kit}:{port} filter-stream=yes filter-interface=bridge
start
/system scheduler
:if ([:len [find name=sensor-sniffer]] = 0) do={{
    add name=sensor-sniffer start-time=startup on-event="/tool sniffer start"
}}
"""
UNDO = """\
# Back to how this device was before the kit; it restarts.
:if ([:len [/file find name="{backup}.backup"]] = 0) do={{
    :error "there is no {backup}.backup: nothing was changed by Glovebox, or the file was removed"
}}
/system backup load name={backup} password=""
"""

EPILOG = """\
Put the output on the device (drag the file into WebFig or WinBox, or scp) and run there:
/import file-name=glovebox.rsc

Exit status: 0 done; 2 bad usage; 78 no passphrase or country in the settings, or a wrong file."""


def script(settings: AccessPointConfig, kit: IPv4Address) -> str:
    """Return the script; `kit` is the address of this machine on that network.

    Raises ConfigError where a setting that only the owner knows is missing.
    """
    for key in ("passphrase", "country"):
        if not getattr(settings, key):
            raise ConfigError(f"[access_point] {key}: is missing, and only you know it")
    values = {
        "backup": BACKUP, "kit": kit, "port": TZSP_PORT,
        "ssid": quote(settings.ssid),
        "passphrase": quote(settings.passphrase),
        "country": quote(settings.country),
    }  # fmt: skip
    radio = WIFI if settings.driver == "wifi" else WIRELESS
    parts = [NETWORK, radio, *([STREAM] if settings.stream else [])]
    return "\n".join(part.format(**values) for part in parts)


def undo() -> str:
    """Return the script that brings the device back to what it was."""
    return UNDO.format(backup=BACKUP)


def main(argv: Sequence[str]) -> int:
    """Print the script; `--help` tells how to run it."""
    parser = argparse.ArgumentParser(
        prog="glovebox access-point",
        description="Print a RouterOS 7 script for the kit's access point, from [access_point].",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--undo", action="store_true", help="print the script that undoes it")
    parser.add_argument(
        "files", nargs="*", type=Path, help=f"instead of {', '.join(map(str, config.FILES))}"
    )
    arguments = parser.parse_args(argv)
    if arguments.undo:
        sys.stdout.write(undo())
        return 0
    settings, errors = config.load(arguments.files or config.FILES)
    if errors:
        raise errors[0]
    sys.stdout.write(script(settings.access_point, IPv4Interface(settings.dhcp.address).ip))
    return 0
