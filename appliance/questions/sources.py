# SPDX-License-Identifier: MIT
"""Which files a question is about, none of them damaged: a flipped bit gives wrong sums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance import words
from appliance.flowstore import stored_files
from appliance.flowstore.checked import FILE, CheckedFiles
from appliance.flowstore.stored_files import FOLDER
from appliance.questions.answers import UnansweredError


@dataclass(frozen=True)
class FlowSources:
    """The files to be asked; `damaged` are left out, and whoever asks must be told."""

    files: tuple[Path, ...]
    damaged: int = 0

    def remark(self) -> str:
        """Say what is missing, empty where nothing is."""
        if not self.damaged:
            return ""
        files = words.counted(self.damaged, "damaged file")
        return f"Without {files}: what was in there is missing here."


def find(
    begin: int, end: int, folder: Path = FOLDER, checked: CheckedFiles | None = None
) -> FlowSources:
    """Return the files that may hold flows of a time, in seconds since the epoch.

    What was not read since the start is read now. Raises UnansweredError where there is no folder.
    """
    known = checked or CheckedFiles(FILE)
    try:
        found = stored_files.within(stored_files.in_force(stored_files.listing(folder)), begin, end)
        whole = [each for each in found
                 if known.holds(each.path) or stored_files.is_whole(each)]  # fmt: skip
        aside = len(list(folder.glob("*.damaged")))
    except FileNotFoundError:
        raise UnansweredError("No flows are kept here yet.") from None
    except OSError as error:
        raise UnansweredError(f"The flows cannot be read: {error.strerror or error}") from error
    return FlowSources(tuple(each.path for each in whole), len(found) - len(whole) + aside)
