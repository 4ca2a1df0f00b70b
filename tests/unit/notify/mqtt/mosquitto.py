# SPDX-License-Identifier: MIT
"""A real broker on loopback, with a user, and a listener to all its topics."""

from __future__ import annotations

import contextlib
import queue
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import missing
from tests.unit.notify.played_services import PATIENCE_S
from tests.unit.notify.test_send_service import until

USER, PASSWORD = "glovebox", "MARKED-mqtt-password"
CONFIGURATION = "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def broker(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if program is None:
        missing("no mosquitto")
    passwords, file = folder / "passwords", folder / "mosquitto.conf"
    passwords.write_text(f"{USER}:{PASSWORD}\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    # As root it becomes another user, who must read this.
    folder.chmod(0o755)
    passwords.chmod(0o644)
    file.write_text(CONFIGURATION.format(port=port, passwords=passwords) + "user root\n")
    with subprocess.Popen([str(program), "-c", str(file)]) as process:
        until(lambda: process.poll() is not None or _listens(port), "the broker listens")
        assert process.poll() is None
        yield process
        process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


class Listener:
    """Hears all topics."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(USER, PASSWORD)
        self._client.on_connect = self._connected
        self._client.on_message = self._message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def next(self, topic: str) -> bytes:
        while True:
            found, content = self.heard.get(timeout=PATIENCE_S)
            if found.endswith(topic):
                return content

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *rest: Any) -> None:
        client.subscribe("#", 1)

    def _message(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))
