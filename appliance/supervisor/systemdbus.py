# SPDX-License-Identifier: MIT
"""What systemd says of units, over D-Bus (org.freedesktop.systemd1(5)).

jeepney is plain Python and in Debian; one call answers for all units in about a millisecond, where
`systemctl` would cost a process each round and dbus-python a C library and its main loop. Asking
needs no right. Whatever happens to the bus, the next question opens a new connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from jeepney import DBusAddress, new_method_call
from jeepney.bus import get_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from appliance.supervisor.units import Unit

PATH = "/org/freedesktop/systemd1"
NAME = "org.freedesktop.systemd1"
MANAGER = DBusAddress(PATH, bus_name=NAME, interface=f"{NAME}.Manager")
PROPERTIES = DBusAddress(PATH, bus_name=NAME, interface="org.freedesktop.DBus.Properties")
# Well below the supervisor's own watchdog: a bus that hangs must not look like us hanging.
PATIENCE_S = 3.0


class BusError(OSError):
    """systemd cannot be asked now; the message says why."""


class _Connection(DBusConnection):  # type: ignore[misc]
    """A connection on which nothing waits for ever: by itself, jeepney's greeting does."""

    def receive(self, *, timeout: float | None = None) -> Any:
        """Return the next message. Raises TimeoutError."""
        return super().receive(timeout=PATIENCE_S if timeout is None else timeout)


class Systemd:
    """Asks systemd on a bus: "SYSTEM", or an address as the D-Bus Specification writes them."""

    def __init__(self, address: str = "SYSTEM") -> None:
        self._address = address
        self._connection: _Connection | None = None

    def __enter__(self) -> Systemd:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def units(self, names: Sequence[str]) -> Mapping[str, Unit]:
        """Return the state of each unit named; one that systemd does not know is "not-found".

        Raises BusError; the next call then connects anew.
        """
        (rows,) = self._call(new_method_call(MANAGER, "ListUnitsByNames", "as", (list(names),)))
        # (name, description, load, active, sub, following, path, job id, job type, job path)
        return {row[0]: Unit(row[2], row[3], row[4], row[8]) for row in rows}

    def system_state(self) -> str:
        """Return "starting", "running", "degraded", "stopping"…  Raises BusError."""
        question = new_method_call(PROPERTIES, "Get", "ss", (MANAGER.interface, "SystemState"))
        ((_, state),) = self._call(question)
        return str(state)

    def close(self) -> None:
        """Leave the bus."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, message: Any) -> tuple[Any, ...]:
        connected = self._connection is not None
        try:
            return self._ask(message)
        except BusError as error:
            # A bus that was restarted since the last call is no reason to know nothing now.
            if connected and isinstance(error.__cause__, ConnectionError):
                return self._ask(message)
            raise

    def _ask(self, message: Any) -> tuple[Any, ...]:
        try:
            if self._connection is None:
                self._connection = _Connection(prep_socket(get_bus(self._address)))
            reply = self._connection.send_and_get_reply(message, timeout=PATIENCE_S)
            return tuple(unwrap_msg(reply))
        except (OSError, ValueError, DBusErrorResponse) as error:
            # ValueError: what jeepney raises for a refused login and for unreadable messages.
            self.close()
            raise BusError(f"systemd cannot be asked: {str(error) or 'no answer'}") from error
