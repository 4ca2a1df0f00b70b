# SPDX-License-Identifier: MIT
"""Filling in what an engine is configured with."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.errors import ConfigError, InputError
from appliance.settings.config import Config
from appliance.settings.sections.fit import Network

# Each inspector has a filter that looks at each frame: more would pay more for that than they gain.
MOST = 6
# A second one from 700 MB on: beside one, boards with 512 MB have room for nothing.
MEMORY_KB_EACH = 350_000
# Characters of an interface that one inspector can be told from another by (netdevice(7): 15).
LONGEST_NAME = 13

_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


def read(file: Path) -> str:
    """Return the text of a file. Raises InputError with its name."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in the place of @NAMES@. Raises KeyError for a name without value."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def home_networks(networks: Sequence[Network]) -> str:
    """Return the value of HOME_NET: a list, or `any` where no network is named."""
    return f"[{','.join(map(str, networks))}]" if networks else "any"


def interface_of(settings: Config) -> str:
    """Return the sniffing interface. Raises ConfigError for a name that no interface can have."""
    name = settings.capture.interface
    if not _INTERFACE.fullmatch(name):
        raise ConfigError(f"[capture] interface = {name!r}: expected a name like tzsp0")
    return name


def inspectors_for(cores: int, memory_kb: int) -> int:
    """Return how many inspectors a board has room for: one a core, as far as memory goes."""
    return max(1, min(cores, MOST, memory_kb // MEMORY_KB_EACH))


def inspectors_of(settings: Config) -> int:
    """Return how many inspectors these settings mean on this machine."""
    from_owner = settings.ids.inspectors
    if settings.ids.engine != "suricata" or len(settings.capture.interface) > LONGEST_NAME:
        return 1
    if from_owner == "auto":
        return inspectors_for(len(os.sched_getaffinity(0)), memory_kb())
    return int(from_owner)


def memory_kb() -> int:
    """Return the memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024


def inspector_name(interface: str, number: int, count: int) -> str:
    """Return what an inspector calls the interface.

    Suricata has settings for each name once. The kernel knows the old names of aliases, with a
    colon behind the interface's own, as that interface (net/core/dev_ioctl.c).
    """
    return interface if count == 1 else f"{interface}:{number}"
