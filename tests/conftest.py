# SPDX-License-Identifier: MIT
"""Fixtures that every kind of test shares."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from image.build.tools import Tools

# What a fixture builds where it is not there yet.
BUILT = frozenset(("engine_root", "suricata_root", "tools", "guest", "image"))
BUILD_SECONDS = 1800
PAGE_MS = 180_000
# How long an example takes on a busy machine says nothing. `./build.sh check` tries some of the
# examples, after each edit; `test` tries them all.
settings.register_profile("full", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=15)
settings.load_profile("full")
PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("GLOVEBOX_SHARED_DATA", PROJECT.parent / "shared" / "data"))
# Fixtures that hand out what takes minutes to make, and the mark of each test that asks for one.
NEEDS = {
    "engine_root": "snort",
    "suricata_root": "suricata",
    "tools": "tools",
    "browser": "browser",
    "guest": "image",
}
# The name of a web site that leads to this machine.
FOREIGN = "evil.example"
CHROMIUM_ARGUMENTS = [
    f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


def missing(reason: str) -> NoReturn:
    """Skip where a need of a test is not met; fail where CI promises that it is."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: this must be there)")
    pytest.skip(reason)


def need_root() -> None:
    """Skip where whoever runs the tests may not open packet sockets."""
    if os.geteuid() != 0:
        missing("packet sockets need root")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real captures and logs that stands beside the project."""
    if not SHARED_DATA.is_dir():
        missing(f"no folder of real data at {SHARED_DATA}; GLOVEBOX_SHARED_DATA names another")
    return SHARED_DATA


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """Return the folder of inputs that once went wrong, beside the project."""
    folder = Path(os.environ.get("GLOVEBOX_SHARED_CASES", PROJECT.parent / "shared" / "cases"))
    if not folder.is_dir():
        missing(f"no folder of cases at {folder}; GLOVEBOX_SHARED_CASES names another")
    return folder


@pytest.fixture(scope="session")
def engine_root() -> Path:
    """Return an unpacked root with Snort in it, as the image carries it; made if need be."""
    from image.build import boards
    from image.build.context import BuildContext
    from image.build.engine_root import build_engine_alone
    from image.progress import StageProgress

    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the engine's root")
    return build_engine_alone(BuildContext(boards.choose("vm"), StageProgress()))


@pytest.fixture(scope="session")
def suricata_root() -> Path:
    """Return an unpacked root with Suricata in it, as an image with it carries it."""
    from image.build import boards, engines
    from image.build.context import BuildContext
    from image.build.engine_root import build_engine_alone
    from image.progress import StageProgress

    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the engine's root")
    engine = engines.choose("suricata")
    return build_engine_alone(BuildContext(boards.choose("vm"), StageProgress(), engine=engine))


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Return the tools root, with the programs of the build itself; made if need be."""
    from image.build import boards
    from image.build.context import BuildContext
    from image.build.tools_root import build_tools
    from image.progress import StageProgress

    if not shutil.which("mmdebstrap"):
        missing("no mmdebstrap, which makes the tools root")
    return build_tools(BuildContext(boards.choose("vm"), StageProgress()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the Chromium of this machine."""
    chromium = shutil.which("chromium")
    if not chromium:
        missing("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(launched, "new_context", patient(launched.new_context))
            yield launched
        launched.close()


def patient(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Return `new_context` whose tabs wait long: on a busy machine a page takes its time."""

    @functools.wraps(new_context)
    def opened(*arguments: Any, **options: Any) -> BrowserContext:
        context = new_context(*arguments, **options)
        context.set_default_timeout(PAGE_MS)
        return context

    return opened


def pytest_configure() -> None:
    """Undo what nohup and background jobs hand on to what the tests start: ignored signals."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs something built, and put the quick tests first."""
    for item in items:
        for name in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[name])
            # The first that asks waits until it is built, on a busy machine for long.
            if name in BUILT and item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(BUILD_SECONDS))
    by_cost(items)


def by_cost(items: list[pytest.Item]) -> None:
    """Put what shares the booted image last: it boots once, alone."""
    places = ["unit", "web", "net", "image"]

    def cost(item: pytest.Item) -> tuple[int, bool, bool]:
        place = item.path.relative_to(PROJECT / "tests").parts[0]
        needs_guest = "guest" in getattr(item, "fixturenames", ())
        # How it booted is looked at before other tests stop and start its services.
        changes_guest = needs_guest and item.path.name != "test_guest.py"
        stage = places.index(place) + 1 if place in places else 0
        return stage, needs_guest, changes_guest

    items.sort(key=cost)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often an emulated machine stalled: nothing fails by it, but it should not be."""
    if stall := sys.modules.get("image.machine.stall"):
        for line in stall.summary():
            terminalreporter.write_line(line, yellow=True)
