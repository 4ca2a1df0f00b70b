# SPDX-License-Identifier: MIT
"""Which address is in which country, and whose, and the map: of Debian's packages, as columns.

tor-geoipdb wants Tor itself, which no image of ours has, and libloc-database has 40 MB: both go
into a root of their own, of which nothing but the lists is taken (IPFire's data, CC BY-SA 4.0).
The outlines are Natural Earth's.
"""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.countries import address_columns, country_table, owner_table, world_map
from appliance.formats import plain_address
from image.build.cache import Input, discard
from image.build.context import BuildContext
from image.build.debian import SUITE, debian_keyring
from image.build.roots import LOCK, Root
from image.world import libloc, outlines, r_data

PLACE = "usr/share/glovebox"
# Which packages these are, and their sums.
LISTS_LOCK = "lists.lock"
PACKAGES = ("tor-geoipdb", "libloc-database")
LISTS = ("usr/share/tor/geoip", "usr/share/tor/geoip6")
DATABASE = "usr/share/libloc-location/location.db"


def build_countries(context: BuildContext) -> Path:
    """Make the tables where they are not there yet; return the folder that holds them."""
    root = Root(SUITE, PACKAGES, mirror=context.mirror, keyring=debian_keyring(),
                hooks=(f"--customize-hook={outlines.HOOK}",))  # fmt: skip
    modules = (country_table, owner_table, address_columns, plain_address, libloc, outlines, r_data)
    inputs: list[Input] = [*root.inputs, Path(__file__), *(Path(str(m.__file__)) for m in modules)]

    def make(target: Path) -> None:
        tar = target.with_suffix(".tar")
        try:
            root.make(tar, context.log("countries"))
            countries, owners, world = packed(tar), packed_owners(tar), drawn(tar)
            lock = _read(tar, LOCK).decode()
        finally:
            discard(tar)
        target.mkdir()
        (target / address_columns.COUNTRIES.name).write_bytes(countries)
        (target / address_columns.OWNERS.name).write_bytes(owners)
        (target / world_map.FILE.name).write_bytes(world)
        (target / LISTS_LOCK).write_text(_of_lists(lock))

    return context.cache.stage("countries", "", inputs, make)


def _of_lists(lock: str) -> str:
    """Return the lines of those packages of which something is taken."""
    wanted = (*PACKAGES, outlines.PACKAGE)
    return "".join(f"{line}\n" for line in lock.splitlines() if line.split()[0] in wanted)


def packed(tar: Path) -> bytes:
    """Return the countries of the lists in a root. Raises KeyError where there are none."""
    four, six = (_read(tar, name).decode("ascii").splitlines() for name in LISTS)
    return country_table.pack(four, six, country_table.date_of(four))


def packed_owners(tar: Path) -> bytes:
    """Return the owners of the database in a root. Raises KeyError where there is none."""
    found = libloc.LocationDatabase(_read(tar, DATABASE))
    date = f"{datetime.fromtimestamp(found.created, UTC):%Y-%m-%d}"
    return owner_table.pack(found.four(), found.six(), found.names, date)


def drawn(tar: Path) -> bytes:
    """Return the outlines in a root. Raises KeyError where there are none."""
    return outlines.packed(*(_read(tar, f"{outlines.DATA}{ending}") for ending in (".rdx", ".rdb")))


def _read(tar: Path, name: str) -> bytes:
    with tarfile.open(tar) as opened:
        stream = opened.extractfile(f"./{name}")
        if stream is None:
            raise KeyError(name)
        return stream.read()
