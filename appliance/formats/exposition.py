# SPDX-License-Identifier: MIT
"""Figures in the text format that Prometheus reads, version 0.0.4. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
ESCAPES_OF_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})

Sample = tuple[Mapping[str, str], float]
"""Labels and value."""


@dataclass(frozen=True)
class Family:
    """All samples of one name. A counter only grows until its program starts anew."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or (self.kind == "counter") != self.name.endswith(
            "_total"
        ):
            raise ValueError(f"{self.name}: no name for a {self.kind}")


def gauge(name: str, help: str, value: float | None) -> Family:
    """Return a gauge without labels; None where it is not known leaves it out."""
    return Family(name, "gauge", help, () if value is None else (({}, value),))


def counter(name: str, help: str, value: float | None) -> Family:
    """Return a counter without labels; None where it is not known leaves it out."""
    return Family(name, "counter", help, () if value is None else (({}, value),))


def by_label(values: Mapping[str, float], label: str) -> tuple[Sample, ...]:
    """Return a sample for each value, with its key as the label."""
    return tuple(({label: name}, value) for name, value in values.items())


def render(families: Iterable[Family]) -> str:
    """Write the families that have samples, each with its HELP and TYPE."""
    return "".join(_family(family) for family in families if family.samples)


def _family(family: Family) -> str:
    lines = [
        f"# HELP {family.name} {family.help.translate(ESCAPES_OF_HELP)}",
        f"# TYPE {family.name} {family.kind}",
        *(f"{family.name}{_labels(labels)} {value}" for labels, value in family.samples),
    ]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""
