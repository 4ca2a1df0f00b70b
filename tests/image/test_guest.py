# SPDX-License-Identifier: MIT
"""The booted image: everything up, nothing to complain about, only what it says listens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from appliance import __version__
from appliance.web import ready_templates
from image.machine.guest import Guest
from image.machine.page_client import PageClient
from tests.test_sandbox import beyond
from tests.test_sysctl import told

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

# Of ours: what the engine is told, what that is told, the time that it puts on alerts, what deletes
# before all that where the owner asked for it, and what waits for a shutdown.
BEFORE_ENGINE = {
    "glovebox-reset.service",
    "glovebox-ids-config.service",
    "glovebox-settings.service",
    "glovebox-clock-restore.service",
    "glovebox-alerts-rest.service",
}
UNIT = re.compile(r"[\w@.:-]+")
# What waits for others' answers, or for all services, or for what the engine has no use for.
SLOW = {
    *("network-online.target", "time-sync.target", "multi-user.target", "chrony.service"),
    *("basic.target", "sysinit.target", "sockets.target", "systemd-resolved.service"),
}
# What a service may do beyond packet sockets.
RIGHTS = {
    "glovebox-firewall-closed.service": {"cap_net_admin"},
    "glovebox-firewall.service": {"cap_net_admin"},
    "glovebox-clock-restore.service": {"cap_sys_time"},
    "glovebox-films-partition.service": {"cap_sys_admin"},
    "glovebox-films-copying.service": {"cap_sys_admin"},
    "glovebox-boot-open.service": {"cap_sys_admin"},
    "glovebox-reset.service": {"cap_sys_admin", "cap_dac_override", "cap_fowner"},
}
# Its socket obeys no other user.
CHRONYS = "glovebox-clock-servers.service"


def test_boot_has_no_failed_unit(guest: Guest) -> None:
    guest.execute("systemctl is-system-running --wait")
    assert guest.run("systemctl --failed --plain --no-legend") == ""


def test_boot_has_no_ordering_cycle(guest: Guest) -> None:
    journal = guest.run("journalctl -b --no-pager -o cat -t systemd")
    assert "ordering cycle" not in journal


def test_boot_has_no_error_line_of_ours(guest: Guest) -> None:
    lines = guest.run("journalctl -b --no-pager -p err -o json").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["MESSAGE"] for entry in entries if "glovebox" in json.dumps(entry)
            and entry.get("_TRANSPORT") != "kernel" and is_ours(entry)] == []  # fmt: skip


def is_ours(entry: dict[str, str]) -> bool:
    unit = entry.get("_SYSTEMD_UNIT", "") + entry.get("UNIT", "")
    return unit.startswith("glovebox-") or entry.get("SYSLOG_IDENTIFIER", "").startswith("glovebox")


def test_snort_waits_for_nothing_that_it_does_not_need(guest: Guest) -> None:
    """Seconds tell of the host where a machine is emulated; what stands before it does not."""
    before: set[str] = set()
    found = {"glovebox-ids.service"}
    while found:
        before |= found
        after = guest.run(f"systemctl show -P After -- {' '.join(sorted(found))}")
        # What is quoted has no name of ours.
        found = {name for name in after.split() if UNIT.fullmatch(name)} - before
    ours = {name for name in before if name.startswith("glovebox-") and name.endswith(".service")}
    assert "glovebox-ids-config.service" in ours
    assert ours - {"glovebox-ids.service"} <= BEFORE_ENGINE
    assert not before & SLOW


def test_tzsp0_is_a_dummy_that_says_nothing_itself(guest: Guest) -> None:
    link = json.loads(guest.run("ip -j -d link show tzsp0"))[0]
    assert link["linkinfo"]["info_kind"] == "dummy"
    assert link["mtu"] == 65535
    assert {"UP", "NOARP"} <= set(link["flags"])
    assert "MULTICAST" not in link["flags"]
    assert json.loads(guest.run("ip -j addr show tzsp0"))[0]["addr_info"] == []
    assert guest.run("cat /proc/sys/net/ipv6/conf/tzsp0/disable_ipv6") == "1"


def test_root_is_read_only_and_data_is_not(guest: Guest) -> None:
    options = guest.run("findmnt -n -o OPTIONS / || grep ' / ' /proc/mounts | tail -1")
    assert options.split(",")[0].endswith("ro") or " ro," in options
    guest.run("touch /var/lib/glovebox/written && rm /var/lib/glovebox/written")


def test_units_verify_on_the_device(guest: Guest) -> None:
    units = "find /usr/lib/systemd/system -maxdepth 1 -type f -name 'glovebox-*'"
    output = guest.execute(f"systemd-analyze verify --man=no $({units}) 2>&1")[1]
    assert [line for line in output.splitlines() if "glovebox" in line] == []


def test_each_service_has_a_user_of_its_own_and_few_rights(guest: Guest) -> None:
    names = guest.run("systemctl list-units --plain --no-legend 'glovebox-*.service'")
    services = [line.split()[0] for line in names.splitlines()]
    users = {}
    for service in services:
        shown = guest.run(f"systemctl show {service} -p User -p CapabilityBoundingSet")
        values = dict(line.split("=", 1) for line in shown.splitlines())
        users[service] = values["User"]
        rights = RIGHTS.get(service, {"cap_net_raw"})
        assert set(values["CapabilityBoundingSet"].split()) <= rights, service
    assert users.pop(CHRONYS, "_chrony") == "_chrony"
    assert all(user.startswith("glovebox-") for user in users.values()), users


def test_firewall_was_there_before_any_port_had_an_address(guest: Guest) -> None:
    loaded, networkd = (
        int(guest.run(f"systemctl show {unit} -P {moment}TimestampMonotonic"))
        for unit, moment in (
            ("glovebox-firewall-closed", "ActiveEnter"),
            ("systemd-networkd", "ExecMainStart"),
        )
    )
    assert 0 < loaded < networkd
    assert "policy drop" in guest.run("nft list table inet glovebox")


def test_clock_is_kept_on_the_disk(guest: Guest) -> None:
    guest.run("systemctl start glovebox-clock.service")
    stamp = float(guest.run("stat -c %Y /var/lib/glovebox/time/clock"))
    assert stamp > float(guest.run("date +%s"))
    assert guest.run("systemctl is-active chrony") == "active"


def test_image_has_a_name_and_a_version(guest: Guest) -> None:
    shown = guest.run('. /etc/os-release; echo "$IMAGE_ID $IMAGE_VERSION"; echo "$PRETTY_NAME"')
    assert shown.splitlines()[0] == f"glovebox {__version__}"
    assert shown.splitlines()[1].startswith(f"Glovebox {__version__} on Debian")
    assert guest.run("glovebox --version") == f"glovebox {__version__}"


def test_page_answers(page: PageClient) -> None:
    status = page.get("api/status")
    assert status["parts"]["engine"] == "listening"


def test_no_template_of_the_page_is_compiled_on_the_device(guest: Guest) -> None:
    program = (
        "from flask import Flask; from jinja2 import Environment;"
        " from appliance.web import ready_templates;"
        " Environment._generate = None;"
        ' made = Flask("appliance.web").jinja_env; ready_templates.install(made);'
        " print(len([made.get_template(name) for name in made.list_templates()]))"
    )
    templates = Path(ready_templates.__file__).with_name("templates")
    assert int(guest.run(f"python3 -c '{program}'", 60)) == len(list(templates.rglob("*.html")))


def test_only_documented_ports_listen(guest: Guest) -> None:
    sockets = guest.run("ss -H -l -n -u -t -p").splitlines()
    ports = {line.split()[4].rpartition(":")[2]: line for line in sockets}
    # 68 and 546: networkd's DHCP clients; 123: chrony, which the firewall lets only the kit ask;
    # 5353: our name by multicast DNS; 8200 and 1900: films; 514: logs of routers;
    # 2055 and 4739: their flows.
    documented = {"37008", "80", "443", "123", "5353", "8200", "1900", "514"}
    documented |= {"2055", "4739"}
    undocumented = ports.keys() - documented - {"68", "546"}
    # minidlna announces itself from a port of the kernel's choice.
    assert [line for port in undocumented if "minidlnad" not in (line := ports[port])] == []
    assert documented <= ports.keys()


def test_regular_senders_have_queues_of_their_own(guest: Guest) -> None:
    """Several sockets share the port, and the receiver has them all."""
    queues = guest.run("grep -c ':9090 ' /proc/net/udp6").strip()
    wanted = guest.run("grep -c ^ListenDatagram= /usr/lib/systemd/system/glovebox-receiver.socket")
    assert queues == wanted.strip() == "3"
    log = guest.run("journalctl -b -u glovebox-receiver -p warning --no-pager -q")
    assert "no queues of their own" not in log


def test_only_routes_to_our_own_links_count_for_the_firewall(guest: Guest) -> None:
    """With them it knows neighbours; without them, everybody would be one."""
    for family in ("-4", "-6"):
        rules = guest.run(f"ip {family} rule")
        assert "fwmark 0x676c lookup main suppress_prefixlength 0" in rules
        assert re.search("fwmark 0x676c .*unreachable", rules)


def test_page_answers_https_with_the_certificate_that_it_names(guest: Guest) -> None:
    asked = "openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null"
    shown = guest.run(f"{asked} | openssl x509 -noout -fingerprint -sha256")
    kept = "openssl x509 -in /var/lib/glovebox/web/https.pem -noout -fingerprint -sha256"
    assert shown == guest.run(kept)
    assert (
        guest.run("stat -c '%a %U' /var/lib/glovebox/web/https.pem").strip() == "600 glovebox-web"
    )


def test_boot_says_by_what_the_certificate_is_known(guest: Guest) -> None:
    kept = "openssl x509 -in /var/lib/glovebox/web/https.pem -noout -fingerprint -sha256"
    fingerprint = guest.run(kept).partition("=")[2].strip()
    waiting = "while [ -e /run/glovebox-web/outbox/glovebox-https.txt ]; do sleep 0.2; done"
    guest.run(f"timeout 100 sh -c '{waiting}'", 120)
    assert fingerprint in guest.run("cat /boot/firmware/glovebox-https.txt").splitlines()
    until = "until findmnt -no OPTIONS /boot/firmware | grep -q ^ro; do sleep 0.2; done"
    guest.run(f"timeout 100 sh -c '{until}'", 120)


def test_router_is_accepted_alone_and_anybody_again(guest: Guest) -> None:
    """As the page asks for it; the firewall tells when it is in force."""
    ask = (
        "from appliance.requests import ACCEPTING, Inbox, WantedRouters;"
        " Inbox(ACCEPTING, WantedRouters).post(WantedRouters({}))"
    )
    rules = "nft list table inet glovebox | grep -q 'saddr 192.0.2.77'"
    for wanted, is_there in (('("192.0.2.77",)', True), ("()", False)):
        guest.run(f"python3 -c '{ask.format(wanted)}'")
        waiting = "until" if is_there else "while"
        guest.run(f'timeout 100 sh -c "{waiting} {rules}; do sleep 0.2; done"', 120)
        kept = "test -e /var/lib/glovebox/accepted/routers.toml"
        assert (guest.execute(kept)[0] == 0) is is_there
        waiting = "while [ -e /run/glovebox-supervisor/glovebox-receiver ]; do sleep 0.2; done"
        guest.run(f"timeout 100 sh -c '{waiting}'", 120)
        # The marker comes from this machine, which is always accepted.
        guest.run("glovebox selftest --seconds 30", 120)
    assert guest.run("systemctl --failed --plain --no-legend") == ""


def test_each_unit_of_ours_is_well_sandboxed(guest: Guest) -> None:
    command = "systemctl list-unit-files --plain --no-legend 'glovebox-*.service'"
    units = [line.split()[0] for line in guest.run(command).splitlines()]
    exposure = {}
    for unit in units:
        report = guest.execute(f"systemd-analyze security --no-pager {unit.replace('@', '@x')}")[1]
        exposure[unit] = float(report.splitlines()[-1].split(": ")[1].split()[0])
    assert beyond(exposure) == {}


def test_the_kernel_does_what_it_is_told(guest: Guest) -> None:
    wanted = {f"/proc/sys/{key.replace('.', '/')}": value for key, value in told().items()}
    found = dict(
        line.split(":", 1)
        for line in guest.run(f"grep -sH . {' '.join(wanted)} || true").splitlines()
    )
    assert len(found) > len(wanted) - 3, "a kernel may lack what is told as well as it can"
    assert found == {place: wanted[place] for place in found}


def test_what_is_mounted_is_on_the_disk_that_holds_the_root(guest: Guest) -> None:
    root = guest.run("findmnt -n -o SOURCE /").rstrip("0123456789")
    for number, place in ((1, "/boot/firmware"), (2, "/"), (5, "/var/lib/glovebox")):
        assert guest.run(f"readlink -f /dev/glovebox/part{number}") == f"{root}{number}"
        assert guest.run(f"findmnt -n -o SOURCE {place}") == f"{root}{number}"


def test_no_driver_is_there_that_nobody_needs(guest: Guest) -> None:
    found = "find /usr/lib/modules -name 'usbhid.ko*' -o -name 'snd*.ko*' -o -name 'option.ko*'"
    assert guest.run(found) == ""
    for needed in ("usb_storage", "uas", "r8152", "ftdi_sio", "brcmfmac", "exfat", "ntfs3",
                   "dm_verity", "squashfs", "loop"):  # fmt: skip
        guest.run(f"modprobe --dry-run {needed}")


def test_no_file_is_there_that_nobody_reads(guest: Guest) -> None:
    names = "sed 's/ *#.*//; /^$/d' /usr/share/glovebox/files-left-out"
    assert int(guest.run(f"{names} | wc -l")) > 40
    listed = f"{names} | while read -r name; do ls -d $name; done 2>/dev/null"
    assert guest.run(f"cd / && ({listed}; true)") == ""


def test_no_keyboard_restarts_the_machine(guest: Guest) -> None:
    assert guest.run("systemctl is-enabled ctrl-alt-del.target || true") == "masked"
    assert guest.run("systemctl show -P CtrlAltDelBurstAction") == "none"
    assert guest.run("cat /proc/sys/kernel/sysrq") == "0"


def test_only_the_page_has_its_secrets(guest: Guest) -> None:
    run = "/run/glovebox-settings"
    for user in ("glovebox-films", "glovebox-ids", "glovebox-dnsmasq", "glovebox-receiver"):
        read = f"setpriv --reuid={user} --regid=glovebox --clear-groups ls {run}/secrets"
        assert guest.execute(read)[0] != 0, user
    assert guest.run("ls /run/credentials/glovebox-web.service") == "web.toml"
