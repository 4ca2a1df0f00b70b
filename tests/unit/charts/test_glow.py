# SPDX-License-Identifier: MIT
"""The diagram: nothing covers anything, whatever strangers called their targets."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.charts import glow
from appliance.charts.glow import PORT, SOURCE, TARGET
from tests.unit.charts.test_fireplot import DEFICIENT, contrast
from tests.unit.charts.test_springs import overlaps

SVG = "{http://www.w3.org/2000/svg}"
HOSTS = st.text(max_size=60) | st.sampled_from(("mail.example.net", "evil host with space"))
WAYS = st.dictionaries(
    st.tuples(st.sampled_from(("192.0.2.1", "192.0.2.2", "::1")), st.integers(0, 65535), HOSTS),
    st.integers(1, 10_000),
    max_size=20,
)


def random_ways(seed: int) -> dict[tuple[str, int, str], int]:
    """Return ways of 3 to some 1,500 nodes."""
    chance = random.Random(seed)
    names = ("mail.example.net", "evil host", "2001:db8::25", "x" * 60, "中" * 30)
    found: dict[tuple[str, int, str], int] = {}
    for _ in range(int(2 ** (chance.random() * 9))):
        source = f"203.0.{chance.randrange(256)}.{chance.randrange(9)}"
        port = chance.choice((25, 80, 443, 587, int(65535 ** chance.random())))
        host = chance.choice(names) + str(int(chance.expovariate(0.05)))
        found[source, port, host] = int(chance.expovariate(0.05)) + 1
    return found


def boxes(svg: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return middles and sizes of all shapes and labels, as the picture has them."""
    middles, sizes = [], []
    for each in ElementTree.fromstring(svg).iter():
        if each.tag == f"{SVG}circle":
            radius = float(each.attrib["r"])
            middles.append((float(each.attrib["cx"]), float(each.attrib["cy"])))
            sizes.append((2 * radius, 2 * radius))
        elif each.tag == f"{SVG}path" and each.get("class") == TARGET:
            x, y, side, down, left = map(float, re.findall(r"-?[\d.]+", each.attrib["d"]))
            middles.append((x, (y + down) / 2))
            sizes.append((side - left, down - y))
        elif each.tag == f"{SVG}text":
            middles.append((float(each.attrib["x"]), float(each.attrib["y"]) - 4))
            sizes.append((glow.text_width(each.text or ""), 11.0))
    return middles, sizes


def covered(svg: str) -> int:
    middles, sizes = boxes(svg)
    return (
        overlaps(np.array(middles).reshape(-1, 2), np.array(sizes).reshape(-1, 2)) if sizes else 0
    )


@given(WAYS)
def test_nothing_covers_anything(ways: dict[tuple[str, int, str], int]) -> None:
    graph = glow.graph(ways)
    svg = glow.draw(graph, "a <title>").svg
    middles, _ = boxes(svg)
    # Some triangles lie in the circles' place of nobody: two marks for each node.
    assert len(middles) == 2 * len(graph.nodes)
    assert covered(svg) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_nothing_covers_anything_in_random_graphs(seed: int) -> None:
    assert covered(glow.draw(glow.graph(random_ways(seed)), "").svg) == 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_covers_anything_in_a_thousand_random_graphs() -> None:
    for seed in range(1000):
        assert covered(glow.draw(glow.graph(random_ways(seed)), "").svg) == 0, seed


@pytest.mark.slow
def test_one_that_is_left_over_is_drawn_itself() -> None:
    others = glow.MOST - len(glow.KINDS) - 1
    ways = {("192.0.2.1", 25, f"host {number}"): 2 for number in range(others)}
    ways["192.0.2.2", 25, "host 0"] = 1
    graph = glow.graph(ways)
    assert (SOURCE, "192.0.2.2") in graph.nodes and graph.more == {}
    assert len(graph.nodes) <= glow.MOST and covered(glow.draw(graph, "").svg) == 0


def test_labels_are_on_top_and_edges_below() -> None:
    svg = glow.draw(glow.graph({("192.0.2.1", 25, "mail"): 3}), "").svg
    edge, shape, words = svg.index("<path stroke-width"), svg.index("<circle"), svg.index("<text")
    assert edge < shape < words


def test_kinds_and_sizes() -> None:
    graph = glow.graph({("192.0.2.1", 25, "often"): 100, ("192.0.2.2", 25, "seldom"): 1})
    assert graph.nodes == {
        (SOURCE, "192.0.2.1"): 100, (SOURCE, "192.0.2.2"): 1, (PORT, "25"): 101,
        (TARGET, "often"): 100, (TARGET, "seldom"): 1,
    }  # fmt: skip
    radii = [float(each) for each in re.findall(r' r="([\d.]+)"', glow.draw(graph, "").svg)]
    assert sorted(radii) == pytest.approx([6.1, 15.9, 16.0], abs=0.1)
    assert glow.caption(graph) == "From 2 sources by 1 port to 2 targets."


@pytest.mark.slow
def test_the_heaviest_are_drawn_and_the_rest_counted() -> None:
    ways = {(f"10.0.{n >> 8}.{n & 255}", n % 90, f"host {n}"): 1 + (n < 10) for n in range(2000)}
    graph = glow.graph(ways)
    assert len(graph.nodes) <= glow.MOST
    assert (SOURCE, "10.0.0.0") in graph.nodes and (TARGET, "host 9") in graph.nodes
    assert sum(graph.nodes.values()) == 3 * sum(ways.values())
    assert glow.caption(graph) == "From 2,000 sources by 90 ports to 2,000 targets."
    assert covered(glow.draw(graph, "").svg) == 0


@pytest.mark.slow
def test_the_next_picture_looks_alike() -> None:
    ways = random_ways(5)
    first = glow.draw(glow.graph(ways), "")
    more = {**ways, ("198.51.100.1", 25, "new"): 1}
    alike = glow.draw(glow.graph(more), "", first.places).places
    moved = [np.hypot(*np.subtract(alike[name], place)) for name, place in first.places.items()
             if name in alike]  # fmt: skip
    assert np.median(moved) < 0.15


@pytest.mark.parametrize("eyes", DEFICIENT)
@pytest.mark.parametrize("colours", [glow.LIGHT, glow.DARK], ids=["light", "dark"])
def test_all_eyes_tell_sources_from_ports(eyes: str, colours: dict[str, str]) -> None:
    """Both are circles, so how light they are must do; targets are triangles."""
    assert contrast(colours[SOURCE], colours[PORT], DEFICIENT[eyes]) >= 1.5


def test_no_ways_make_an_empty_picture() -> None:
    svg = glow.draw(glow.graph({}), "nothing").svg
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg" and "<circle" not in svg
