# SPDX-License-Identifier: MIT
"""Which address is in which country: Debian's tor-geoipdb, as columns that a device searches.

The package wants Tor itself, which no image of ours has: it goes into a root of its own, of which
nothing but its two lists is taken (IPFire's data, CC BY-SA 4.0).
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from appliance.countries import country_table
from image.build.cache import Input, discard
from image.build.context import BuildContext
from image.build.debian import SUITE, debian_keyring
from image.build.roots import Root

PLACE = "usr/share/glovebox"
PACKAGE = "tor-geoipdb"
LISTS = ("usr/share/tor/geoip", "usr/share/tor/geoip6")


def build_countries(context: BuildContext) -> Path:
    """Make the table where it is not there yet; return the folder that holds it."""
    root = Root(SUITE, (PACKAGE,), mirror=context.mirror, keyring=debian_keyring())
    inputs: list[Input] = [*root.inputs, Path(__file__), Path(country_table.__file__)]

    def make(target: Path) -> None:
        tar = target.with_suffix(".tar")
        try:
            root.make(tar, context.log("countries"))
            content = packed(tar)
        finally:
            discard(tar)
        target.mkdir()
        (target / country_table.FILE.name).write_bytes(content)

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
