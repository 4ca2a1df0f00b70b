# SPDX-License-Identifier: MIT
"""BOOT partitions as owners leave them, read by the service in its real sandbox, from a real FAT.

What each of them means is tested with the settings (tests/unit/settings/test_cases.py); here, that
it comes of it on the device: what BOOT, the system and the page say afterwards.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.machine.guest import Forward, Guest
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

BOOT = "/boot/firmware"
RUN = "/run/glovebox-settings"
NETWORK = "/run/systemd/network/80-wired.network.d/50-settings.conf"


@dataclass(frozen=True)
class Owner:
    """Whoever puts files onto the card of a machine that has never been started with others."""

    guest: Guest
    cases: Path

    def gives(self, case: str) -> list[str]:
        """Have the machine read one of the cases as at its first start; return what is wrong."""
        folder = self.cases / "settings" / case
        files = [folder] if folder.is_file() else sorted(folder.iterdir())
        self.guest.run(
            f"mount -o remount,rw {BOOT}; cd {BOOT} && rm -f *.toml user-data network-config"
            f" meta-data glovebox-errors.txt; rm -rf /var/lib/glovebox/settings/* {NETWORK}"
        )
        for file in files:
            name = "glovebox.toml" if file == folder else file.name
            content = base64.b64encode(file.read_bytes()).decode()
            self.guest.run(f"echo {content} | base64 -d > {quote(f'{BOOT}/{name}')}")
        self.guest.run(f"sync; mount -o remount,ro=fs {BOOT}")
        self.guest.run("systemctl restart glovebox-settings", 120)
        self.guest.run("systemctl restart glovebox-settings-writeback", 120)
        self.guest.run("systemctl stop glovebox-boot-open", 120)
        found = json.loads(self.guest.run("cat /run/glovebox/settings.json"))["problems"]
        return [str(problem) for problem in found]

    def read(self, file: str) -> str:
        """Return a file, empty where there is none."""
        return self.guest.run(f"cat {file} 2>/dev/null || true")


@pytest.fixture(scope="module")
def owner(
    image: Image, shared_cases: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Owner]:
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {})
    with Guest(card, BUILD, [Forward("tcp", 80)]) as guest:
        guest.execute("systemctl is-system-running --wait", 600)
        yield Owner(guest, shared_cases)


def test_what_was_not_taken_over_stays(owner: Owner) -> None:
    written = (owner.cases / "settings/preseed-typo/rpi-preseed.toml").read_text()
    told = owner.gives("preseed-typo")
    assert any("rpi-preseed.toml" in problem for problem in told)
    assert owner.read(f"{BOOT}/rpi-preseed.toml").strip() == written.strip()
    errors = owner.read(f"{BOOT}/glovebox-errors.txt")
    assert "rpi-preseed.toml" in errors
    secrets = re.findall(r'password = "(.+)"', written)
    assert len(secrets) == 2 and not any(secret in errors for secret in secrets)


def test_imagers_newest_files_are_taken_over(owner: Owner) -> None:
    owner.gives("imager-2.0.11-cloudinit")
    assert owner.read("/proc/sys/kernel/hostname").strip() == "kitbox"
    assert "ann@pc" in owner.read(f"{RUN}/authorized_keys")
    assert "password_hash" in owner.read(f"{RUN}/secrets/web.toml")
    assert b"HomeNet".hex() in owner.read(f"{RUN}/wpa_supplicant.conf")
    assert "$y$j9T$" not in owner.read(f"{BOOT}/user-data")


@pytest.mark.parametrize("case", ["preseed-owe", "preseed-wpa-nopw", "preseed-sae-hex"])
def test_a_protected_network_never_becomes_an_open_one(owner: Owner, case: str) -> None:
    assert owner.gives(case)
    assert "key_mgmt=NONE" not in owner.read(f"{RUN}/wpa_supplicant.conf")


@pytest.mark.parametrize("case", ["toml/net-address.toml", "toml/no-prefix.toml", "two-ports"])
def test_an_address_that_cuts_the_machine_off_is_refused(owner: Owner, case: str) -> None:
    told = owner.gives(case)
    assert told and all(problem in owner.read(f"{BOOT}/glovebox-errors.txt") for problem in told)
    assert "Address=192.168.88.0/24" not in owner.read(NETWORK)
    assert owner.guest.run("systemctl --failed --plain --no-legend") == ""


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("toml/smart-quotes.toml", "quotes"),
        ("toml/rtf.toml", "RTF"),
        ("toml/utf16.toml", "UTF-16"),
        ("name-txt", "glovebox.toml.txt"),
    ],
)
def test_a_newcomer_reads_what_to_do(owner: Owner, case: str, words: str) -> None:
    owner.gives(case)
    assert words in owner.read(f"{BOOT}/glovebox-errors.txt")
