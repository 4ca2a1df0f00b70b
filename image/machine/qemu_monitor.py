# SPDX-License-Identifier: MIT
"""What can be done to an emulated machine from outside: QEMU's monitor (QMP)."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from appliance.errors import GuestError

PATIENCE_S = 30.0


class QemuMonitor:
    """A connection to QEMU's monitor; use it in a `with` statement."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._events: list[dict[str, Any]] = []
        self._answer()
        self.execute("qmp_capabilities")

    def __enter__(self) -> QemuMonitor:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.close()
        self._socket.close()

    def execute(self, command: str, **arguments: Any) -> Any:
        """Run a command of the QEMU QMP reference manual; return its answer. Raises GuestError."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer = self._answer()
        if "error" in answer:
            raise GuestError(f"QEMU: {command}: {answer['error']['desc']}")
        return answer["return"]

    def plug_in(self, image: Path, name: str = "stick") -> None:
        """Plug a USB stick with this content in; the machine needs a `qemu-xhci`."""
        self.execute(
            "blockdev-add", **{"driver": "raw", "node-name": name, "cache": {"direct": False},
                               "file": {"driver": "file", "filename": str(image)}},
        )  # fmt: skip
        self.execute("device_add", driver="usb-storage", drive=name, id=name, removable=True)

    def pull_out(self, name: str = "stick") -> None:
        """Pull a stick out, as a hand would: nobody in the machine is asked."""
        self.execute("device_del", id=name)
        self._event("DEVICE_DELETED", name)
        self.execute("blockdev-del", **{"node-name": name})

    def _event(self, kind: str, device: str) -> None:
        """Wait for an event of a device; it may have come before the answer to its command."""
        while not any(
            each["event"] == kind and each.get("data", {}).get("device") == device
            for each in self._events
        ):
            said = self._read()
            if "event" in said:
                self._events.append(said)
        self._events.clear()

    def _answer(self) -> dict[str, Any]:
        """Return the next message that is no event."""
        while True:
            said = self._read()
            if "event" not in said:
                return said
            self._events.append(said)

    def _read(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except TimeoutError as error:
            raise GuestError("QEMU's monitor does not answer") from error
        if not line:
            raise GuestError("QEMU's monitor is gone")
        return dict(json.loads(line))
