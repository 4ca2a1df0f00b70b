# SPDX-License-Identifier: MIT
"""The fault table: what is done to the booted sensor, and how it is to tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field

STORE = "/var/lib/glovebox/alerts/alerts.db"
UNIT = "systemd-run --quiet --collect --unit={name} python3 -c '{program}'"
HOLDS_STORE = f"""
import sqlite3, time
store = sqlite3.connect("{STORE}", isolation_level=None, timeout=60)
store.execute("BEGIN EXCLUSIVE")
time.sleep(600)
"""
# Takes memory until hardly any is left, and keeps it.
HOGS_MEMORY = """
import time
held = []
def available():
    return next(int(line.split()[1]) for line in open("/proc/meminfo") if "Available" in line)
total = int(open("/proc/meminfo").readline().split()[1])
while available() > total * 0.02:
    held.append(b"x" * (4 << 20))
time.sleep(600)
"""


@dataclass(frozen=True)
class Fault:
    """One row.

    `inject` and `mend` are shell commands in the guest; without `mend` the sensor heals itself.
    `says` is what the page must say, a regular expression; empty where nothing is wrong with what
    the sensor does. `ends` are the services that may be started anew. `loses` tells whether frames
    may pass uninspected meanwhile, and their alerts with them.
    """

    name: str
    inject: str
    says: str
    mend: str = ""
    ends: frozenset[str] = field(default=frozenset())
    loses: bool = False

    @property
    def heals_itself(self) -> bool:
        """Whether nobody has to do anything."""
        return not self.mend


SERVICES = {
    "receiver": "[Rr]eceiver",
    "ids": "detection engine ended|Snort (does not|is starting|runs, but)",
    "alerts": "[Aa]lert store (ended|is starting|does not)|their store",
    "web": "status page",
    "leds": "LED service",
    "supervisor": "[Ss]upervisor",
    "films": "film server|[Mm]edia server",
}


def _service(name: str, signal: str, verb: str) -> Fault:
    unit = f"glovebox-{name}"
    return Fault(
        f"{unit} {verb}",
        f"systemctl kill --signal={signal} {unit}",
        SERVICES[name],
        ends=frozenset((f"{unit}.service",)),
        # What is in Snort's buffers when it is killed, and what comes while it starts.
        loses=name == "ids",
    )


ENGINE = frozenset(("glovebox-ids.service",))

FAULTS = (
    *(_service(name, "KILL", "killed") for name in SERVICES),
    *(_service(name, "STOP", "stopped") for name in SERVICES),
    Fault(
        "glovebox-dhcp@eth0 stopped",
        "systemctl kill --signal=STOP glovebox-dhcp@eth0",
        "guard over DHCP",
        ends=frozenset(("glovebox-dhcp@eth0.service",)),
    ),
    Fault("tzsp0 deleted", "ip link delete tzsp0", "tzsp0", ends=ENGINE, loses=True),
    Fault("tzsp0 set down", "ip link set tzsp0 down", "tzsp0", ends=ENGINE, loses=True),
    Fault(
        "database locked",
        UNIT.format(name="locker", program=HOLDS_STORE),
        "store is busy",
        mend="systemctl stop locker",
    ),
    Fault(
        "database damaged",
        f"dd if=/dev/urandom of={STORE} bs=100 count=1 conv=notrunc status=none",
        "store (is|was) damaged",
    ),
    Fault(
        "disk full",
        "head -c 1G /dev/zero >/var/lib/glovebox/filler || true",
        "no space is left|0 MiB of",
        mend="rm /var/lib/glovebox/filler",
    ),
    Fault(
        "wrong setting",
        "printf '[capture]\\nports = [0]\\n' >/var/lib/glovebox/glovebox.toml",
        "setting cannot be used.*ports = 0",
        mend="rm /var/lib/glovebox/glovebox.toml",
    ),
    Fault("clock a day ahead", "date -s '+1 day'", "clock was set forward by (1 d|23 h)",
          mend="date -s '-1 day'"),
    Fault("clock a day behind", "date -s '-1 day'", "clock was set back by (1 d|23 h)",
          mend="date -s '+1 day'"),
    Fault("clock at 1970", "date +%s >/run/then; date -s @86400", "before this firmware was made",
          mend="date -s @$(cat /run/then)"),
    Fault(
        "memory hog",
        UNIT.format(name="hog", program=HOGS_MEMORY),
        "memory are free; hog.service holds most",
        mend="systemctl stop hog",
    ),
    Fault("message bus restarted", "systemctl restart dbus", ""),
)  # fmt: skip
