# SPDX-License-Identifier: MIT
"""`glovebox alert-store`: follow the engine's spool and store its alerts, each exactly once."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from appliance import service
from appliance.alerts.alike_store import AlikeKeeper
from appliance.alerts.follower import Follower
from appliance.alerts.store import DATABASE
from appliance.host import clocks
from appliance.ids import engines
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT, SPOOL
from appliance.ids.eve_spool import EveSpool
from appliance.ids.handover import Nothing
from appliance.intel import hit_spool
from appliance.intel.joined import Joined
from appliance.reports.alerts import AlertStoreReport
from appliance.service import PUBLISH_S, Running

DESCRIPTION = "Store the alerts of the engine as they come; ends with SIGTERM, SIGINT or SIGHUP."
EPILOG = (
    "exit status: 0 stopped by a signal, or --once and done; 2 bad usage; 78 a setting is wrong."
)


def main(argv: Sequence[str]) -> int:
    """Run the service; `--help` tells the exit statuses."""
    return service.run(AlertStoreReport.NAME, _parser(), argv, _body)


def _body(running: Running) -> int:
    arguments, settings = running.arguments, running.settings
    engine = engines.chosen(settings)
    engines_own = (
        engine.handover(arguments.spool, arguments.directory, arguments.root)
        if engine
        else Nothing()
    )
    matchers = EveSpool(arguments.intel_spool, hit_spool.PREFIX, hit_spool.ENGINE)
    carrier = Follower(
        source=Joined(engines_own, matchers),
        path=arguments.database,
        boot=clocks.boot_id(),
        keep=settings.alerts.keep if arguments.keep is None else arguments.keep,
    )
    if arguments.once:
        carrier.finish()
    else:
        follow(carrier, running, AlikeKeeper(arguments.database))
    return 0


def follow(carrier: Follower, running: Running, keeper: AlikeKeeper) -> None:
    """Follow until stopped, then store what is still in the spool: a reboot would lose it."""
    told = -PUBLISH_S
    pause = carrier.step()
    while True:
        if time.monotonic() - told >= PUBLISH_S:
            told = time.monotonic()
            running.beat(describe(carrier.report()), carrier.report)
        # To store comes first: rows are added up while nothing waits.
        if pause and keeper.step(carrier.added, time.monotonic()):
            pause = 0.0
        if running.stop.wait(pause):
            break
        pause = carrier.step()
    service.notify("STOPPING=1")
    carrier.finish()
    running.publisher.publish(carrier.report())


def describe(report: AlertStoreReport) -> str:
    """Return the one line that `systemctl status` shows."""
    stored = f"{report.stored} alerts stored"
    if report.error:
        return f"{report.error}; {stored}, {report.spool_lag_bytes} bytes wait in the spool"
    if report.unreadable:
        return f"{stored}; {report.unreadable} could not be read"
    return stored


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox alert-store", description=DESCRIPTION, epilog=EPILOG
    )
    add = parser.add_argument
    add("--spool", type=Path, default=SPOOL, help="where alerts come in (%(default)s)")
    add("--intel-spool", type=Path, default=hit_spool.FOLDER,
        help="where those of the lists come in (%(default)s)")  # fmt: skip
    add("--database", type=Path, default=DATABASE, help="where they go (%(default)s)")
    add("--directory", type=Path, default=DIRECTORY, help="holds its configuration (%(default)s)")
    add("--root", type=Path, default=ENGINE_ROOT, help="the engine's root (%(default)s)")
    add("--keep", type=int, help="how many alerts are kept (default: as configured)")
    add("--once", action="store_true", help="store what waits in the spool, and end")
    return parser
