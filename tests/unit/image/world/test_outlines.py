# SPDX-License-Identifier: MIT
"""Outlines become paths in whole pixels, and small countries circles."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from image.build.record import Package, parse
from image.build.roots import LOCK
from image.world import outlines, r_data

SQUARE = [0.0, 10.0, 10.0, 0.0, 0.0, 40.0, 40.0, 50.0, 50.0, 40.0]


def test_the_projection_is_equal_earth() -> None:
    middle = outlines.projected(0, 0)
    assert middle[0] == 480 and outlines.projected(0, 90)[1] == pytest.approx(0, abs=0.01)
    assert outlines.projected(-180, 0)[0] == pytest.approx(0)
    assert outlines.projected(180, 0)[0] == pytest.approx(960)
    # Twice as high as wide less a little: 2.05458 by the paper.
    assert 960 / (2 * middle[1]) == pytest.approx(2.05458, abs=1e-4)
    assert outlines.projected(30, -40)[1] - middle[1] == pytest.approx(
        middle[1] - outlines.projected(30, 40)[1]
    )


def test_countries_are_drawn_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    speck = [1.0, 1.0001, 1.0, 1.0, 5.0, 5.0, 5.0001, 5.0]
    sets: dict[str, Any] = {
        "countries110": {
            "iso_a2_eh": ["FR", "CH", "AQ", "-99", None],
            "geometry": [[[SQUARE], [speck]], [SQUARE], [SQUARE], [SQUARE], [SQUARE]],
        },
        "countries50": {
            "iso_a2_eh": ["FR", "SG", "-99", "AQ"], "label_x": [2.0, 103.8, 1.0, 0.0],
            "label_y": [46.0, 1.3, 1.0, -80.0],
        },
    }  # fmt: skip
    monkeypatch.setattr(r_data, "dataset", lambda index, base, name: sets[name])
    found = json.loads(outlines.packed(b"", b""))
    assert sorted(found["shapes"]) == ["CH", "FR"] and list(found["circles"]) == ["SG"]
    assert found["shapes"]["FR"] == found["shapes"]["CH"]
    path = found["shapes"]["CH"]
    assert path.startswith("M480,") and path.endswith("z") and path.count("M") == 1
    assert found["width"] == 960 and 400 < found["height"] < 467


def archive(folder: Path) -> tuple[Path, str]:
    """Make an archive of one package with the outlines' name; return apt's configuration, a sum."""
    (folder / "made/DEBIAN").mkdir(parents=True)
    (folder / "made" / outlines.PACKAGE).write_text("outlines")
    control = f"Package: {outlines.PACKAGE}\nVersion: 1.0.0-2\nArchitecture: all\n"
    control += "Maintainer: nobody <nobody@example.org>\nDescription: made for a test\n"
    (folder / "made/DEBIAN/control").write_text(control)
    package = folder / "one.deb"
    subprocess.run(["dpkg-deb", "-b", folder / "made", package], check=True, capture_output=True)
    content = package.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    (folder / "Packages").write_text(
        f"{control}Filename: ./one.deb\nSize: {len(content)}\nSHA256: {found}\n"
    )
    (folder / "sources").write_text(f"deb [trusted=yes] copy:{folder} ./\n")
    (folder / "state/lists/partial").mkdir(parents=True)
    (folder / "state/status").touch()
    configuration = folder / "apt.conf"
    configuration.write_text(
        f'Dir::State "{folder}/state"; Dir::State::status "{folder}/state/status";\n'
        f'Dir::Cache "{folder}/cache"; Dir::Etc::sourcelist "{folder}/sources";\n'
        'Dir::Etc::sourceparts "-"; APT::Sandbox::User "root";\n'
    )
    return configuration, found


def test_the_hook_takes_the_package_and_says_which_it_was(tmp_path: Path) -> None:
    configuration, expected = archive(tmp_path)
    root = tmp_path / "root"
    (root / LOCK).parent.mkdir(parents=True)
    (root / LOCK).write_text(f"libc6 2.41-12 arm64 {'ab' * 32}\n")
    environment = {**os.environ, "APT_CONFIG": str(configuration),
                   "MMDEBSTRAP_APT_CONFIG": str(configuration)}  # fmt: skip
    for words in (["apt-get", "update"], ["sh", "-ec", outlines.HOOK, "hook", str(root)]):
        subprocess.run(words, check=True, capture_output=True, env=environment)
    assert parse((root / LOCK).read_text())[1:] == [
        Package(outlines.PACKAGE, "1.0.0-2", "all", expected)
    ]
    assert [each.name for each in (root / outlines.PLACE).iterdir()] == [outlines.PACKAGE]
