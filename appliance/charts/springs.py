# SPDX-License-Identifier: MIT
"""Where the nodes of a graph stand: springs pull along edges, all push each other away. Pure.

After Fruchterman and Reingold, "Graph Drawing by Force-directed Placement" (1991), then boxes that
touch are pushed apart until none does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
STEPS = 120
PUSHES = 40  # before all is spread a little: so it ends


def placed(begin: Points, edges: Sequence[tuple[int, int]], boxes: Points, gap: float) -> Points:
    """Return the middles of boxes, `gap` apart at least: (n, 2), from where they stood at first.

    `boxes` are widths and heights, (n, 2). The same input gives the same places.
    """
    if not len(begin):
        return begin
    return apart(springs(begin, edges, boxes), boxes + gap)


def springs(begin: Points, edges: Sequence[tuple[int, int]], boxes: Points) -> Points:
    """Return places where neighbours are near and others far."""
    points: Points = begin.astype(np.float64)
    count = len(begin)
    # So large that the boxes have room between them.
    ideal = 1.2 * float(np.sqrt((boxes[:, 0] * boxes[:, 1]).mean())) + 1.0
    points *= ideal * np.sqrt(count)
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    for heat in np.linspace(ideal * np.sqrt(count) / 4, ideal / 50, STEPS):
        move = _pushes(points, ideal) + _pulls(points, ends, ideal)
        # Parts without an edge between them would drift away for ever.
        move -= points
        length = np.maximum(np.hypot(move[:, 0], move[:, 1]), 1e-9)
        points += move * (np.minimum(length, heat) / length)[:, None]
    return points


def apart(points: Points, boxes: Points) -> Points:
    """Return places near the given ones where no boxes overlap."""
    points = points.copy()
    turn = 0
    half: Points = (boxes[:, None, :] + boxes[None, :, :]) / 2
    while True:
        between: Points = points[:, None, :] - points[None, :, :]
        over: Points = half - np.abs(between)
        both: NDArray[np.bool_] = np.all(over > 1e-6, axis=2)
        np.fill_diagonal(both, False)
        if not both.any():
            return points
        turn += 1
        if turn % PUSHES == 0:
            points *= 1.1
            continue
        points += _pushed(between, over, both)


def _pushed(between: Points, over: Points, both: NDArray[np.bool_]) -> Points:
    """Return how far each box goes: half of the smaller overlap with each that it touches."""
    count = len(over)
    sideways = over[:, :, 0] <= over[:, :, 1]
    # Of two at one place the first goes one way, and the second the other.
    order = np.sign(np.arange(count)[:, None] - np.arange(count)[None, :])
    sign = np.where(between == 0, order[:, :, None], np.sign(between))
    step = np.where(both[:, :, None], (over + 0.01) / 2 * sign, 0.0)
    moved: Points = np.stack(
        ((step[:, :, 0] * sideways).sum(axis=1), (step[:, :, 1] * ~sideways).sum(axis=1)), axis=1
    )
    touching = np.maximum(both.sum(axis=1), 1)
    shared: Points = moved / np.sqrt(touching)[:, None]
    return shared


def _pushes(points: Points, ideal: float) -> Points:
    between = points[:, None, :] - points[None, :, :]
    square = (between**2).sum(axis=2) + 1e-3
    pushes: Points = (between * (ideal * ideal / square)[:, :, None]).sum(axis=1)
    return pushes


def _pulls(points: Points, ends: NDArray[np.int64], ideal: float) -> Points:
    move = np.zeros_like(points)
    if not len(ends):
        return move
    between = points[ends[:, 0]] - points[ends[:, 1]]
    pull = between * (np.hypot(between[:, 0], between[:, 1]) / ideal)[:, None]
    np.add.at(move, ends[:, 0], -pull)
    np.add.at(move, ends[:, 1], pull)
    return move
