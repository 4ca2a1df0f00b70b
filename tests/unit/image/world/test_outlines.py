# SPDX-License-Identifier: MIT
"""Outlines become paths in whole pixels, and small countries circles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from image.world import outlines, r_data

SQUARE = [0.0, 10.0, 10.0, 0.0, 0.0, 40.0, 40.0, 50.0, 50.0, 40.0]


def test_the_projection_is_equal_earth() -> None:
    middle = outlines.projected(0, 0)
    assert middle[0] == 480 and outlines.projected(0, 90)[1] == pytest.approx(0, abs=0.01)
    assert outlines.projected(-180, 0)[0] == pytest.approx(0)
    assert outlines.projected(180, 0)[0] == pytest.approx(960)
    # Twice as high as wide less a little: 2.05458 by the paper.
    assert 960 / (2 * middle[1]) == pytest.approx(2.05458, abs=1e-4)
    assert outlines.projected(30, -40)[1] - middle[1] == pytest.approx(
        middle[1] - outlines.projected(30, 40)[1]
    )


def test_countries_are_drawn_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    speck = [1.0, 1.0001, 1.0, 1.0, 5.0, 5.0, 5.0001, 5.0]
    sets: dict[str, Any] = {
        "countries110": {
            "iso_a2_eh": ["FR", "CH", "AQ", "-99", None],
            "geometry": [[[SQUARE], [speck]], [SQUARE], [SQUARE], [SQUARE], [SQUARE]],
        },
        "countries50": {
            "iso_a2_eh": ["FR", "SG", "-99", "AQ"], "label_x": [2.0, 103.8, 1.0, 0.0],
            "label_y": [46.0, 1.3, 1.0, -80.0],
        },
    }  # fmt: skip
    monkeypatch.setattr(r_data, "dataset", lambda index, base, name: sets[name])
    found = json.loads(outlines.packed(b"", b""))
    assert sorted(found["shapes"]) == ["CH", "FR"] and list(found["circles"]) == ["SG"]
    assert found["shapes"]["FR"] == found["shapes"]["CH"]
    path = found["shapes"]["CH"]
    assert path.startswith("M480,") and path.endswith("z") and path.count("M") == 1
    assert found["width"] == 960 and 400 < found["height"] < 467
