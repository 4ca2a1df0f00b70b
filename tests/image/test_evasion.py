# SPDX-License-Identifier: MIT
"""What is to hide an attack hides nothing from the booted sensor, with either engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from image.build import boards, engines
from image.build.context import BUILD, BuildContext
from image.build.image import build_image
from image.demo import TZSP_PORT, page_of, play, wait_ready
from image.machine.guest import Forward, Guest
from image.progress import StageProgress
from tests.connections import (
    ATTACK_SID,
    CASES,
    FLOOD_SID,
    IN_CROWD,
    INVENTOR,
    PORT,
    cases,
    crowd,
)
from tests.pcapfile import pcap

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

ENGINES = ("snort", "suricata")
# Faster than any tester would do it, slower than what an emulated card loses.
PPS = 4_000


@pytest.fixture(scope="module", params=ENGINES)
def sensor(request: pytest.FixtureRequest) -> Iterator[Guest]:
    """Boot an image with each engine, which no test before has sent other frames to."""
    engine = engines.choose(request.param)
    image = build_image(BuildContext(boards.choose("vm"), StageProgress(), engine=engine))
    with Guest(image, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        wait_ready(guest)
        yield guest


def alerts_of(sensor: Guest, frames: Sequence[bytes], folder: Path) -> list[dict[str, Any]]:
    """Let a router stream these frames; return the alerts that they raise."""
    page = page_of(sensor)
    before = max((alert["id"] for alert in page.alerts_after(0)), default=0)
    capture = folder / "streamed.pcap"
    capture.write_bytes(pcap(*frames))
    play(sensor, capture, PPS)
    return page.alerts_after(before)


def places(alerts: Sequence[dict[str, Any]]) -> set[int]:
    """Return in which connections the attack was seen: 0 is the one from PORT."""
    return {alert["source_port"] - PORT for alert in alerts if alert["sid"] == ATTACK_SID}


def test_what_no_host_would_accept_hides_nothing(sensor: Guest, tmp_path: Path) -> None:
    assert places(alerts_of(sensor, cases(), tmp_path)) == set(range(len(CASES)))


def test_a_crowd_hides_nothing_and_its_inventor_is_named(sensor: Guest, tmp_path: Path) -> None:
    found = alerts_of(sensor, list(crowd()), tmp_path)
    assert places(found) == set(IN_CROWD)
    assert {alert["source"] for alert in found if alert["sid"] == FLOOD_SID} == {INVENTOR}
