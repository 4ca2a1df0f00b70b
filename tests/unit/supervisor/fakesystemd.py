# SPDX-License-Identifier: MIT
"""A private message bus, and what answers there in systemd's name: the wire is real."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from appliance.supervisor.systemdbus import NAME
from appliance.supervisor.units import Unit
from tests.conftest import missing

CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*"/><{receiving} receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def bus(folder: Path, is_mute: bool = False) -> Iterator[str]:
    """Run a message bus; yield its address, which is the same each time for one folder.

    A mute one lets everybody in and delivers nothing.
    """
    if not shutil.which("dbus-daemon"):
        missing("no dbus-daemon")
    socket, configuration = folder / "bus", folder / "bus.conf"
    socket.unlink(missing_ok=True)
    receiving = "deny" if is_mute else "allow"
    configuration.write_text(CONFIGURATION.format(socket=socket, receiving=receiving))
    argv = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        try:
            assert daemon.stdout is not None
            # Printed once it listens.
            assert daemon.stdout.readline().startswith(b"unix:")
            yield f"unix:path={socket}"
        finally:
            daemon.kill()


@contextmanager
def systemd(address: str, units: Mapping[str, Unit]) -> Iterator[None]:
    """Answer at `address` as systemd would that has `units`."""
    with open_dbus_connection(address) as connection:
        Proxy(message_bus, connection).RequestName(NAME)
        thread = threading.Thread(target=_serve, args=(connection, units), daemon=True)
        thread.start()
        try:
            yield
        finally:
            connection.sock.shutdown(2)
            thread.join(timeout=10)


def _serve(connection: DBusConnection, units: Mapping[str, Unit]) -> None:
    try:
        while True:
            message = connection.receive()
            if message.header.message_type is MessageType.method_call:
                connection.send(_answer(message, units))
    except OSError:
        return


def _answer(message: Message, units: Mapping[str, Unit]) -> Message:
    member = message.header.fields[HeaderFields.member]
    if member == "ListUnitsByNames":
        rows = [_row(name, units.get(name, ABSENT)) for name in message.body[0]]
        return new_method_return(message, "a(ssssssouso)", (rows,))
    if member == "Get":
        return new_method_return(message, "v", (("s", "stopping"),))
    return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")


ABSENT = Unit("not-found", "inactive", "dead")


def _row(name: str, unit: Unit) -> tuple[str, str, str, str, str, str, str, int, str, str]:
    number = 1 if unit.job else 0
    return (name, "", unit.load, unit.active, unit.sub, "", "/", number, unit.job, "/")
