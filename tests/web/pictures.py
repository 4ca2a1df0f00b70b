# SPDX-License-Identifier: MIT
"""`build.sh pictures`: every picture of the documents, taken of the real page in Chromium."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from tests.conftest import CHROMIUM_ARGUMENTS, PROJECT
from tests.web.preview import ADDRESS, PASSWORD, Preview, Quiet
from tests.web.states import STATES

FOLDER = PROJECT / "docs" / "pictures"
LARGEST = 170_000  # bytes


@dataclass(frozen=True)
class Shot:
    """One picture: of which state and address, in a window of `width` × `height` CSS pixels.

    `owner`: with the buttons of who is logged in.
    """

    name: str
    state: str
    path: str = "/"
    width: int = 1160
    height: int = 760
    owner: bool = False


SHOTS = (
    Shot("page", "watching", width=1280, height=984),
    Shot("page-losing", "losing", height=700),
    Shot("page-waiting", "waiting", height=640),
    Shot("page-in-the-car", "in-the-car", "/devices", width=390, height=844),
    Shot("alerts", "watching", "/alerts", height=840, owner=True),
)


@contextlib.contextmanager
def served() -> Iterator[tuple[Preview, str]]:
    """Serve the page with sample data; give it, and its address."""
    with tempfile.TemporaryDirectory() as folder:
        preview = Preview(Path(folder))
        server = make_server(ADDRESS, 0, preview, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield preview, f"http://{ADDRESS}:{server.server_port}"
        server.shutdown()
        preview.close()


def take(browser: Browser, url: str, shot: Shot, target: Path) -> None:
    """Take one picture, by day, once the page says what the state is known by."""
    context = browser.new_context(
        base_url=url, viewport={"width": shot.width, "height": shot.height},
        color_scheme="light", timezone_id="Europe/Berlin", locale="en-GB", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    if shot.owner:
        page.goto("/login")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
    page.goto(shot.path)
    if shot.path == "/":
        expect(page.locator("#state")).to_contain_text(STATES[shot.state][1], timeout=20_000)
    page.screenshot(path=target)
    context.close()


def main(argv: Sequence[str]) -> int:
    """Take them all; fail where one is too large for a document."""
    if argv:
        print("usage: build.sh pictures\n\nTake every picture of the documents anew.")
        return 0 if argv[0] in ("-h", "--help") else 2
    FOLDER.mkdir(exist_ok=True)
    with served() as (preview, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        for shot in SHOTS:
            preview.show(shot.state)
            take(browser, url, shot, FOLDER / f"{shot.name}.png")
        browser.close()
    too_large = [shot for shot in SHOTS if size(shot) > LARGEST]
    for shot in SHOTS:
        print(f"docs/pictures/{shot.name}.png: {size(shot) // 1000} kB")
    return 1 if too_large else 0


def size(shot: Shot) -> int:
    """Return the bytes of a picture."""
    return (FOLDER / f"{shot.name}.png").stat().st_size


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
