# SPDX-License-Identifier: MIT
"""A Glovebox in an emulated machine: start it, run commands in it, end it without a trace.

The image stays as it was built: a copy-on-write disk takes the writes, and the harness comes from
outside (image/machine/qemu.py).
"""

from __future__ import annotations

import ctypes
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from appliance.errors import AddressInUseError, GuestError
from image.build.image import Image
from image.command import run
from image.machine import firmware, qemu, stall
from image.machine.qemu import Wiring
from image.machine.qemu_monitor import QemuMonitor
from image.machine.shell import Shell
from image.machine.stall import StallError, StallWatch

MEMORY_MIB = 1024
# From linux/prctl.h; prctl(2).
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Forward:
    """A port of the host that leads to one of the guest's; port 0 lets the host choose."""

    protocol: str
    guest_port: int
    host_port: int = 0
    host_address: str = "127.0.0.1"

    def resolved(self) -> Forward:
        """Return this forward with a port that is free now. Raises AddressInUseError."""
        kind = socket.SOCK_DGRAM if self.protocol == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            if self.protocol == "tcp":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host_address, self.host_port))
            except OSError as error:
                raise AddressInUseError(
                    f"{self.protocol.upper()} port {self.host_port} of {self.host_address} cannot"
                    f" be used ({error.strerror}); end what holds it, or choose another port"
                ) from error
            port = probe.getsockname()[1]
        return Forward(self.protocol, self.guest_port, port, self.host_address)

    @property
    def rule(self) -> str:
        return f"hostfwd={self.protocol}:{self.host_address}:{self.host_port}-:{self.guest_port}"


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends, however it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Guest:
    """One run of an image; use it in a `with` statement."""

    def __init__(
        self,
        image: Image,
        folder: Path,
        forwards: Sequence[Forward] = (),
        extra: Sequence[str] = (),
        network: Path | None = None,
        disk: Path | None = None,
        disk_bytes: int = 0,
        write_log: Path | None = None,
    ) -> None:
        """Take an image and where to work.

        Without `network` the machine has QEMU's own network, with `forwards` into it; else its port
        leads to the datagram socket `network`, one Ethernet frame in each datagram. A `disk` of the
        caller's outlives the run, and is made where it is missing, of `disk_bytes` if that is more
        than the image needs. Into `write_log` goes all that is written to the disk.
        """
        self.image = image
        self.forwards = {each.guest_port: each.resolved() for each in forwards}
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        self.console = self.folder / "console.log"
        self._disk = disk or self.folder / "disk.qcow2"
        self._disk_bytes, self._write_log = disk_bytes, write_log
        self._memory = folder / "accelerator"
        self._extra = list(extra)
        self._network = network
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: Shell | None = None
        self._watch = StallWatch()
        self._is_new = True
        self.started = 0.0

    def __enter__(self) -> Guest:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def host_port(self, guest_port: int) -> int:
        """Return the host's port that leads to `guest_port`."""
        return self.forwards[guest_port].host_port

    def qmp(self) -> QemuMonitor:
        """Return a connection to QEMU's monitor that speaks QMP."""
        return QemuMonitor(self.folder / "qmp.sock")

    def run(self, command: str, seconds: float = 60.0) -> str:
        """Run a shell command as root in the guest and return what it printed.

        Raises GuestError where it fails, takes longer than `seconds`, or the guest is gone.
        """
        status, output = self.execute(command, seconds)
        if status != 0:
            raise GuestError(f"in the guest: {command!r} ended with status {status}: {output}")
        return output

    def execute(self, command: str, seconds: float = 60.0) -> tuple[int, str]:
        """Run a shell command as root in the guest; return its exit status and output."""
        if self._is_new:
            self.start_up(lambda: self._running_shell().wait_ready())
        self._watch = StallWatch()
        return self._running_shell().execute(command, seconds)

    def start_up(self, wait: Callable[[], None]) -> None:
        """Wait for a new guest with `wait`; where it stalls or QEMU crashes, start it once more.

        Only once, and only with a disk of its own, which nobody misses. Raises GuestError.
        """
        may_start_again = self._is_new and self._disk.parent == self.folder
        self._is_new = False
        try:
            wait()
        except GuestError as error:
            seen = error.seen if isinstance(error, StallError) else self._crash()
            if not seen or not may_start_again or self._write_log:
                raise
            stall.start_once_more(seen)
            self._replace()
            wait()

    def starved(self) -> float:
        """Return for how many seconds one of its threads has waited for a processor of the host.

        The most that any of them has: what the machine does takes so much longer than it would on
        a host with nothing else to do.
        """
        assert self._process is not None, "the guest is not running"
        return stall.starved(self._process.pid)

    def cut_power(self) -> None:
        """End the machine in the middle of what it does; what it had written stays."""
        if self._shell:
            self._shell.close()
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def power_on(self, *extra: str) -> None:
        """Start the machine again after `cut_power`, with other `extra` words for QEMU."""
        self._extra = list(extra)
        self._run()

    def follow_reset(self, seconds: float) -> None:
        """Wait until the machine resets itself, then start what its BOOT names by now.

        Raises GuestError where it does not within `seconds`, InputError where BOOT names nothing.
        """
        assert self._process is not None, "the guest is not running"
        if self._shell:
            self._shell.close()
        try:
            # QEMU ends where the machine resets (-no-reboot).
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self._explain("does not reset itself") from None
        self.start_from_boot(firmware.take_flag(self._mailbox))

    def start_from_boot(self, tryboot: bool = False) -> None:
        """Start the machine, which is off, as its firmware would: `tryboot` is the flag."""
        self._mailbox.unlink(missing_ok=True)
        self.image = firmware.started_from_boot(self.image, self._disk, self.folder, tryboot)
        self._run()

    def monitor(self, command: str) -> None:
        """Give QEMU's monitor a command; `set_link home off` pulls the cable."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "monitor.sock"))
            connection.sendall(f"{command}\n".encode())
            received = b""
            # One prompt before the command, one when it is done.
            while received.count(b"(qemu)") < 2:
                chunk = connection.recv(4096)
                if not chunk:
                    raise self._explain("ended")
                received += chunk

    @property
    def _mailbox(self) -> Path:
        return self._wiring().mailbox

    @property
    def address(self) -> Path:
        """The datagram socket at the machine's end of its network cable."""
        return self.folder / "port.sock"

    def stop(self) -> None:
        """End the machine at once and remove what it left."""
        self.cut_power()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _replace(self) -> None:
        """Start the machine again as if it had never run."""
        self.cut_power()
        self._disk.unlink()
        self.console.unlink(missing_ok=True)
        self._start()

    def _running_shell(self) -> Shell:
        assert self._shell is not None, "the guest is not running"
        return self._shell

    def _crash(self) -> str:
        return stall.crash(self._process) if self._process is not None else ""

    def _judge(self, may_idle: bool) -> None:
        """Raise StallError where the machine does nothing any more."""
        assert self._process is not None, "the guest is not running"
        sample = stall.look(self._process.pid, self.console, time.monotonic())
        if seen := self._watch.stalled(sample, may_idle=may_idle):
            raise StallError(seen, self._last_words())

    def _start(self) -> None:
        machine = qemu.of(self.image.board)
        if not self._disk.exists():
            size = max(self.image.disk.stat().st_size, self._disk_bytes)
            self._make_disk(machine.disk_bytes(size))
        self._run()

    def _run(self) -> None:
        machine = qemu.of(self.image.board)
        for name in ("harness.sock", "port.sock", "monitor.sock", "qmp.sock"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*machine.argv(self._wiring()), *self._extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        self.started = time.monotonic()
        self._watch = StallWatch()
        self._shell = Shell(self.folder / "harness.sock", self._process, self._explain, self._judge)

    def _make_disk(self, size: int) -> None:
        run(
            [
                *self.image.tools.argv("qemu-img"), "create", "-q", "-f", "qcow2", "-F", "raw",
                "-b", self.image.disk.resolve(), self._disk, str(size),
            ],
            self.folder / "qemu-img.log",
        )  # fmt: skip

    def _wiring(self) -> Wiring:
        image = self.image
        return Wiring(
            tools=image.tools,
            kernel=image.kernel,
            initrd=image.initrd,
            device_tree=image.device_tree,
            command_line=image.command_line,
            disk=self._disk,
            write_log=self._write_log,
            network=self._netdev(),
            folder=self.folder,
            memory_mib=MEMORY_MIB,
            accelerator_note=self._memory,
        )

    def _netdev(self) -> str:
        if self._network is None:
            forwards = "".join(f",{forward.rule}" for forward in self.forwards.values())
            return f"user,id=home{forwards}"
        return (
            f"dgram,id=home,local.type=unix,local.path={self.address}"
            f",remote.type=unix,remote.path={self._network}"
        )

    def _explain(self, what: str) -> GuestError:
        return GuestError("\n  ".join([f"the guest {what}", *self._last_words()]))

    def _last_words(self) -> list[str]:
        parts = [
            path.read_text(errors="replace").strip().splitlines()[-5:]
            for path in (self.folder / "qemu.log", self.console)
            if path.exists()
        ]
        return [line for part in parts for line in part]
