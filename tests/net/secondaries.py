# SPDX-License-Identifier: MIT
"""Real servers of names that take the zone of the lists: BIND, and Unbound."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.intel.list_outputs import ZONE
from appliance.zone.knot_conf import ALGORITHM, KEY_NAME, PORT
from tests.net.namespaces import DEADLINE_S, ROUTER_ADDRESS, SENSOR_ADDRESS, Network

# Unbound asks from the first address of its machine.
UNBOUND, BIND = ROUTER_ADDRESS, "192.0.2.11"

# `min-update-interval` is 60 s by default; nobody else is asked, so what is not listed fails.
_NAMED = """\
options {{
    directory "{folder}";
    listen-on {{ {address}; }};
    transfer-source {address};
    query-source address {address};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    recursion yes;
    forward only;
    forwarders {{ 127.0.0.9; }};
    dnssec-validation no;
    allow-query {{ any; }};
    response-policy {{ zone "{zone}" min-update-interval 0; }} qname-wait-recurse no;
}};
controls {{ }};
key "{key}" {{ algorithm {algorithm}; secret "{secret}"; }};
zone "{zone}" {{
    type secondary;
    primaries {{ {primary} port {port} key "{key}"; }};
    file "rpz.db";
    masterfile-format text;
    request-expire no;
}};
"""
_UNBOUND = """\
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    interface: {address}
    do-ip6: no
    access-control: 0.0.0.0/0 allow
    module-config: "respip iterator"
    trust-anchor-signaling: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.9
rpz:
    name: "{zone}"
    primary: {primary}@{port}
    allow-notify: {primary}
    zonefile: "rpz.db"
    rpz-log: yes
remote-control:
    control-enable: no
"""


@dataclass(frozen=True)
class Secondary:
    """A server that answers at an address, its zone file and what it logs."""

    network: Network
    address: str
    log: Path

    def status(self, name: str, kind: str = "A") -> str:
        """Return the word of its answer: NXDOMAIN for what is listed; empty where there is none."""
        with self.network.inside(self.network.router):
            done = subprocess.run(
                ["dig", f"@{self.address}", "+time=2", "+tries=1", name, kind],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        return done.stdout.partition("status: ")[2].partition(",")[0]

    def refuses(self, name: str) -> bool:
        """Tell whether a name does not exist for who asks."""
        return self.status(name) == "NXDOMAIN"


def _configuration(template: str, folder: Path, address: str, secret: str = "") -> str:
    return template.format(
        folder=folder, address=address, zone=ZONE, primary=SENSOR_ADDRESS, port=PORT,
        key=KEY_NAME, algorithm=ALGORITHM, secret=secret,
    )  # fmt: skip


@contextlib.contextmanager
def bind(network: Network, folder: Path, secret: str) -> Iterator[Secondary]:
    """Run BIND, which signs with `secret`."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["ip", "-n", network.router, "address", "replace", f"{BIND}/24", "dev", "cable"],
                   check=True)  # fmt: skip
    (folder / "named.conf").write_text(_configuration(_NAMED, folder, BIND, secret))
    argv = ["named", "-g", "-n", "1", "-d", "3", "-c", str(folder / "named.conf")]
    with _running(network, argv, folder / "log"):
        yield Secondary(network, BIND, folder / "log")


@contextlib.contextmanager
def unbound(network: Network, folder: Path) -> Iterator[Secondary]:
    """Run Unbound, which does not sign."""
    folder.mkdir(exist_ok=True)
    (folder / "unbound.conf").write_text(_configuration(_UNBOUND, folder, UNBOUND))
    argv = ["unbound", "-d", "-c", str(folder / "unbound.conf")]
    with _running(network, argv, folder / "log"):
        yield Secondary(network, UNBOUND, folder / "log")


@contextlib.contextmanager
def _running(network: Network, argv: list[str], log: Path) -> Iterator[None]:
    with network.inside(network.router), log.open("ab") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
