# SPDX-License-Identifier: MIT
"""LEDs without hardware: a folder that answers writes as the kernel's LED class does.

Sources: drivers/leds/led-class.c, led-triggers.c and trigger/ledtrig-{timer,pattern}.c of the
kernel.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from appliance.leds.sysfs import Sysfs

PARAMETERS = {
    "timer": {"delay_on": "500", "delay_off": "500"},
    "pattern": {"pattern": "", "repeat": "-1"},
}


class FakeSysfs(Sysfs):
    """A tree of LEDs under `root`, and every write to it in `writes`.

    With `late_rights` the files that a trigger adds refuse to be written until `settle` is called,
    as they do until udev has answered the kernel's event.
    """

    def __init__(self, root: Path, late_rights: bool = False) -> None:
        super().__init__(root)
        root.mkdir(parents=True, exist_ok=True)
        self.writes: list[tuple[str, str, str]] = []
        self._late_rights = late_rights
        self._refused: set[Path] = set()
        self._defaults: dict[str, str] = {}

    def add(
        self,
        name: str,
        triggers: tuple[str, ...] = ("mmc0", "timer", "pattern"),
        trigger: str = "mmc0",
        max_brightness: int = 255,
    ) -> None:
        """Plug in an LED that shows `trigger`; with no triggers at all it has no such file."""
        folder = self.root / name
        folder.mkdir()
        (folder / "brightness").write_text("0\n")
        (folder / "max_brightness").write_text(f"{max_brightness}\n")
        if triggers:
            # Newer kernels offer `default` where the device tree names a trigger.
            self._defaults[name] = trigger
            (folder / "trigger").write_text(" ".join(("[none]", "default", *triggers)) + "\n")
            self._choose(name, trigger)

    def remove(self, name: str) -> None:
        """Unplug an LED."""
        shutil.rmtree(self.root / name)

    def refuse(self, name: str, *attributes: str) -> None:
        """Let writes fail as for a user without the right."""
        self._refused |= {self.root / name / attribute for attribute in attributes}

    def settle(self) -> None:
        """Let udev have done its work: every file may be written."""
        self._refused.clear()

    def trigger(self, name: str) -> str:
        """Return the trigger in force."""
        return next(w for w in self.read(name, "trigger").split() if w.startswith("["))[1:-1]

    def write(self, led: str, attribute: str, value: str) -> None:
        """Write as the kernel would take it: EINVAL for nonsense, side effects included."""
        path = self.root / led / attribute
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if path in self._refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        self.writes.append((led, attribute, value))
        if attribute == "trigger":
            self._choose(led, value)
        elif attribute == "brightness":
            self._light(led, _number(value))
        elif attribute == "pattern":
            self._check_pattern(led, value)
            path.write_text(f"{value}\n")
        else:
            path.write_text(f"{_number(value)}\n")

    def _choose(self, led: str, wanted: str) -> None:
        wanted = self._defaults[led] if wanted == "default" else wanted
        words = [word.strip("[]") for word in self.read(led, "trigger").split()]
        if wanted not in words:
            raise _invalid()
        folder = self.root / led
        for attribute in PARAMETERS.get(self.trigger(led), {}):
            (folder / attribute).unlink(missing_ok=True)
        (folder / "brightness").write_text("0\n")
        listed = " ".join(f"[{word}]" if word == wanted else word for word in words)
        (folder / "trigger").write_text(f"{listed}\n")
        for attribute, value in PARAMETERS.get(wanted, {}).items():
            (folder / attribute).write_text(f"{value}\n")
            if self._late_rights:
                self._refused.add(folder / attribute)

    def _light(self, led: str, brightness: int) -> None:
        if brightness < 0:
            raise _invalid()
        if brightness == 0 and (self.root / led / "trigger").exists():
            self._choose(led, "none")
        highest = int(self.read(led, "max_brightness"))
        (self.root / led / "brightness").write_text(f"{min(brightness, highest)}\n")

    def _check_pattern(self, led: str, value: str) -> None:
        numbers = [_number(word) for word in value.split()]
        highest = int(self.read(led, "max_brightness"))
        if len(numbers) < 4 or len(numbers) % 2 or max(numbers[::2]) > highest:
            raise _invalid()


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _invalid() from None


def _invalid() -> OSError:
    return OSError(errno.EINVAL, os.strerror(errno.EINVAL))
