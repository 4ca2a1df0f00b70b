# SPDX-License-Identifier: MIT
"""Places of nodes: no boxes touch, neighbours are near, and the same input gives the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.charts import springs
from appliance.charts.springs import Points

GAP = 6.0
SIZES = st.tuples(st.floats(1, 300), st.floats(1, 60))


def overlaps(points: Points, boxes: Points, gap: float = 0.0) -> int:
    """Return how many pairs of boxes overlap or are nearer than a gap."""
    half = (boxes[:, None, :] + boxes[None, :, :]) / 2 + gap
    over = (half - np.abs(points[:, None, :] - points[None, :, :]) > 1e-3).all(axis=2)
    return int(np.triu(over, 1).sum())


@given(st.lists(SIZES, min_size=1, max_size=25), st.data())
def test_no_boxes_touch(sizes: list[tuple[float, float]], data: st.DataObject) -> None:
    count = len(sizes)
    numbers = st.integers(0, count - 1)
    edges = data.draw(st.lists(st.tuples(numbers, numbers), max_size=40))
    # Some begin at one place.
    begin = np.array([(number % 5 / 5, number % 3 / 3) for number in range(count)])
    boxes = np.array(sizes)
    points = springs.placed(begin, edges, boxes, GAP)
    assert points.shape == (count, 2) and np.isfinite(points).all()
    assert overlaps(points, boxes, GAP) == 0


@pytest.mark.slow
def test_all_at_one_place_come_apart() -> None:
    boxes = np.full((140, 2), (80.0, 30.0))
    points = springs.apart(np.zeros((140, 2)), boxes)
    assert overlaps(points, boxes) == 0


def test_neighbours_are_near() -> None:
    begin = np.random.default_rng(1).random((40, 2)) - 0.5
    edges = [(number, number + 1) for number in range(0, 40, 2)]
    points = springs.springs(begin, edges, np.full((40, 2), (40.0, 30.0)))
    near = [float(np.hypot(*(points[a] - points[b]))) for a, b in edges]
    far = [float(np.hypot(*(points[a] - points[a - 2]))) for a, _ in edges[1:]]
    assert np.mean(near) < np.mean(far) / 2


def test_the_same_gives_the_same() -> None:
    begin = np.random.default_rng(2).random((30, 2))
    boxes = np.full((30, 2), 20.0)
    first, second = (springs.placed(begin, [(0, 1), (2, 3)], boxes, GAP) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("count", [0, 1])
def test_few_nodes(count: int) -> None:
    points = springs.placed(np.zeros((count, 2)), [], np.ones((count, 2)), GAP)
    assert points.shape == (count, 2)
