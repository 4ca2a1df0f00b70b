# SPDX-License-Identifier: MIT
"""Queues at work beside each other, and the whole way to a real collector."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alerts.store import AlertStore
from appliance.notify.forward.forwarding import Forwarding, forget_others, queues
from appliance.notify.send_socket import SendAnswer
from tests.unit.alerts.test_store import TEMPLATE
from tests.unit.notify.played_services import PATIENCE_S
from tests.unit.notify.test_send_service import until


@pytest.mark.slow
def test_one_that_hangs_delays_no_other(tmp_path: Path) -> None:
    store, release = AlertStore(tmp_path / "alerts.db", "boot"), threading.Event()
    taken: dict[str, int] = {"fast": 0, "slow": 0}

    def hand(name: str, lines: Sequence[str]) -> SendAnswer:
        if name == "slow":
            release.wait(PATIENCE_S)
        taken[name] += len(lines)
        return SendAnswer(True, "taken")

    store.add([TEMPLATE], {}, 1000)
    forwarding = Forwarding(hand, queues("box", tmp_path / "alerts.db", 1.0, tmp_path))
    forwarding.agree(["fast", "slow"])
    until(lambda: len(list(tmp_path.glob("forward-*.json"))) == 2, "both have begun")
    store.add([replace(TEMPLATE, sid=each) for each in range(50)], {}, 1000)
    until(lambda: taken["fast"] == 50, "the fast one has all")
    assert taken["slow"] == 0
    release.set()
    until(lambda: taken["slow"] == 50, "the slow one has all")
    forwarding.agree(["fast"])
    assert [each.name for each in forwarding.standing] == ["fast"]
    forwarding.close()
    store.close()


def test_a_store_that_is_not_there_is_told_and_waited_for(tmp_path: Path) -> None:
    forwarding = Forwarding(
        lambda name, lines: SendAnswer(True, ""), queues("box", tmp_path / "none", 0.1, tmp_path)
    )
    forwarding.agree(["c"])
    until(lambda: forwarding.standing[0].trouble, "it is told")
    forwarding.close()


def test_one_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"forward-{name}.json").write_text("{}")
    (tmp_path / "lines.json").write_text("{}")
    forget_others(["a"], tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["forward-a.json", "lines.json"]
