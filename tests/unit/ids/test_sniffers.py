# SPDX-License-Identifier: MIT
"""The kernel's tables as text; the real ones with a real engine are in tests/net."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from appliance.errors import InterfaceError
from appliance.host import links
from appliance.ids import sniffers

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
