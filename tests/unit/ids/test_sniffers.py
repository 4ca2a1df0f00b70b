# SPDX-License-Identifier: MIT
"""The kernel's tables as text; the real ones with a real engine are in tests/net."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from appliance.errors import InterfaceError
from appliance.host import links
from appliance.ids import sniffers
from appliance.ids.engine import EngineAway
from appliance.ids.templates import fill
from tests.conftest import PROJECT

PACKET = """\
sk               RefCnt Type Proto  Iface R Rmem   User   Inode
00000000d87cf128 3      3    0003   3     1 0      0      478363
0000000053ef6ce4 3      3    0003   3     1 0      64990  478396
00000000ff3b6169 2      3    0000   0     0 0      990    103334
00000000ff3b616a 2      3    0003   4     0 0      990    103335
00000000ff3b616b 2      2    0800   4     1 0      990    103336
"""
PTYPE = """\
Type Device      Function
ALL  tzsp0    packet_rcv
ALL  eth0     tpacket_rcv
ALL           packet_rcv
0800          ip_rcv
"""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for what the kernel tells."""
    for name, number in (("tzsp0", 3), ("eth0", 4)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ifindex").write_text(f"{number}\n")
    (tmp_path / "packet").write_text(PACKET)
    (tmp_path / "ptype").write_text(PTYPE)
    monkeypatch.setattr(links, "number", partial(links.number, interfaces=tmp_path))
    monkeypatch.setattr(sniffers, "SOCKETS", tmp_path / "packet")
    monkeypatch.setattr(sniffers, "TAPS", tmp_path / "ptype")
    return tmp_path


def test_listeners_are_bound_running_and_take_every_frame() -> None:
    assert sniffers.listeners(PACKET) == {(3, 0), (3, 64990)}
    assert sniffers.listeners(PACKET.splitlines()[0]) == set()


@pytest.mark.parametrize(
    ("interface", "uid", "expected"),
    [("tzsp0", 64990, True), ("tzsp0", 990, False), ("eth0", 990, False), ("wlan0", 0, False)],
)
def test_listening_tells_by_interface_and_user(
    kernel: Path, interface: str, uid: int, expected: bool
) -> None:
    assert sniffers.listening(interface, uid) is expected


def test_listening_raises_where_the_kernel_does_not_tell(kernel: Path) -> None:
    (kernel / "packet").unlink()
    with pytest.raises(OSError, match="packet"):
        sniffers.listening("tzsp0", 0)


@pytest.mark.parametrize(("interface", "expected"), [("tzsp0", True), ("eth0", False)])
def test_ringless_tells_plain_sockets(interface: str, expected: bool) -> None:
    assert sniffers.ringless(PTYPE, interface) is expected


def test_wait_until_listening_waits_for_the_ring(kernel: Path) -> None:
    with pytest.raises(InterfaceError):
        sniffers.wait_until_listening("tzsp0", 64990, time.monotonic())
    (kernel / "ptype").write_text(PTYPE + "ALL  tzsp0    tpacket_rcv\n")
    sniffers.wait_until_listening("tzsp0", 64990, time.monotonic())


@pytest.mark.parametrize(
    ("interface", "uid", "reason"),
    [
        ("wlan0", 0, "there is no such interface"),
        ("eth0", 990, "nobody does"),
        ("tzsp0", 990, "users that do: 0, 64990"),
    ],
)
def test_wait_until_listening_says_what_it_saw(
    kernel: Path, interface: str, uid: int, reason: str
) -> None:
    with pytest.raises(InterfaceError) as caught:
        sniffers.wait_until_listening(interface, uid, time.monotonic())
    assert reason in str(caught.value)


class PlayedUnit:
    """The script of the unit, with a folder in the place of /run and of the interface."""

    def __init__(self, folder: Path) -> None:
        text = fill((PROJECT / "config/ids/counted.sh").read_text(), {"INTERFACE": "tzsp0"})
        text = text.replace("/run/glovebox-ids", str(folder))
        self._counter = folder / "tx_packets"
        text = text.replace("/sys/class/net/tzsp0/statistics/tx_packets", str(self._counter))
        self._script = folder / "counted"
        self._script.write_text(text)

    def at(self, packets: int | None, word: str) -> None:
        self._counter.unlink(missing_ok=True)
        if packets is not None:
            self._counter.write_text(f"{packets}\n")
        subprocess.run(["sh", self._script, word], check=True, capture_output=True)


@pytest.fixture
def unit(tmp_path: Path) -> PlayedUnit:
    return PlayedUnit(tmp_path)


def test_the_first_start_counts_from_the_interfaces_own(tmp_path: Path, unit: PlayedUnit) -> None:
    assert sniffers.away(tmp_path) is None
    unit.at(70, "began")
    assert sniffers.away(tmp_path) == EngineAway(0, 70)


def test_an_end_and_a_start(tmp_path: Path, unit: PlayedUnit) -> None:
    unit.at(0, "began")
    unit.at(120, "ended")
    assert sniffers.away(tmp_path) == EngineAway(120)
    # A start that failed ends nothing.
    unit.at(130, "ended")
    unit.at(150, "began")
    assert sniffers.away(tmp_path) == EngineAway(120, 150)


def test_an_interface_that_is_gone_and_made_anew(tmp_path: Path, unit: PlayedUnit) -> None:
    unit.at(500, "began")
    unit.at(None, "ended")
    assert sniffers.away(tmp_path) == EngineAway(0)
    unit.at(30, "began")
    assert sniffers.away(tmp_path) == EngineAway(0, 30)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "heard").write_text("1")
    with pytest.raises(ValueError, match="values"):
        sniffers.away(tmp_path)
