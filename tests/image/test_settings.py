# SPDX-License-Identifier: MIT
"""First boot from what the owner and Imager wrote, then whatever may be wrong with it.

One machine, booted once with a prepared card; what follows restarts the service of the settings in
its real sandbox, with the real FAT. Another boots from a card whose BOOT partition is destroyed.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Forward, Guest
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1200)]

BOOT = "/boot/firmware"
ERRORS = f"{BOOT}/glovebox-errors.txt"
PASSWORD = "the owner's own secret"
WIFI_PASSWORD = "a passphrase of the air"
# As Imager 1.x adds it to the kernel's command line for a script that it writes to BOOT.
IMAGERS_COMMAND = (
    " systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot"
    " systemd.unit=kernel-command-line.target"
)
PRESEED = f"""\
config_version = "1.1"
[system]
hostname = "imagers-name"
[user]
name = "alice"
password = "{PASSWORD}"
[wlan]
ssid = "Home"
password = "{WIFI_PASSWORD}"
country = "DE"
[locale]
timezone = "Asia/Tokyo"
[runcmd]
early = ["touch /run/carried-out"]
"""


@pytest.fixture(scope="module")
def card(image: Image, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A card as flashed with Imager, onto which its owner has put settings too."""
    public = key.with_suffix(".pub").read_text().strip()
    settings = f'\ufeff[system]\r\nhostname = "mybox"\r\n[ssh]\r\nkeys = ["{public}"]\r\n'
    files = {
        "glovebox.toml": settings.encode(),
        "rpi-preseed.toml": PRESEED.encode(),
        "firstrun.sh": b"#!/bin/sh\ntouch /run/carried-out\n",
    }
    return boot.prepared(image, tmp_path_factory.mktemp("card"), files)


@pytest.fixture(scope="module")
def machine(card: Image) -> Iterator[Guest]:
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80), Forward("tcp", 22)]
    words = ["-append", card.board.command_line + IMAGERS_COMMAND]
    with Guest(card, BUILD, forwards, words) as guest:
        boot.started(guest)
        guest.run("systemctl start --wait glovebox-settings-writeback", 60)
        yield guest


def problems(guest: Guest) -> list[str]:
    found = json.loads(guest.run("cat /run/glovebox/settings.json"))["problems"]
    return [str(problem) for problem in found]


def restart(guest: Guest) -> list[str]:
    """Read the settings as at a start, write back, and return what is wrong."""
    guest.run("systemctl restart glovebox-settings", 60)
    guest.run("systemctl restart glovebox-settings-writeback", 60)
    # Ends by itself, a moment later: then BOOT is read-only, and this file may open it.
    guest.run("systemctl stop glovebox-boot-open", 60)
    return problems(guest)


def put(guest: Guest, name: str, shell: str) -> None:
    """Have a shell command write a file of BOOT, as a PC would."""
    guest.run(f"mount -o remount,rw {BOOT} && {{ {shell} ; }} > {BOOT}/{name}"
              f" && mount -o remount,ro=fs {BOOT}")  # fmt: skip


def hostname(guest: Guest) -> str:
    return guest.run("cat /proc/sys/kernel/hostname")


def test_first_boot_needs_no_second(machine: Guest) -> None:
    """Frames are inspected, though the command line asked for Imager's script and no more."""
    assert machine.run("systemctl is-active glovebox-ids").strip() == "active"
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def test_name_and_time_are_the_owners(machine: Guest) -> None:
    """The owner's own file goes before Imager's; what only one says holds."""
    assert hostname(machine) == "mybox"
    assert machine.run("date +%Z") == "JST"


def test_nothing_of_imagers_is_carried_out(machine: Guest) -> None:
    assert machine.execute("test -e /run/carried-out")[0] == 1
    told = problems(machine)
    assert any(problem.startswith("firstrun.sh: ") for problem in told)
    assert any("[runcmd]" in problem for problem in told)
    text = machine.run(f"cat {ERRORS}")
    assert all(problem in text.replace("\r", "") for problem in told)
    assert "\r\n" in text + "\n"


def test_secrets_leave_the_card(machine: Guest) -> None:
    text = machine.run(f"cat {BOOT}/rpi-preseed.toml")
    assert PASSWORD not in text and WIFI_PASSWORD not in text
    assert 'ssid = "Home"' in text
    # Only the parts that need them may read the secrets.
    assert machine.run(f"grep -rlsF '{WIFI_PASSWORD}' /run/glovebox* || true") == ""
    command = "setpriv --reuid glovebox-web --regid glovebox --clear-groups cat"
    assert machine.execute(f"{command} /run/glovebox-settings/wpa_supplicant.conf")[0] == 1
    assert machine.execute(f"{command} /run/glovebox-settings/glovebox.toml")[0] == 0


def test_boot_is_read_only_again(machine: Guest) -> None:
    assert machine.run(f"findmnt -n -o OPTIONS {BOOT} || grep {BOOT} /proc/mounts").split()[-1]
    options = machine.run(f"grep ' {BOOT} ' /proc/mounts").split()[3].split(",")
    assert "ro" in options and "nosuid" in options


def sftp(machine: Guest, key: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes",
               "ConnectTimeout=60", "IdentitiesOnly=yes"]  # fmt: skip
    argv = ["sftp", "-P", str(machine.host_port(22)), "-i", str(key), "-b", "-"]
    argv += [word for option in options for word in ("-o", option)]
    return subprocess.run(
        [*argv, "films@127.0.0.1"], input="\n".join(commands), capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip


def test_sftp_with_the_owners_key_sees_the_films_only(machine: Guest, key: Path) -> None:
    shown = sftp(machine, key, "pwd", "ls /")
    assert shown.returncode == 0, shown.stderr
    assert "Remote working directory: /glovebox" in shown.stdout
    assert shown.stdout.split("ls /")[-1].split() == ["/glovebox"]
    assert sftp(machine, key, "get /glovebox/../../etc/passwd /dev/null").returncode != 0


def test_ssh_takes_no_password_no_other_key_and_gives_no_shell(
    machine: Guest, key: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    refused = sftp(machine, other, "pwd")
    assert refused.returncode != 0
    assert "Permission denied (publickey)" in refused.stderr
    argv = ["ssh", "-p", str(machine.host_port(22)), "-i", str(key), "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]  # fmt: skip
    shell = subprocess.run(
        [*argv, "films@127.0.0.1", "id"], capture_output=True, text=True, timeout=180, check=False
    )
    assert shell.returncode != 0 and "uid=" not in shell.stdout


def test_ssh_key_of_the_machine_is_kept_on_data(machine: Guest) -> None:
    path = "/var/lib/glovebox/ssh/ssh_host_ed25519_key"
    assert machine.run(f"stat -c '%a %U' {path}") == "600 root"


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("printf '[system'", "end of"),
        (r"printf '\357\273\277[system]\r\nhostname = 7\r\n'", "hostname = 7: expected a text"),
        ("printf '[system]\\nhost = 1\\n'", "no such key"),
        ("printf '[nonsense]\\n'", "no such section"),
        ("head -c 1000 /dev/urandom", "glovebox.toml"),
        ("head -c 10000000 /dev/zero", "larger"),
    ],
    ids=["broken", "wrong type, BOM and CRLF", "unknown key", "unknown section", "noise", "10 MB"],
)
def test_bad_settings_leave_the_last_good_ones(machine: Guest, shell: str, words: str) -> None:
    put(machine, "glovebox.toml", shell)
    told = restart(machine)
    assert any(words in problem for problem in told), told
    assert hostname(machine) == "mybox"
    assert words in machine.run(f"cat {ERRORS}")


def test_full_fat_is_told_elsewhere(machine: Guest) -> None:
    put(machine, "glovebox.toml", "printf '[x]\\n'")
    machine.run(
        f"mount -o remount,rw {BOOT}; rm -f {ERRORS};"
        # By pages first, then what is less than one.
        f" head -c 1G /dev/zero > {BOOT}/filler; dd if=/dev/zero of={BOOT}/filler2 bs=512;"
        f" mount -o remount,ro=fs {BOOT}",
        120,
    )
    told = restart(machine)
    assert "glovebox-errors.txt cannot be written to BOOT: No space left on device" in told
    assert hostname(machine) == "mybox"
    machine.run(f"mount -o remount,rw {BOOT}; rm {BOOT}/filler*; mount -o remount,ro=fs {BOOT}")


def test_all_is_right_again(machine: Guest) -> None:
    """An empty file means the defaults; once nothing is wrong, the text about errors goes."""
    machine.run(f"mount -o remount,rw {BOOT}; rm {BOOT}/firstrun.sh {BOOT}/rpi-preseed.toml;"
                f" : > {BOOT}/glovebox.toml; mount -o remount,ro=fs {BOOT}")  # fmt: skip
    assert restart(machine) == []
    assert machine.execute(f"test -e {ERRORS}")[0] == 1
    # Imager's values stand: it was asked only once.
    assert hostname(machine) == "imagers-name"


def test_clear_password_becomes_its_hash(machine: Guest) -> None:
    line = shlex.quote(f'password = "{PASSWORD}"')
    put(machine, "glovebox.toml", f"printf '%s\\r\\n' '[web]' {line}")
    assert restart(machine) == []
    text = machine.run(f"cat {BOOT}/glovebox.toml")
    assert PASSWORD not in text
    assert text.startswith('[web]\r\npassword_hash = "scrypt:')


def test_sensor_starts_without_a_boot_partition(
    card: Image, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing but noise where the FAT was: the defaults stand, and the page tells."""
    destroyed = boot.prepared(card, tmp_path_factory.mktemp("destroyed"), {})
    with destroyed.disk.open("r+b") as stream:
        stream.seek(boot.start(destroyed.disk))
        stream.write(b"\xa5" * (8 << 20))
    with Guest(destroyed, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as guest:
        boot.started(guest)
        assert hostname(guest) == "glovebox"
        assert any("BOOT partition cannot be read" in problem for problem in problems(guest))
