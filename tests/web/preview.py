# SPDX-License-Identifier: MIT
"""`build.sh page`: the page in a developer's browser, with sample data, and no rights or network.

One state of tests/web/states.py is shown at a time; `/preview` chooses another, and an open
page follows, as it does on a sensor. When a file of the project changes, all starts anew.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from appliance.access.vault import Vault
from appliance.alerts.pages import AlertPages
from appliance.alerts.store import AlertStore
from appliance.errors import AddressInUseError, GloveboxError
from appliance.flows.pages import HostPages
from appliance.flows.schema import DATABASE
from appliance.host.links import Interface
from appliance.ids import snort
from appliance.settings.config import Config
from appliance.settings.sections.web import WebConfig
from appliance.supervisor.observations import Observations
from appliance.supervisor.observe import ObservedPlaces, Observer
from appliance.web import Doors, create_app
from appliance.web.monitor import Monitor
from tests.conftest import PROJECT
from tests.web.serving import Sensor
from tests.web.states import STATES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESS, PORT = "127.0.0.1", 8088
PASSWORD = "glovebox preview"
TOKEN = "a-token-of-the-preview"
FIRST_STATE = "watching"
CHOICE = "/preview"
# Where the preview keeps its files while it starts anew.
FOLDER = "GLOVEBOX_PREVIEW"
LOOK_S = 0.5


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep quiet."""


class SampleSensor(Sensor):
    """A sensor of files alone: nothing of it is started, and its engine is only said to listen."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.store = AlertStore(directory / "alerts.db", boot="preview")
        self.listens = False

    def start_engine(self) -> None:
        """Say that the engine listens."""
        self.listens = True

    def close(self) -> None:
        """Let go of the alerts."""
        self.store.close()


class SampleObserver(Observer):
    """Sees the interface and the engine of a sample, and not those of this machine."""

    def __init__(self, sensor: SampleSensor) -> None:
        super().__init__("tzsp0", None, snort, replace(ObservedPlaces(), runtime=sensor.directory))
        self._sample = sensor

    def look(self, names: Iterable[str], before: Observations | None = None) -> Observations:
        """Look at the sample now."""
        interface = Interface("tzsp0", present=True, up=True, mtu=65535)
        found = super().look(names, before)
        return replace(found, interface=interface, listening=self._sample.listens)


class Preview:
    """The page as a WSGI application, in one state at a time."""

    def __init__(self, folder: Path) -> None:
        """Begin with the state that was shown last in `folder`."""
        self._folder, self._shown = folder, folder / "state"
        self._samples = folder / "samples"
        # What a run left that was replaced when a file changed.
        shutil.rmtree(self._samples, ignore_errors=True)
        self._samples.mkdir()
        self._config = Config(web=WebConfig(password=PASSWORD, api_token=TOKEN))
        self._arranged = contextlib.ExitStack()
        self._app: Flask | None = None
        self.show(self._shown.read_text() if self._shown.exists() else FIRST_STATE)

    def show(self, state: str) -> None:
        """Show another state. Raises KeyError."""
        arrange = STATES[state][0]
        self.close()
        # Each time a folder of its own: nothing of the state before is left. A page that is open
        # may still be reading there when it is removed.
        sample = tempfile.TemporaryDirectory(dir=self._samples, ignore_cleanup_errors=True)
        sensor = SampleSensor(Path(self._arranged.enter_context(sample)) / "sensor")
        self._arranged.enter_context(arrange(sensor))
        # All its alerts are there by now, and SQLite wants no other thread to close it.
        sensor.close()
        self._app = self._page(sensor)
        self._shown.write_text(state)

    def close(self) -> None:
        """End the state that is shown, and the streams of pages that follow it."""
        if self._app:
            self._app.secret_key = "ended"
        self._arranged.close()

    def _page(self, sensor: SampleSensor) -> Flask:
        database = sensor.directory / "alerts.db"
        history = AlertPages(database)
        doors = Doors(films=sensor.directory / "doors")
        observer = SampleObserver(sensor)
        monitor = Monitor(self._config, directory=sensor.directory, observer=observer)
        hosts = HostPages(self._config.flows, sensor.directory / DATABASE.name)
        vault = Vault(self._folder / "web")
        return create_app(self._config, monitor, history, vault, doors, hosts=hosts)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request; with the token, so that looking needs no login."""
        if environ["PATH_INFO"] == CHOICE:
            return self._choose(Request(environ))(environ, start)
        environ.setdefault("HTTP_AUTHORIZATION", f"Bearer {TOKEN}")
        assert self._app
        return self._app(environ, start)

    def _choose(self, request: Request) -> Response:
        wanted = request.args.get("state")
        if wanted in STATES:
            self.show(wanted)
            return redirect("/", 303)
        return Response(choice(), mimetype="text/html")


def choice() -> str:
    """Return the page that leads to each state."""
    links = "".join(f'<li><a href="{CHOICE}?state={name}">{name}</a>' for name in STATES)
    return f"<!doctype html><title>States of the page</title><ul>{links}</ul>"


def stamps() -> dict[Path, int]:
    """Return when each file was changed that the page is made of: modules, templates, styles."""
    modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = [Path(name) for name in modules if name and name.startswith(str(PROJECT))]
    folders = [PROJECT / "appliance" / "web" / name for name in ("templates", "static")]
    files += [file for folder in folders for file in folder.rglob("*")]
    return {file: file.stat().st_mtime_ns for file in files if file.exists()}


def start_anew_when_changed() -> None:
    """Look at the files again and again; replace this process by a new one at the first change.

    A module that a request was the first to load is no change: from then on it is looked at too.
    """
    before = stamps()
    while True:
        time.sleep(LOOK_S)
        now = stamps()
        if any(now.get(file) != stamp for file, stamp in before.items()):
            os.execv(sys.executable, sys.orig_argv)
        before = now


def hint(port: int) -> str:
    """Return what a developer reads when the page is up."""
    return (
        f"the page: http://{ADDRESS}:{port}/ (no login to look; buttons want the password"
        f" '{PASSWORD}')\nits states: http://{ADDRESS}:{port}{CHOICE}\n"
        "it starts anew when a file changes; Ctrl-C ends it"
    )


def serve(folder: Path, port: int) -> None:
    """Serve until Ctrl-C, and anew whenever a file changes. Raises AddressInUseError."""
    try:
        server = make_server(ADDRESS, port, Preview(folder), threaded=True, request_handler=Quiet)
    except OSError as error:
        raise AddressInUseError(f"port {port} is taken; choose another with --port") from error
    threading.Thread(target=start_anew_when_changed, daemon=True).start()
    print(hint(port), file=sys.stderr, flush=True)
    server.serve_forever()


def main(argv: Sequence[str]) -> int:
    """Serve the page with sample data."""
    parser = argparse.ArgumentParser(
        prog="build.sh page",
        description="Show the page with sample data in your browser. States: " + ", ".join(STATES),
    )
    parser.add_argument("--port", type=int, default=PORT, help="of this host (%(default)s)")
    arguments = parser.parse_args(argv)
    os.environ.setdefault(FOLDER, tempfile.mkdtemp(prefix="glovebox-page-"))
    try:
        serve(Path(os.environ[FOLDER]), arguments.port)
    except GloveboxError as error:
        print(f"build.sh page: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(os.environ[FOLDER])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
