# SPDX-License-Identifier: MIT
"""Films from USB sticks of every kind in the booted image: plugged in, served, pulled out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.demo import page_of, wait_ready
from image.machine import accelerator
from image.machine.accelerator import KVM
from image.machine.guest import Forward, Guest
from image.machine.page_client import PageClient
from image.machine.qemu_monitor import QemuMonitor
from tests.image import sticks, streaming
from tests.image.sticks import Stick
from tests.movies import avi, fill, fill_songs
from tests.player import Film, Player, chunks, fetch

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(900)]

MEDIA_PORT = 8200
KINDS = list(sticks.FORMATS)
FOUND_S = 5.0
READ_S = 120.0
# While a full stick is read on a busy host, an emulated page answers late; it must answer.
ANSWER_S = 120.0
# The long run is a command of its own: `./build.sh bench films`.
FLOODED_S, FLOOD_PER_SECOND = 45.0, 12_000
# So many of 120,000 must be listed where the processor is emulated.
EMULATED_LISTED = 2000
FILLING = """
import pathlib
pathlib.Path("Serien/Фильмы").mkdir(parents=True)
pathlib.Path("Serien/Фильмы/Käpt'n 千尋.avi").write_bytes(avi(1 << 20, seed=1))
pathlib.Path("Lang.avi").write_bytes(avi(48 << 20, seed=2))
"""
SHORT, LONG = "Käpt'n 千尋", "Lang"


@dataclass(frozen=True)
class Kit:
    """A booted kit with a USB socket, and a player that reaches it."""

    guest: Guest
    monitor: QemuMonitor
    page: PageClient

    @property
    def location(self) -> str:
        return f"http://127.0.0.1:{self.guest.host_port(MEDIA_PORT)}/rootDesc.xml"

    def films(self) -> dict[str, Film]:
        return {film.title: film for film in Player("127.0.0.1").films(self.location)}

    def url(self, film: Film) -> str:
        """Return where the host reaches a film: the guest tells its own address."""
        return f"{self.location.removesuffix('/rootDesc.xml')}/{film.url.split('/', 3)[3]}"

    def media(self) -> dict[str, Any]:
        """Return what the page shows of films, sticks and players."""
        return dict(self.page.get("api/status", ANSWER_S)["supervisor"]["media"] or {})

    def drive(self) -> dict[str, Any]:
        """Return what the page shows of the stick; nothing where it shows none."""
        return next((dict(each) for each in self.media().get("drives", [])), {})

    def check(self, name: str) -> dict[str, Any]:
        checks = self.page.get("api/status", ANSWER_S)["supervisor"]["checks"]
        return next((dict(each) for each in checks if each["name"] == name), {})


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> float:
    """Wait until `condition` holds; return for how long. Raises TimeoutError."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - start


@pytest.fixture(scope="module")
def kit(image: Image) -> Iterator[Kit]:
    forwards = [Forward("udp", 37008), Forward("tcp", 80), Forward("tcp", MEDIA_PORT)]
    with Guest(image, BUILD, forwards, extra=["-device", "qemu-xhci"]) as guest:
        wait_ready(guest)
        with guest.qmp() as monitor:
            yield Kit(guest, monitor, page_of(guest))


@pytest.fixture(scope="module")
def filled(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stick]:
    """Return a stick of each kind, filled by the guest's kernel."""
    folder = tmp_path_factory.mktemp("sticks")
    made = {}
    for kind in KINDS:
        made[kind] = sticks.blank(kit.guest.image.tools, folder, kind, f"F {kind}"[:11].upper())
        sticks.fill(kit.guest, kit.monitor, made[kind], FILLING)
    return made


@pytest.fixture
def plugged(kit: Kit) -> Iterator[Callable[[Stick], str]]:
    """Plug a stick in; it is pulled out after the test, where the test has not."""
    devices: list[str] = []

    def plug(stick: Stick) -> str:
        kit.monitor.plug_in(stick.image)
        devices.append(sticks.wait_for_device(kit.guest))
        return devices[-1]

    yield plug
    if kit.guest.execute("ls /dev/sd?")[0] == 0:
        kit.monitor.pull_out()
    for device in devices:
        sticks.gone(kit.guest, device)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stick_is_served_within_seconds(
    kind: str, kit: Kit, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    start = time.monotonic()
    device = plugged(filled[kind])
    wait_for(lambda: {SHORT, LONG} <= kit.films().keys(), "its films")
    seconds = time.monotonic() - start
    print(f"{kind}: films in a player's list {seconds:.1f} s after the stick was plugged in")
    films = kit.films()
    assert fetch(kit.url(films[SHORT])) == (200, avi(1 << 20, seed=1))
    long = avi(48 << 20, seed=2)
    assert fetch(kit.url(films[LONG]), 40 << 20, (41 << 20) - 1) == (206, long[40 << 20 : 41 << 20])
    options = kit.guest.run(f"findmnt -n -o OPTIONS /run/media/{device}").split(",")
    assert {"ro", "nosuid", "nodev", "noexec", "nosymfollow"} <= set(options)
    assert seconds <= FOUND_S


def test_the_page_shows_what_is_plugged_in_and_that_it_was_pulled_out(
    kit: Kit, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    device = plugged(filled["exfat"])
    told = {"device": device, "name": "F EXFAT", "kind": "exfat", "mounted": True}
    wait_for(lambda: told.items() <= kit.drive().items(), "the stick on the page")
    wait_for(lambda: kit.media().get("video") == 2, "two films on the page")
    kit.monitor.pull_out()
    wait_for(lambda: "F EXFAT was pulled out" in kit.check("drives").get("words", ""), "the words")
    wait_for(lambda: kit.media()["video"] == 0 and kit.media()["drives"] == [], "nothing left")


def test_a_stick_pulled_out_in_mid_stream_harms_nothing(
    kit: Kit, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    """The player is told the end, whatever is not read yet; the server goes on."""
    device = plugged(filled["vfat"])
    wait_for(lambda: LONG in kit.films(), "the film")
    stream = chunks(kit.url(kit.films()[LONG]))
    received = len(next(stream))
    wait_for(lambda: kit.media()["streams"] == 1, "the stream on the page")
    kit.monitor.pull_out()
    start = time.monotonic()
    received += sum(map(len, stream))
    assert time.monotonic() - start < 30
    assert received < len(avi(48 << 20, seed=2))
    sticks.gone(kit.guest, device)
    wait_for(lambda: LONG not in kit.films(), "its films to go")
    wait_for(lambda: kit.media()["streams"] == 0, "no stream on the page")
    assert kit.guest.run("systemctl is-active glovebox-films") == "active"
    assert kit.guest.run("systemctl --failed --plain --no-legend") == ""


def test_a_stick_in_and_out_ten_times(
    kit: Kit, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    for _ in range(10):
        kit.monitor.plug_in(filled["vfat"].image)
        kit.monitor.pull_out()
    plugged(filled["vfat"])
    wait_for(lambda: {SHORT, LONG} <= kit.films().keys(), "its films")


def test_a_hostile_label_is_only_a_name(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    label = '../../etc;$(id)%n"'
    stick = sticks.blank(kit.guest.image.tools, tmp_path, "ntfs", label, 16)
    device = plugged(stick)
    wait_for(lambda: kit.drive().get("name") == 'etc;$(id)%n"', "the stick on the page")
    link = f"/run/glovebox-films/films/{'etc;$(id)%n'}"
    wait_for(lambda: kit.guest.execute(f"ls '{link}\"'")[0] == 0, "its link")
    assert kit.guest.run(f"readlink '{link}\"'") == f"/run/media/{device}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_corrupt_file_system_is_told(
    kind: str, kit: Kit, tmp_path: Path, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    """The signature is still there, what it promises is not."""
    content = bytearray(filled[kind].image.read_bytes())
    keep = {"vfat": 512, "exfat": 512, "ntfs": 512, "ext4": 2048}[kind]
    content[keep:] = b"\xa5" * (len(content) - keep)
    if kind == "vfat":
        # Sectors per FAT and where the root folder starts, beyond the end.
        content[36:40] = content[44:48] = b"\xff\xff\xff\x0f"
    broken = tmp_path / "broken.img"
    broken.write_bytes(content)
    plugged(Stick(broken, kind, ""))
    wait_for(lambda: kit.check("drives").get("level") == "warn", "the warning")
    assert "cannot be opened" in kit.check("drives")["words"]
    assert kit.guest.run("systemctl is-active glovebox-films") == "active"


def test_a_divided_drive_is_named_for_what_it_holds(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    """Of four partitions, one has films, one starts a PC, one is encrypted, one is an Apple's."""
    tools = kit.guest.image.tools
    films = sticks.blank(tools, tmp_path, "vfat", "FILME", 48).image.read_bytes()
    starting = sticks.blank(tools, tmp_path, "vfat", "EFI", 48).image.read_bytes()
    # The beginnings of headers, as libblkid knows them (luks.c, hfs.c).
    encrypted = b"LUKS\xba\xbe\0\1".ljust(168, b"\0") + b"0" * 8 + b"-0000-4000-8000-000000000000"
    apples = bytes(1024) + b"H+\0\4".ljust(40, b"\0") + (4096).to_bytes(4, "big")
    plugged(
        sticks.divided(
            tmp_path,
            [
                ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", starting),
                ("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", films),
                ("ca7d7ccb-63ed-4c53-861c-1742536059cc", encrypted.ljust(8 << 20, b"\0")),
                ("48465300-0000-11aa-aa11-00306543ecac", apples.ljust(8 << 20, b"\0")),
            ],
        )
    )
    wait_for(lambda: len(kit.media().get("drives", [])) == 3, "three of the partitions")
    drives = kit.media()["drives"]
    assert [each["name"] for each in drives if each["mounted"]] == ["FILME"]
    wait_for(lambda: kit.check("drives").get("level") == "warn", "the warning")
    words = kit.check("drives")["words"]
    assert "encrypted data (LUKS)" in words
    assert "an Apple file system (HFS+)" in words
    assert "EFI" not in words


def test_two_partitions_with_films_are_served_beside_a_part_of_a_volume_group(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str], filled: dict[str, Stick]
) -> None:
    """An MBR with FAT, an NTFS that Windows did not close, and LVM, none of which is written to."""
    parts = [
        ("c", filled["vfat"].image.read_bytes()),
        ("7", sticks.dirty(filled["ntfs"].image.read_bytes())),
        ("8e", sticks.volumes()),
    ]
    stick = sticks.divided(tmp_path, parts, "dos")
    before = stick.image.read_bytes()
    plugged(stick)
    wait_for(lambda: kit.media().get("video", 0) >= 4, "the films of both", 120)
    drives = kit.media()["drives"]
    assert sorted(each["name"] for each in drives if each["mounted"]) == ["F NTFS", "F VFAT"]
    words = "a part of a Linux volume group (LVM)"
    wait_for(lambda: words in kit.check("drives").get("words", ""), "the third")
    kit.monitor.pull_out()
    assert stick.image.read_bytes() == before


def test_deleted_films_are_not_served(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    stick = sticks.blank(kit.guest.image.tools, tmp_path, "vfat", "PAPIER", 48)
    folder = tmp_path / "stick"
    for name in ("$RECYCLE.BIN/S-1-5-21/$RGONE.avi", "FOUND.000/LOST.avi", "Here.avi"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(avi(1 << 16))
    sticks.copy(kit.guest.image.tools, folder, stick)
    plugged(stick)
    wait_for(lambda: "Here" in kit.films(), "the film that is not deleted")
    assert not {"$RGONE", "LOST"} & kit.films().keys()


def test_a_fat_of_a_hundred_thousand_films_harms_nothing(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str], filled: dict[str, Stick]
) -> None:
    """All else goes on while it is read, for many minutes where the processor is emulated."""
    stick = sticks.blank(kit.guest.image.tools, tmp_path, "vfat", "VIELE", 512)
    fill(tmp_path / "films", 100, 1000)
    sticks.copy(kit.guest.image.tools, tmp_path / "films", stick)
    device = plugged(stick)
    found = wait_for(lambda: kit.media().get("video", 0) > 0, "the first films", 600)
    longest = 0.0
    end = time.monotonic() + READ_S
    while (asked := time.monotonic()) < end:
        assert kit.check("media").get("level") == "ok"
        longest = max(longest, time.monotonic() - asked)
    count = kit.media()["video"]
    free = int(kit.guest.run("awk '/MemAvailable/ {print $2}' /proc/meminfo")) >> 10
    print(f"first films after {found:.0f} s, {count} after {READ_S:.0f} s more;"
          f" the page's longest answer {longest:.1f} s; {free} MiB of memory free")  # fmt: skip
    assert kit.guest.run("systemctl --failed --plain --no-legend") == ""
    kit.monitor.pull_out()
    sticks.gone(kit.guest, device)
    print(f"gone after {wait_for(lambda: kit.media()['video'] == 0, 'the end', 600):.0f} s")
    plugged(filled["vfat"])
    wait_for(lambda: {SHORT, LONG} <= kit.films().keys(), "the films of the next stick", 120)


@pytest.mark.timeout(3600)
def test_of_more_films_and_songs_than_there_is_room_for_those_that_fit_are_listed_and_told(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    """100,000 films and 20,000 songs with covers: how many fit is told, and those are listed.

    An emulated processor reads some fifty of them a second, so that half an hour would be waited
    for the last; there the first thousands must do. tests/net/test_media.py waits for the last one
    with the same limits, without a machine around it.
    """
    stick = sticks.blank(kit.guest.image.tools, tmp_path, "vfat", "ALLES", 1024)
    fill(tmp_path / "media/FILMS", 100, 1000)
    fill_songs(tmp_path / "media/SONGS", 100, 200)
    sticks.copy(kit.guest.image.tools, tmp_path / "media", stick)
    plugged(stick)
    wait_for(lambda: kit.drive().get("listed"), "how much of it is listed", 1200)
    drive = kit.drive()
    assert drive["total"] == 120_000
    assert 80_000 < drive["listed"] < 120_000
    told = f"ALLES: {drive['listed']:,} of 120,000 files listed."
    wait_for(lambda: told in kit.check("drives").get("words", ""), "the number in words")

    def count() -> int:
        return int(kit.media().get("video", 0) + kit.media().get("audio", 0))

    image = kit.guest.image
    is_fast = accelerator.choose(image.tools, image.kernel, BUILD / "accelerator") == KVM
    wanted = drive["listed"] if is_fast else EMULATED_LISTED
    seconds = wait_for(lambda: count() >= wanted, f"{wanted:,} of {drive}", 2400)
    media = kit.media()
    assert media["video"] + media["audio"] <= drive["listed"]
    room = kit.guest.run("df --output=avail,iavail /run/glovebox-films/database | tail -1").split()
    free = int(kit.guest.run("awk '/MemAvailable/ {print $2}' /proc/meminfo")) >> 10
    print(
        f"{media['video']:,} films and {media['audio']:,} songs listed after {seconds:.0f} s;"
        f" {int(room[0]) >> 10} MiB and {room[1]} files of room left; {free} MiB of memory"
    )
    # The first thousands are of the folder that is read first, whichever that is.
    assert (media["video"] > 0 and media["audio"] > 0) or not is_fast
    assert int(room[0]) > 0
    assert kit.check("media").get("level") == "ok"
    assert kit.guest.run("systemctl --failed --plain --no-legend") == ""
    kit.monitor.pull_out()
    wait_for(lambda: not count(), "the end", 1200)
    (tmp_path / "next").mkdir()
    (tmp_path / "next/NEXT.AVI").write_bytes(avi(1 << 16))
    after = sticks.blank(kit.guest.image.tools, tmp_path, "vfat", "DANACH", 48)
    sticks.copy(kit.guest.image.tools, tmp_path / "next", after)
    plugged(after)
    wait_for(lambda: "NEXT" in kit.films(), "the film of the next stick", 120)


def test_a_dirty_journal_is_left_as_it_is(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    """Pulled out while being written by someone else; here it is read, and not one byte changes."""
    stick = sticks.blank(kit.guest.image.tools, tmp_path, "ext4", "DIRTY", 32)
    sticks.fill(kit.guest, kit.monitor, stick, "open('a.avi', 'wb').write(avi(1 << 20))")
    kit.monitor.plug_in(stick.image)
    device = sticks.wait_for_device(kit.guest)
    kit.guest.run(f"until grep -q /run/media/{device} /proc/self/mountinfo; do sleep 0.1; done")
    kit.guest.run(f"systemctl stop run-media-{device}.mount")
    kit.guest.run(f"mount /dev/{device} /run/filling && cd /run/filling && cp a.avi b.avi && sync")
    kit.monitor.pull_out()
    kit.guest.run("umount -l /run/filling")
    sticks.gone(kit.guest, device)
    before = stick.image.read_bytes()
    assert "needs_recovery" in features(kit, stick)
    plugged(stick)
    wait_for(lambda: "a" in kit.films(), "its film")
    kit.monitor.pull_out()
    assert stick.image.read_bytes() == before


def features(kit: Kit, stick: Stick) -> str:
    import subprocess

    tools = kit.guest.image.tools
    return subprocess.run(
        [*tools.argv("dumpe2fs"), "-h", str(stick.image)],
        check=True, capture_output=True, text=True, env=tools.environment,
    ).stdout  # fmt: skip


def test_the_media_server_has_few_rights(kit: Kit) -> None:
    shown = kit.guest.run("systemctl show glovebox-films -p User,CapabilityBoundingSet,Result")
    wanted = {"User=glovebox-films", "CapabilityBoundingSet=", "Result=success"}
    assert set(shown.splitlines()) == wanted
    health = json.loads(kit.guest.run("glovebox status --json || true"))
    assert next(each["level"] for each in health["checks"] if each["name"] == "media") == "ok"


def test_films_play_on_while_the_sensor_is_flooded(
    kit: Kit, filled: dict[str, Stick], plugged: Callable[[Stick], str]
) -> None:
    """Capture gives way, and the page says how much of it was inspected all the same."""
    plugged(filled["vfat"])
    wait_for(lambda: LONG in kit.films(), "the film")
    urls = [kit.url(kit.films()[LONG])] * streaming.STREAMS
    found = streaming.overload(kit.guest, urls, FLOODED_S, FLOOD_PER_SECOND)
    print(found)
    assert found.films_played
    assert re.match(r"[0-9.]+ % of the traffic of the last minute was inspected", found.inspected)


def test_a_stick_that_says_panic_stops_nothing(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    """ext4 obeys the superblock wherever the mount options say nothing of errors."""
    started = kit.guest.run("systemctl show -P KernelTimestampMonotonic; cat /proc/stat | grep bt")
    device = plugged(sticks.panicking(kit.guest.image.tools, tmp_path))
    kit.guest.run(f"until grep -q /run/media/{device} /proc/self/mountinfo; do sleep 0.1; done", 60)
    kit.guest.execute(f"ls -l /run/media/{device}")
    kit.guest.run("until dmesg | grep -q 'EXT4-fs error'; do sleep 0.1; done", 60)
    again = kit.guest.run("systemctl show -P KernelTimestampMonotonic; cat /proc/stat | grep bt")
    assert again == started
    options = kit.guest.run(f"findmnt -n -o OPTIONS /run/media/{device}").split(",")
    assert "ro" in options
    assert kit.guest.run("systemctl is-active glovebox-receiver glovebox-films").split() == [
        "active", "active",
    ]  # fmt: skip


def test_a_stick_with_the_cards_signature_is_only_a_stick(
    kit: Kit, tmp_path: Path, plugged: Callable[[Stick], str]
) -> None:
    links = "cd /dev/glovebox && readlink -f part1 part2 part5"
    before = kit.guest.run(links)
    device = plugged(sticks.like_the_card(tmp_path, kit.guest.image.disk))
    kit.guest.run("udevadm settle")
    kit.guest.run(f"until grep -q /run/media/{device}2 /proc/self/mountinfo; do sleep 0.1; done")
    assert kit.guest.run(links) == before
    named = "find /dev/disk /dev/glovebox -type l -exec readlink -f {} + 2>/dev/null || true"
    assert device not in kit.guest.run(named)
    # As systemd would mount it now, and not only as it was mounted before.
    source = kit.guest.run("systemctl show -P What var-lib-glovebox.mount")
    assert kit.guest.run(f"readlink -f {source}") == before.split()[2]


def test_a_stick_with_the_cards_signature_at_power_on(image: Image, tmp_path: Path) -> None:
    stick = sticks.like_the_card(tmp_path, image.disk)
    words = ["-device", "qemu-xhci", "-drive", f"if=none,id=old,format=raw,file={stick.image}",
             "-device", "usb-storage,drive=old"]  # fmt: skip
    with Guest(image, BUILD, extra=words) as guest:
        guest.execute("systemctl is-system-running --wait", 300)
        assert guest.run("systemctl --failed --plain --no-legend") == ""
        sources = guest.run("findmnt -n -o SOURCE / ; findmnt -n -o SOURCE /var/lib/glovebox")
        assert [source.startswith("/dev/vda") for source in sources.split()] == [True, True]
        assert guest.run("readlink -f /dev/glovebox/part5") == "/dev/vda5"
