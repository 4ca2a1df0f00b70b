# SPDX-License-Identifier: MIT
"""The outlines of countries for the map: Natural Earth's (public domain), as a package of R has it.

Of Debian's r-cran-rnaturalearthdata its data are taken, and R is not installed. Projection: Equal
Earth (Šavrič, Patterson, Jenny: "The Equal Earth map projection", 2018), in whole pixels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from image.build.roots import LOCK
from image.world import r_data

PACKAGE = "r-cran-rnaturalearthdata"
PLACE = "usr/share/outlines"
DATA = f"{PLACE}/usr/lib/R/site-library/rnaturalearthdata/data/Rdata"
# mmdebstrap(1) names the configuration of the root's apt in MMDEBSTRAP_APT_CONFIG. dpkg knows
# nothing of the package, so it is put down here (image/hooks/record-packages); apt has compared its
# sum with the archive's.
HOOK = (
    f'mkdir -p "$1/{PLACE}" && cd "$1/{PLACE}" &&'
    f' APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -o APT::Sandbox::User=root download {PACKAGE} &&'
    " words=$(dpkg-deb --showformat '${Package} ${Version} ${Architecture}' -W *.deb) &&"
    f' sum=$(sha256sum *.deb) && echo "$words ${{sum%% *}}" >>"$1/{LOCK}" &&'
    " dpkg-deb -x *.deb . && rm *.deb"
)
WIDTH = 960
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
# Of no country that anybody sends from, and half of the height.
_LEFT_OUT = ("AQ",)


def projected(longitude: float, latitude: float) -> tuple[float, float]:
    """Return a place (degrees) in pixels, from the upper left corner of the whole world."""
    t = math.asin(_M * math.sin(math.radians(latitude)))
    slope = _A[0] + 3 * _A[1] * t**2 + t**6 * (7 * _A[2] + 9 * _A[3] * t**2)
    x = math.radians(longitude) * math.cos(t) / (_M * slope)
    y = t * (_A[0] + _A[1] * t**2 + t**6 * (_A[2] + _A[3] * t**2))
    return WIDTH / 2 + x * _SCALE, (_TOP - y) * _SCALE


_SCALE = WIDTH * _A[0] * _M / (2 * math.pi)
_TOP = 1.3173627591574


def packed(index: bytes, base: bytes) -> bytes:
    """Return the file of the map. Raises ValueError and KeyError for what is none."""
    rough = r_data.dataset(index, base, "countries110")
    fine = r_data.dataset(index, base, "countries50")
    shapes: dict[str, str] = {}
    for code, polygons in zip(rough["iso_a2_eh"], rough["geometry"], strict=True):
        if _is_code(code):
            shapes[code] = shapes.get(code, "") + "".join(map(_path, _rings(polygons)))
    circles = {
        code: [round(each) for each in projected(x, y)]
        for code, x, y in zip(fine["iso_a2_eh"], fine["label_x"], fine["label_y"], strict=True)
        if _is_code(code) and code not in shapes
    }
    world: Mapping[str, Any] = {"width": WIDTH, "height": _height(shapes), "shapes": shapes,
                                "circles": circles}  # fmt: skip
    return json.dumps(world, separators=(",", ":"), sort_keys=True).encode()


def _is_code(code: object) -> bool:
    good = isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha()
    return good and code not in _LEFT_OUT


def _rings(polygons: Sequence[Sequence[Sequence[float]]]) -> Iterator[Sequence[float]]:
    """Yield the outlines: all longitudes, then all latitudes; holes too."""
    for polygon in polygons:
        # A country of one piece is a polygon; others are several.
        rings: Iterable[Any] = polygon if isinstance(polygon[0], list) else (polygon,)
        yield from rings


def _path(ring: Sequence[float]) -> str:
    """Write a ring in whole pixels, each point as the way from the one before (SVG, 9.3)."""
    half = len(ring) // 2
    points = [
        tuple(round(each) for each in projected(*place))
        for place in zip(ring[:half], ring[half:], strict=True)
    ]
    kept = [points[0]]
    kept += [point for point, before in zip(points[1:], points, strict=False) if point != before]
    if len(kept) < 4:
        return ""
    ways = zip(kept, kept[1:-1], strict=False)
    steps = "".join(f"{x - a:+d}{y - b:+d}" for (a, b), (x, y) in ways)
    # A minus parts numbers as a space does.
    return f"M{kept[0][0]},{kept[0][1]}l{steps.removeprefix('+').replace('+', ' ')}z"


def _height(shapes: Mapping[str, str]) -> int:
    """Return how high the map is: nothing is drawn below the end of South America."""
    return round(projected(0, -58)[1])
