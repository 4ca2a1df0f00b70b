# SPDX-License-Identifier: MIT
"""Lists in other programs' forms; BIND's own checker judges the zone, of hostile lists too."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.formats.bad_lists import ListedEntry, ListOrigin, read_list
from appliance.formats.indicators import written
from appliance.intel.allowed import Allowed, allowed_of
from appliance.intel.list_outputs import LONGEST_IN_ZONE, OUTPUTS, ZONE, ListToTell, merged
from tests.conftest import missing

ENTRIES = [
    b"192.0.2.53", b"198.51.100.0/24", b"2001:db8::/32", b"2001:db8:0:1::5", b"a.bad.example",
    b"bad.example", b"x.fine.example",
]  # fmt: skip
NOTHING = Allowed()


def made(name: str, entries: list[bytes] = ENTRIES, allowed: Allowed = NOTHING) -> str:
    return "".join(OUTPUTS[name]([a_list_of("a.txt", entries)], allowed, 1_795_777_200))


def a_list_of(name: str, entries: list[bytes]) -> ListToTell:
    return ListToTell(name, [(entry, ()) for entry in entries])


def test_lists_are_one_list() -> None:
    lists = [a_list_of("a", [b"a", b"c"]), a_list_of("b", [b"a", b"b"]), a_list_of("c", [])]
    assert list(merged(lists)) == [b"a", b"b", b"c"]


def test_a_zone_of_policies() -> None:
    zone = made("rpz.zone", allowed=allowed_of(["fine.example", "198.51.100.0/25"]))
    for line in (
        "bad.example CNAME .", "*.bad.example CNAME .", "32.53.2.0.192.rpz-ip CNAME .",
        "24.0.100.51.198.rpz-ip CNAME .", "32.zz.db8.2001.rpz-ip CNAME .",
        "128.5.zz.1.0.db8.2001.rpz-ip CNAME .", "fine.example CNAME rpz-passthru.",
        "25.0.100.51.198.rpz-ip CNAME rpz-passthru.",
    ):  # fmt: skip
        assert f"\n{line}\n" in zone
    assert "x.fine.example" not in zone and " 1795777200 " in zone


def test_hosts_networks_and_zeek() -> None:
    allowed = allowed_of(["fine.example", "198.51.0.0/16"])
    assert made("hosts.txt", allowed=allowed) == "0.0.0.0 a.bad.example\n0.0.0.0 bad.example\n"
    found = made("networks.txt", allowed=allowed).split()
    assert found == ["192.0.2.53", "2001:db8::/32", "2001:db8:0:1::5"]
    zeek = made("zeek.intel")
    assert zeek.startswith("#fields\tindicator\tindicator_type\t")
    assert "192.0.2.53\tIntel::ADDR\t" in zeek and "198.51.100.0/24\tIntel::SUBNET\t" in zeek


@pytest.mark.net
def test_nft_loads_the_sets_and_fills_them_anew(tmp_path: Path) -> None:
    if shutil.which("nft") is None or os.geteuid():
        missing("nft as root")
    many = [b"198.51.%d.%d" % (high, low) for high in range(4) for low in range(250)]
    run(tmp_path, made("networks.nft", sorted([*many, b"198.51.100.0/24", b"198.51.100.7"])))
    told = run(tmp_path, made("networks.nft", ENTRIES, allowed_of(["198.51.0.0/16"])))
    elements = {
        element if isinstance(element, str) else "{addr}/{len}".format(**element["prefix"])
        for each in json.loads(told)["nftables"]
        for element in each.get("set", {}).get("elem", ())
    }
    assert elements == {"192.0.2.53", "2001:db8::/32"}


def run(folder: Path, text: str) -> str:
    """Load a file in a network namespace of its own after those of before; return the rules."""
    with (folder / "all.nft").open("a") as file:
        file.write(text)
    argv = ["unshare", "-n", "sh", "-c", "nft -f $0 && nft -j list ruleset", file.name]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", ["hosts.txt", "networks.txt", "zeek.intel"])
def test_what_is_written_is_what_is_read(name: str) -> None:
    """The same reader takes it back that takes the lists of others."""
    lines = made(name).encode().split(b"\n")
    found = [
        written(each.network) if each.network else each.name
        for each in read_list(lines)
        if isinstance(each, ListedEntry)
    ]
    wanted = [each.decode() for each in ENTRIES]
    if name != "zeek.intel":
        wanted = [each for each in wanted if each.endswith("example") == (name == "hosts.txt")]
    assert found == wanted


def test_zeek_is_told_which_pulses_say_so() -> None:
    one = ListOrigin("Kit", "team", "2026-11-20", "https://otx.alienvault.com/pulse/65a1")
    lists = [
        ListToTell("otx", [(b"bad.example", [one, ListOrigin("Other")]), (b"x.fine.example", [])]),
        a_list_of("a.txt", [b"bad.example"]),
    ]
    text = "".join(OUTPUTS["zeek.intel"](lists, allowed_of(["fine.example"]), 1))
    assert text.splitlines()[1:] == [
        "bad.example\tIntel::DOMAIN\totx/team\tKit\thttps://otx.alienvault.com/pulse/65a1",
        "bad.example\tIntel::DOMAIN\totx\tOther\t-",
        "bad.example\tIntel::DOMAIN\ta.txt\t-\t-",
    ]


def a_list(chance: random.Random) -> list[bytes]:
    """Return the lines of a list as nobody should hand it out."""
    signs = 'abz019-_.*$;@"\\ ()\t/:%<>é'
    lines = [
        "".join(chance.choice(signs) for _ in range(chance.randrange(1, 60))) for _ in range(20)
    ]
    labels = ["a" * chance.randrange(1, 64) for _ in range(chance.randrange(1, 6))]
    lines += [".".join(labels), ".".join(["a" * 61] * 4), "a.rpz-ip", "32.1.2.3.4.rpz-ip.x"]
    lines += [f"{chance.randrange(256)}.{chance.randrange(256)}.0.0/{chance.randrange(33)}"]
    lines += [f"2001:{chance.randrange(65536):x}::{chance.randrange(65536):x}", "_dns.bad.example"]
    lines += [f"{ZONE}", "bad.example", "evil.example\n$INCLUDE /etc/passwd", "in-addr.arpa"]
    # What begins like a page would be no list at all.
    return [b"first.example", *(line.encode() for line in lines)]


CHECKERS = (("named-checkzone", "-q", "-i", "none"), ("nsd-checkzone",))


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS, ids=lambda each: each[0])
def test_servers_take_the_zones_of_a_hundred_hostile_lists(
    tmp_path: Path, checker: tuple[str, ...]
) -> None:
    program = shutil.which(checker[0], path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        missing(f"no {checker[0]}")
    counts = []
    for seed in range(100):
        found = {
            written(each.network) if each.network else each.name
            for each in read_list(a_list(random.Random(seed)))
            if isinstance(each, ListedEntry)
        }
        entries = sorted(each.encode() for each in found)
        zone = tmp_path / "zone"
        zone.write_text(made("rpz.zone", entries, allowed_of(["bad.example"])))
        argv = [str(program), *checker[1:], ZONE, str(zone)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (seed, done.stdout, done.stderr)
        counts.append(len(entries))
    assert min(counts) >= 3


def test_a_name_that_fits_nowhere_is_left_out() -> None:
    long = ".".join(["a" * 60] * 4)
    assert len(long) > LONGEST_IN_ZONE - 10
    name = ("b" * 30 + "." + long)[-(LONGEST_IN_ZONE + 1) :].lstrip(".")
    zone = made("rpz.zone", [name.encode(), b"1.rpz-ip", b"bad.example"])
    assert (len(name) <= LONGEST_IN_ZONE) == (name in zone)
    assert "\n1.rpz-ip CNAME" not in zone and "\nbad.example CNAME" in zone
