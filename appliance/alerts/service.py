"""`glovebox alerts`: follow the spool of the engine and store its alerts, each exactly once."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance import service
from appliance.alerts.follower import Follower
from appliance.alerts.store import DATABASE
from appliance.host import clocks
from appliance.ids import engines
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT, SPOOL
from appliance.ids.handover import Nothing
from appliance.reports import statusfile
from appliance.service import Stop
from appliance.settings import config

log = logging.getLogger(__name__)

NAME = "alerts"
PUBLISH_S = 1.0

DESCRIPTION = "Store the alerts of the engine as they come; ends with SIGTERM, SIGINT or SIGHUP."
EPILOG = (
    "exit status: 0 stopped by a signal, or --once and done; 2 bad usage; 78 a setting is wrong."
)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    arguments = _parser().parse_args(argv)
    service.log_to_journal(NAME, arguments.verbose)
    settings, errors = config.load()
    for error in errors:
        log.warning("%s", error)
    stop = Stop().install()
    engine = engines.chosen(settings)
    carrier = Follower(
        source=engine.handover(arguments.spool, arguments.directory, arguments.root)
        if engine
        else Nothing(),
        path=arguments.database,
        boot=clocks.boot_id(),
        keep=settings.alerts.keep if arguments.keep is None else arguments.keep,
    )
    if arguments.once:
        carrier.finish()
    else:
        run(carrier, stop)
    return 0


def run(carrier: Follower, stop: Stop) -> None:
    """Follow until `stop`, then store what is still in the spool: it does not survive a reboot."""
    published = -PUBLISH_S
    pause = carrier.step()
    service.notify("READY=1")
    while True:
        if time.monotonic() - published >= PUBLISH_S:
            published = time.monotonic()
            publish(carrier)
        if stop.wait(pause):
            break
        pause = carrier.step()
    service.notify("STOPPING=1")
    carrier.finish()
    publish(carrier)


def publish(carrier: Follower) -> None:
    """Tell systemd and the other services how things stand."""
    report = carrier.report()
    service.notify("WATCHDOG=1", f"STATUS={describe(report)}")
    try:
        statusfile.publish(NAME, {"updated": time.time(), **report})
    except OSError as error:
        log.debug("status not published: %s", error)


def describe(report: Mapping[str, Any]) -> str:
    """Return the one line that `systemctl status` shows."""
    stored = f"{report['stored']} alerts stored"
    if report["error"]:
        return f"{report['error']}; {stored}, {report['spool_lag_bytes']} bytes wait in the spool"
    if report["unreadable"]:
        return f"{stored}; {report['unreadable']} could not be read"
    return stored


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="glovebox alerts", description=DESCRIPTION, epilog=EPILOG)
    add = parser.add_argument
    add("--spool", type=Path, default=SPOOL, help="where alerts come in (%(default)s)")
    add("--database", type=Path, default=DATABASE, help="where they go (%(default)s)")
    add("--directory", type=Path, default=DIRECTORY, help="holds its configuration (%(default)s)")
    add("--root", type=Path, default=ENGINE_ROOT, help="the engine's root (%(default)s)")
    add("--keep", type=int, help="how many alerts are kept (default: as configured)")
    add("--once", action="store_true", help="store what waits in the spool, and end")
    add("-v", "--verbose", action="store_true", help="log more")
    return parser
