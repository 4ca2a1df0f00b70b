"""A Glovebox in an emulated machine: start it, run commands in it, end it without a trace.

The image stays as it was built: a copy-on-write disk takes the writes, and the harness' own unit
reaches the guest as a systemd credential (systemd.extra-unit, systemd-debug-generator(8)) through
the machine's firmware tables.
"""

from __future__ import annotations

import base64
import ctypes
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from appliance.errors import AddressInUseError, GuestError
from image import accelerator
from image.build import Image
from image.command import end, run
from image.monitor import Monitor
from image.shell import Shell

MEMORY_MIB = 1024
# From linux/prctl.h; prctl(2).
PR_SET_PDEATHSIG = 1
# Not named glovebox-*: the sandbox that our services share would hold for it too.
HARNESS_UNIT = """\
[Unit]
Description=Test harness
DefaultDependencies=no
After=dev-virtio\\x2dports-glovebox.harness.device
BindsTo=dev-virtio\\x2dports-glovebox.harness.device
[Service]
ExecStart=/bin/sh -c 'echo ready; exec /bin/sh'
StandardInput=file:/dev/virtio-ports/glovebox.harness
StandardOutput=file:/dev/virtio-ports/glovebox.harness
StandardError=null
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
"""
HARNESS_WANTED = "[Unit]\nWants=harness.service\n"


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


def credential(name: str, content: str) -> list[str]:
    """Return QEMU's words for a credential handed to the guest's systemd (SMBIOS type 11)."""
    encoded = base64.b64encode(content.encode()).decode()
    return ["-smbios", f"type=11,value=io.systemd.credential.binary:{name}={encoded}"]


class Guest:
    """One run of an image; use it in a `with` statement."""

    def __init__(
        self,
        image: Image,
        folder: Path,
        forwards: Sequence[Forward] = (),
        extra: Sequence[str] = (),
        network: Path | None = None,
    ) -> None:
        """Take an image and where to work.

        Without `network` the machine has QEMU's own network, with `forwards` into it; else its port
        leads to the datagram socket `network`, one Ethernet frame in each datagram.
        """
        self.image = image
        self.forwards = {each.guest_port: each.resolved() for each in forwards}
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        self.console = self.folder / "console.log"
        self._memory = folder / "accelerator"
        self._extra = list(extra)
        self._network = network
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: Shell | None = None
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

    def qmp(self) -> Monitor:
        """Return a connection to QEMU's monitor that speaks QMP."""
        return Monitor(self.folder / "qmp.sock")

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
        assert self._shell is not None, "the guest is not running"
        return self._shell.execute(command, seconds)

    def cut_power(self) -> None:
        """End the machine at once; what it had written stays for `power_on`."""
        if self._shell:
            self._shell.close()
        if self._process and self._process.poll() is None:
            end(self._process, seconds=5.0)

    def power_on(self, *extra: str) -> None:
        """Start the machine again after `cut_power`, with other `extra` words for QEMU."""
        self._extra = list(extra)
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
    def address(self) -> Path:
        """The datagram socket at the machine's end of its network cable."""
        return self.folder / "port.sock"

    def stop(self) -> None:
        """End the machine at once, as a power cut would, and remove what it left."""
        self.cut_power()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        overlay = self.folder / "disk.qcow2"
        tools = self.image.tools
        run(
            [
                *tools.argv("qemu-img"), "create", "-q", "-f", "qcow2", "-F", "raw",
                "-b", self.image.disk.resolve(), overlay,
            ],
            self.folder / "qemu-img.log",
        )  # fmt: skip
        self._run()

    def _run(self) -> None:
        overlay = self.folder / "disk.qcow2"
        for name in ("harness.sock", "port.sock", "monitor.sock", "qmp.sock"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._argv(overlay), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        self.started = time.monotonic()
        self._shell = Shell(self.folder / "harness.sock", self._process, self._explain)

    def _argv(self, overlay: Path) -> list[str]:
        tools, image = self.image.tools, self.image
        return [
            *tools.argv("qemu-system-x86_64"),
            "-L", str(tools.root / "usr/share/qemu"), "-L", str(tools.root / "usr/share/seabios"),
            *accelerator.choose(tools, image.kernel, self._memory),
            "-M", "pc", "-smp", "2", "-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-serial", f"file:{self.console}",
            "-kernel", str(image.kernel), "-initrd", str(image.initrd),
            "-append", image.board.command_line,
            "-drive", f"file={overlay},if=virtio,format=qcow2,cache=writethrough",
            "-netdev", self._netdev(),
            "-device", "virtio-net-pci,netdev=home,romfile=",
            "-monitor", f"unix:{self.folder}/monitor.sock,server=on,wait=off",
            "-device", "virtio-rng-pci", "-device", "virtio-serial",
            "-chardev", f"socket,id=harness,path={self.folder}/harness.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=harness,name=glovebox.harness",
            "-qmp", f"unix:{self.folder}/qmp.sock,server=on,wait=off",
            *credential("systemd.extra-unit.harness.service", HARNESS_UNIT),
            *credential("systemd.unit-dropin.sysinit.target", HARNESS_WANTED),
            *self._extra,
        ]  # fmt: skip

    def _netdev(self) -> str:
        if self._network is None:
            forwards = "".join(f",{forward.rule}" for forward in self.forwards.values())
            return f"user,id=home{forwards}"
        return (
            f"dgram,id=home,local.type=unix,local.path={self.address}"
            f",remote.type=unix,remote.path={self._network}"
        )

    def _explain(self, what: str) -> GuestError:
        parts = [
            path.read_text(errors="replace").strip().splitlines()[-5:]
            for path in (self.folder / "qemu.log", self.console)
            if path.exists()
        ]
        lines = [line for part in parts for line in part]
        return GuestError("\n  ".join([f"the guest {what}", *lines]))
