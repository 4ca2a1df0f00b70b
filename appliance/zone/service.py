# SPDX-License-Identifier: MIT
"""`glovebox zone`: write the zone of all lists, and the configuration of its server.

It runs at each start, and whenever the lists changed, and ends: Knot DNS alone stays, and only
where the settings name a secondary.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from appliance import files, service
from appliance.host import machine
from appliance.intel import allowed, kept_lists
from appliance.intel.list_outputs import ZONE
from appliance.reports.intel import ZoneReport
from appliance.service import Running
from appliance.settings.sections.intel import IntelConfig
from appliance.zone import knot_conf, signing_key, zone_file
from appliance.zone.knot_conf import Secondaries
from appliance.zone.room import most_records
from appliance.zone.zone_file import NAME, ZoneTooLargeError, ZoneVersion

RUNTIME = Path(os.environ.get("GLOVEBOX_ZONE_RUNTIME", "/run/glovebox-zone"))
CONF, CONTROL = "knot.conf", "knot.sock"
# A zone of a large machine on a slow card.
RELOAD_S = 300

log = logging.getLogger(__name__)


def write(settings: IntelConfig, folder: Path, lists: Path, runtime: Path, most: int) -> ZoneReport:
    """Write zone and configuration, as the settings want; return what is published."""
    secondaries = Secondaries(settings.secondaries, settings.unsigned_secondaries)
    if not secondaries:
        files.remove(runtime / CONF)
        return ZoneReport(updated=time.time())
    version, trouble = _zone(settings, folder / NAME, lists, most)
    if version is not None:
        conf = knot_conf.render(secondaries, signing_key.kept(folder), folder / NAME, runtime)
        files.write_whole(runtime / CONF, conf, 0o600)
    return ZoneReport(
        updated=time.time(),
        signing=tuple(map(str, secondaries.signing)),
        unsigned=tuple(map(str, secondaries.unsigned)),
        serial=version.serial if version else 0, records=version.records if version else 0,
        most=most, trouble=trouble,
    )  # fmt: skip


def _zone(
    settings: IntelConfig, file: Path, lists: Path, most: int
) -> tuple[ZoneVersion | None, str]:
    """Bring the zone to the lists; what comes while it is written is written, too."""
    version, trouble = zone_file.read_version(file), ""
    try:
        while True:
            allow = [*settings.allow, *allowed.read(lists)]
            now = zone_file.renew(file, lists, allow, most, time.time())
            if now == version:
                return version, ""
            version = now
    except ZoneTooLargeError as error:
        trouble = f"this machine has no room for {error}"
    except OSError as error:
        trouble = f"the zone cannot be written: {error.strerror or error}"
    log.error("%s; the zone of before stays", trouble)
    return version, trouble


def reload(runtime: Path) -> str:
    """Have the server load the zone, where it runs; return what it has against it."""
    if not (runtime / CONTROL).exists():
        return ""
    argv = ["knotc", "--socket", str(runtime / CONTROL), "--timeout", str(RELOAD_S), "--blocking"]
    done = subprocess.run(
        [*argv, "zone-reload", f"{ZONE}."], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()[:200]


def main(argv: Sequence[str]) -> int:
    """Write the zone once; `--help` tells the exit statuses."""
    return service.run(ZoneReport.NAME, _parser(), argv, _body, once=True)


def _body(running: Running) -> int:
    arguments = running.arguments
    most = most_records(machine.memory().total)
    report = write(
        running.settings.intel, arguments.folder, arguments.lists, arguments.runtime, most
    )
    running.publisher.publish(report)
    refused = reload(arguments.runtime) if report.serial else ""
    if refused:
        log.error("the server does not load the zone: %s", refused)
    return 1 if refused else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox zone",
        description="Write the zone of all lists in force, and have its server load it.",
        epilog="exit status: 0 done, or nobody wants it; 1 the server does not load it; "
        "2 bad usage.",
    )
    add = parser.add_argument
    add("--folder", type=Path, default=signing_key.FOLDER, help="where it is kept (%(default)s)")
    add("--lists", type=Path, default=kept_lists.FOLDER, help="the lists (%(default)s)")
    add("--runtime", type=Path, default=RUNTIME, help="of the server (%(default)s)")
    return parser
