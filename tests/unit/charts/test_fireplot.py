# SPDX-License-Identifier: MIT
"""The picture: every point where it belongs, valid, and to be told apart by all eyes."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.charts import fireplot
from appliance.charts.fireplot import DARK, LIGHT, FireplotDay
from appliance.charts.picture_grid import ROWS, row_of

MINUTES = 1440
# What eyes without one kind of cones see of linear red, green and blue (Viénot, 1999).
DEFICIENT = {
    "deuteranopia": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
    "protanopia": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "tritanopia": ((1.01354, 0.14268, -0.15622), (-0.01181, 0.87561, 0.13619),
                   (0.07707, 0.81208, 0.11085)),
    "none at all": ((0.2126, 0.7152, 0.0722),) * 3,
}  # fmt: skip


def day(points: set[tuple[int, int]], minutes: int = MINUTES) -> FireplotDay:
    """Return a day with points of TCP: row and minute."""
    cells = bytearray(minutes * ROWS)
    for row, minute in points:
        cells[row * minutes + minute] = 1
    return FireplotDay(minutes, cells, bytearray(minutes * ROWS), [(0, "00:00")], "a <day>", "&")


def covered(lines: str) -> set[tuple[int, int]]:
    """Return the cells that dashed lines cover (SVG 2, 13.5.6: dashes and gaps, by turns)."""
    cells = set()
    for row, length, words in re.findall(r'd="M0 (\d+)h(\d+)" stroke-dasharray="([\d ]+)"', lines):
        x = 0
        for place, each in enumerate(map(int, words.split())):
            if place % 2 == 0:
                cells |= {(int(row), minute) for minute in range(x, x + each)}
            x += each
        assert x >= int(length)  # or the dashes would begin anew
    return cells


POINTS = st.sets(st.tuples(st.integers(0, ROWS - 1), st.integers(0, 29)), max_size=60)


@given(POINTS)
def test_dashes_cover_the_points_and_nothing_else(points: set[tuple[int, int]]) -> None:
    assert covered(fireplot.lines(day(points, 30).tcp, 30)) == points


def test_the_first_and_the_last_minute_are_drawn() -> None:
    points = {(4, MINUTES - 1), (5, 0)}
    assert covered(fireplot.lines(day(points).tcp, MINUTES)) == points


@pytest.mark.parametrize("minutes", [1380, 1440, 1500])
def test_the_picture_is_valid_and_as_long_as_the_day(minutes: int) -> None:
    svg = fireplot.draw(day({(row_of(22), minutes - 1)}, minutes))
    root = ElementTree.fromstring(svg)
    width, height = fireplot.size(minutes)
    assert root.get("viewBox") == f"0 0 {width} {height}"
    assert "a &lt;day&gt;" in svg and "<desc>&amp;</desc>" in svg
    assert covered(svg) == {(row_of(22), minutes - 1)}


def test_marks_of_ports_do_not_touch() -> None:
    rows = sorted(row_of(port) for port in fireplot.MARKED)
    assert min(after - before for before, after in zip(rows, rows[1:], strict=False)) >= 16


def test_names_of_ports() -> None:
    assert fireplot.name_of(22) == "ssh" and fireplot.name_of(12345) == ""


def linear(colour: str) -> list[float]:
    """Return red, green and blue of #rrggbb as light adds them (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: str, eyes: tuple[tuple[float, ...], ...]) -> float:
    seen = [sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in eyes]
    return 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]


def contrast(first: str, second: str, eyes: tuple[tuple[float, ...], ...]) -> float:
    low, high = sorted((luminance(first, eyes), luminance(second, eyes)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eyes", DEFICIENT)
@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_all_eyes_tell_tcp_from_udp(eyes: str, colours: dict[str, str]) -> None:
    """By how light they are alone; that their marks have two forms comes on top."""
    assert contrast(colours["tcp"], colours["udp"], DEFICIENT[eyes]) >= 1.5
    assert contrast(colours["tcp"], colours["page"], DEFICIENT[eyes]) >= 3
    assert contrast(colours["udp"], colours["page"], DEFICIENT[eyes]) >= 2.5


def test_udp_differs_by_its_form_too() -> None:
    svg = fireplot.draw(day(set()))
    assert re.search(r'<g class="udp"[^>]*stroke-width="5"', svg)
    assert re.search(r'<g class="tcp"[^>]*stroke-width="2.4"', svg)
