# SPDX-License-Identifier: MIT
"""What the owner wants deleted goes at the start, by a service that has only the rights for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.requests import PERSONAL
from image.build.context import BUILD
from image.build.image import Image
from image.machine.guest import Guest
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

BOOT = "/boot/firmware"
DATA = "/var/lib/glovebox"
SETTINGS = b'[system]\nhostname = "somebodys-box"\n'


@pytest.fixture(scope="module")
def machine(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """Return a machine that started with the owner's wish, made on a PC, on its card."""
    files = {"reset.txt": b"", "glovebox.toml": SETTINGS}
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), files)
    with Guest(card, BUILD) as guest:
        guest.execute("systemctl is-system-running --wait", 600)
        yield guest


def test_a_file_on_boot_brings_the_settings_of_the_image_back(machine: Guest) -> None:
    assert machine.execute(f"test -e {BOOT}/reset.txt")[0] == 1
    machine.run(f"cmp {BOOT}/glovebox.toml /usr/share/glovebox/glovebox.toml")
    assert machine.run("cat /proc/sys/kernel/hostname") == "glovebox"
    # Open while something writes to it, as after a first start.
    closed = f"until findmnt -no FS-OPTIONS {BOOT} | grep -q ^ro; do sleep 0.2; done"
    machine.run(f"timeout 100 sh -c '{closed}'", 120)
    assert "cannot" not in machine.run("journalctl -b --no-pager -o cat -t glovebox-reset")
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def test_what_belongs_to_any_user_is_deleted(machine: Guest) -> None:
    """The page's wish, here carried out while all runs."""
    machine.run(
        f"install -d -m 700 -o glovebox-alerts {DATA}/alerts/deep"
        f" && install -m 600 -o glovebox-alerts /etc/hostname {DATA}/alerts/deep/kept"
        f" && echo {PERSONAL} > {DATA}/web/erase && systemctl start glovebox-reset",
        120,
    )
    assert machine.execute(f"test -e {DATA}/alerts/deep")[0] == 1
    assert machine.execute(f"test -e {DATA}/web/erase")[0] == 1
    machine.run(f"test -d {DATA}/web")
