# SPDX-License-Identifier: MIT
"""BOOT is opened by who may do nothing else, and for all views of it at once."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.host import mounts
from appliance.settings import boot_open
from tests.conftest import PROJECT, missing

# As on the device: the mount is writable, its file system is not; a writer has a view of its own,
# and who opens has no right but the one.
SCRIPT = """
import json, os, subprocess, sys
from pathlib import Path
from appliance.host import mounts

boot = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0777", "boot", boot], check=True)
mounts.set_writable(boot, False)
writer = subprocess.Popen(["unshare", "-m", "--propagation", "slave", "sh"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def writes():
    print(f"(echo > {boot}/text) 2>/dev/null; echo $?", file=writer.stdin, flush=True)
    return writer.stdout.readline() == "0\\n"

def service(*words):
    rights = ["--inh-caps=-all,+sys_admin", "--bounding-set=-all,+sys_admin", "--no-new-privs"]
    code = "import sys; from appliance.settings.boot_open import main; sys.exit(main(sys.argv[1:]))"
    inside = ["unshare", "-m", "--propagation", "slave", "setpriv", *rights]
    return subprocess.run([*inside, sys.executable, "-c", code, "--boot", boot, *words]).returncode

found = {"closed": writes(), "opening": service(), "open": writes()}
found |= {"closing": service("--close"), "closed again": writes()}
print(json.dumps(found))
"""


@pytest.mark.net
@pytest.mark.slow
def test_boot_is_opened_for_others_and_closed_again(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        missing("mount namespaces need root")
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True, text=True, check=True, cwd=PROJECT, timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == {
        "closed": False, "opening": 0, "open": True, "closing": 0, "closed again": False,
    }, done.stderr  # fmt: skip


def test_what_cannot_be_opened_is_no_failure_but_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder is no mount: as where BOOT is damaged, and the sensor starts all the same."""
    with caplog.at_level(logging.WARNING):
        assert boot_open.main(["--boot", str(tmp_path)]) == 0
    assert "BOOT cannot be opened" in caplog.text
    assert boot_open.main(["--boot", str(tmp_path), "--close"]) == 1


def test_boot_is_closed_however_the_work_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched: list[bool] = []

    def switch(boot: Path, writable: bool) -> None:
        switched.append(writable)

    monkeypatch.setattr(mounts, "set_writable", switch)
    with pytest.raises(KeyError), boot_open.opened(tmp_path):
        raise KeyError
    assert switched == [True, False]
