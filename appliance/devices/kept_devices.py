# SPDX-License-Identifier: MIT
"""The devices on DATA, so that a restart forgets nobody."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files, shape
from appliance.reports.devices import HeardDevice

FOLDER = Path(os.environ.get("GLOVEBOX_DEVICES_DIRECTORY", "/var/lib/glovebox/devices"))
NAME = "heard.json"
LARGEST_FILE = 1 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptDevices:
    """What the file holds."""

    devices: tuple[HeardDevice, ...] = ()


def read(folder: Path) -> tuple[HeardDevice, ...]:
    """Return the devices; none where there is no file, or none that can be read."""
    try:
        with (folder / NAME).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ValueError("it is too large")
        return shape.from_json(KeptDevices, json.loads(content)).devices
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as error:
        log.error("the known devices cannot be read, and begin anew: %.200s", error)
        return ()


def keep(folder: Path, devices: Sequence[HeardDevice]) -> None:
    """Write the devices; an error is logged, and what is in memory stays."""
    text = json.dumps(shape.to_json(KeptDevices(tuple(devices))), separators=(",", ":"))
    try:
        files.write_durable(folder / NAME, text, 0o640)
    except OSError as error:
        log.error("the known devices cannot be kept: %s", error)
