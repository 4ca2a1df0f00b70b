# SPDX-License-Identifier: MIT
"""All lists in force in the forms that other programs read; pure.

A zone of response policies (RPZ: draft-vixie-dnsop-dns-rpz, as BIND and Unbound read it), a hosts
file (also RouterOS' adlist), addresses and networks as text and as sets of nftables, and Zeek's
intelligence file. One entry that a server of names refuses makes it refuse the whole zone: what
does not fit is left out.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_network

from appliance.formats.bad_lists import ListOrigin
from appliance.intel.allowed import Allowed

ZONE = "rpz.glovebox"
# What a name may have with `*.` before and the zone behind it: 255 bytes on the wire (RFC 1035).
LONGEST_IN_ZONE = 255 - len("*.") - len(ZONE) - 2
# Elements that nft gets in a line.
A_LINE = 100
_RESERVED = ("rpz-", "arpa")


@dataclass(frozen=True, slots=True)
class ListToTell:
    """A list: its name, and each entry, sorted by bytes, with who says so within it."""

    name: str
    entries: Iterable[tuple[bytes, Sequence[ListOrigin]]]


Output = Callable[[Sequence[ListToTell], Allowed, int], Iterator[str]]


def merged(lists: Sequence[ListToTell]) -> Iterator[bytes]:
    """Yield each entry of lists once, sorted by bytes."""
    alone = ((entry for entry, _ in each.entries) for each in lists)
    for entry, _ in itertools.groupby(heapq.merge(*alone)):
        yield entry


def is_network(entry: str) -> bool:
    """Tell networks and addresses from names."""
    return ":" in entry or entry.replace(".", "").replace("/", "").isdigit()


def _kept(entries: Iterable[bytes], allowed: Allowed) -> Iterator[tuple[str, bool]]:
    """Yield what is not allowed, and whether it is a network."""
    for line in entries:
        entry = line.decode()
        if is_network(entry):
            if not _is_within(entry, allowed):
                yield entry, True
        elif not allowed.name(entry):
            yield entry, False


def _is_within(entry: str, allowed: Allowed) -> bool:
    if not allowed.networks:
        return False
    found = ip_network(entry)
    return any(
        found.version == each.version and found[0] in each and found[-1] in each
        for each in allowed.networks
    )


def rpz(lists: Sequence[ListToTell], allowed: Allowed, serial: int) -> Iterator[str]:
    """Yield a zone: who is allowed passes, what is listed does not exist."""
    yield f"$ORIGIN {ZONE}.\n$TTL 300\n"
    yield f"@ SOA localhost. nobody.invalid. {serial % (1 << 32)} 3600 600 604800 300\n"
    yield "@ NS localhost.\n"
    for name in sorted(allowed.names):
        yield from _records(name, "rpz-passthru.")
    for network in allowed.networks:
        yield f"{_trigger(str(network))} CNAME rpz-passthru.\n"
    for entry, is_net in _kept(merged(lists), allowed):
        if is_net:
            yield f"{_trigger(entry)} CNAME .\n"
        else:
            yield from _records(entry, ".")


def _records(name: str, target: str) -> Iterator[str]:
    last = name.rpartition(".")[2]
    if len(name) <= LONGEST_IN_ZONE and not last.startswith(_RESERVED):
        yield f"{name} CNAME {target}\n*.{name} CNAME {target}\n"


def _trigger(entry: str) -> str:
    """Return the owner name of a network: its length, then the address from behind."""
    network = ip_network(entry)
    if isinstance(network, IPv6Network):
        words = [f"{int(word, 16):x}" for word in network[0].exploded.split(":")]
        return ".".join([str(network.prefixlen), *_shortened(words[::-1]), "rpz-ip"])
    octets = str(network[0]).split(".")
    return ".".join([str(network.prefixlen), *octets[::-1], "rpz-ip"])


def _shortened(words: list[str]) -> list[str]:
    """Put zz in the place of the longest run of zeros, of which there may be one."""
    runs = [
        (len(list(group)), value)
        for value, group in itertools.groupby(words, key=lambda word: word == "0")
    ]
    longest = max((length for length, zeros in runs if zeros), default=0)
    if longest < 2:
        return words
    found: list[str] = []
    at = 0
    done = False
    for length, zeros in runs:
        is_it = zeros and length == longest and not done
        found += ["zz"] if is_it else words[at : at + length]
        done, at = done or is_it, at + length
    return found


def hosts(lists: Sequence[ListToTell], allowed: Allowed, serial: int) -> Iterator[str]:
    """Yield a hosts file of the names."""
    return (f"0.0.0.0 {name}\n" for name, is_net in _kept(merged(lists), allowed) if not is_net)


def networks(lists: Sequence[ListToTell], allowed: Allowed, serial: int) -> Iterator[str]:
    """Yield addresses and networks, one a line."""
    return (f"{network}\n" for network, is_net in _kept(merged(lists), allowed) if is_net)


def nftables(lists: Sequence[ListToTell], allowed: Allowed, serial: int) -> Iterator[str]:
    """Yield what nft(8) loads with -f: two sets that are filled anew, all at once or not at all."""
    yield "add table inet glovebox\n"
    for version in (4, 6):
        kind = f"{{ type ipv{version}_addr; flags interval; auto-merge; }}"
        yield f"add set inet glovebox listed{version} {kind}\n"
        yield f"flush set inet glovebox listed{version}\n"
    found = (entry for entry, is_net in _kept(merged(lists), allowed) if is_net)
    for is_ipv6, group in itertools.groupby(found, key=lambda entry: ":" in entry):
        while part := list(itertools.islice(group, A_LINE)):
            listed = ", ".join(part)
            yield f"add element inet glovebox listed{6 if is_ipv6 else 4} {{ {listed} }}\n"


def zeek(lists: Sequence[ListToTell], allowed: Allowed, serial: int) -> Iterator[str]:
    """Yield Zeek's intelligence file; columns stand between tabs, and `-` is nothing.

    Zeek keeps what it is told by source: an author within a list is one of his own.
    """
    yield "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"
    for each in lists:
        for line, origins in each.entries:
            for entry, is_net in _kept((line,), allowed):
                kind = ("SUBNET" if "/" in entry else "ADDR") if is_net else "DOMAIN"
                for origin in origins or (ListOrigin(),):
                    source = f"{each.name}/{origin.author}" if origin.author else each.name
                    told = (source, origin.title or "-", origin.link or "-")
                    yield "\t".join((entry, f"Intel::{kind}", *told)) + "\n"


OUTPUTS: Mapping[str, Output] = {
    "rpz.zone": rpz,
    "hosts.txt": hosts,
    "networks.txt": networks,
    "networks.nft": nftables,
    "zeek.intel": zeek,
}
