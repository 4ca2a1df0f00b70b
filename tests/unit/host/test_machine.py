# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.host import machine
from appliance.host.machine import Held, Memory, Power

MOUNTINFO = """\
22 1 179:2 / / ro,noatime shared:1 - ext4 /dev/mmcblk0p2 ro
30 22 179:3 / {place} ro,noatime master:4 - ext4 /dev/mmcblk0p3 {options}
31 22 0:25 / /run ro,nosuid - tmpfs tmpfs rw,size=98304k
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make a tree: names may have slashes."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_largest_names_the_service_that_holds_most_of_its_own(tmp_path: Path) -> None:
    slices = "fs/cgroup/system.slice"
    tree = write(
        tmp_path,
        {f"{slices}/a.service/memory.stat": "anon 100\nfile 9000\n",
         f"{slices}/b.service/memory.stat": "anon 300\nfile 0\n"},
    )  # fmt: skip
    assert machine.largest(tree) == Held("b.service", 300)
    assert machine.largest(tmp_path / "without") is None


def test_pulses_are_those_of_the_services_that_run(tmp_path: Path) -> None:
    stat = "usage_usec 4711\nuser_usec 4000\nsystem_usec 711\n"
    tree = write(tmp_path, {"fs/cgroup/system.slice/a.service/cpu.stat": stat})
    assert machine.pulses(["a.service", "b.service"], tree) == {"a.service": 4711}


def test_memory_of_this_machine_can_be_read() -> None:
    found = machine.memory()
    assert 0 < found.available < found.total
    assert found.total == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_memory_is_what_the_kernel_tells(tmp_path: Path) -> None:
    told = "MemTotal:  2000 kB\nMemFree:  10 kB\nMemAvailable:  200 kB\nHugePages_Total:  0\n"
    proc = write(tmp_path, {"meminfo": told})
    assert machine.memory(tmp_path, proc) == Memory(2000 << 10, 200 << 10)


@pytest.mark.parametrize(("options", "writable"), [("rw,commit=1", True), ("ro,commit=1", False)])
def test_disks_ask_the_file_system_not_the_view_of_the_service(
    tmp_path: Path, options: str, writable: bool
) -> None:
    text = MOUNTINFO.format(place=tmp_path, options=options)
    proc = write(tmp_path, {"self/mountinfo": text})
    inside = tmp_path / "self"
    assert machine.disks([inside], proc)[str(inside)].writable is writable


def test_disks_of_this_machine_can_be_read(tmp_path: Path) -> None:
    found = machine.disks([tmp_path])[str(tmp_path)]
    assert 0 < found.free <= found.total
    assert found.writable


def test_temperature_is_that_of_the_hottest_sensor(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {"class/thermal/thermal_zone0/temp": "48312\n",
         "class/thermal/thermal_zone1/temp": "51500\n"},
    )  # fmt: skip
    assert machine.temperature(tree) == 51.5
    assert machine.temperature(tmp_path / "other") is None


THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("files", "power"),
    [
        ({}, None),
        ({THROTTLED: "0\n"}, Power(False, False, False)),
        ({THROTTLED: "50005\n"}, Power(low=True, was_low=True, slowed=True)),
        ({THROTTLED: "50000\n"}, Power(low=False, was_low=True, slowed=False)),
        ({THROTTLED: "2\n"}, Power(low=False, was_low=False, slowed=True)),
        ({"class/hwmon/hwmon0/name": "cpu_thermal\n"}, None),
        (
            {"class/hwmon/hwmon1/name": "rpi_volt\n", "class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"},
            Power(low=True, was_low=True, slowed=False),
        ),
        (
            {"class/hwmon/hwmon1/name": "rpi_volt\n", "class/hwmon/hwmon1/in0_lcrit_alarm": "0\n"},
            Power(False, False, False),
        ),
    ],
    ids=["no Pi", "well", "low", "was low", "slowed", "other sensor", "alarm", "no alarm"],
)
def test_power_reads_both_kernels(tmp_path: Path, files: dict[str, str], power: Power) -> None:
    assert machine.power(write(tmp_path, files)) == power
