# SPDX-License-Identifier: MIT
"""Who wants to go where: a diagram source → port → target, as AfterGlow draws it. Pure.

Sources are red circles, ports light-blue ones, targets yellow triangles, each as large as it is
frequent. Edges are drawn first, then shapes, then labels; no shape or label covers another.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from appliance import words
from appliance.charts import springs
from appliance.charts.svg_text import label, visible

SOURCE, PORT, TARGET = "source", "port", "target"
KINDS = (SOURCE, PORT, TARGET)
PLURALS = {SOURCE: "sources", PORT: "ports", TARGET: "targets"}
MOST, MOST_PORTS = 140, 40
SMALLEST, LARGEST = 5.0, 16.0  # radii
# A sign of the labels' font takes so much at most; those of other scripts twice as much.
SIGN, LINE, GAP, MARGIN = 6.9, 14.0, 6.0, 20.0
LIGHT = {"page": "#ffffff", "text": "#1a2230", "edge": "#b4bdcc",
         SOURCE: "#d23c32", PORT: "#8cc8f0", TARGET: "#f2c230"}  # fmt: skip
DARK = {"page": "#1a202b", "text": "#e7ebf2", "edge": "#4b5870",
        SOURCE: "#e8605a", PORT: "#8cc8f0", TARGET: "#f2c230"}  # fmt: skip

Ways = Mapping[tuple[str, int, str], int]
"""How often which source wanted which port of which target."""
Node = tuple[str, str]
"""Kind, and name as it is given."""
Places = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class GlowGraph:
    """The nodes with how often each occurs, and the edges between them."""

    nodes: Mapping[Node, int]
    edges: Mapping[tuple[Node, Node], int]
    more: Mapping[str, int] = field(default_factory=dict)
    """Of each kind, how many are drawn as one."""


@dataclass(frozen=True)
class GlowPicture:
    """The diagram: SVG, and where each node stands, so that the next one looks alike."""

    svg: str
    places: dict[str, tuple[float, float]]


def graph(ways: Ways) -> GlowGraph:
    """Return the graph of the heaviest nodes; the rest of each kind is one node."""
    weights: Counter[Node] = Counter()
    for (source, port, target), count in ways.items():
        for node in ((SOURCE, source), (PORT, str(port)), (TARGET, target)):
            weights[node] += count
    kept = _heaviest(weights)
    left = [node for node in weights if node not in kept]
    more = Counter(kind for kind, _ in left)
    # One alone takes the place that is held for all that are left of its kind.
    kept |= {node for node in left if more[node[0]] == 1}
    more = Counter({kind: count for kind, count in more.items() if count > 1})
    nodes: Counter[Node] = Counter()
    edges: Counter[tuple[Node, Node]] = Counter()
    for (source, port, target), count in ways.items():
        named = ((SOURCE, source), (PORT, str(port)), (TARGET, target))
        row = [node if node in kept else _rest(node[0], more) for node in named]
        for node in row:
            nodes[node] += count
        edges[row[0], row[1]] += count
        edges[row[1], row[2]] += count
    return GlowGraph(nodes, edges, more)


def draw(found: GlowGraph, title: str, before: Places | None = None) -> GlowPicture:
    """Return the diagram; `before` are places of an earlier one to begin with."""
    nodes = sorted(found.nodes, key=lambda node: (-found.nodes[node], node))
    numbers = {node: number for number, node in enumerate(nodes)}
    heaviest = max(found.nodes.values(), default=1)
    radii = [_radius(found.nodes[node], heaviest) for node in nodes]
    boxes = np.array([_box(node, radius) for node, radius in zip(nodes, radii, strict=True)])
    begin = np.array([_begin(node, before or {}) for node in nodes])
    pairs = [(numbers[first], numbers[second]) for first, second in found.edges]
    points = springs.placed(begin.reshape(-1, 2), pairs, boxes.reshape(-1, 2), GAP)
    svg = _svg(found, nodes, radii, points.tolist(), boxes.tolist(), title)
    return GlowPicture(svg, _kept_places(nodes, points))


def caption(found: GlowGraph) -> str:
    """Say what the diagram shows."""
    shown = Counter(kind for kind, _ in found.nodes)
    rest = {kind: max(found.more.get(kind, 0) - 1, 0) for kind in KINDS}
    sources, ports, targets = (words.counted(shown[kind] + rest[kind], kind) for kind in KINDS)
    return f"From {sources} by {ports} to {targets}."


def text_width(text: str) -> float:
    """Return how wide a label may be in units of the diagram; never less than it is."""
    return sum(SIGN if ord(each) < 0x250 else 2 * SIGN for each in text)


def _heaviest(weights: Counter[Node]) -> set[Node]:
    ports = [node for node, _ in weights.most_common() if node[0] == PORT][:MOST_PORTS]
    # Three places are for the rest of each kind.
    room = MOST - len(ports) - len(KINDS)
    others = [node for node, _ in weights.most_common() if node[0] != PORT]
    return {*ports, *others[:room]}


def _rest(kind: str, more: Mapping[str, int]) -> Node:
    return kind, f"{more[kind]:,} more {PLURALS[kind]}"


def _radius(weight: int, heaviest: int) -> float:
    return SMALLEST + (LARGEST - SMALLEST) * math.sqrt(weight / heaviest)


def _box(node: Node, radius: float) -> tuple[float, float]:
    """Return width and height of a shape with its label below."""
    return max(2 * radius, text_width(visible(node[1]))), 2 * radius + LINE


def _begin(node: Node, before: Places) -> tuple[float, float]:
    """Return where a node begins: where it was, or where its name leads, the same each time."""
    known = before.get("\t".join(node))
    if known is not None:
        return known
    number = zlib.crc32("\t".join(node).encode("utf-8", "replace"))
    return (number & 0xFFFF) / 0xFFFF - 0.5, (number >> 16) / 0xFFFF - 0.5


def _kept_places(nodes: Sequence[Node], points: springs.Points) -> dict[str, tuple[float, float]]:
    """Return the places, in a square of side 1 around the middle."""
    if not nodes:
        return {}
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    side = max(float((points.max(axis=0) - points.min(axis=0)).max()), 1.0)
    scaled = ((points - middle) / side).tolist()
    return {
        "\t".join(node): (round(x, 4), round(y, 4))
        for node, (x, y) in zip(nodes, scaled, strict=True)
    }


def _svg(
    found: GlowGraph,
    nodes: Sequence[Node],
    radii: Sequence[float],
    points: Sequence[Sequence[float]],
    boxes: Sequence[Sequence[float]],
    title: str,
) -> str:
    left, top, width, height = _frame(points, boxes)
    # The shape stands at the top of its box, the label at its bottom.
    middles = {
        node: (x, y - LINE / 2) for node, (x, y) in zip(nodes, points, strict=True)
    }  # fmt: skip
    heaviest = max(found.edges.values(), default=1)
    edges = [
        _edge(middles[first], middles[second], count / heaviest)
        for (first, second), count in found.edges.items()
    ]
    rows = list(zip(nodes, radii, strict=True))
    shapes = [_shape(node, *middles[node], radius, found.nodes[node]) for node, radius in rows]
    labels = [_label(node, *middles[node], radius) for node, radius in rows]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} {top:.0f} {width:.0f} '
        f'{height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img">'
        f"<title>{label(title, 200)}</title><desc>{label(caption(found), 300)}</desc>"
        f"<style>{_style()}</style>"
        f'<rect class="page" x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" fill="{LIGHT["page"]}"/>'
        f'<g class="edge" stroke="{LIGHT["edge"]}" fill="none">{"".join(edges)}</g>'
        f"<g>{''.join(shapes)}</g>"
        f'<g class="text" fill="{LIGHT["text"]}" text-anchor="middle">{"".join(labels)}</g></svg>\n'
    )


def _frame(
    points: Sequence[Sequence[float]], boxes: Sequence[Sequence[float]]
) -> tuple[float, float, float, float]:
    """Return left, top, width and height of all boxes, with a margin."""
    sides = [
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for (x, y), (width, height) in zip(points, boxes, strict=True)
    ] or [(0.0, 0.0, 200.0, 50.0)]
    left, top = (min(side[each] for side in sides) - MARGIN for each in (0, 1))
    right, bottom = (max(side[each] for side in sides) + MARGIN for each in (2, 3))
    return left, top, right - left, bottom - top


def _edge(begin: tuple[float, float], end: tuple[float, float], share: float) -> str:
    width = 0.8 + 3 * math.sqrt(share)
    (x, y), (to_x, to_y) = begin, end
    return (
        f'<path stroke-width="{width:.1f}" d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'
    )  # fmt: skip


def _shape(node: Node, x: float, y: float, radius: float, count: int) -> str:
    kind = node[0]
    said = f"<title>{label(node[1], 200)}: {count:,}</title>"
    look = f'class="{kind}" fill="{LIGHT[kind]}"'
    if kind == TARGET:
        side, down = radius * 0.94, radius * 0.8
        way = f"M{x:.1f} {y - radius:.1f}L{x + side:.1f} {y + down:.1f}H{x - side:.1f}Z"
        return f'<path {look} d="{way}">{said}</path>'
    return f'<circle {look} cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">{said}</circle>'


def _label(node: Node, x: float, y: float, radius: float) -> str:
    name = visible(node[1])
    # However wide the reader's font is, a label is never wider than its box.
    length = f' textLength="{text_width(name):.0f}" lengthAdjust="spacingAndGlyphs"'
    fits = length if len(name) > 20 else ""
    return f'<text x="{x:.1f}" y="{y + radius + LINE - 3:.1f}"{fits}>{label(node[1])}</text>'


def _style() -> str:
    dark = "".join(
        f".{name}{{{'stroke' if name == 'edge' else 'fill'}:{DARK[name]}}}"
        for name in ("page", "text", "edge", *KINDS)
    )
    halo = f"text{{font:12px system-ui,sans-serif;paint-order:stroke;stroke:{LIGHT['page']};"
    halo += "stroke-width:3px;stroke-linejoin:round}"
    dark += f"text{{stroke:{DARK['page']}}}"
    return f"{halo}@media(prefers-color-scheme:dark){{{dark}}}"
