# SPDX-License-Identifier: MIT
"""Filling in what an engine is configured with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.errors import ConfigError, InputError
from appliance.settings.config import Config
from appliance.settings.sections.fit import Network

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
