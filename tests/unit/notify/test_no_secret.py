# SPDX-License-Identifier: MIT
"""Marked secrets wherever a setting holds one, and a search through all that anybody may see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.access.vault import Vault
from appliance.alerts.store import AlertStore
from appliance.notify import wishes
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import NotifyReport, SendReport
from appliance.settings import config
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.unit.alerts.test_store import TEMPLATE
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.test_send_service import DEADLINE_S, until
from tests.unit.web.conftest import TOKEN

MARK = "MARKED"
PAGES = (
    "/", "/alerts", "/alerts/stream", "/alerts/quiet", "/devices", "/devices/list", "/intel",
    "/router", "/messages", "/system", "/settings", "/settings/file", "/metrics", "/api/status",
    "/api/alerts", "/api/rows", "/api/devices", "/hosts",
)  # fmt: skip
CHANNELS = """
[web]
api_token = "{token}"
password = "MARKED-page-password"
[wifi]
country = "DE"
networks = [{{ ssid = "Home", password = "MARKED-wifi" }}]
[access_point]
passphrase = "MARKED-access-point"
[intel]
sources = ["https://example.org/MARKED-list/key", "urlhaus-hosts"]
[rules]
sources = ["https://example.org/rules.tar.gz?oinkcode=MARKED"]
[capture]
interface = "lo"
[notify]
channels = [
  {{ name = "hook", way = "webhook", to = "{server}/echo/MARKED-path?MARKED-query", secret = "MARKED-token" }},
  {{ name = "phone", way = "ntfy", to = "{server}/closed", secret = "MARKED-no-token" }},
  {{ name = "chat", way = "telegram", to = "1", server = "{server}", secret = "123456:MARKED-telegram" }},
  {{ name = "post", way = "mail", to = "me@example.org", server = "127.0.0.1:1", secret = "MARKED-mail" }},
  {{ name = "team", way = "other", secret = "json://u:MARKED-apprise@127.0.0.1:1/MARKED-json" }},
  {{ name = "home", way = "mqtt", server = "127.0.0.1:1", user = "u", secret = "MARKED-mqtt" }},
]
[forward]
targets = [
  {{ name = "loki", way = "loki", to = "{server}/echo/MARKED-loki", user = "u", secret = "MARKED-basic" }},
]
"""  # noqa: E501


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name in ("kept", "run", "run/wishes", "status", "lines", "web"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def running(places: Path, server: PlayedServer) -> Iterator[tuple[subprocess.Popen[str], ...]]:
    """Run both services with all logging on."""
    text = CHANNELS.format(server=server.address, token=TOKEN)
    (places / "settings.toml").write_text(text)
    environment = os.environ | {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(places / "status"),
        "GLOVEBOX_CONFIG": str(places / "settings.toml"),
    }
    glovebox = [sys.executable, "-m", "appliance.cli"]
    sending = ["notify-send", "-v", "--folder", places / "kept", "--run", places / "run"]
    writing = ["notify", "-v", "--database", places / "alerts.db", "--folder", places / "lines",
               "--socket", places / "run/socket"]  # fmt: skip
    processes = tuple(
        subprocess.Popen([*glovebox, *map(str, argv)], env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for argv in (sending, writing)
    )  # fmt: skip
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def seen_processes() -> str:
    """Return the command lines and environments of all processes that may be read."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append((folder / name).read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
    return "\n".join(each for each in found if "appliance" in each)


def answered(places: Path) -> int:
    report = SendReport.read(places / "status")
    if report is None:
        return 0
    channels = sum(each.answered > 0 for each in report.channels)
    return channels + sum(each.answered > 0 for each in report.collectors)


@pytest.mark.slow
def test_no_secret_is_to_be_found_anywhere(
    places: Path, running: tuple[subprocess.Popen[str], ...]
) -> None:
    store = AlertStore(places / "alerts.db", "boot")
    until(lambda: len(list((places / "lines").glob("forward-*"))) == 1, "forwarding began")
    processes: list[str] = []
    asked = wishes.inbox(places / "run/wishes")
    asked.post(NotifyWish(NotifyWishKind.TEST, "post"))
    asked.post(NotifyWish(NotifyWishKind.PUT, "mine", {"way": "telegram", "to": "MARKED",
                                                     "secret": "MARKED-wish"}))  # fmt: skip
    store.add([replace(TEMPLATE, priority=1)], {}, 1000)

    def is_done() -> bool:
        processes.append(seen_processes())
        return answered(places) == 7

    until(is_done, "all were tried")
    until(lambda: SendReport.require(places / "status").trouble, "the wish is refused")
    pages = shown(places)
    for process in running:
        process.send_signal(signal.SIGTERM)
    journal = "".join(process.communicate(timeout=DEADLINE_S)[0] for process in running)
    status = "".join(file.read_text() for file in (places / "status").glob("*.json"))
    lines = "".join(file.read_text() for file in (places / "lines").iterdir())
    store.close()
    report = NotifyReport.require(places / "status")
    assert all(line.trouble for line in report.lines), "each was refused, and said so"
    for name, text in (("journal", journal), ("status files", status), ("lines", lines),
                       ("pages", pages), ("processes", "".join(processes))):  # fmt: skip
        assert len(text) > 100 and MARK not in text, name
    assert "send_once" in "".join(processes), "the processes that send were seen"


def shown(places: Path) -> str:
    """Return what the page, its API and `config show` say."""
    settings, errors = config.load([places / "settings.toml"])
    assert not errors
    monitor = Monitor(settings, engine_user="daemon", directory=places / "status")
    app = create_app(settings, monitor, vault=Vault(places / "web"),
                     doors=Doors(telling=places / "run/wishes"))  # fmt: skip
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    found = [client.get(path) for path in PAGES]
    # Some have nothing to show here, and say so.
    assert all(each.status_code in (200, 503) for each in found)
    bad = client.post("/settings/notify", data={"channels": '[{ name = "x", way = "mail"'})
    found.append(bad)
    argv = [sys.executable, "-m", "appliance.cli", "config", "show", str(places / "settings.toml")]
    environment = os.environ | {"GLOVEBOX_CONFIG": str(places / "settings.toml")}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert "notify" in done.stdout, done.stderr
    told = [each.get_data(as_text=True) for each in found]
    return "".join([*told, str(done.stdout), str(done.stderr)])
