# SPDX-License-Identifier: MIT
"""Debian as a build takes it: which suite, and the keyring that its packages are checked with."""

from __future__ import annotations

from pathlib import Path

from appliance.errors import InputError

SUITE = "trixie"
KEYRINGS = Path("/usr/share/keyrings")


def debian_keyring(folder: Path = KEYRINGS) -> Path:
    """Return the host's keyring of the Debian archive. Raises InputError.

    Hosts that are not Debian have it too, once they are set up.
    """
    found = sorted(folder.glob("debian-archive-keyring.*"))
    if not found:
        raise InputError("no debian-archive-keyring on this host: run `./build.sh setup`")
    return found[0]
