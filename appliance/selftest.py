# SPDX-License-Identifier: MIT
"""`glovebox selftest`: a marker goes in as TZSP and must come out as an alert in the database.

Every station works in order, so a marker that is stored also says that all frames sent before it
have been inspected and their alerts stored. The test goes on waiting for an engine that is late:
one that is seen to work.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance import shape
from appliance.alerts.store import DATABASE, AlertReader
from appliance.errors import InputError, InterfaceError, PrivilegeError
from appliance.formats import tzsp
from appliance.host import links
from appliance.host.links import Link
from appliance.ids import engines, marker, pulse, templates
from appliance.ids.engine import DIRECTORY, ENGINE_ROOT, USER, Engine
from appliance.ids.handover import Handover
from appliance.ids.marker import Token
from appliance.ids.pulse import LATE, Look
from appliance.ids.watching import EngineWatch
from appliance.reports.selftest import SelfTestReport
from appliance.settings import config
from appliance.settings.config import Config
from appliance.store.database import StoreError

SECONDS = 20.0
# So many times as long for an engine that is at work.
PATIENCE = 5
LOOK_S = 0.02
ENGINE_LOOK_S = 1.0
ETH_P_ALL = 3
LARGEST_FRAME = 65_536

# Station by station, what it means when the marker does not come out of it.
STATIONS = {
    "sent": "the marker could not be sent",
    "decapsulated": "decapsulation dead: the marker never reached the sniffing interface",
    "inspected": f"{pulse.DEAF}: the marker was on the interface, but the engine raised no alert",
    "stored": "alerts not stored: the engine raised the alert, but the database does not have it",
}
INTERFACE_WRONG = "interface wrong"
PASSED = "passed"

DESCRIPTION = """\
Send a marker through the whole sensor, from its TZSP port to its alert database, and say where it
got lost. Harmless: only this machine sees the marker."""
EPILOG = """\
exit status: 0 passed, if late; 1 a stage failed, the last line names it; 2 bad usage, or the
engine has not been configured; 4 CAP_NET_RAW is missing."""


@dataclass
class SelfTestRun:
    """How a test went: the verdict, and seconds from the start to each station that was passed."""

    verdict: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.verdict.startswith(PASSED)

    def report(self) -> SelfTestReport:
        """Return the form that is published, as of now."""
        return SelfTestReport(time.time(), self.passed, self.verdict, self.seconds)


@dataclass(frozen=True)
class SensorUnderTest:
    """Where the stations of the sensor under test are.

    `alerts` and `engine`, which tells what the engine is seen to do, are None without an engine.
    """

    interface: str
    port: int
    alerts: Handover | None
    reader: AlertReader
    engine: Callable[[], Look] | None = None
    inspectors: int = 1


def run(sensor: SensorUnderTest, secret: str, seconds: float = SECONDS) -> SelfTestRun:
    """Send a marker to each inspector, one after the other, and follow it for at most `seconds`,
    or PATIENCE times that to an engine that is at work. The first that fails ends it.

    Raises PrivilegeError.
    """
    result = SelfTestRun()
    for number in range(sensor.inspectors):
        result = _run(sensor, secret, seconds, number)
        if not result.passed:
            break
    if sensor.inspectors > 1 and not result.passed:
        result.verdict += f" (inspector {number + 1} of {sensor.inspectors})"
    return result


def _run(sensor: SensorUnderTest, secret: str, seconds: float, number: int) -> SelfTestRun:
    token = marker.new_token()
    frame = marker.frame(secret, token, marker.destination(number, sensor.inspectors))
    try:
        sniffer = open_sniffer(sensor.interface)
    except InterfaceError as error:
        return SelfTestRun(f"{INTERFACE_WRONG}: {error}")
    with sniffer:
        stations = _stations(sensor, sniffer, frame, token)
        return _follow(stations, _engine_of(sensor, number), seconds)


def _engine_of(sensor: SensorUnderTest, number: int) -> Callable[[], Look] | None:
    """Return what tells what an inspector is seen to do."""
    look = sensor.engine
    if look is None or sensor.inspectors == 1:
        return look
    return lambda: pulse.of_inspector(look(), number)


def _follow(
    stations: Mapping[str, Callable[[], bool]], engine: Callable[[], Look] | None, seconds: float
) -> SelfTestRun:
    result, begin = SelfTestRun(), time.monotonic()
    deadline = begin + seconds
    for station, there in stations.items():
        if station == "inspected" and engine is not None:
            result.verdict = wait_for_engine(there, engine, deadline, begin + PATIENCE * seconds)
            # What a late engine raised has its own time to be stored.
            deadline = max(deadline, time.monotonic() + seconds / 2)
        elif not wait_for(there, deadline):
            result.verdict = STATIONS[station]
        if result.verdict:
            return result
        result.seconds[station] = round(time.monotonic() - begin, 3)
    result.verdict = passed_after(result.seconds.get("inspected", 0.0), seconds)
    return result


def passed_after(inspected: float, usual: float) -> str:
    """Return the verdict on a marker that came through, its alert after `inspected` seconds."""
    if inspected <= usual:
        return PASSED
    return f"{PASSED}, {LATE}: its alert came after {inspected:.0f} s"


def _stations(
    sensor: SensorUnderTest, sniffer: socket.socket, frame: bytes, token: Token
) -> dict[str, Callable[[], bool]]:
    """Return how each station of this sensor is passed, in order."""
    stations = {
        "sent": lambda: send(frame, sensor.port),
        "decapsulated": lambda: sees(sniffer, frame),
    }
    alerts = sensor.alerts
    if alerts is None:
        return stations
    return stations | {
        "inspected": lambda: is_stored(sensor, token) or is_handed_over(alerts, token),
        "stored": lambda: is_stored(sensor, token),
    }


def wait_for(there: Callable[[], bool], deadline: float) -> bool:
    """Ask again and again until `there` is true; False at the deadline (time.monotonic)."""
    while not there():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True


def wait_for_engine(
    there: Callable[[], bool], engine: Callable[[], Look], usual: float, latest: float
) -> str:
    """Wait until `there`, up to `usual`, or up to `latest` while the engine is at work.

    Returns what is wrong, or "". Both are times of time.monotonic.
    """
    looks = [engine()]
    while not there():
        now = time.monotonic()
        if now - looks[-1].time >= ENGINE_LOOK_S:
            looks.append(engine())
        if now > latest or (now > usual and not pulse.is_at_work(looks)):
            return pulse.verdict(looks, now - looks[0].time)
        time.sleep(LOOK_S)
    return ""


def open_sniffer(interface: str) -> socket.socket:
    """Return a packet socket that hears the interface. Raises InterfaceError, PrivilegeError."""
    try:
        # 0: it would hear all interfaces until it is bound to one (packet(7)).
        sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise PrivilegeError("CAP_NET_RAW is missing: run as root") from None
    try:
        sniffer.bind((interface, ETH_P_ALL))
        if links.state(interface) is not Link.UP:
            raise InterfaceError(f"{interface} is down")
    except OSError as error:
        sniffer.close()
        raise InterfaceError(f"{interface}: {error.strerror}") from error
    except InterfaceError:
        sniffer.close()
        raise
    sniffer.setblocking(False)
    return sniffer


def send(frame: bytes, port: int) -> bool:
    """Send the marker to the sensor's own port, as the router would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        router.sendto(tzsp.encode(frame), ("127.0.0.1", port))
    return True


def sees(sniffer: socket.socket, frame: bytes) -> bool:
    """Tell whether the frame is among those that came on the interface since the last call."""
    while True:
        try:
            if sniffer.recv(LARGEST_FRAME) == frame:
                return True
        except BlockingIOError:
            return False
        except OSError:
            # The interface went away; the deadline decides.
            return False


def is_handed_over(alerts: Handover, token: Token) -> bool:
    """Tell whether the marker's alert waits in the newest file of the engine's spool."""
    try:
        return token in alerts.read(alerts.files()[-1:], {}).markers
    except OSError:
        return False


def is_stored(sensor: SensorUnderTest, token: Token) -> bool:
    """Tell whether the database has the marker."""
    try:
        return sensor.reader.has_marker(token)
    except StoreError:
        return False


def describe(result: SelfTestRun) -> str:
    """Return the test as lines for people."""
    stations = [f"  {name:<13}{after:7.3f} s" for name, after in result.seconds.items()]
    return "\n".join([*stations, f"self-test: {result.verdict}"])


def main(argv: Sequence[str]) -> int:
    """Test the sensor that runs on this machine; `--help` tells the exit statuses."""
    arguments = _parser().parse_args(argv)
    settings = config.load()[0]
    engine = engines.chosen(settings)
    directory: Path = arguments.directory
    # Without an engine nobody answers the marker: what it holds does not matter.
    secret = _secret(directory) if engine else marker.new_secret()
    sensor = _sensor(settings, engine, arguments)
    result = run(sensor, secret, arguments.seconds)
    report = result.report()
    if arguments.publish:
        publish(report)
    print(json.dumps(shape.to_json(report)) if arguments.json else describe(result))
    return 0 if result.passed else 1


def _sensor(
    settings: Config, engine: Engine | None, arguments: argparse.Namespace
) -> SensorUnderTest:
    directory: Path = arguments.directory
    interface, spool = settings.capture.interface, directory / "spool"
    return SensorUnderTest(
        interface=interface,
        port=settings.capture.ports[0],
        alerts=engine.handover(spool, directory, ENGINE_ROOT) if engine else None,
        reader=AlertReader(arguments.database),
        engine=EngineWatch(engine, interface, spool, arguments.user).look if engine else None,
        inspectors=templates.inspectors_of(settings),
    )


def _secret(directory: Path) -> str:
    try:
        return (directory / marker.SECRET_FILE.name).read_text()
    except OSError as error:
        raise InputError(
            f"{error.filename}: {error.strerror}; the engine's configuration makes it"
        ) from None


def publish(report: SelfTestReport) -> None:
    """Let the page and the supervisor know."""
    try:
        report.publish()
    except OSError as error:
        print(f"glovebox selftest: not published: {error}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox selftest",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=float, default=SECONDS,
        help=f"seconds to wait at most (%(default)s); {PATIENCE} times that for an engine at work",
    )  # fmt: skip
    add("--json", action="store_true", help="print one JSON object")
    add("--publish", action="store_true", help="let the page and the supervisor know (service)")
    add("--directory", type=Path, default=DIRECTORY, help="of the engine (%(default)s)")
    add("--database", type=Path, default=DATABASE, help="of the alerts (%(default)s)")
    add("--user", default=USER, help="of the engine, by name or number (%(default)s)")
    return parser
