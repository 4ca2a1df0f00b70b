# SPDX-License-Identifier: MIT
"""The server's configuration, judged by Knot DNS itself."""

from __future__ import annotations

import base64
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.zone.knot_conf import Secondaries, render
from tests.conftest import missing

SECRET = base64.b64encode(b"k" * 32).decode()
SIGNING = (ip_address("192.0.2.53"), ip_address("2001:db8::53"))
UNSIGNED = (ip_address("192.0.2.54"),)


def test_nobody_is_none() -> None:
    assert not Secondaries() and Secondaries(SIGNING) and Secondaries(unsigned=UNSIGNED)


def rules(text: str) -> dict[str, str]:
    """Return the parts of the section `acl`, by name."""
    section = text.partition("\nacl:\n")[2].partition("\nzone:\n")[0]
    return {each.partition("\n")[0]: each for each in section.split("  - id: ")[1:]}


def test_who_signs_needs_the_key_and_the_others_have_none() -> None:
    text = render(Secondaries(SIGNING, UNSIGNED), SECRET, Path("/z/rpz.zone"), Path("/r"))
    found = rules(text)
    assert "address: [192.0.2.53, 2001:db8::53]\n    key: glovebox" in found["signing"]
    assert "address: [192.0.2.54]\n" in found["unsigned"] and "key:" not in found["unsigned"]
    assert "notify: [signing0, signing1, unsigned0]" in text
    assert "acl: [signing, unsigned]" in text


@pytest.mark.parametrize(
    "secondaries", [Secondaries(SIGNING), Secondaries((), UNSIGNED), Secondaries(SIGNING, UNSIGNED)]
)
def test_the_real_server_takes_it(tmp_path: Path, secondaries: Secondaries) -> None:
    if shutil.which("knotc") is None:
        missing("no knotc")
    file = tmp_path / "knot.conf"
    file.write_text(render(secondaries, SECRET, tmp_path / "rpz.zone", tmp_path))
    argv = ["knotc", "--config", str(file), "conf-check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "valid" in done.stdout, done.stdout + done.stderr
