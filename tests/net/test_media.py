# SPDX-License-Identifier: MIT
"""The image's minidlna and a real control point: found, browsed, fetched; films come and go."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import selectors
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from appliance import firewall
from appliance.films import library, links, minidlna
from appliance.reports.films import Library, read_listed
from appliance.service import Stop
from appliance.settings.config import Config
from appliance.settings.sections.media import MediaConfig
from image.build.tools import Tools
from tests.conftest import PROJECT
from tests.movies import avi, fill, picture, song
from tests.net.namespaces import (
    DEADLINE_S,
    ROUTER_ADDRESS,
    SENSOR_ADDRESS,
    Network,
    wait_until,
)
from tests.player import Film, Player, fetch
from tests.programs import of_the_device

pytestmark = pytest.mark.net

OTHER = "192.0.2.77"
IDENTITY = uuid.UUID("00000000-0000-4000-8000-000000000001")
FILM = avi(1 << 20)
SETTINGS = MediaConfig()
# In scripts of the world, with what XML, URLs and shells take for their own.
TITLES = [
    "Käpt'n Blaubär",
    "Ёжик в тумане",
    "千と千尋の神隠し",
    "حكاية",
    'a&b <c> "d" $(e) %41 #?;',
    "🎬",
]


@pytest.fixture(scope="session")
def programs() -> Tools:
    return of_the_device()


class Server:
    """minidlna on the sensor, with the configuration that the device renders."""

    def __init__(self, network: Network, programs: Tools, folder: Path) -> None:
        self.network, self.folder = network, folder
        self.films = folder / links.FILMS.name
        self.drives = folder / "drives"
        for place in (self.films, self.drives, folder / minidlna.DATABASE.name):
            place.mkdir(exist_ok=True)
        self._argv = [
            *programs.argv("minidlnad"), "-S", "-f", str(folder / "minidlna.conf"),
            "-P", str(folder / "pid"),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self.player = Player(ROUTER_ADDRESS)

    def start(self, settings: MediaConfig = SETTINGS, ahead: bool = False) -> None:
        """Start it; `ahead` of all else on this host, as its weight on the device has it."""
        text = minidlna.render(settings, IDENTITY, self.folder)
        (self.folder / "minidlna.conf").write_text(text)
        with self.network.inside(self.network.sensor), (self.folder / "log").open("wb") as log:
            argv = ["chrt", "--rr", "1", *self._argv] if ahead else self._argv
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def library(self) -> Library:
        with self.network.inside(self.network.sensor):
            return library.ask((SENSOR_ADDRESS, minidlna.PORT))

    def resident(self) -> int:
        """Return the bytes of memory that it takes."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def location(self) -> str:
        return f"http://{SENSOR_ADDRESS}:{minidlna.PORT}/rootDesc.xml"

    def browse(self) -> dict[str, Film]:
        with self.network.inside(self.network.router):
            return {film.title: film for film in self.player.films(self.location())}

    def fetch(
        self, url: str, first: int | None = None, last: int | None = None
    ) -> tuple[int, bytes]:
        with self.network.inside(self.network.router):
            return fetch(url, first, last)

    def wait_for(self, condition: Callable[[Library], bool], what: str) -> None:
        def holds() -> bool:
            try:
                return condition(self.library())
            except OSError:
                return False

        wait_until(holds, what)


@pytest.fixture
def server(network: Network, programs: Tools, tmp_path: Path) -> Iterator[Server]:
    made = Server(network, programs, tmp_path)
    yield made
    made.stop()


def test_a_player_finds_the_server_and_fetches_every_byte(server: Server) -> None:
    (server.films / "Der Film.avi").write_bytes(FILM)
    server.start(MediaConfig(name="Familie Müller's Kiste"))
    with server.network.inside(server.network.router):
        location = server.player.find(10)
        assert server.player.name(location) == "Familie Müller's Kiste"
    server.wait_for(lambda found: found.video == 1 and not found.scanning, "one film")
    film = server.browse()["Der Film"]
    assert film.size == len(FILM)
    assert server.fetch(film.url) == (200, FILM)
    for first, last in [(0, 1), (1, 99_999), (500_000, None), (len(FILM) - 1, None)]:
        end = len(FILM) if last is None else last + 1
        assert server.fetch(film.url, first, last) == (206, FILM[first:end])
    assert server.fetch(film.url, len(FILM), None)[0] in (400, 416)


def test_films_have_names_in_any_script(server: Server) -> None:
    for number, title in enumerate(TITLES):
        (server.films / f"{title}.avi").write_bytes(avi(64 << 10, seed=number))
    server.start()
    server.wait_for(lambda found: found.video == len(TITLES), "all films")
    films = server.browse()
    assert set(films) == set(TITLES)
    for number, title in enumerate(TITLES):
        assert server.fetch(films[title].url)[1] == avi(64 << 10, seed=number)


def test_broken_files_are_left_out_and_harm_nothing(server: Server) -> None:
    (server.films / "empty.avi").write_bytes(b"")
    (server.films / "cut.avi").write_bytes(FILM[:100])
    (server.films / "text.mp4").write_bytes(b"not a film\n" * 1000)
    (server.films / "zeros.mkv").write_bytes(bytes(1 << 16))
    for number in range(64):
        damaged = bytearray(FILM[: 1 << 16])
        damaged[number * 4 : number * 4 + 4] = b"\xff\xff\xff\xff"
        (server.films / f"damaged-{number}.avi").write_bytes(damaged)
    (server.films / "whole.avi").write_bytes(FILM)
    server.start()
    server.wait_for(lambda found: found.video > 0 and not found.scanning, "the scan")
    assert server.fetch(server.browse()["whole"].url) == (200, FILM)


def test_a_drive_comes_and_goes_while_a_film_plays(server: Server) -> None:
    """As glovebox-films-drive@.service does it; nothing restarts, and the other film goes on."""
    (server.films / "MEDIA").mkdir()
    (server.films / "MEDIA" / "Zuhause.avi").write_bytes(FILM)
    drive = server.drives / "sda1"
    (drive / "Serien" / "Staffel 1").mkdir(parents=True)
    (drive / "Serien" / "Staffel 1" / "Folge 1.avi").write_bytes(avi(1 << 18, seed=1))
    (drive / "Unterwegs.avi").write_bytes(avi(1 << 18, seed=2))
    server.start(ahead=True)
    server.wait_for(lambda found: found.video == 1 and not found.scanning, "the film at home")

    links.add("sda1", "FILME", Stop(), server.films, server.drives, server.folder)
    server.wait_for(lambda found: found.video == 3, "the films of the drive")
    films = server.browse()
    assert set(films) == {"Zuhause", "Folge 1", "Unterwegs"}
    assert server.fetch(films["Folge 1"].url)[1] == avi(1 << 18, seed=1)

    links.remove("sda1", Stop(), server.films, server.drives, server.folder)
    server.wait_for(lambda found: found.video == 1, "the films to go with the drive")
    assert set(server.browse()) == {"Zuhause"}
    links.add("sda1", "FILME", Stop(), server.films, server.drives, server.folder)
    server.wait_for(lambda found: found.video == 3, "the drive again")


def taken(server: Server, url: str, count: int, ask: bool) -> list[socket.socket]:
    """Have the router open `count` connections at once; return those that the server took.

    With `ask` each begins to fetch the film, and never reads on.
    """
    waiting = selectors.DefaultSelector()
    with server.network.inside(server.network.router):
        for _ in range(count):
            asking = socket.socket()
            asking.setblocking(False)
            asking.connect_ex((SENSOR_ADDRESS, minidlna.PORT))
            waiting.register(asking, selectors.EVENT_WRITE)
    found = []
    # The rest is dropped: nothing more comes.
    while ready := waiting.select(0.9):
        for key, _ in ready:
            asked = key.fileobj
            assert isinstance(asked, socket.socket)
            waiting.unregister(asked)
            if asked.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(asked)
    for key in list(waiting.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
    for asking in found if ask else ():
        asking.send(f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return found


@pytest.mark.parametrize(("count", "ask"), [(51, True), (1031, False)], ids=["downloads", "idle"])
def test_one_host_does_not_keep_others_from_their_films(
    server: Server, count: int, ask: bool
) -> None:
    """minidlna's main process sends the 51st download itself, and takes connections without end."""
    (server.films / "Lang.avi").write_bytes(avi(8 << 20))
    server.start()
    server.wait_for(lambda found: found.video == 1 and not found.scanning, "one film")
    url = server.browse()["Lang"].url
    sensor, router = server.network.sensor, server.network.router
    subprocess.run(
        ["ip", "netns", "exec", sensor, "nft", "--file", "-"],
        input=firewall.render(Config()), text=True, check=True,
    )  # fmt: skip
    subprocess.run(["ip", "-n", router, "addr", "add", f"{OTHER}/24", "dev", "cable"], check=True)
    held = taken(server, url, count, ask)
    assert len(held) == minidlna.MOST_BY_HOST
    with server.network.inside(router):
        place = urlsplit(url)
        player = http.client.HTTPConnection(place.netloc, timeout=10, source_address=(OTHER, 0))
        player.request("GET", place.path)
        assert player.getresponse().read() == avi(8 << 20)
    assert server.library().video == 1
    for each in held:
        each.close()


class FirstReading:
    """minidlna as it reads the films of its start, and has not come to the end of MEDIA.

    It looks for words about a film in a file beside it: here a pipe, of which it awaits the writer.
    The folder of films it has read by then, and it watches nothing yet.
    """

    def __init__(self, server: Server) -> None:
        self._server, self._stop = server, Stop()
        media = server.films / "MEDIA"
        media.mkdir()
        (media / "Zuhause.avi").write_bytes(FILM)
        self._pipe = media / "Zuhause.nfo"
        os.mkfifo(self._pipe)
        (server.films / "Anfang.avi").write_bytes(avi(1 << 18, seed=1))
        drive = server.drives / "sda1"
        drive.mkdir()
        (drive / "Unterwegs.avi").write_bytes(avi(1 << 18, seed=2))

    def meanwhile(
        self, films: int, change: Callable[[Stop], object], done: Callable[[], bool]
    ) -> None:
        """Start it; have something changed once it knows so many films; let it read on then."""
        self._server.start(ahead=True)
        self._server.wait_for(lambda found: found.video == films, "the first films")
        with ThreadPoolExecutor(1) as thread:
            changing = thread.submit(change, self._stop)
            try:
                wait_until(done, "the change")
                assert self._server.library().scanning
                self._pipe.open("wb").close()
                changing.result(DEADLINE_S)
            finally:
                self._stop.set()


def test_a_drive_that_comes_while_minidlna_starts_is_not_missed(server: Server) -> None:
    FirstReading(server).meanwhile(
        1,
        lambda stop: links.add("sda1", "FILME", stop, server.films, server.drives, server.folder),
        (server.films / "FILME").is_symlink,
    )
    server.wait_for(lambda found: found.video == 3, "the film of the drive")
    assert set(server.browse()) == {"Anfang", "Zuhause", "Unterwegs"}


def test_a_drive_that_goes_while_minidlna_starts_is_forgotten(server: Server) -> None:
    starting = FirstReading(server)
    link = links.add("sda1", "FILME", Stop(), server.films, server.drives, server.folder)
    starting.meanwhile(
        2,
        lambda stop: links.remove("sda1", stop, server.films, server.drives, server.folder),
        lambda: not link.is_symlink(),
    )
    server.wait_for(lambda found: found.video == 2 and not found.scanning, "the film to go")
    assert set(server.browse()) == {"Anfang", "Zuhause"}


def test_covers_take_no_room_from_the_list(server: Server) -> None:
    """Each cover is a file, and files end before the room does, as on the device."""
    with in_memory(server.folder / minidlna.DATABASE.name, "16m,nr_inodes=60"):
        songs(server.drives / "sda1", albums=80, each=1, cover=20_000)
        links.add("sda1", "LIEDER", Stop(), server.films, server.drives, server.folder)
        server.start()
        server.wait_for(lambda found: found.audio == 80 and not found.scanning, "all songs")
        place = server.folder / minidlna.DATABASE.name
        used, covers = shutil.disk_usage(place).used, len(list(place.rglob("*.jpg")))
        print(f"80 songs with {covers} covers take {used >> 10} KiB")
        assert 10 < covers < 60
        server.stop()


def test_a_drive_is_listed_as_far_as_there_is_room_and_nothing_deleted(server: Server) -> None:
    drive = server.drives / "sda1"
    fill(drive, shelves=6, each=10)
    for place in ("$RECYCLE.BIN/S-1-5", "FOUND.000", ".Trashes", ".Trash-1000/files", "RECYCLER"):
        (drive / place).mkdir(parents=True)
        (drive / place / "Gone.avi").write_bytes(FILM[: 1 << 16])
    (drive / "Top.avi").write_bytes(FILM[: 1 << 16])
    link = links.add(
        "sda1", "FILME", Stop(), server.films, server.drives, server.folder, room=60_000
    )
    (told,) = read_listed(server.folder)
    assert told.total == 61 and 25 < told.listed < 61
    server.start()
    server.wait_for(lambda found: found.video == told.listed and not found.scanning, "what fits")
    titles = set(server.browse())
    assert "Top" in titles and "Gone" not in titles
    links.remove("sda1", Stop(), server.films, server.drives, server.folder)
    server.wait_for(lambda found: found.video == 0, "the films to go with the drive")
    assert not read_listed(server.folder) and not link.is_symlink()
    links.add("sda1", "FILME", Stop(), server.films, server.drives, server.folder)
    server.wait_for(lambda found: found.video == 61, "all, where there is room again")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_films_and_songs_beyond_all_room_are_listed_as_far_as_they_fit(server: Server) -> None:
    """The device's own limits: 100,000 films and 20,000 songs with covers on one stick."""
    unit = (PROJECT / "systemd/system/glovebox-films.service").read_text()
    found = re.search(r"^TemporaryFileSystem=.*mode=1777,size=(\w+,nr_inodes=\w+)", unit, re.M)
    assert found is not None
    database = server.folder / minidlna.DATABASE.name
    with in_memory(server.drives, "3g"), in_memory(database, found[1]):
        drive = server.drives / "sda1"
        songs(drive / "MUSIC", albums=2000, each=10, cover=12_000)
        fill(drive, 100, 1000)
        links.add("sda1", "ALLES", Stop(), server.films, server.drives, server.folder)
        (told,) = read_listed(server.folder)
        assert told.total == 120_000 and told.listed > 60_000
        server.start()
        server.wait_for(lambda found: found.audio > 0, "the first song")
        deadline = time.monotonic() + 3000
        now = Library(0, 0, 0)
        while now.video + now.audio < told.listed or now.scanning:
            assert time.monotonic() < deadline, now
            time.sleep(1)
            # On a busy machine its page may come later than is waited for.
            with contextlib.suppress(OSError):
                now = server.library()
        used = shutil.disk_usage(database).used
        print(
            f"{now.video} films, {now.audio} songs of 120000 take {used >> 20} MiB,"
            f" reckoned {told.cost >> 20}; {len(list(database.rglob('*.jpg')))} covers"
        )
        assert now.video + now.audio == told.listed
        server.stop()


def songs(folder: Path, albums: int, each: int, cover: int) -> None:
    """Put albums of songs into folders, every album with a cover of its own."""
    for album in range(albums):
        place = folder / f"ALBUM{album}"
        place.mkdir(parents=True)
        front = picture(cover, seed=album)
        for number in range(each):
            name = f"Song {number} of album {album}"
            (place / f"{name}.mp3").write_bytes(song(name, f"Album {album}", front))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_films_are_listed_and_the_server_answers_meanwhile(
    server: Server,
) -> None:
    """In as much memory as the device gives the list (glovebox-films.service)."""
    shelves, each = 100, 1000
    with in_memory(server.drives, "1g"), in_memory(server.folder / minidlna.DATABASE.name, "224m"):
        fill(server.drives / "sda1", shelves, each)
        server.start()
        server.wait_for(lambda found: not found.scanning, "the start")
        plugged = time.monotonic()
        links.add("sda1", "FILME", Stop(), server.films, server.drives, server.folder)
        longest = 0.0
        while server.library().video < shelves * each:
            asked = time.monotonic()
            server.library()
            longest = max(longest, time.monotonic() - asked)
            time.sleep(0.5)
        print(
            f"all listed after {time.monotonic() - plugged:.0f} s, longest answer {longest:.1f} s"
        )
        assert longest < 5
        used = shutil.disk_usage(server.folder / minidlna.DATABASE.name).used
        print(f"the list takes {used >> 20} MiB, the server {server.resident() >> 20} MiB")
        gone = time.monotonic()
        links.remove("sda1", Stop(), server.films, server.drives, server.folder)
        while server.library().video:
            time.sleep(0.5)
        print(f"gone after {time.monotonic() - gone:.0f} s")
        server.stop()


@contextlib.contextmanager
def in_memory(folder: Path, size: str) -> Iterator[None]:
    """Mount a file system in memory over a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
