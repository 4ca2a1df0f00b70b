# SPDX-License-Identifier: MIT
"""Colours that can be read: WCAG 2.2, success criterion 1.4.3."""

from __future__ import annotations

import re

import pytest

from tests.conftest import PROJECT

STYLE = (PROJECT / "appliance/web/static/style.css").read_text()
ROOTS = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
SCHEMES = {
    name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", root))
    for name, root in zip(("light", "dark"), ROOTS, strict=True)
}
PAIRS = [
    *((ink, paper) for ink in ("text", "muted", "link") for paper in ("page", "card")),
    *((level, f"{level}-tint") for level in ("ok", "warning", "error")),
    *(("text", f"{level}-tint") for level in ("ok", "warning", "error")),
    *(("on-colour", level) for level in ("ok", "warning", "error", "link")),
    *((level, "card") for level in ("ok", "warning", "error")),
]
ENOUGH = 4.5


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_text_stands_out(scheme: str, ink: str, paper: str) -> None:
    darker, lighter = sorted(luminance(SCHEMES[scheme][name]) for name in (ink, paper))
    assert (lighter + 0.05) / (darker + 0.05) >= ENOUGH


def test_both_schemes_know_the_same_colours() -> None:
    assert SCHEMES["light"].keys() == SCHEMES["dark"].keys()
