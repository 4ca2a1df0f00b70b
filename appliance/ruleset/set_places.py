# SPDX-License-Identifier: MIT
"""Where rule sets of the Internet are kept, and which generation of them the engine gets.

A generation is a folder with all rules that were in force together. A link on DATA leads to the
one that stood its test. One on trial is named by a file in memory: when the power goes, the
machine comes back with the one that is known to work.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import __version__

FOLDER = Path(os.environ.get("GLOVEBOX_RULESETS_DIRECTORY", "/var/lib/glovebox/rulesets"))
TRIAL = Path(os.environ.get("GLOVEBOX_RULESETS_TRIAL", "/run/glovebox-renewal/on-trial"))
# The same folder as it is seen from inside the engine's root.
INSIDE = Path("/run/glovebox-rulesets")
IN_FORCE = "in-force"
# Names of classes, which Snort wants to know before the rules that have them.
CLASSES = "classes.config"
NONE = "none"
_GENERATION = re.compile(r"g-[0-9a-f]{16}")


@dataclass(frozen=True)
class SetPlaces:
    """The folder of an engine's generations (see `folder_of`), and the file that names the one on
    trial.
    """

    folder: Path = FOLDER
    trial: Path = TRIAL

    def chosen(self) -> str:
        """Return the generation that the engine gets; empty where there is none."""
        with contextlib.suppress(OSError, ValueError):
            tried = self.trial.read_text(encoding="ascii")[:64].strip()
            if tried == NONE or self._is_there(tried):
                return tried.removeprefix(NONE)
        return self.in_force()

    def in_force(self) -> str:
        """Return the generation that stood its test; empty where there is none."""
        with contextlib.suppress(OSError):
            name = os.readlink(self.folder / IN_FORCE)
            if self._is_there(name):
                return name
        return ""

    def engine_files(self) -> Sequence[str]:
        """Return the files that the engine reads, as it sees them; classes before rules."""
        name = self.chosen()
        inside = INSIDE / self.folder.name / name
        return engine_files(self.folder / name, inside) if name else ()

    def _is_there(self, name: str) -> bool:
        return is_generation(name) and (self.folder / name).is_dir()


def folder_of(base: Path, engine: str, root: Path) -> Path:
    """Return the folder of the generations that this very engine took, in this version of ours.

    Another image may hold another one, which would end at a rule that the one before took.
    """
    import hashlib  # Only here: OpenSSL's library takes 2 MB of every service that names rules.

    digest = hashlib.sha256(__version__.encode())
    for program in sorted(root.glob(f"usr/*bin/{engine}")):
        with contextlib.suppress(OSError):
            digest.update(program.read_bytes())
    return base / f"{engine}-{digest.hexdigest()[:8]}"


def is_generation(name: str) -> bool:
    """Tell whether a folder of this name is one of ours."""
    return _GENERATION.fullmatch(name) is not None


def engine_files(generation: Path, inside: Path) -> Sequence[str]:
    """Return what an engine reads of a generation, with paths below `inside`."""
    try:
        rules = sorted(file.name for file in generation.glob("*.rules"))
    except OSError:
        return ()
    classes = [CLASSES] if (generation / CLASSES).is_file() else []
    return [str(inside / name) for name in (*classes, *rules)]
