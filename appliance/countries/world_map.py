# SPDX-License-Identifier: MIT
"""The map of the world, from a file that the build makes: which shape has how strong a colour.

The file: JSON with `width` and `height`, `shapes` (paths of SVG by code) and `circles` (two numbers
by code) for countries too small to be shapes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path("/usr/share/glovebox/outlines")
# Above these shares of all bytes the colour of a country is a step stronger.
STEPS = (0.0, 0.001, 0.01, 0.05, 0.2)


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A country with traffic: `step` 1 to 5 is that of its colour; `path` is empty for a circle."""

    code: str
    step: int
    path: str
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True)
class WorldMap:
    """The picture: all `others` in one path, and the countries with traffic, the faintest first."""

    width: int
    height: int
    others: str
    places: tuple[MapPlace, ...]


def step(share: float) -> int:
    """Return how strong the colour of a country is, 1 to 5; 0 for one without traffic."""
    return sum(share > each for each in STEPS)


def drawn(shares: Mapping[str, float], file: Path) -> WorldMap | None:
    """Return the map of shares by code; None where this image has no outlines."""
    world = _world(file)
    if world is None:
        return None
    shapes, circles = world["shapes"], world["circles"]
    wanted = {code: step(share) for code, share in shares.items() if step(share)}
    others = "".join(path for code, path in shapes.items() if code not in wanted)
    places = [MapPlace(code, dark, shapes[code]) for code, dark in wanted.items() if code in shapes]
    places += [MapPlace(code, dark, "", *circles[code])
               for code, dark in wanted.items() if code in circles]  # fmt: skip
    # Circles lie over shapes.
    places.sort(key=lambda each: (not each.path, each.step, each.code))
    return WorldMap(world["width"], world["height"], others, tuple(places))


@functools.cache
def _world(file: Path) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if {"width", "height", "shapes", "circles"} <= found.keys() else None
