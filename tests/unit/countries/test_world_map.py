# SPDX-License-Identifier: MIT
"""Countries become darker by their share; what cannot be drawn is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.countries.world_map import drawn, step

WORLD = {
    "width": 960, "height": 430,
    "shapes": {"CH": "M1,1l1 0 0 1z", "DE": "M3,1l1 0 0 1z", "FR": "M5,1l1 0 0 1z"},
    "circles": {"SG": [7, 8], "MT": [9, 9]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("share", "dark"),
    [(0.0, 0), (1e-9, 1), (0.001, 1), (0.0011, 2), (0.02, 3), (0.06, 4), (0.21, 5), (1.0, 5)],
)
def test_how_dark(share: float, dark: int) -> None:
    assert step(share) == dark


def test_shapes_and_circles_with_traffic_stand_apart(tmp_path: Path) -> None:
    file = tmp_path / "outlines"
    file.write_text(json.dumps(WORLD))
    found = drawn({"DE": 0.5, "SG": 0.3, "CH": 0.01, "XX": 0.1, "": 0.2, "FR": 0.0}, file)
    assert found is not None and (found.width, found.height) == (960, 430)
    assert found.others == WORLD["shapes"]["FR"]  # type: ignore[index]
    assert [(each.code, each.step, bool(each.path)) for each in found.places] == [
        ("CH", 2, True), ("DE", 5, True), ("SG", 5, False),
    ]  # fmt: skip
    assert (found.places[-1].x, found.places[-1].y) == (7, 8)


@pytest.mark.parametrize("content", ["", "{}", "[", '{"shapes": {}}'])
def test_without_outlines_there_is_no_map(tmp_path: Path, content: str) -> None:
    (tmp_path / "outlines").write_text(content)
    assert drawn({"CH": 1.0}, tmp_path / "outlines") is None
    assert drawn({"CH": 1.0}, tmp_path / "none") is None
