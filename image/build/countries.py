# SPDX-License-Identifier: MIT
"""Which address is in which country, and the map: of Debian's packages, as a device wants them.

The package wants Tor itself, which no image of ours has: it goes into a root of its own, of which
nothing but its two lists is taken (IPFire's data, CC BY-SA 4.0). The outlines are Natural Earth's.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from appliance.countries import country_table, world_map
from image.build import outlines, r_data
from image.build.cache import Input, discard
from image.build.context import BuildContext
from image.build.debian import SUITE, debian_keyring
from image.build.roots import Root

PLACE = "usr/share/glovebox"
PACKAGE = "tor-geoipdb"
LISTS = ("usr/share/tor/geoip", "usr/share/tor/geoip6")


def build_countries(context: BuildContext) -> Path:
    """Make the table where it is not there yet; return the folder that holds it."""
    root = Root(SUITE, (PACKAGE,), mirror=context.mirror, keyring=debian_keyring(),
                hooks=(f"--customize-hook={outlines.HOOK}",))  # fmt: skip
    code = (__file__, country_table.__file__, outlines.__file__, r_data.__file__)
    inputs: list[Input] = [*root.inputs, *map(Path, code)]

    def make(target: Path) -> None:
        tar = target.with_suffix(".tar")
        try:
            root.make(tar, context.log("countries"))
            content, world = packed(tar), drawn(tar)
        finally:
            discard(tar)
        target.mkdir()
        (target / country_table.FILE.name).write_bytes(content)
        (target / world_map.FILE.name).write_bytes(world)

    return context.cache.stage("countries", "", inputs, make)


def packed(tar: Path) -> bytes:
    """Return the table of the lists in a root. Raises KeyError where there are none."""
    with tarfile.open(tar) as opened:
        found: list[list[str]] = []
        for name in LISTS:
            stream = opened.extractfile(f"./{name}")
            if stream is None:
                raise KeyError(name)
            found.append(io.TextIOWrapper(stream, "ascii").read().splitlines())
    four, six = found
    return country_table.pack(four, six, country_table.date_of(four))


def drawn(tar: Path) -> bytes:
    """Return the outlines in a root. Raises KeyError where there are none."""
    with tarfile.open(tar) as opened:
        found = []
        for ending in (".rdx", ".rdb"):
            stream = opened.extractfile(f"./{outlines.DATA}{ending}")
            if stream is None:
                raise KeyError(ending)
            found.append(stream.read())
    return outlines.packed(*found)
