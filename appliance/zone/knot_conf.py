# SPDX-License-Identifier: MIT
"""The configuration of Knot DNS: one zone, for the secondaries of the settings alone; pure.

Sources: Knot DNS 3.2 and 3.4, Configuration Reference; RFC 8945 (TSIG), RFC 1995 (IXFR).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.intel.list_outputs import ZONE
from appliance.settings.sections.fit import Address

# Port 53 is that of dnsmasq, and needs a capability.
PORT, SECONDARIES_PORT = 8053, 53
KEY_NAME, ALGORITHM = "glovebox", "hmac-sha256"
# What the changes of before may take of the card; who is further behind gets the whole zone.
JOURNAL, ALL_JOURNALS, CHANGES = "16M", "24M", 32

_CONF = """\
server:
    rundir: "{runtime}"
    listen: [ "0.0.0.0@{port}", "::@{port}" ]
    identity: ""
    version: ""
    automatic-acl: off
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-max-clients: 16
log:
  - target: stderr
    any: notice
database:
    storage: "{folder}"
    journal-db-max-size: {all_journals}
key:
  - id: {key_name}
    algorithm: {algorithm}
    secret: "{secret}"
{secondaries}zone:
  - domain: {zone}
    storage: "{folder}"
    file: "{file}"
    zonefile-load: difference
    zonefile-sync: -1
    journal-content: changes
    journal-max-usage: {journal}
    journal-max-depth: {changes}
    semantic-checks: off
    notify: [{notify}]
    acl: [{acl}]
"""


@dataclass(frozen=True, slots=True)
class Secondaries:
    """Who takes the zone: those who sign their requests, and those who cannot."""

    signing: Sequence[Address] = ()
    unsigned: Sequence[Address] = ()

    def __bool__(self) -> bool:
        return bool(self.signing or self.unsigned)


def render(secondaries: Secondaries, secret: str, zone_file: Path, runtime: Path) -> str:
    """Return the configuration; nothing in it comes from outside but typed settings."""
    groups = [
        ("signing", secondaries.signing, f"    key: {KEY_NAME}\n"),
        ("unsigned", secondaries.unsigned, ""),
    ]
    groups = [each for each in groups if each[1]]
    remotes = [f"{name}{at}" for name, places, _ in groups for at in range(len(places))]
    return _CONF.format(
        runtime=runtime, port=PORT, folder=zone_file.parent, file=zone_file.name, zone=ZONE,
        key_name=KEY_NAME, algorithm=ALGORITHM, secret=secret,
        journal=JOURNAL, all_journals=ALL_JOURNALS, changes=CHANGES,
        secondaries=_remotes(groups) + _acls(groups),
        notify=", ".join(remotes), acl=", ".join(name for name, _, _ in groups),
    )  # fmt: skip


_Group = tuple[str, Sequence[Address], str]


def _remotes(groups: Sequence[_Group]) -> str:
    return "remote:\n" + "".join(each for group in groups for each in _remotes_of(*group))


def _remotes_of(name: str, places: Sequence[Address], key: str) -> Iterator[str]:
    for at, place in enumerate(places):
        yield f'  - id: {name}{at}\n    address: "{place}@{SECONDARIES_PORT}"\n{key}'


def _acls(groups: Sequence[_Group]) -> str:
    return "acl:\n" + "".join(
        f"  - id: {name}\n    address: [{', '.join(map(str, places))}]\n{key}    action: transfer\n"
        for name, places, key in groups
    )
