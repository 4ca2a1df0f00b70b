"""What the monitor makes of status files, interfaces and sockets."""

from __future__ import annotations

import pwd
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.host.links import Link
from appliance.ids import sniffers
from appliance.reports import statusfile
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.ids import IdsConfig
from appliance.web.facts import Engine, Receiver
from appliance.web.monitor import Monitor, engine_state

CONFIG = Config(capture=CaptureConfig(interface="nosuch0", ports=(37009,)))
NOBODY = "no-such-user-here"


def test_facts_without_a_report(tmp_path: Path) -> None:
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert facts.receiver is Receiver.ABSENT
    assert (facts.interface, facts.link, facts.port) == ("nosuch0", Link.MISSING, 37009)
    assert facts.engine is Engine.UNKNOWN
    assert facts.engine_name == "Snort"


def test_facts_take_interface_and_port_from_the_report(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    statusfile.publish("receiver", values | {"updated": time.time(), "ports": [40000]}, tmp_path)
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert facts.receiver is Receiver.RUNNING
    assert (facts.interface, facts.port) == ("lo", 40000)


def test_facts_know_rates_from_the_second_report_on(tmp_path: Path, values: dict[str, Any]) -> None:
    monitor, now = Monitor(CONFIG, NOBODY, tmp_path), time.time()
    statusfile.publish("receiver", values | {"updated": now}, tmp_path)
    assert monitor.facts().frame_rate is None
    more = {
        "updated": now + 1,
        "frames_sent": values["frames_sent"] + 10,
        "datagrams_received": values["datagrams_received"] + 10,
    }
    statusfile.publish("receiver", values | more, tmp_path)
    assert monitor.facts().frame_rate == pytest.approx(10)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"updated": 5}', '{"updated":"now"}'])
def test_facts_trust_no_report_that_is_broken(tmp_path: Path, text: str) -> None:
    (tmp_path / "receiver.json").write_text(text)
    assert Monitor(CONFIG, NOBODY, tmp_path).facts().receiver is Receiver.ABSENT


@pytest.mark.parametrize(("listens", "expected"), [(True, Engine.LISTENING), (False, Engine.DEAF)])
def test_engine_state_asks_for_the_user_by_number(
    monkeypatch: pytest.MonkeyPatch, listens: bool, expected: Engine
) -> None:
    asked = []

    def listening(interface: str, uid: int) -> bool:
        asked.append((interface, uid))
        return listens

    monkeypatch.setattr(sniffers, "listening", listening)
    assert engine_state("tzsp0", "daemon") is expected
    assert asked == [("tzsp0", pwd.getpwnam("daemon").pw_uid)]


def test_engine_state_of_a_user_without_sockets() -> None:
    assert engine_state("nosuch0", "root") is Engine.DEAF


def test_engine_state_without_the_list_of_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(interface: str, uid: int) -> bool:
        raise PermissionError("/proc/net/packet")

    monkeypatch.setattr(sniffers, "listening", unreadable)
    assert engine_state("lo", "root") is Engine.UNKNOWN


def test_facts_of_a_sensor_without_an_engine(tmp_path: Path) -> None:
    config = Config(capture=CONFIG.capture, ids=IdsConfig(engine="none"))
    facts = Monitor(config, NOBODY, tmp_path).facts()
    assert facts.engine is Engine.NONE
    assert facts.reader == "any sniffer"
